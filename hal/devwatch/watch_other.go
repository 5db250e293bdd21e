//go:build !linux

package devwatch

import (
	"context"
	"errors"
)

// Watch needs Linux.
func Watch(context.Context, string, chan<- struct{}, func(string)) error {
	return errors.New("watch devices: only on Linux")
}
