package store

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"
)

// What storage can fail with, whatever the layer that noticed.
var (
	// ErrReadOnly: the disk or the file can't be written.
	ErrReadOnly = errors.New("the storage can't be written")
	// ErrFull: the disk, or the database's own limit, is full.
	ErrFull = errors.New("the storage is full")
	// ErrCorrupt: the file is damaged.
	ErrCorrupt = errors.New("the storage is damaged")
	// ErrNewer: the file was written by a newer version of the firmware.
	ErrNewer = errors.New("the storage was written by a newer version")
	// ErrNotFound: there is no such row.
	ErrNotFound = errors.New("not found")
	// ErrTooLarge: more than the file may hold.
	ErrTooLarge = errors.New("too large to be kept")
	// ErrLocked: the setting is locked by who provisioned it.
	ErrLocked = errors.New("locked by the administrator")
)

// explain adds the sentinel that a driver's or the kernel's error stands for.
func explain(op string, err error) error {
	if err == nil {
		return nil
	}
	for _, own := range []error{ErrReadOnly, ErrFull, ErrCorrupt, ErrNewer, ErrNotFound, ErrTooLarge, ErrLocked} {
		if errors.Is(err, own) {
			return err
		}
	}
	if kind := kindOf(err); kind != nil {
		return fmt.Errorf("%s: %w: %w", op, kind, err)
	}
	return fmt.Errorf("%s: %w", op, err)
}

func kindOf(err error) error {
	var se *sqlite.Error
	if errors.As(err, &se) {
		if se.Code() == lib.SQLITE_IOERR_SHMSIZE { // no room for the index of the WAL
			return ErrFull
		}
		switch se.Code() & 0xff { // extended codes keep the primary one below
		case lib.SQLITE_READONLY, lib.SQLITE_PERM, lib.SQLITE_CANTOPEN:
			return ErrReadOnly
		case lib.SQLITE_FULL:
			return ErrFull
		case lib.SQLITE_CORRUPT, lib.SQLITE_NOTADB:
			return ErrCorrupt
		}
	}
	switch {
	case errors.Is(err, syscall.EROFS), errors.Is(err, fs.ErrPermission):
		return ErrReadOnly
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return ErrFull
	}
	return nil
}
