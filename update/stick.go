package update

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"phoned/store"
)

// fromFile copies a bundle from a stick: what is pulled out then harms nobody.
func fromFile(ctx context.Context, path string, out *staging) error {
	in, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrSource, err)
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return fmt.Errorf("%w: %w", ErrSource, err)
	}
	w, err := out.open(info.Size())
	if err != nil {
		return err
	}
	_, err = io.Copy(w, reader{ctx, in})
	return err
}

// OnStick finds the newest-named bundle on a stick.
func OnStick(dir string) (Source, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.raucb"))
	if err != nil || len(names) == 0 {
		return Source{}, fmt.Errorf("%w: the stick has no file *.raucb", ErrSource)
	}
	path := slices.MaxFunc(names, Compare)
	return Source{Kind: Stick, Name: filepath.Base(path), Place: path}, nil
}

// seen is what a stick had that was read to the bundle's end, so that one that is left in
// need not be copied and verified at every start to learn that it brings nothing.
type seen struct {
	Name    string    `json:"name"`
	Size    int64     `json:"size"`
	Changed time.Time `json:"changed"`
	Bundle  Bundle    `json:"bundle"`
}

func (m *Manager) seenFile() string { return filepath.Join(m.cfg.Dir, "update-stick.json") }

// look notes which file is copied.
func (m *Manager) look(path string) {
	at := identify(path)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.onStick = at
}

func identify(path string) (s seen) {
	if info, err := os.Stat(path); err == nil {
		s = seen{Name: info.Name(), Size: info.Size(), Changed: info.ModTime().UTC()}
	}
	return s
}

// keepSeen keeps what that file turned out to be.
func (m *Manager) keepSeen(b Bundle) {
	m.mu.Lock()
	s := m.onStick
	m.mu.Unlock()
	s.Bundle = b
	raw, err := json.Marshal(s)
	if err == nil {
		err = store.ReplaceFile(m.seenFile(), raw)
	}
	if err != nil {
		m.cfg.Log.Warn("what the stick has could not be kept", "err", err)
	}
}

// stale: that file was seen before, and the phone would not take it.
func (m *Manager) stale(src Source) bool {
	if src.Kind != Stick {
		return false
	}
	raw, err := os.ReadFile(m.seenFile())
	if err != nil {
		return false
	}
	var s seen
	if json.Unmarshal(raw, &s) != nil || s.Name == "" {
		return false
	}
	now := identify(src.Place)
	return now.Name == s.Name && now.Size == s.Size && now.Changed.Equal(s.Changed) && m.State().stale(src, s.Bundle, m.fell(s.Bundle.Version))
}

func (m *Manager) fell(version string) bool { return m.cfg.Fell != nil && m.cfg.Fell(version) }
