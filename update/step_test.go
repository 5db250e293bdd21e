package update

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// script drives Step with a clock and remembers what was to be done.
type script struct {
	t    *testing.T
	s    State
	now  time.Time
	done []Effect
}

func begun(t *testing.T, boot Boot) *script {
	t.Helper()
	p := &script{t: t, s: State{Phase: Idle, Boot: Boot{Way: Unknown}}, now: time.Unix(1e9, 0)}
	p.send(Booted{boot})
	return p
}

func slots(version string, a *Attempt) Boot {
	return Boot{Way: Slots, Slot: "A", Version: version, Compatible: "board", Attempt: a}
}

func (p *script) send(events ...Event) {
	for _, e := range events {
		var out []Effect
		p.s, out = Step(p.s, e, p.now)
		p.done = append(p.done, out...)
	}
}

// took gives the names of the effects since the last time.
func (p *script) took() string {
	var out []string
	for _, e := range p.done {
		out = append(out, strings.TrimPrefix(fmt.Sprintf("%T", e), "update."))
	}
	p.done = nil
	return strings.Join(out, " ")
}

func (p *script) want(phase Phase, effects string) {
	p.t.Helper()
	if got := p.took(); p.s.Phase != phase || got != effects {
		p.t.Fatalf("phase %s, effects %q; expected %s, %q", p.s.Phase, got, phase, effects)
	}
}

var (
	well  = Facts{Registered: true, Ready: true}
	alone = Facts{Ready: true}
	talks = Facts{Registered: true, Ready: true, Busy: true}
)

// ready is a phone that has service and whose slot is confirmed.
func ready(t *testing.T) *script {
	t.Helper()
	p := begun(t, slots("1.0", nil))
	p.send(Changed{well}, Confirmed{})
	p.want(Idle, "Confirm")
	return p
}

func (p *script) fetched(version, board string) {
	p.t.Helper()
	p.send(Begin{Source: Source{Kind: Stick}}, Fetched{p.s.try})
	p.send(Fetched{p.s.try}, Inspected{p.s.try, Bundle{board, version}, false})
}

func TestAGoodUpdateIsConfirmed(t *testing.T) {
	p := ready(t)
	p.send(Begin{Source: Source{Kind: Stick}})
	p.want(Fetching, "Fetch")
	p.send(Progress{p.s.try, 30, 60})
	if p.s.Percent() != 50 {
		t.Errorf("%d per cent", p.s.Percent())
	}
	p.send(Fetched{p.s.try})
	p.want(Verifying, "Inspect")
	p.send(Inspected{p.s.try, Bundle{"board", "2.0"}, false})
	attempt := p.done[0].(Install).Attempt
	if attempt != (Attempt{From: "1.0", Version: "2.0", Registered: true}) {
		t.Errorf("the attempt is %+v", attempt)
	}
	p.want(Installing, "Install")
	p.send(Installed{p.s.try})
	p.want(Restarting, "Discard StartTimer")
	p.send(Tick{p.s.try})
	p.want(Restarting, "Reboot")

	p = begun(t, Boot{Way: Slots, Slot: "B", Version: "2.0", Compatible: "board", Attempt: &Attempt{Slot: "B", From: "1.0", Version: "2.0", Registered: true, Written: true}})
	p.want(Trial, "StartTimer")
	p.send(Changed{alone})
	p.want(Trial, "") // it had service before
	p.send(Changed{well})
	p.want(Trial, "Confirm")
	p.send(Confirmed{})
	p.want(Idle, "Keep")
	if r := p.s.Report; !r.Good() || r.From != "1.0" || r.To != "2.0" {
		t.Errorf("the report is %+v", r)
	}
}

func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		version, board string
		older          bool
		reason         Reason
	}{
		{"0.9", "board", false, Older},
		{"1.0", "board", false, Same},
		{"2.0", "other board", true, WrongBoard},
		{"0.9", "board", true, ""},
		{"1.0", "board", true, ""},
	} {
		p := ready(t)
		p.send(Begin{Source{Kind: URL}, c.older})
		p.send(Fetched{p.s.try})
		p.send(Inspected{p.s.try, Bundle{c.board, c.version}, false})
		if c.reason == "" {
			p.want(Installing, "Fetch Inspect Install")
			continue
		}
		p.want(Idle, "Fetch Inspect Keep Discard")
		if p.s.Report.Reason != c.reason {
			t.Errorf("%+v: refused as %s", c, p.s.Report.Reason)
		}
	}
}

func TestNothingHappensInACall(t *testing.T) {
	p := ready(t)
	p.send(Changed{talks})
	p.fetched("2.0", "board")
	p.want(Installing, "Fetch Inspect") // nothing is written
	p.send(Changed{well})
	p.want(Installing, "Install")
	p.send(Changed{talks}, Installed{p.s.try})
	p.want(Restarting, "Discard") // no timer
	p.send(Changed{well})
	p.want(Restarting, "StartTimer")
	stale := p.s.try
	p.send(Changed{talks}, Changed{well}, Tick{stale})
	p.want(Restarting, "StartTimer") // the quiet time begins again
	p.send(Tick{p.s.try})
	p.want(Restarting, "Reboot")
}

func TestATrialThatFails(t *testing.T) {
	tried := func() *script {
		p := begun(t, slots("2.0", &Attempt{Slot: "A", From: "1.0", Version: "2.0", Registered: true, Written: true}))
		p.want(Trial, "StartTimer")
		return p
	}
	for _, c := range []struct {
		facts  Facts
		reason Reason
	}{
		{alone, NotRegistered},
		{Facts{Ready: true, Registered: true, Fault: "no sound"}, SelfTest},
		{Facts{}, SelfTest},
	} {
		p := tried()
		p.send(Changed{c.facts}, Tick{p.s.try})
		if r, ok := p.done[len(p.done)-1].(Reject); !ok || r.Reason != c.reason {
			t.Errorf("%+v: %+v", c.facts, p.done)
		}
		p.took()
		p.send(Changed{well}) // too late
		p.want(Trial, "")
		p.send(Rejoin{"no helper"}, Tick{p.s.try})
		if p.took() == "" {
			t.Error("a verdict that failed is not repeated")
		}
	}
	p := tried()
	p.send(Changed{Facts{Busy: true, Registered: true}}, Tick{p.s.try})
	p.want(Trial, "StartTimer") // somebody telephones
}

func TestWhatTheNextBootTells(t *testing.T) {
	a := func(slot string, written bool, verdict Reason) *Attempt {
		return &Attempt{Slot: slot, From: "1.0", Version: "2.0", Written: written, Verdict: verdict}
	}
	for _, c := range []struct {
		attempt *Attempt
		phase   Phase
		reason  Reason
		effects string
	}{
		{nil, Idle, "", ""},
		{a("B", true, ""), Idle, NotBooted, "Keep Forget"},
		{a("B", true, NotRegistered), Idle, NotRegistered, "Keep Forget"},
		{a("B", false, ""), Idle, NotWritten, "Keep Forget"}, // the power went while it was written
		{a("A", false, ""), Trial, "", "StartTimer"},         // and after it, before that was noted
		{a("A", true, ""), Trial, "", "StartTimer"},
		{a("A", true, SelfTest), Idle, "", "Reject"}, // the power went in the middle of the verdict
	} {
		p := begun(t, slots("1.0", c.attempt))
		p.want(c.phase, c.effects)
		if p.s.Report.Reason != c.reason {
			t.Errorf("%+v: reported as %q", c.attempt, p.s.Report.Reason)
		}
	}
}

func TestAnOrdinaryBootNeedsNoService(t *testing.T) {
	p := begun(t, slots("1.0", nil))
	p.send(Changed{})
	p.want(Idle, "")
	p.send(Changed{alone})
	p.want(Idle, "Confirm")
	p.send(Confirmed{}, Changed{well})
	p.want(Idle, "")
}

// The other slot would find the same full disk: a phone that is started three times with
// one must not end up with the firmware of before.
func TestAnOrdinaryBootIsNotJudgedByItsDisk(t *testing.T) {
	p := begun(t, slots("1.0", nil))
	p.send(Changed{Facts{Ready: true, Fault: "the storage is full"}})
	p.want(Idle, "Confirm")
}

func TestApt(t *testing.T) {
	p := begun(t, Boot{Way: Packages})
	p.send(Begin{Source: Source{Kind: Stick}}, Changed{well})
	p.want(Idle, "")
	if err := p.s.Refused(); !errors.Is(err, ErrPackages) {
		t.Error(err)
	}
}

func TestCancel(t *testing.T) {
	p := ready(t)
	p.send(Begin{Source: Source{Kind: Stick}})
	p.took()
	old := p.s.try
	p.send(Cancel{})
	p.want(Idle, "StopJob Keep Discard")
	p.send(Fetched{old}, Failed{Try: old, Reason: Unreachable, Detail: ""})
	p.want(Idle, "")
	p.fetched("2.0", "board")
	p.took()
	p.send(Cancel{}) // it is being written
	p.want(Installing, "")
}

// TestAnyOrder gives Step events in any order: it never leaves what runs but by its
// rules, and never reboots or writes while somebody telephones.
func TestAnyOrder(t *testing.T) {
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(seed, 1))
		anyEvents(t, func(n int) int { return r.IntN(n) }, 60)
	}
}

func FuzzStep(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14})
	f.Add([]byte{0, 8, 1, 4, 5, 9, 6, 8, 12, 12})
	f.Fuzz(func(t *testing.T, b []byte) {
		i := 0
		anyEvents(t, func(n int) int {
			if i++; i > len(b) {
				return 0
			}
			return int(b[i-1]) % n
		}, len(b))
	})
}

func anyEvents(t *testing.T, pick func(int) int, n int) {
	s := State{Phase: Idle, Boot: Boot{Way: Unknown}}
	facts := []Facts{well, alone, talks, {}, {Ready: true, Fault: "x"}}
	boots := []Boot{slots("1.0", nil), slots("2.0", &Attempt{Slot: "A", Registered: true}), slots("1.0", &Attempt{Slot: "B"}), {Way: Packages}}
	jobs := 0
	var history []string
	for i := range n {
		// Most answers are to what was asked last.
		try := s.try - pick(4)/3
		var e Event
		switch pick(13) {
		case 0:
			if i > 0 {
				continue
			}
			e = Booted{boots[pick(len(boots))]}
		case 1, 2:
			e = Begin{Source{Kind: Stick}, pick(2) == 0}
		case 3:
			e = Cancel{}
		case 4:
			e = Progress{try, int64(pick(100)), 100}
		case 5:
			e = Fetched{try}
		case 6:
			e = Inspected{try, Bundle{"board", []string{"0.9", "1.0", "3.0"}[pick(3)]}, pick(4) == 0}
		case 7:
			e = Installed{try}
		case 8:
			e = Failed{Try: try, Reason: Unreachable, Detail: ""}
		case 9, 10:
			e = Changed{facts[pick(len(facts))]}
		case 11:
			e = Rejoin{"x"}
		default:
			e = Tick{try}
		}
		before := s
		var out []Effect
		s, out = Step(s, e, time.Unix(int64(i), 0))
		history = append(history, fmt.Sprintf("%T→%s%v", e, s.Phase, out))
		fail := func(why string) { t.Fatalf("%s:\n%s", why, strings.Join(history, "\n")) }
		for _, f := range out {
			switch f := f.(type) {
			case Reboot, Install:
				if s.Facts.Busy {
					fail("in a call")
				}
				if _, ok := f.(Reboot); ok && before.Phase != Restarting {
					fail("restarts with nothing installed")
				}
			case Reject:
				if s.Boot.Attempt == nil || s.Boot.Attempt.Slot != s.Boot.Slot {
					fail("leaves a system that is not on trial")
				}
			case Confirm:
				if !s.Facts.Ready || before.Phase == Trial && s.Facts.Fault != "" {
					fail("confirms without a self-test")
				}
			case Fetch:
				jobs++
			}
		}
		if slices.ContainsFunc(out, func(f Effect) bool { return reflect.TypeOf(f) == reflect.TypeFor[Install]() }) && s.Boot.Way != Slots {
			fail("installs without slots")
		}
	}
}

func TestCompare(t *testing.T) {
	ordered := []string{"0", "0+20260101120000.gaaaaaaa", "0+20261130010203.gffffff0", "0.9", "1.0~rc1", "1.0", "1.0+1.gabc", "1.0+12.g123", "1.0.1", "1.9", "1.10", "10"}
	for i, a := range ordered {
		for j, b := range ordered {
			if got := Compare(a, b); got != sign(i-j) {
				t.Errorf("Compare(%s, %s) = %d", a, b, got)
			}
		}
	}
}

func FuzzCompare(f *testing.F) {
	f.Add("1.0~rc1", "1.0", "1.00")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		if Compare(a, b) != -Compare(b, a) {
			t.Error("it depends on who is asked first")
		}
		if Compare(a, a) != 0 {
			t.Error("it differs from itself")
		}
		if Compare(a, b) <= 0 && Compare(b, c) <= 0 && Compare(a, c) > 0 {
			t.Error("not an order")
		}
	})
}

// What was announced as one version and is another is not installed, though it is
// signed and newer.
func TestAnnounced(t *testing.T) {
	for version, want := range map[string]Reason{"2.0": "", "2.1": Mislabelled, "1.0": Mislabelled} {
		p := ready(t)
		p.send(Begin{Source: Source{Kind: URL, Version: "2.0"}}, Fetched{p.s.try})
		p.send(Fetched{p.s.try}, Inspected{p.s.try, Bundle{"board", version}, false})
		if p.s.Report.Reason != want || (p.s.Phase == Installing) != (want == "") {
			t.Errorf("%s: %+v, %s", version, p.s.Report, p.s.Phase)
		}
	}
	p := ready(t)
	p.send(Begin{Source: Source{Kind: URL}})
	p.send(Failed{Try: p.s.try, Reason: Unreachable, After: time.Minute})
	if p.s.Report.After != time.Minute {
		t.Errorf("%+v", p.s.Report)
	}
}

// A stick that is left in is found again at every start: what did not hold is not begun
// from it again, and what became of it stays the last word. A later version is taken, and
// so is the same one from elsewhere, which somebody asked for.
func TestAStickThatIsLeftInIsNotTriedAgain(t *testing.T) {
	for _, c := range []struct {
		kind    SourceKind
		version string
		phase   Phase
		effects string
	}{
		{Stick, "2.0", Idle, "Discard"},
		{Stick, "2.1", Installing, "Install"},
		{URL, "2.0", Installing, "Install"},
		{Upload, "2.0", Installing, "Install"},
	} {
		p := begun(t, slots("1.0", &Attempt{Slot: "B", From: "1.0", Version: "2.0", Written: true, Registered: true, Verdict: NotRegistered}))
		p.send(Changed{well})
		p.took()
		p.send(Begin{Source: Source{Kind: c.kind}})
		p.send(Fetched{p.s.try})
		p.took()
		p.send(Inspected{p.s.try, Bundle{Compatible: "board", Version: c.version}, false})
		p.want(c.phase, c.effects)
		if p.s.Report.Reason != NotRegistered || p.s.Report.From != "2.0" {
			t.Errorf("%+v: the report is %+v", c, p.s.Report)
		}
	}
	// What is no news ends without a word if the stick was in before, and with one if somebody
	// has just plugged it in.
	for version, reason := range map[string]Reason{"0.9": Older, "1.0": Same} {
		for left, want := range map[bool]Reason{true: "", false: reason} {
			p := ready(t)
			p.send(Begin{Source: Source{Kind: Stick, Left: left}})
			p.send(Fetched{p.s.try}, Inspected{p.s.try, Bundle{"board", version}, false})
			if p.s.Phase != Idle || p.s.Report.Reason != want {
				t.Errorf("%s, left %v: %s, %+v", version, left, p.s.Phase, p.s.Report)
			}
		}
	}
	// And so it is when another update has come between, whose report is the last one.
	for kind, phase := range map[SourceKind]Phase{Stick: Idle, URL: Installing} {
		p := ready(t)
		p.send(Begin{Source: Source{Kind: kind}})
		p.send(Fetched{p.s.try}, Inspected{p.s.try, Bundle{"board", "2.0"}, true})
		if p.s.Phase != phase {
			t.Errorf("%s: %s", kind, p.s.Phase)
		}
	}
}
