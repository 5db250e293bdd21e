package check

import (
	"slices"
	"time"

	"phoned/internal/backoff"
	"phoned/update"
)

// How long things are waited for.
const (
	// soon and soonSpread are when a phone that has just started asks for the first
	// time: five thousand that had a power cut together do not come together.
	soon       = 3 * time.Minute
	soonSpread = 57 * time.Minute
	// spread is how much of the interval a question comes earlier or later.
	spread = 0.1
	// fresh is how old an answer may be when an update begins by itself: before that the
	// server is asked once more, so that what was taken back is not installed.
	fresh = 15 * time.Minute
	// The waits after a question or a bundle that did not come.
	failFirst = 5 * time.Minute
	failMax   = 6 * time.Hour
	// stumbles is how often a version may fail to be written.
	stumbles = 3
	// refusalsKept bounds what is remembered.
	refusalsKept = 16
	// look is how often a wrong clock, or one that may be set, is looked at.
	look     = time.Minute
	lookSlow = time.Hour
)

// Event is something that happened. The set is closed.
type Event interface{ event() }

// The events. Try is that of the Ask they answer.
type (
	Configured struct{ Settings Settings }
	// Heard are news of the phone and its updates. None may be left out.
	Heard struct{ Phone Phone }
	// Believed says whether the time of day can be believed.
	Believed struct{ Yes bool }
	// CheckNow and InstallNow are a person's wishes.
	CheckNow   struct{}
	InstallNow struct{}
	// Answered: the index, or that it has not changed.
	Answered struct {
		Try       int
		Unchanged bool
		Offers    []Offer
		ETag      string
	}
	// Failed: there is no index. After is what the server asked for.
	Failed struct {
		Try    int
		Detail string
		After  time.Duration
	}
	// NotBegun: the update that was ordered did not begin.
	NotBegun struct{}
	Tick     struct{}
)

func (Configured) event() {}
func (Heard) event()      {}
func (Believed) event()   {}
func (CheckNow) event()   {}
func (InstallNow) event() {}
func (Answered) event()   {}
func (Failed) event()     {}
func (NotBegun) event()   {}
func (Tick) event()       {}

// Effect is something to be done. The set is closed.
type Effect interface{ effect() }

// The effects.
type (
	// Ask asks the server. ETag is of what is known, "": nothing is.
	Ask struct {
		Try       int
		URL, ETag string
	}
	// Keep writes to the disk; Begin, which follows one, must not be done if that failed.
	Keep  struct{ Kept Kept }
	Begin struct{ Source update.Source }
	// Wake wants a Tick after a time; the one wanted before is no longer.
	Wake struct{ After time.Duration }
)

func (Ask) effect()   {}
func (Keep) effect()  {}
func (Begin) effect() {}
func (Wake) effect()  {}

// turn is one Step under way.
type turn struct {
	s      State
	now    time.Time
	random float64
	dirty  bool // Kept has changed
	out    []Effect
}

// Step is the whole decision: the state after an event, and what is to be done. random
// is a new number in [0,1) each time.
func Step(s State, e Event, now time.Time, random float64) (State, []Effect) {
	t := &turn{s: s, now: now, random: random}
	switch e := e.(type) {
	case Configured:
		t.configured(e.Settings)
	case Heard:
		t.heard(e.Phone)
	case Believed:
		t.s.Believed = e.Yes
	case CheckNow:
		t.s.asked = true
	case InstallNow:
		if o, ok := s.newer(); ok && s.Phone.Phase == update.Idle && s.Kept.Trying == nil {
			t.begin(o)
		}
	case Answered:
		if e.Try == s.try && s.asking {
			t.answered(e)
		}
	case Failed:
		if e.Try == s.try && s.asking {
			t.s.asking = false
			t.s.Fails, t.s.Failure = s.Fails+1, e.Detail
			t.s.hold = now.Add(max(e.After, t.backoff(t.s.Fails)))
		}
	case NotBegun:
		if s.Kept.Trying != nil && s.ordered && !s.ran {
			t.over()
			t.fell(0)
		}
	case Tick:
	}
	t.settle()
	if t.dirty {
		t.out = append([]Effect{Keep{t.s.Kept}}, t.out...)
	}
	return t.s, t.out
}

func (t *turn) configured(set Settings) {
	old := t.s.Set
	t.s.Set = set
	if set.URL == old.URL && set.Every == old.Every {
		return
	}
	t.s.planned = false
	if set.URL != old.URL {
		t.s.try++
		t.s.asking, t.s.asked = false, false
		t.s.Fails, t.s.Failure = 0, ""
	}
}

// plan sets the times once the phone is configured and knows the time.
func (t *turn) plan() {
	if t.s.planned || !t.s.Believed || t.s.Set.URL == "" {
		return
	}
	t.s.planned = true
	if t.s.Kept.Place == 0 {
		t.s.Kept.Place, t.dirty = t.random, true
	}
	first := t.now.Add(soon + time.Duration(t.random*float64(soonSpread)))
	t.s.hold, t.s.wait, t.s.due = later(t.s.hold, first), later(t.s.wait, first), first
	if k := t.s.Kept; k.URL == t.s.Set.URL && !k.Checked.After(t.now) {
		t.s.due = later(first, k.Checked.Add(t.interval()))
	}
}

// interval is the next one, shifted at random.
func (t *turn) interval() time.Duration {
	every := t.s.Set.Every
	return every + time.Duration((2*t.random-1)*spread*float64(every))
}

// backoff is the wait after the n-th failure in a row.
func (t *turn) backoff(n int) time.Duration {
	b := backoff.New(failFirst, failMax, 0.5, func() float64 { return t.random })
	for range min(n-1, 20) {
		b.Next()
	}
	return b.Next()
}

func (t *turn) answered(e Answered) {
	t.s.asking = false
	t.s.Fails, t.s.Failure, t.s.hold = 0, "", time.Time{}
	t.s.due = t.now.Add(t.interval())
	k, board := &t.s.Kept, t.s.Phone.Compatible
	t.dirty = true
	k.Checked = t.now
	if e.Unchanged {
		return
	}
	best, _ := Newest(e.Offers, board)
	if best != k.Offer {
		k.Stumbles, t.s.falls, t.s.wait = 0, 0, time.Time{}
	}
	k.URL, k.ETag, k.Board, k.Offer = t.s.Set.URL, e.ETag, board, best
}

// heard learns what became of an update.
func (t *turn) heard(p Phone) {
	was := t.s.Phone
	t.s.Phone = p
	if p.Way != update.Slots {
		return
	}
	trying := t.s.Kept.Trying
	if p.Phase != update.Idle {
		if trying == nil {
			return
		}
		t.s.ran = t.s.ran || p.Place == trying.URL
		if t.s.ran && p.Phase == update.Restarting && !trying.Installed {
			next := *trying
			next.Installed = true
			t.s.Kept.Trying, t.dirty = &next, true
		}
		return
	}
	if r := p.Report; r.RolledBack() {
		t.refuse(r.From, r.Reason) // whoever began it
	}
	if r := p.Report; r.Good() && r.To == p.Version && t.s.refusal(r.To) != "" {
		t.pardon(r.To)
	}
	switch {
	case trying == nil || t.s.ordered && was.Phase == update.Idle: // it has not begun yet
	case t.s.ordered && !t.s.ran: // something else had begun before it
		t.over()
		t.fell(0)
	default:
		t.judge(*trying, p)
	}
}

// judge ends what was tried.
func (t *turn) judge(tried Trying, p Phone) {
	t.over()
	r := p.Report
	told := !r.At.Equal(tried.Before)
	switch {
	case p.Version == tried.Version && (!told || r.Good()):
		t.pardon(tried.Version)
	case told && r.Reason == update.NotWritten:
		if t.s.Kept.Stumbles++; t.s.Kept.Stumbles >= stumbles {
			t.refuse(tried.Version, r.Reason)
		}
		t.fell(0)
	case told && final(r):
		t.refuse(tried.Version, r.Reason)
	case !told && tried.Installed: // nobody knows why, and yet the old system runs
		t.refuse(tried.Version, update.NotBooted)
	default: // it broke off
		t.fell(r.After)
	}
}

// final: the same bundle would end in the same way.
func final(r update.Report) bool {
	switch r.Reason {
	case update.BadSignature, update.WrongBoard, update.Older, update.Same, update.Mislabelled, update.Cancelled:
		return true
	}
	return r.RolledBack()
}

// over forgets what was tried.
func (t *turn) over() {
	t.s.Kept.Trying, t.dirty = nil, true
	t.s.ordered, t.s.ran = false, false
}

// fell has the next attempt wait.
func (t *turn) fell(after time.Duration) {
	t.s.falls++
	t.s.wait = t.now.Add(max(after, t.backoff(t.s.falls)))
}

func (t *turn) refuse(version string, r update.Reason) {
	if version == "" || t.s.refusal(version) != "" {
		return
	}
	l := append(slices.Clone(t.s.Kept.Refused), Refusal{version, r, t.now})
	t.s.Kept.Refused, t.dirty = l[max(0, len(l)-refusalsKept):], true
}

func (t *turn) pardon(version string) {
	t.s.Kept.Refused = slices.DeleteFunc(slices.Clone(t.s.Kept.Refused), func(r Refusal) bool { return r.Version == version })
	t.s.Kept.Stumbles, t.s.falls, t.dirty = 0, 0, true
}

// settle asks or begins if it is time for it, and says when it will be.
func (t *turn) settle() {
	s := &t.s
	t.plan()
	if s.Set.URL == "" || s.Phone.Way != update.Slots {
		s.asked = false
		return
	}
	t.correct()
	if s.Phone.Busy || s.Phone.Phase != update.Idle || s.asking || s.Kept.Trying != nil {
		t.do(Wake{lookSlow}) // what ends this is told
		return
	}
	if !s.Believed {
		t.do(Wake{look})
		return
	}
	at, wanted := t.when()
	age := t.now.Sub(s.Kept.Checked)
	switch due := wanted && !t.now.Before(at); {
	case s.asked, !t.now.Before(s.hold) && (s.Set.Every > 0 && !t.now.Before(s.due) || due && (age < 0 || age >= fresh)):
		t.ask()
		t.do(Wake{lookSlow})
		return
	case due && age >= 0 && age < fresh:
		o, _ := s.newer()
		t.begin(o)
		t.do(Wake{lookSlow})
		return
	}
	next := lookSlow // the clock may be set
	if s.Set.Every > 0 {
		next = min(next, later(s.due, s.hold).Sub(t.now))
	}
	if wanted {
		next = min(next, max(at.Sub(t.now), s.hold.Sub(t.now)))
	}
	t.do(Wake{max(next, time.Second)})
}

// correct shortens what a clock that was ahead has planned.
func (t *turn) correct() {
	bound := func(at *time.Time, most time.Duration) {
		if limit := t.now.Add(most); at.After(limit) {
			*at = limit
		}
	}
	bound(&t.s.due, max(t.s.Set.Every+t.s.Set.Every/4, soon+soonSpread))
	bound(&t.s.hold, 2*failMax)
	bound(&t.s.wait, 2*failMax)
}

// when is the moment from which the offer may be begun by itself.
func (t *turn) when() (time.Time, bool) {
	o, ok := t.s.newer()
	if !ok || !t.s.Set.Install || t.s.refusal(o.Version) != "" {
		return time.Time{}, false
	}
	at := later(t.now, t.s.wait)
	if !t.s.Set.Window.IsZero() {
		at = t.s.Set.Window.slot(at, t.s.Set.zone(), t.s.Kept.Place)
	}
	return at, true
}

func (t *turn) ask() {
	t.s.asked, t.s.asking = false, true
	t.s.try++
	a := Ask{Try: t.s.try, URL: t.s.Set.URL}
	if k := t.s.Kept; k.URL == a.URL && k.Board == t.s.Phone.Compatible {
		a.ETag = k.ETag
	}
	t.do(a)
}

func (t *turn) begin(o Offer) {
	t.s.Kept.Trying, t.dirty = &Trying{Offer: o, Before: t.s.Phone.Report.At}, true
	t.s.ordered, t.s.ran = true, false
	t.do(Begin{update.Source{Kind: update.URL, Place: o.URL, Size: o.Size, SHA256: o.SHA256, Version: o.Version}})
}

func (t *turn) do(e Effect) { t.out = append(t.out, e) }
