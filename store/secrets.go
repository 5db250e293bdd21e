package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"phoned/internal/secret"
)

// maxSecretsFile bounds what is read; tokens are a few kilobytes.
const maxSecretsFile = 1 << 20

// Secrets is the file of names and secret values: mode 0600 in a directory
// 0700, replaced as a whole (new file, fsync, rename, fsync of the directory),
// so that a power cut leaves the old content or the new one. The values are in
// plain text: the file's mode protects them from other users of the system, not
// from someone who takes the storage out of the phone. It is safe for
// concurrent use by one process.
type Secrets struct {
	path string
	fs   fileSystem

	mu     sync.Mutex
	values map[string]string
	unsure bool // the last write may not have reached the disk
}

// OpenSecrets reads the file; one that is not there is empty and is made by
// the first Set. ErrCorrupt: it can't be read as what it should be; Wipe then
// still works.
func OpenSecrets(path string) (*Secrets, error) { return openSecrets(path, osFS{}) }

func openSecrets(path string, fsys fileSystem) (*Secrets, error) {
	s := &Secrets{path: path, fs: fsys, values: map[string]string{}}
	const op = "read the secrets"
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, explain(op, err)
	}
	if err := os.Remove(s.temp()); err != nil && !errors.Is(err, fs.ErrNotExist) && kindOf(err) == nil {
		return nil, explain(op, err) // left behind by a power cut; a read-only disk keeps it
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return nil, explain(op, err)
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.Mode().Perm()&0o077 != 0 {
		if err := f.Chmod(0o600); err != nil {
			return nil, explain(op, fmt.Errorf("other users can read %s: %w", filepath.Base(path), err))
		}
	}
	b, err := io.ReadAll(io.LimitReader(f, maxSecretsFile+1))
	if err != nil {
		return nil, explain(op, err)
	}
	if len(b) > maxSecretsFile {
		return s, fmt.Errorf("%s: %w: too large", op, ErrCorrupt)
	}
	// The decoder's error could quote the text.
	if json.Unmarshal(b, &s.values) != nil || s.values == nil {
		s.values = map[string]string{}
		return s, fmt.Errorf("%s: %w: not the JSON it should be", op, ErrCorrupt)
	}
	return s, nil
}

// Get returns a secret; one that is not there is empty and no error.
func (s *Secrets) Get(name string) (secret.String, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return secret.New(s.values[name]), nil
}

// Names lists what is there, sorted.
func (s *Secrets) Names() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.values))
}

// Set changes all of the given names or none, and returns when that is on the
// disk. An empty value removes its name. Nothing is written when nothing
// changes.
func (s *Secrets) Set(values map[string]secret.String) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := maps.Clone(s.values)
	for name, v := range values {
		if v.Empty() {
			delete(next, name)
		} else {
			next[name] = v.Reveal()
		}
	}
	return s.replaceLocked(next)
}

// Wipe removes the given names, or the whole file when none is given.
func (s *Secrets) Wipe(names ...string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(names) > 0 {
		next := maps.Clone(s.values)
		for _, n := range names {
			delete(next, n)
		}
		return s.replaceLocked(next)
	}
	s.values = map[string]string{}
	const op = "wipe the secrets"
	if err := overwrite(s.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return explain(op, err)
	}
	for _, p := range []string{s.path, s.temp()} {
		if err := os.Remove(p); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return explain(op, err)
		}
	}
	return explain(op, s.fs.syncDir(filepath.Dir(s.path)))
}

func (s *Secrets) temp() string { return s.path + ".new" }

func (s *Secrets) replaceLocked(next map[string]string) error {
	if maps.Equal(next, s.values) && !s.unsure {
		return nil
	}
	b, err := json.Marshal(next)
	if err != nil {
		return err
	}
	renamed, err := replaceFile(s.fs, s.path, s.temp(), b)
	if renamed {
		// Even if the directory could not be synced: the next write must build
		// on what the file holds, or it would bring old values back.
		s.values = next
		s.unsure = err != nil
	}
	return explain("save the secrets", err)
}

// overwrite zeroes a file in place before it is removed. On flash that is a
// hope; on a disk it is the point.
func overwrite(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if _, err := f.Write(make([]byte, min(info.Size(), maxSecretsFile))); err != nil {
		return err
	}
	return f.Sync()
}
