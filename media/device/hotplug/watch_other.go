//go:build !linux

package hotplug

import (
	"context"
	"errors"
)

// Watch is not there on this system.
func Watch(context.Context, func(Change)) error { return errors.ErrUnsupported }
