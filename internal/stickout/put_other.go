//go:build !linux

package stickout

import "io"

func put(string, string, io.Reader, int64) (string, error) { return "", ErrHelper }
