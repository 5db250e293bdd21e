//go:build !linux

package mountwatch

import (
	"context"
	"errors"
)

// Watch needs Linux.
func Watch(context.Context, string, func(bool)) error {
	return errors.New("watch mounts: only on Linux")
}
