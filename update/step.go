package update

import (
	"fmt"
	"time"
)

// How long things are waited for.
const (
	// TrialTime is how long a new system may take until it is registered.
	TrialTime = 10 * time.Minute
	// QuietTime is how long nobody may have telephoned before a restart.
	QuietTime = 10 * time.Second
)

// Event is something that happened. The set is closed.
type Event interface{ event() }

// The events. Try is that of the effect they answer.
type (
	// Booted comes once, first: what the helper says of the system that runs.
	Booted struct{ Boot Boot }
	// Begin asks for an update. Refused says beforehand whether it would be ignored.
	Begin struct {
		Source     Source
		AllowOlder bool
	}
	Cancel   struct{}
	Progress struct {
		Try         int
		Done, Total int64
	}
	Fetched   struct{ Try int }
	Inspected struct {
		Try    int
		Bundle Bundle
		// Fell: this version was tried here, some time ago, and left; see Config.Fell.
		Fell bool
	}
	Installed struct{ Try int }
	Failed    struct {
		Try    int
		Reason Reason
		Detail string
		After  time.Duration // a server's wish, see Report
	}
	// Changed are new facts of the phone.
	Changed   struct{ Facts Facts }
	Confirmed struct{}
	// Rejoin: an order that should have ended this boot failed.
	Rejoin struct{ Detail string }
	Tick   struct{ Try int }
)

func (Booted) event()    {}
func (Begin) event()     {}
func (Cancel) event()    {}
func (Progress) event()  {}
func (Fetched) event()   {}
func (Inspected) event() {}
func (Installed) event() {}
func (Failed) event()    {}
func (Changed) event()   {}
func (Confirmed) event() {}
func (Rejoin) event()    {}
func (Tick) event()      {}

// Effect is something to be done. The set is closed.
type Effect interface{ effect() }

// The effects. Fetch, Inspect and Install are jobs: one at a time, answered once.
type (
	Fetch struct {
		Try    int
		Source Source
	}
	Inspect struct{ Try int }
	Install struct {
		Try     int
		Attempt Attempt
	}
	StopJob struct{} // the job that runs
	Discard struct{} // the fetched file
	Reboot  struct{}
	// Confirm tells the boot loader that this slot is good, and forgets the attempt.
	Confirm struct{}
	// Reject tells it that this slot is bad, and restarts.
	Reject struct {
		Reason Reason
		Detail string
	}
	// Forget removes the attempt that was reported.
	Forget     struct{}
	StartTimer struct {
		Try   int
		After time.Duration
	}
	Keep struct{ Report Report } // over restarts
)

func (Fetch) effect()      {}
func (Inspect) effect()    {}
func (Install) effect()    {}
func (StopJob) effect()    {}
func (Discard) effect()    {}
func (Reboot) effect()     {}
func (Confirm) effect()    {}
func (Reject) effect()     {}
func (Forget) effect()     {}
func (StartTimer) effect() {}
func (Keep) effect()       {}

// turn is one Step under way.
type turn struct {
	s   State
	now time.Time
	out []Effect
}

func (t *turn) do(e ...Effect) { t.out = append(t.out, e...) }

// Step is the whole decision: the state after an event, and what is to be done.
// Events that do not fit the phase, and stale ones, change nothing.
func Step(s State, e Event, now time.Time) (State, []Effect) {
	t := &turn{s: s, now: now}
	switch e := e.(type) {
	case Booted:
		t.booted(e.Boot)
	case Begin:
		t.begin(e)
	case Cancel:
		t.cancel()
	case Progress:
		if e.Try == s.try && (s.Phase == Fetching || s.Phase == Installing) {
			t.s.Done, t.s.Total = e.Done, e.Total
		}
	case Fetched:
		if e.Try == s.try && s.Phase == Fetching {
			t.s.Phase, t.s.Done, t.s.Total = Verifying, 0, 0
			t.do(Inspect{t.s.try})
		}
	case Inspected:
		if e.Try == s.try && s.Phase == Verifying {
			t.inspected(e.Bundle, e.Fell)
		}
	case Installed:
		if e.Try == s.try && s.Phase == Installing && s.writing {
			t.s.Phase, t.s.Done, t.s.Total, t.s.writing = Restarting, 0, 0, false
			t.do(Discard{})
			t.quiet()
		}
	case Failed:
		if e.Try == s.try && (s.Phase == Fetching || s.Phase == Verifying || s.Phase == Installing) {
			t.endAfter(e.Reason, e.Detail, e.After)
		}
	case Changed:
		t.changed(e.Facts)
	case Confirmed:
		t.s.confirmed = true
		if s.Phase == Trial {
			t.s.Phase = Idle
			t.report(Report{Reason: Succeeded, From: s.Boot.Attempt.From, To: s.Boot.Version})
			t.s.Boot.Attempt = nil
		}
	case Rejoin:
		t.s.leaving = false
		if s.Phase == Restarting || s.Phase == Trial {
			t.do(StartTimer{t.s.try, time.Minute}) // and once more
		}
	case Tick:
		if e.Try == s.try {
			t.tick()
		}
	}
	return t.s, t.out
}

// Refused says in words why Begin would be ignored now, nil if it would not.
func (s State) Refused() error {
	switch {
	case s.Boot.Way == Packages:
		return ErrPackages
	case s.Boot.Way != Slots:
		return ErrNoHelper
	case s.Phase == Trial:
		return fmt.Errorf("%w: the new firmware has not proved itself yet", ErrBusy)
	case s.Phase != Idle:
		return fmt.Errorf("%w: one is %s", ErrBusy, s.Phase)
	}
	return nil
}

// booted finds out what became of the last update.
func (t *turn) booted(b Boot) {
	t.s.Boot, t.s.Phase = b, Idle
	t.s.try++
	a := b.Attempt
	switch {
	case a == nil:
		t.settle()
	case a.Slot == b.Slot && a.Verdict == "":
		t.s.Phase = Trial
		t.do(StartTimer{t.s.try, TrialTime})
		t.settle()
	default:
		// The boot loader is back on the old slot; or the verdict was cut short.
		reason, detail := a.Verdict, a.Detail
		if reason == "" {
			reason, detail = NotBooted, "slot "+a.Slot+" did not come up, or did not stay up"
			if !a.Written {
				reason, detail = NotWritten, "it was interrupted while it was written"
			}
		}
		if a.Slot == b.Slot { // judged bad, and yet it runs: leave it
			t.s.leaving = true
			t.do(Reject{reason, detail})
			return
		}
		t.report(Report{Reason: reason, From: a.Version, To: b.Version, Detail: detail})
		t.s.Boot.Attempt = nil
		t.do(Forget{})
		t.settle()
	}
}

func (t *turn) begin(e Begin) {
	if t.s.Refused() != nil {
		return
	}
	t.s.try++
	t.s.Phase, t.s.Source, t.s.AllowOlder = Fetching, e.Source, e.AllowOlder
	t.s.Bundle, t.s.Done, t.s.Total = Bundle{}, 0, 0
	t.do(Fetch{t.s.try, e.Source})
}

// cancel is possible until the slot is being written: what is installed is tried.
func (t *turn) cancel() {
	if t.s.Phase == Fetching || t.s.Phase == Verifying || t.s.Phase == Installing && !t.s.writing {
		t.do(StopJob{})
		t.end(Cancelled, "")
	}
}

func (t *turn) inspected(b Bundle, fell bool) {
	t.s.Bundle = b
	switch order := Compare(b.Version, t.s.Boot.Version); {
	case t.s.stale(t.s.Source, b, fell):
		t.idle() // and the last report stays the last word
		return
	case b.Compatible != t.s.Boot.Compatible:
		t.end(WrongBoard, fmt.Sprintf("it is for %s, this is a %s", b.Compatible, t.s.Boot.Compatible))
		return
	case t.s.Source.Version != "" && b.Version != t.s.Source.Version:
		t.end(Mislabelled, fmt.Sprintf("%s was announced, and it is %s", t.s.Source.Version, b.Version))
		return
	case order == 0 && !t.s.AllowOlder:
		t.end(Same, "")
		return
	case order < 0 && !t.s.AllowOlder:
		t.end(Older, fmt.Sprintf("%s is older than %s", b.Version, t.s.Boot.Version))
		return
	}
	t.s.Phase, t.s.Done, t.s.Total = Installing, 0, 100
	t.write()
}

// stale: it is from a stick and not to be taken, which nobody need be told: it was tried
// here and left (fell, or as the report says), or the stick was in before and is no news.
func (s State) stale(src Source, b Bundle, fell bool) bool {
	if src.Kind != Stick {
		return false
	}
	fell = fell || s.Report.RolledBack() && s.Report.From == b.Version
	return fell || src.Left && (Compare(b.Version, s.Boot.Version) <= 0 || b.Compatible != s.Boot.Compatible)
}

// write begins the installation as soon as nobody telephones.
func (t *turn) write() {
	if t.s.Phase != Installing || t.s.writing || t.s.Facts.Busy {
		return
	}
	t.s.writing = true
	t.do(Install{t.s.try, Attempt{From: t.s.Boot.Version, Version: t.s.Bundle.Version, Registered: t.s.Facts.Registered}})
}

// quiet begins to wait for the restart.
func (t *turn) quiet() {
	if t.s.Phase == Restarting && !t.s.leaving && !t.s.Facts.Busy {
		t.s.try++
		t.do(StartTimer{t.s.try, QuietTime})
	}
}

func (t *turn) changed(f Facts) {
	was := t.s.Facts
	t.s.Facts = f
	switch t.s.Phase {
	case Installing:
		t.write()
	case Restarting:
		switch {
		case f.Busy && !was.Busy:
			t.s.try++ // the timer that runs is stale
		case !f.Busy && was.Busy:
			t.quiet()
		}
	case Idle, Trial:
		t.settle()
	case Fetching, Verifying:
		t.settle()
	}
}

// settle confirms the system that runs when it has proved itself: an ordinary boot by
// running (the other slot would find the same full disk), a new system by its self-test
// and by having service as well, if the old one had.
func (t *turn) settle() {
	f := t.s.Facts
	if t.s.Boot.Way != Slots || t.s.confirmed || t.s.leaving || !f.Ready {
		return
	}
	if t.s.Phase == Trial && (f.Fault != "" || t.s.Boot.Attempt.Registered && !f.Registered) {
		return
	}
	t.s.confirmed = true // Rejoin is not needed: a failure leaves a trial to its timer
	t.do(Confirm{})
}

func (t *turn) tick() {
	switch t.s.Phase {
	case Restarting:
		if !t.s.Facts.Busy && !t.s.leaving {
			t.s.leaving = true
			t.do(Reboot{})
		}
	case Trial:
		switch f := t.s.Facts; {
		case t.s.leaving:
		case f.Busy: // somebody telephones with it: it can wait
			t.do(StartTimer{t.s.try, time.Minute})
		case f.Fault != "" || !f.Ready:
			t.reject(SelfTest, f.Fault)
		case t.s.Boot.Attempt.Registered && !f.Registered:
			t.reject(NotRegistered, fmt.Sprintf("no line had service %s after the restart", TrialTime))
		default: // the confirmation itself failed
			t.s.confirmed = false
			t.settle()
			t.do(StartTimer{t.s.try, time.Minute})
		}
	}
}

func (t *turn) reject(r Reason, detail string) {
	t.s.leaving = true
	t.do(Reject{r, detail})
}

// end is an update that goes no further; the system that runs is untouched.
func (t *turn) end(r Reason, detail string) { t.endAfter(r, detail, 0) }

func (t *turn) endAfter(r Reason, detail string, after time.Duration) {
	t.report(Report{Reason: r, From: t.s.Boot.Version, To: t.s.Bundle.Version, Detail: detail, After: after})
	t.idle()
}

func (t *turn) idle() {
	t.s.try++
	t.s.Phase, t.s.Done, t.s.Total, t.s.writing = Idle, 0, 0, false
	t.do(Discard{})
}

func (t *turn) report(r Report) {
	r.At = t.now
	t.s.Report = r
	t.do(Keep{r})
}
