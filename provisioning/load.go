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
	"strings"

	"phoned/internal/secret"
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
// with a Vault also over restarts. It is not safe for concurrent use.
type Loader struct {
	// Vault keeps the copies, which hold the passwords of lines and of TURN
	// servers. They are without the sign-in's tokens, which are spent at their
	// first use.
	Vault Vault
	// Dir is where earlier versions kept the copies as plain files: they are
	// taken over into the Vault, overwritten and removed.
	Dir string
	Log *slog.Logger // nil: nothing is logged

	good  map[Origin]Config
	moved bool // nothing is in Dir any more
}

// Load loads; see the function Load.
func (l *Loader) Load(sources ...Source) (Config, []Warning, error) {
	l.takeOver()
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
	parts, _ := s.(withParts)
	b, err := s.Read()
	if errors.Is(err, fs.ErrNotExist) {
		return Config{}, nil, nil
	}
	var doc Config
	var warns []Warning
	if err == nil {
		doc, warns, err = readWith(at, b, parts)
	} else {
		err = &DocumentError{Origin: at, Errs: []error{withoutPath(err)}}
	}
	if err == nil {
		l.remember(at, doc, b, parts)
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

func (l *Loader) remember(at Origin, doc Config, b []byte, parts withParts) {
	if l.good == nil {
		l.good = map[Origin]Config{}
	}
	l.good[at] = doc
	if l.Vault == nil {
		return
	}
	t, err := parseDocument(b)
	if err == nil {
		root := maps.Clone(t.root)
		delete(root, "access_token")
		delete(root, "refresh_token")
		for part, kept := range parts.parts {
			if key := keyOfPart[part]; key != "" {
				root[key] = parts.path(part)
			} else if wifi, err := parseDocument([]byte(kept.Text)); err == nil {
				root["wifi"] = wifi.root["wifi"]
			}
		}
		if b, err = json.Marshal(root); err == nil {
			err = l.keep(copyOf(at), b)
		}
	}
	if err != nil && l.Log != nil {
		l.Log.Warn("a good configuration could not be kept for later", "source", at.String(), "err", err)
	}
}

// keep keeps a copy unless the same is there: flash wears.
func (l *Loader) keep(name string, b []byte) error {
	if old, err := l.Vault.Get(name); err == nil && old.Reveal() == string(b) {
		return nil
	}
	return l.Vault.Set(map[string]secret.String{name: secret.New(string(b))})
}

func (l *Loader) recall(at Origin) (Config, bool) {
	if c, ok := l.good[at]; ok {
		return c, true
	}
	if l.Vault == nil {
		return Config{}, false
	}
	b, err := l.Vault.Get(copyOf(at))
	if err != nil || b.Empty() {
		return Config{}, false
	}
	kept := at
	kept.Name += " (kept)"
	c, _, err := read(kept, []byte(b.Reveal()))
	return c, err == nil
}

// copyOf names the copy of a source by its origin.
func copyOf(at Origin) string {
	h := sha256.Sum256([]byte(at.Layer.String() + "\x00" + at.Name))
	return "good-" + hex.EncodeToString(h[:8])
}

// takeOver moves the plain copies of earlier versions into the vault. A copy is
// overwritten and removed when it is there; one that the vault does not take now
// is tried again at the next start.
func (l *Loader) takeOver() {
	if l.moved || l.Vault == nil || l.Dir == "" {
		return
	}
	l.moved = true
	copies, err := filepath.Glob(filepath.Join(l.Dir, "good-*.json"))
	for _, p := range copies {
		name := strings.TrimSuffix(filepath.Base(p), ".json")
		b, rerr := os.ReadFile(p)
		have, gerr := l.Vault.Get(name)
		if rerr = errors.Join(rerr, gerr); rerr == nil && have.Empty() && len(b) <= maxDocument {
			rerr = l.keep(name, b)
		}
		if rerr == nil {
			rerr = store.Discard(p)
		}
		err = errors.Join(err, rerr)
	}
	if err != nil && l.Log != nil {
		l.Log.Warn("kept configurations of an earlier version", "err", withoutPath(err))
	}
}

// Forget wipes the copies, for a factory reset.
func (l *Loader) Forget() error {
	l.good, l.moved = nil, true
	if l.Vault == nil {
		return nil
	}
	err := l.Vault.Wipe()
	if l.Dir == "" {
		return err
	}
	copies, gerr := filepath.Glob(filepath.Join(l.Dir, "good-*.json"))
	err = errors.Join(err, gerr)
	for _, p := range copies {
		err = errors.Join(err, store.Discard(p))
	}
	return err
}
