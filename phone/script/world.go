package phonescript

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"phoned/phone"
)

// World is a phone and a simulated outside.
type World struct {
	State   phone.State
	Effects []phone.Effect // since the first command after the last "expect"
	Log     []phone.Event  // everything that happened

	at     time.Time
	trace  phone.Trace
	timers map[phone.Timer]pendingTimer
	names  map[string]phone.CallRef // of calls
	last   string                   // the call that was named or placed last
	asked  int                      // the newest ParkListWanted
	said   bool                     // an expectation was read: Effects start anew
}

type pendingTimer struct {
	gen int
	due time.Time
	seq int
}

// start is the instant at which every script begins.
var start = time.Date(2026, 11, 23, 9, 41, 0, 0, time.UTC)

// NewWorld is a phone that has just been switched on with these settings.
func NewWorld(set phone.Settings) *World {
	return &World{
		State: phone.New(set), at: start,
		timers: make(map[phone.Timer]pendingTimer), names: make(map[string]phone.CallRef),
	}
}

// Ready registers line 1, "Front desk" 1001, and puts the handset down.
func (w *World) Ready() error {
	return errors.Join(
		w.Do(phone.HookMoved{}),
		w.Do(phone.SessionChanged{Session: phone.SessionInfo{State: phone.SessionIn, User: "Front desk"}}),
		w.Do(phone.LinesConfigured{Lines: []phone.LineInfo{{ID: "1", Label: "Front desk", Number: "1001", Domain: "example.com"}}}),
		w.Do(phone.LineChanged{Line: "1", State: phone.LineRegistered}),
		w.Advance(10*time.Second),
	)
}

// Do lets one thing happen and checks the outcome.
func (w *World) Do(what phone.What) error {
	if w.said {
		w.said, w.Effects = false, nil
	}
	e := phone.Event{At: w.at, What: what}
	w.Log = append(w.Log, e)
	next, out := phone.Step(w.State, e)
	w.State = next
	for _, x := range out {
		w.follow(x)
	}
	w.Effects = append(w.Effects, out...)
	if err := errors.Join(phone.Check(next), w.trace.Observe(e, out, next)); err != nil {
		return fmt.Errorf("%T%+v: %w", what, what, err)
	}
	return nil
}

// follow keeps timers and the names of calls.
func (w *World) follow(x phone.Effect) {
	switch x := x.(type) {
	case phone.StartTimer:
		w.timers[x.Timer] = pendingTimer{x.Gen, w.at.Add(x.After), x.Gen}
	case phone.StopTimer:
		delete(w.timers, x.Timer)
	case phone.ParkListWanted:
		w.asked = x.Ask
	case phone.PlaceCall:
		w.name(x.Target, x.Call)
	case phone.RingCall:
		w.name(string(x.Leg), x.Call)
	}
}

func (w *World) name(name string, r phone.CallRef) {
	w.names[name] = r
	w.last = name
}

// Advance lets time pass; timers fire when they are due.
func (w *World) Advance(d time.Duration) error {
	end := w.at.Add(d)
	for n := 0; ; n++ {
		if n > 100000 {
			return errors.New("timers fire without end")
		}
		tm, p, ok := w.next(end)
		if !ok {
			w.at = end
			return nil
		}
		if p.due.After(w.at) {
			w.at = p.due
		}
		delete(w.timers, tm)
		if err := w.Do(phone.TimerFired{Timer: tm, Gen: p.gen}); err != nil {
			return err
		}
	}
}

// next is the timer that is due first, not after end.
func (w *World) next(end time.Time) (phone.Timer, pendingTimer, bool) {
	type entry struct {
		tm phone.Timer
		p  pendingTimer
	}
	var due []entry
	for tm, p := range w.timers {
		if !p.due.After(end) {
			due = append(due, entry{tm, p})
		}
	}
	if len(due) == 0 {
		return phone.Timer{}, pendingTimer{}, false
	}
	e := slices.MinFunc(due, func(a, b entry) int {
		return cmp.Or(a.p.due.Compare(b.p.due), cmp.Compare(a.p.seq, b.p.seq))
	})
	return e.tm, e.p, true
}

// ref is the call that a word names, or the one named last.
func (w *World) ref(word string) (phone.CallRef, error) {
	if word == "" {
		word = w.last
	}
	r, ok := w.names[word]
	if !ok {
		return r, fmt.Errorf("no call is named %q", word)
	}
	return r, nil
}

// nameOf is the name of a call, for comparing.
func (w *World) nameOf(id phone.CallID) string {
	if id == 0 {
		return "none"
	}
	best := ""
	for n, r := range w.names {
		if r.ID == id && (best == "" || n < best) {
			best = n
		}
	}
	return best
}
