package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"phoned/store"
)

// ErrFactoryReset is what Run returns after a reset to factory settings: the
// phone is to be started anew.
var ErrFactoryReset = errors.New("reset to factory settings: start again")

// resetMark is a file of the data folder that says: everything here is to go.
// It is written first and removed last, so that a power cut in between leaves
// no half of a phone.
const resetMark = "reset"

// FactoryReset ends the phone as a shutdown does (calls end, lines unregister),
// then wipes all it keeps; Run returns ErrFactoryReset.
func (s *System) FactoryReset() {
	s.resetting.Do(func() {
		s.log.Warn("reset to factory settings")
		if err := store.ReplaceFile(filepath.Join(s.data, resetMark), nil); err != nil {
			s.log.Error("the reset could not be noted", "err", err)
		}
		close(s.reset)
	})
}

// wipe is the reset's second half: the database's rows are overwritten while it
// is open, then every file of the data folder.
func (s *System) wipe() error {
	ctx, cancel := context.WithTimeout(context.Background(), saveTime)
	defer cancel()
	err := s.DB.Wipe(ctx)
	if s.forget != nil { // before the files go: nothing may be written into the folder any more
		err = errors.Join(err, s.forget())
	}
	return errors.Join(err, s.DB.Close(), wipeFolder(s.data))
}

// FinishReset carries out a reset that was cut short. It must be called before
// anything in the data folder is opened.
func FinishReset(data string) error {
	if _, err := os.Stat(filepath.Join(data, resetMark)); err != nil {
		return nil
	}
	return wipeFolder(data)
}

// wipeFolder overwrites and removes every file below a folder; the mark of the
// reset goes last.
func wipeFolder(data string) error {
	mark := filepath.Join(data, resetMark)
	var errs []error
	err := filepath.WalkDir(data, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			errs = append(errs, err)
		case d.Type().IsRegular() && path != mark:
			errs = append(errs, store.Discard(path))
		case !d.IsDir() && path != mark:
			errs = append(errs, os.Remove(path))
		}
		return nil
	})
	if err = errors.Join(append(errs, err)...); err != nil {
		return fmt.Errorf("reset to factory settings: %w", err)
	}
	entries, err := os.ReadDir(data)
	for _, e := range entries {
		if e.IsDir() {
			err = errors.Join(err, os.RemoveAll(filepath.Join(data, e.Name())))
		}
	}
	if err == nil {
		err = store.Discard(mark)
	}
	if err != nil {
		return fmt.Errorf("reset to factory settings: %w", err)
	}
	return nil
}
