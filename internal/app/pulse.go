package app

import (
	"context"
	"errors"
	"os"
	"syscall"
	"time"
)

// Hanging names the part of the phone that gave no sign of life within d, for the
// watchdog: the core's loop, the signalling's, the sound's control and clock, or that no
// file can be opened any more; "" when nothing hangs. It takes d at most, and is for one
// goroutine.
func (s *System) Hanging(d time.Duration) string {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	switch {
	case !s.Phone.Healthy(ctx):
		return "call control"
	case s.Agent != nil && !s.Agent.Responds(ctx):
		return "signalling"
	case !s.Engine.Responds(ctx):
		return "sound"
	case s.noFiles(canOpen(), len(s.Phone.View().Calls) > 0):
		return "opening files"
	}
	return ""
}

// canOpen says whether a file can be opened, or why not.
func canOpen() error {
	f, err := os.Open(os.DevNull)
	if err != nil {
		return err
	}
	return f.Close()
}

// noFiles says whether the phone is out of files for good, and of no use therefore: it
// could not take a call. Two looks may meet a crowd of visitors; and a call that there is
// goes on with what it has.
func (s *System) noFiles(err error, inCall bool) bool {
	if !errors.Is(err, syscall.EMFILE) && !errors.Is(err, syscall.ENFILE) {
		s.filesOut = 0
		return false
	}
	s.filesOut++
	s.log.Error("no file can be opened", "err", err)
	return s.filesOut > 2 && !inCall
}
