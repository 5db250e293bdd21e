package store

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// fileSystem is the four steps of an atomic replacement; tests cut the power
// at each of them.
type fileSystem interface {
	create(path string) (file, error)
	rename(from, to string) error
	syncDir(dir string) error
}

type file interface {
	io.Writer
	Sync() error
	Close() error
}

type osFS struct{}

func (osFS) create(path string) (file, error) {
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
}
func (osFS) rename(from, to string) error { return os.Rename(from, to) }
func (osFS) syncDir(dir string) error     { return syncDir(dir) }

// replaceFile writes b to path: everything or nothing, durable when it returns
// no error. renamed tells whether path holds b already.
func replaceFile(fsys fileSystem, path, temp string, b []byte) (renamed bool, err error) {
	if err := fill(fsys, temp, b); err != nil {
		return false, err
	}
	if err := fsys.rename(temp, path); err != nil {
		return false, err
	}
	return true, fsys.syncDir(filepath.Dir(path))
}

// fill writes b to path and brings it to the disk.
func fill(fsys fileSystem, path string, b []byte) error {
	f, err := fsys.create(path)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return err
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// ReplaceFile writes b to path, mode 0600, so that a power cut leaves the old
// content or the new one; when it returns no error it is on the disk. The
// directory must exist.
func ReplaceFile(path string, b []byte) error {
	renamed, err := replaceFile(osFS{}, path, path+".new", b)
	if err != nil && !renamed { // a full disk keeps no torso
		_ = os.Remove(path + ".new")
	}
	return explain("write "+filepath.Base(path), err)
}

// Discard overwrites a file with zeros and removes it; one that is not there is
// no error. On flash the zeros are a hope.
func Discard(path string) error {
	err := discard(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return explain("discard "+filepath.Base(path), err)
}
