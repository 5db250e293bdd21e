package provisioning

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"phoned/store"
)

// Load puts a configuration together: the built-in layer, then the sources by
// layer, those of one layer in the order given. The Config can always be used.
// The error joins one *DocumentError for each source that was refused; a
// refused one counts for nothing. A source that is not there is passed over.
func Load(sources ...Source) (Config, []Warning, error) {
	var l Loader
	return l.Load(sources...)
}

// Loader is Load with a memory: a source that is refused is replaced by what
// it said when it was last good. The zero Loader remembers while it lives;
// with Dir also over restarts. It is not safe for concurrent use.
type Loader struct {
	// Dir for the copies, made 0700. They are without the sign-in's tokens,
	// which are spent at their first use.
	Dir string
	Log *slog.Logger // nil: nothing is logged

	good map[Origin]Config
}

// Load loads; see the function Load.
func (l *Loader) Load(sources ...Source) (Config, []Warning, error) {
	c := Defaults()
	var warns []Warning
	var errs []error
	sorted := slices.Clone(sources)
	slices.SortStableFunc(sorted, func(a, b Source) int { return cmp.Compare(a.Origin().Layer, b.Origin().Layer) })
	for _, s := range sorted {
		doc, w, err := l.one(s)
		warns = append(warns, w...)
		if err != nil {
			errs = append(errs, err)
		}
		warns = append(warns, c.lay(&doc)...)
	}
	return c, warns, errors.Join(errs...)
}

// one reads a source, or gives what it said when it was last good.
func (l *Loader) one(s Source) (Config, []Warning, error) {
	at := s.Origin()
	b, err := s.Read()
	if errors.Is(err, fs.ErrNotExist) {
		return Config{}, nil, nil
	}
	var doc Config
	var warns []Warning
	if err == nil {
		doc, warns, err = read(at, b)
	} else {
		err = &DocumentError{Origin: at, Errs: []error{withoutPath(err)}}
	}
	if err == nil {
		l.remember(at, doc, b)
		return doc, warns, nil
	}
	if old, ok := l.recall(at); ok {
		var de *DocumentError
		if errors.As(err, &de) {
			de.Kept = true
		}
		return old, warns, err
	}
	return Config{}, warns, err
}

// withoutPath drops the directory of a stranger's or of our own file.
func withoutPath(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return &fs.PathError{Op: pe.Op, Path: filepath.Base(pe.Path), Err: pe.Err}
	}
	return err
}

// lay puts a higher layer over c, where no lock is in the way.
func (c *Config) lay(doc *Config) []Warning {
	var warns []Warning
	for _, f := range fields {
		v := f.of(doc)
		at, lock := v.origin()
		if at.Layer == LayerNone {
			continue
		}
		have := f.of(c)
		if by, locked := have.origin(); locked && by.Layer < at.Layer {
			warns = append(warns, Warning{Key: f.key, Origin: at, Text: "passed over: locked by " + by.String()})
			continue
		}
		have.from(v, at, lock)
	}
	return warns
}

func (l *Loader) remember(at Origin, doc Config, b []byte) {
	if l.good == nil {
		l.good = map[Origin]Config{}
	}
	l.good[at] = doc
	if l.Dir == "" {
		return
	}
	t, err := parseDocument(b)
	if err == nil {
		root := maps.Clone(t.root)
		delete(root, "access_token")
		delete(root, "refresh_token")
		if b, err = json.Marshal(root); err == nil {
			err = l.keep(l.copyOf(at), b)
		}
	}
	if err != nil && l.Log != nil {
		l.Log.Warn("a good configuration could not be kept for later", "source", at.String(), "err", err)
	}
}

// keep writes a copy unless the same is there: flash wears.
func (l *Loader) keep(path string, b []byte) error {
	if old, err := os.ReadFile(path); err == nil && string(old) == string(b) {
		return nil
	}
	if err := os.MkdirAll(l.Dir, 0o700); err != nil {
		return err
	}
	return store.ReplaceFile(path, b)
}

func (l *Loader) recall(at Origin) (Config, bool) {
	if c, ok := l.good[at]; ok {
		return c, true
	}
	if l.Dir == "" {
		return Config{}, false
	}
	b, err := os.ReadFile(l.copyOf(at))
	if err != nil {
		return Config{}, false
	}
	kept := at
	kept.Name += " (kept)"
	c, _, err := read(kept, b)
	return c, err == nil
}

// copyOf names the copy of a source by its origin.
func (l *Loader) copyOf(at Origin) string {
	h := sha256.Sum256([]byte(at.Layer.String() + "\x00" + at.Name))
	return filepath.Join(l.Dir, "good-"+hex.EncodeToString(h[:8])+".json")
}

// Forget overwrites and removes the copies, for a factory reset.
func (l *Loader) Forget() error {
	l.good = nil
	if l.Dir == "" {
		return nil
	}
	copies, err := filepath.Glob(filepath.Join(l.Dir, "good-*.json"))
	for _, p := range copies {
		if rerr := store.Discard(p); err == nil {
			err = rerr
		}
	}
	return err
}
