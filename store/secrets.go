package store

import (
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

// maxSecretsFile bounds what is read and written: tokens are a few kilobytes,
// the documents of a configuration at most a quarter of a megabyte each.
const maxSecretsFile = 8 << 20

// Secrets is the file of names and secret values: mode 0600 in a directory
// 0700, replaced as a whole (new file, fsync, rename, fsync of the directory),
// so that a power cut leaves the old content or the new one. With a Key the
// file is sealed; without one it is plain text, and its mode protects it from
// other users of the system, not from someone who takes the storage out of the
// phone. It is safe for concurrent use by one process.
type Secrets struct {
	path string
	fs   fileSystem
	key  Key

	mu         sync.Mutex
	values     map[string]string
	generation uint64
	unsure     bool  // the last write may not have reached the disk
	refused    error // ErrKey, ErrNewer: what is there must not be overwritten
}

// OpenSecrets reads a file that is not sealed; see OpenSecretsKey.
func OpenSecrets(path string) (*Secrets, error) { return OpenSecretsKey(path, Key{}) }

// OpenSecretsKey reads the file; one that is not there is empty and is made by
// the first Set. A file in an older form, or in plain text where there is a key
// now, is written anew. A write that a power cut kept from its last step is
// finished, so that tokens which the server has given out are not lost.
//
// With ErrCorrupt, ErrKey or ErrNewer the Secrets are empty and can be used:
// after ErrCorrupt Set starts anew, after the others it refuses until Wipe.
func OpenSecretsKey(path string, key Key) (*Secrets, error) {
	return openSecrets(path, osFS{}, key)
}

func openSecrets(path string, fsys fileSystem, key Key) (*Secrets, error) {
	s := &Secrets{path: path, fs: fsys, key: key, values: map[string]string{}}
	const op = "read the secrets"
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, explain(op, err)
	}
	if err := s.removeLeftovers(); err != nil {
		return nil, explain(op, err)
	}
	have, err := readSecrets(path, key)
	there := !errors.Is(err, fs.ErrNotExist)
	if there && err != nil && !isContentError(err) {
		return nil, explain(op, err)
	}
	if next, ok := s.unfinished(have, err); ok {
		have, err, there = next, nil, true
		s.finish()
	}
	switch {
	case !there:
		return s, nil
	case err != nil:
		if errors.Is(err, ErrKey) || errors.Is(err, ErrNewer) {
			s.refused = err
		}
		return s, fmt.Errorf("%s: %w", op, err)
	}
	s.values, s.generation = have.Values, have.Generation
	if have.legacy || have.plain && !key.Empty() {
		if err := s.migrate(); err != nil && kindOf(err) == nil {
			return nil, err
		}
	}
	return s, nil
}

func isContentError(err error) bool {
	return errors.Is(err, ErrCorrupt) || errors.Is(err, ErrKey) || errors.Is(err, ErrNewer)
}

// readSecrets reads one file and tightens its mode.
func readSecrets(path string, key Key) (contents, error) {
	f, err := os.Open(path)
	if err != nil {
		return contents{}, err
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.Mode().Perm()&0o077 != 0 {
		if err := f.Chmod(0o600); err != nil {
			return contents{}, fmt.Errorf("other users can read %s: %w", filepath.Base(path), err)
		}
	}
	b, err := io.ReadAll(io.LimitReader(f, maxSecretsFile+1))
	if err != nil {
		return contents{}, err
	}
	if len(b) > maxSecretsFile {
		return contents{}, fmt.Errorf("%w: too large", ErrCorrupt)
	}
	return decode(b, key)
}

// unfinished gives what a write that was cut short would have left; ok is false
// where there is none, or it is not whole, or older than what there is.
func (s *Secrets) unfinished(have contents, err error) (next contents, ok bool) {
	if errors.Is(err, ErrKey) || errors.Is(err, ErrNewer) {
		return contents{}, false
	}
	next, nerr := readSecrets(s.temp(), s.key)
	if nerr == nil && !next.legacy && (err != nil || next.Generation > have.Generation) {
		return next, true
	}
	_ = discard(s.temp()) // nobody will ask for it; a read-only disk keeps it
	return contents{}, false
}

// finish does the last steps of a write that was cut short. Where the disk
// can't be written what was read counts all the same.
func (s *Secrets) finish() {
	err := syncFile(s.temp())
	if err == nil {
		err = s.fs.rename(s.temp(), s.path)
	}
	if err == nil {
		err = s.fs.syncDir(filepath.Dir(s.path))
	}
	s.unsure = err != nil
}

func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

// migrate writes the file in today's form, and zeros over what was in plain
// text. On flash the old blocks may live on where no program can reach them.
func (s *Secrets) migrate() error {
	old, err := os.OpenFile(s.path, os.O_WRONLY, 0)
	if err != nil {
		return explain("seal the secrets", err)
	}
	defer old.Close()
	s.unsure = true // the values are the same; write them all the same
	if err := s.replaceLocked(s.values); err != nil {
		return err
	}
	return explain("seal the secrets", zero(old))
}

// removeLeftovers ends a wipe that was cut short.
func (s *Secrets) removeLeftovers() error {
	for _, p := range []string{s.path + wiping, s.temp() + wiping} {
		if err := discard(p); err != nil && !errors.Is(err, fs.ErrNotExist) && kindOf(err) == nil {
			return err
		}
	}
	return nil
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

// Ready proves that a Set would reach the disk: it writes as much as a Set does
// where the next one will. Ask before what can't be asked twice, such as the
// rotation of a token.
func (s *Secrets) Ready() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	const op = "make ready for secrets"
	if s.refused != nil {
		return fmt.Errorf("%s: %w", op, s.refused)
	}
	size := 1024
	if info, err := os.Stat(s.path); err == nil {
		size += int(info.Size())
	}
	return explain(op, fill(s.fs, s.temp(), make([]byte, size)))
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
	s.values, s.refused, s.unsure = map[string]string{}, nil, false
	const op = "wipe the secrets"
	for _, p := range []string{s.path, s.temp()} {
		// Out of the way first: a half-wiped file must not be read.
		err := os.Rename(p, p+wiping)
		if err == nil {
			err = discard(p + wiping)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return explain(op, err)
		}
	}
	return explain(op, s.fs.syncDir(filepath.Dir(s.path)))
}

const wiping = ".wiping"

func (s *Secrets) temp() string { return s.path + ".new" }

func (s *Secrets) replaceLocked(next map[string]string) error {
	if s.refused != nil {
		return fmt.Errorf("save the secrets: %w", s.refused)
	}
	if maps.Equal(next, s.values) && !s.unsure {
		return nil
	}
	b, err := contents{Generation: s.generation + 1, Values: next}.encode(s.key)
	if err != nil {
		return err
	}
	if len(b) > maxSecretsFile {
		return fmt.Errorf("save the secrets: %w", ErrTooLarge)
	}
	s.generation++ // also of a failed write: its file may be whole
	renamed, err := replaceFile(s.fs, s.path, s.temp(), b)
	if renamed {
		// Even if the directory could not be synced: the next write must build
		// on what the file holds, or it would bring old values back.
		s.values = next
		s.unsure = err != nil
	}
	return explain("save the secrets", err)
}

// discard zeroes a file in place and removes it. On flash the zeros are a hope;
// on a disk they are the point.
func discard(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := zero(f); err != nil {
		return err
	}
	return os.Remove(path)
}

func zero(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	zeros := make([]byte, 64<<10)
	for left := info.Size(); left > 0; {
		n, err := f.Write(zeros[:min(left, int64(len(zeros)))])
		if err != nil {
			return err
		}
		left -= int64(n)
	}
	return f.Sync()
}
