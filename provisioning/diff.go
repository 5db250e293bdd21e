package provisioning

import (
	"slices"
	"strings"
)

// Stage groups keys by when they are applied. A later stage may need an
// earlier one: without the new authority the new server is not trusted.
type Stage string

// The stages in the order in which they are applied.
const (
	StageTrust   Stage = "trust"
	StageNetwork Stage = "network"
	StageSource  Stage = "provisioning"
	StagePlace   Stage = "place"
	StageAccount Stage = "account"
	StageLines   Stage = "lines"
	StageAudio   Stage = "audio"
	StageService Stage = "service"
	StageLooks   Stage = "looks"
)

// Stages lists them in order.
func Stages() []Stage {
	return []Stage{StageTrust, StageNetwork, StageSource, StagePlace, StageAccount, StageLines, StageAudio, StageService, StageLooks}
}

// Change is one difference between two configurations, in words.
type Change struct {
	Key    string `json:"key"`
	Name   string `json:"name"` // "Time zone"
	Stage  Stage  `json:"stage"`
	Old    string `json:"old"` // secrets as "redacted"
	New    string `json:"new"`
	Source Origin `json:"source"` // of the new value
}

// String is one line for people: "Theme: dark → light (stick, line 3)".
func (c Change) String() string {
	s := c.Name + ": " + c.Old + " → " + c.New
	if c.Old == c.New {
		s = c.Name + ": changed"
	}
	return s + " (" + c.Source.String() + ")"
}

// Diff lists what would change from one configuration to the other, in the
// order in which it has to be applied. Where only the origin or the lock of a
// value differs, nothing changes.
func Diff(from, to *Config) []Change {
	var out []Change
	for _, f := range fields {
		a, b := f.of(from), f.of(to)
		if a.equal(b) {
			continue
		}
		at, _ := b.origin()
		out = append(out, Change{Key: f.key, Name: f.name, Stage: Stage(f.stage), Old: a.show(), New: b.show(), Source: at})
	}
	stages := Stages()
	slices.SortStableFunc(out, func(x, y Change) int { return slices.Index(stages, x.Stage) - slices.Index(stages, y.Stage) })
	return out
}

// Words is the whole difference as text, one change a line.
func Words(changes []Change) string {
	if len(changes) == 0 {
		return "nothing changes"
	}
	l := make([]string, len(changes))
	for i, c := range changes {
		l[i] = c.String()
	}
	return strings.Join(l, "\n")
}
