package provisioning

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Source is one place a configuration comes from. Read is called by whoever
// loads, never by two goroutines at once; an error that wraps fs.ErrNotExist
// means that there is nothing, which is no problem.
type Source interface {
	Origin() Origin
	Read() ([]byte, error)
}

// File is a configuration file on the phone's own storage, TOML or JSON.
type File struct {
	Path  string
	Layer Layer
}

// Origin implements Source; the name is the file's, without its directory.
func (f File) Origin() Origin { return Origin{Layer: f.Layer, Name: filepath.Base(f.Path)} }

// Read implements Source.
func (f File) Read() ([]byte, error) {
	root, err := os.OpenRoot(filepath.Dir(f.Path))
	if err != nil {
		return nil, err
	}
	defer func() { _ = root.Close() }()
	return readPlain(root, filepath.Base(f.Path), true)
}

// The names looked for in a folder, the first one that is there.
var folderNames = []string{"phoned.toml", "phoned.json"}

// Folder is the top of a USB stick: a stranger's file system. Only a plain
// file of a bounded size with one of the two names is read; links, pipes and
// devices are refused, and nothing outside the folder can be reached.
type Folder struct {
	Dir   string
	Layer Layer // LayerMedia for a stick
}

// Origin implements Source.
func (f Folder) Origin() Origin { return Origin{Layer: f.Layer, Name: "stick"} }

// Read implements Source.
func (f Folder) Read() ([]byte, error) {
	root, err := os.OpenRoot(f.Dir)
	if err != nil {
		return nil, err
	}
	defer func() { _ = root.Close() }()
	for _, name := range folderNames {
		b, err := readPlain(root, name, false)
		if !errors.Is(err, fs.ErrNotExist) {
			return b, err
		}
	}
	return nil, fmt.Errorf("neither %s nor %s: %w", folderNames[0], folderNames[1], fs.ErrNotExist)
}

func readPlain(root *os.Root, name string, links bool) ([]byte, error) {
	return readBounded(root, name, links, maxDocument)
}

func isMissing(err error) bool { return errors.Is(err, fs.ErrNotExist) }

// readBounded reads a plain file of a bounded size. What the name leads to is
// looked at before and after opening, so that a pipe never blocks and a link
// that is put there between is noticed.
func readBounded(root *os.Root, name string, links bool, limit int64) ([]byte, error) {
	look := root.Lstat
	if links {
		look = root.Stat
	}
	before, err := look(name)
	if err != nil {
		return nil, err
	}
	if !before.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: %w", name, ErrNotAFile)
	}
	f, err := root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular() || !os.SameFile(before, info):
		return nil, fmt.Errorf("%s: %w", name, ErrNotAFile)
	case info.Size() > limit:
		return nil, fmt.Errorf("%s: %w", name, ErrTooLarge)
	}
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(b)) > limit { // it grew, or its size was a lie
		err = fmt.Errorf("%s: %w", name, ErrTooLarge)
	}
	return b, err
}

// Text is a document that is in memory already: from a URL, pushed over HTTP,
// or made of what a person chose.
type Text struct {
	From Origin
	Data []byte
}

// Origin implements Source.
func (t Text) Origin() Origin { return t.From }

// Read implements Source.
func (t Text) Read() ([]byte, error) {
	if t.Data == nil {
		return nil, fs.ErrNotExist
	}
	return t.Data, nil
}
