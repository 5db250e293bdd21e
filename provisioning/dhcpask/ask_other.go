//go:build !linux

package dhcpask

import (
	"context"
	"errors"
)

// Ask is for Linux alone.
func Ask(context.Context) ([]string, error) { return nil, errors.ErrUnsupported }

// Possible reports whether there is an interface to ask on.
func Possible() bool { return false }
