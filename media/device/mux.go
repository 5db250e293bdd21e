package device

import (
	"fmt"
	"maps"
	"slices"
)

// Mux is several drivers as one: ids that stand in Named go to that driver,
// all others to Default.
type Mux struct {
	Default Driver            // nil: there are only the named ones
	Named   map[string]Driver // "null", "loop", "wav" …
}

// List implements Driver: Default's devices, then the named ones. A device of
// Named is the default only if Default has none in that direction.
func (m Mux) List() ([]Info, error) {
	var out []Info
	have := map[Direction]bool{}
	if m.Default != nil {
		list, err := m.Default.List()
		if err != nil {
			return nil, err
		}
		for _, i := range list {
			have[i.Direction] = have[i.Direction] || i.Default
		}
		out = list
	}
	for _, name := range m.names() {
		list, err := m.Named[name].List()
		if err != nil {
			return nil, fmt.Errorf("list %q: %w", name, err)
		}
		for _, i := range list {
			i.ID = name
			i.Default = i.Default && m.Default == nil && !have[i.Direction]
			have[i.Direction] = have[i.Direction] || i.Default
			out = append(out, i)
		}
	}
	return out, nil
}

// Open implements Driver. Without a Default the id "" is the first of Named.
func (m Mux) Open(d Direction, id string) (Device, error) {
	if n, ok := m.Named[id]; ok {
		return n.Open(d, id)
	}
	if m.Default != nil {
		return m.Default.Open(d, id)
	}
	if keys := m.names(); id == "" && len(keys) > 0 {
		return m.Named[keys[0]].Open(d, keys[0])
	}
	return nil, fmt.Errorf("open %s %q: %w", d, id, ErrNotFound)
}

func (m Mux) names() []string { return slices.Sorted(maps.Keys(m.Named)) }

// Plugged implements Presence; of Named devices nothing is known.
func (m Mux) Plugged(id string) (plugged, known bool) {
	p, ok := m.Default.(Presence)
	if _, named := m.Named[id]; named || !ok {
		return false, false
	}
	return p.Plugged(id)
}
