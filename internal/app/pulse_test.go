package app

import (
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"syscall"
	"testing"
)

// A crowd of visitors may take all files for a moment, and a call goes on without new
// ones; a phone that has none for good could not take a call.
func TestNoFiles(t *testing.T) {
	out := &fs.PathError{Op: "open", Path: os.DevNull, Err: syscall.EMFILE}
	s := &System{log: slog.New(slog.DiscardHandler)}
	for i, c := range []struct {
		err    error
		inCall bool
		want   bool
	}{
		{nil, false, false},
		{out, false, false},
		{nil, false, false},
		{out, false, false},
		{out, false, false},
		{out, true, false},
		{out, false, true},
		{&fs.PathError{Err: syscall.ENFILE}, false, true},
		{errors.New("something else"), false, false},
		{out, false, false},
	} {
		if got := s.noFiles(c.err, c.inCall); got != c.want {
			t.Errorf("step %d, %v, in a call %v: %v", i, c.err, c.inCall, got)
		}
	}
	if err := canOpen(); err != nil {
		t.Error(err)
	}
}
