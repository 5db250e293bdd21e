package phone

import (
	"slices"
	"time"
)

// WatchState is what a watched extension or park slot is doing (RFC 4235).
type WatchState string

const (
	WatchUnknown WatchState = ""
	WatchIdle    WatchState = "idle"
	WatchRinging WatchState = "ringing"
	WatchBusy    WatchState = "busy"
)

// WatchChanged is news of a resource that SetWatches asked for.
type WatchChanged struct {
	Line     LineID
	Resource string
	State    WatchState
	Held     bool
	Remote   Party
	Pickup   bool // the exchange names the dialog: PlaceCall.Pickup can take it over
	// Since is when State began, zero: now.
	Since time.Time
}

// SetWatches says which resources a line is to be told about, sorted. Its
// mailbox always is. Result: WatchChanged and MessageWaiting.
type SetWatches struct {
	Line      LineID
	Resources []string
}

func (WatchChanged) what() {}
func (SetWatches) effect() {}

// watch is what is known of a resource.
type watch struct {
	WatchChanged
	line  LineID
	Since time.Time
}

// watched is what the world was told to watch on a line.
type watched struct {
	line      LineID
	resources []string
}

// watchLine is the line that a key's resource is watched on.
func (s *State) watchLine(k ProgKey) LineID {
	for _, id := range []LineID{k.Line, s.settings.DefaultLine} {
		if s.line(id) != nil {
			return id
		}
	}
	if len(s.lines) > 0 {
		return s.lines[0].ID
	}
	return ""
}

// watchOf is what is known of a key's resource, nil: nothing.
func (s *State) watchOf(k ProgKey) *watch {
	r := k.watch()
	if r == "" {
		return nil
	}
	line := s.watchLine(k)
	for i := range s.watches {
		if w := &s.watches[i]; w.line == line && w.Resource == r {
			return w
		}
	}
	return nil
}

// wanted is what the keys need to be watched, line by line.
func (s *State) wanted() []watched {
	out := make([]watched, 0, len(s.lines))
	for _, l := range s.lines {
		w := watched{line: l.ID, resources: []string{}}
		for i := range progKeys {
			k := s.progKey(i)
			if r := k.watch(); r != "" && s.watchLine(k) == l.ID {
				w.resources = append(w.resources, r)
			}
		}
		slices.Sort(w.resources)
		w.resources = slices.Compact(w.resources)
		out = append(out, w)
	}
	return out
}

func (w watched) equal(o watched) bool {
	return w.line == o.line && slices.Equal(w.resources, o.resources)
}

// settleWatches asks for what the keys need and forgets what they don't.
func (t *turn) settleWatches() {
	want := t.wanted()
	if slices.EqualFunc(want, t.asked, watched.equal) {
		return
	}
	for _, w := range want {
		if !slices.ContainsFunc(t.asked, w.equal) {
			t.emit(SetWatches{Line: w.line, Resources: slices.Clone(w.resources)})
		}
	}
	t.asked = want
	t.watches = slices.DeleteFunc(slices.Clone(t.watches), func(x watch) bool {
		return !slices.ContainsFunc(want, func(w watched) bool { return w.line == x.line && slices.Contains(w.resources, x.Resource) })
	})
}

func (t *turn) watchChanged(e WatchChanged) {
	asked := slices.ContainsFunc(t.asked, func(w watched) bool { return w.line == e.Line && slices.Contains(w.resources, e.Resource) })
	if !asked {
		return
	}
	since := e.Since
	if since.IsZero() {
		since = t.at
	}
	t.watches = slices.Clone(t.watches)
	i := slices.IndexFunc(t.watches, func(w watch) bool { return w.line == e.Line && w.Resource == e.Resource })
	if i < 0 {
		t.watches = append(t.watches, watch{e, e.Line, since})
		return
	}
	w := &t.watches[i]
	if w.State == e.State && e.Since.IsZero() {
		since = w.Since
	}
	*w = watch{e, e.Line, since}
}
