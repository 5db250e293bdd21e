package check

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"phoned/update"
)

var noon = time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)

// script drives Step with a clock and remembers what was to be done.
type script struct {
	t      *testing.T
	s      State
	now    time.Time
	random float64
	done   []Effect
	wake   time.Time
	disk   Kept
}

var (
	daily = Settings{URL: base, Every: 24 * time.Hour, Install: true}
	idle  = Phone{Way: update.Slots, Version: "1.0", Compatible: "board", Phase: update.Idle}
)

func at(p update.Phase, more ...func(*Phone)) Phone {
	out := idle
	out.Phase = p
	for _, f := range more {
		f(&out)
	}
	return out
}

func place(s string) func(*Phone) { return func(p *Phone) { p.Place = s } }
func runs(v string) func(*Phone)  { return func(p *Phone) { p.Version = v } }
func busy(p *Phone)               { p.Busy = true }
func (p *script) report(r update.Reason, from, to string) func(*Phone) {
	return func(ph *Phone) { ph.Report = update.Report{Reason: r, From: from, To: to, At: p.now} }
}

// started is a phone that was configured and knows the time.
func started(t *testing.T, set Settings, kept Kept) *script {
	t.Helper()
	p := &script{t: t, s: State{Kept: kept}, disk: kept, now: noon, random: 0.5}
	p.send(Configured{set}, Believed{true})
	return p
}

func (p *script) send(events ...Event) {
	for _, e := range events {
		var out []Effect
		p.s, out = Step(p.s, e, p.now, p.random)
		for i, f := range out {
			switch f := f.(type) {
			case Wake:
				p.wake = p.now.Add(f.After)
				if f.After < time.Second || f.After > time.Hour {
					p.t.Fatalf("it wants to be woken after %v", f.After)
				}
				continue
			case Keep:
				p.disk = f.Kept
				if i != 0 {
					p.t.Fatal("something is done before it is written down")
				}
			}
			p.done = append(p.done, f)
		}
	}
}

// restarted is the next life, with what is on the disk.
func (p *script) restarted(phone Phone) {
	b, err := json.Marshal(p.disk)
	if err != nil {
		p.t.Fatal(err)
	}
	set := p.s.Set
	p.s = State{}
	if err := json.Unmarshal(b, &p.s.Kept); err != nil {
		p.t.Fatal(err)
	}
	p.send(Configured{set}, Believed{true}, Heard{phone})
}

// took gives the names of the effects since the last time.
func (p *script) took() string {
	var out []string
	for _, e := range p.done {
		out = append(out, strings.TrimPrefix(fmt.Sprintf("%T", e), "check."))
	}
	p.done = nil
	return strings.Join(out, " ")
}

func (p *script) want(effects string) {
	p.t.Helper()
	if got := p.took(); got != effects {
		p.t.Fatalf("at %v effects %q, expected %q", p.now, got, effects)
	}
}

// until lets the time pass, with every waking, until something is done; false: nothing
// was for so long.
func (p *script) until(most time.Duration) bool {
	end := p.now.Add(most)
	for p.took(); len(p.done) == 0; {
		if p.wake.After(end) || !p.wake.After(p.now) {
			p.now = end
			return false
		}
		p.now = p.wake
		p.send(Tick{})
	}
	return true
}

func (p *script) asked(most time.Duration) Ask {
	p.t.Helper()
	if !p.until(most) {
		p.t.Fatal("nobody was asked")
	}
	a, ok := p.done[len(p.done)-1].(Ask)
	if !ok {
		p.t.Fatalf("%+v", p.done)
	}
	p.took()
	return a
}

func (p *script) begun(most time.Duration) update.Source {
	p.t.Helper()
	for {
		if !p.until(most) {
			p.t.Fatal("nothing was begun")
		}
		switch e := p.done[len(p.done)-1].(type) {
		case Begin:
			if _, ok := p.done[0].(Keep); !ok || p.disk.Trying == nil || p.disk.Trying.URL != e.Source.Place {
				p.t.Fatalf("what begins is not written down: %+v", p.disk)
			}
			p.took()
			return e.Source
		case Ask:
			p.send(Answered{Try: e.Try, Unchanged: true})
			if b, ok := p.done[len(p.done)-1].(Begin); ok {
				p.took()
				return b.Source
			}
		}
	}
}

func two(version string) []Offer {
	return []Offer{{"other", "9", base, 1, sum}, {"board", version, "https://fw.example.net/" + version, 1000, sum}}
}

// offered is a phone whose server has answered.
func offered(t *testing.T, set Settings, version string) *script {
	t.Helper()
	p := started(t, set, Kept{})
	p.send(Heard{idle})
	a := p.asked(time.Hour)
	p.send(Answered{Try: a.Try, Offers: two(version), ETag: `"1"`})
	return p
}

func TestTheFirstQuestion(t *testing.T) {
	p := started(t, daily, Kept{})
	p.send(Heard{idle})
	p.want("Keep") // its place
	a := p.asked(time.Hour)
	if d := p.now.Sub(noon); d != soon+soonSpread/2 || a.URL != base || a.ETag != "" {
		t.Errorf("after %v: %+v", d, a)
	}
	p.send(Answered{Try: a.Try, Offers: two("1.0"), ETag: `"1"`})
	p.want("Keep")
	then := p.now
	if a = p.asked(48 * time.Hour); p.now.Sub(then) != 24*time.Hour || a.ETag != `"1"` {
		t.Errorf("after %v: %+v", p.now.Sub(then), a)
	}
	// An old answer's number is nobody's.
	p.send(Answered{Try: a.Try - 1, Offers: two("9")}, Failed{Try: a.Try - 1})
	p.want("")
	p.send(Answered{Try: a.Try, Unchanged: true})
	p.want("Keep")
	if p.disk.Offer.Version != "1.0" || !p.disk.Checked.Equal(p.now) || p.disk.ETag != `"1"` {
		t.Errorf("%+v", p.disk)
	}
	// A start does not bring the next question forward, but for who has missed it.
	p.restarted(idle)
	then = p.now
	if p.asked(48 * time.Hour); p.now.Sub(then) != 24*time.Hour {
		t.Errorf("after a restart: %v", p.now.Sub(then))
	}
	p.now = p.now.Add(72 * time.Hour)
	p.restarted(idle)
	then = p.now
	if p.asked(48 * time.Hour); p.now.Sub(then) != soon+soonSpread/2 {
		t.Errorf("after days without power: %v", p.now.Sub(then))
	}
}

func TestNobodyIsAsked(t *testing.T) {
	off := daily
	off.Every = 0
	for name, c := range map[string]struct {
		set    Settings
		events []Event
	}{
		"no address":      {Settings{Every: time.Hour, Install: true}, []Event{Heard{idle}}},
		"off":             {off, []Event{Heard{idle}}},
		"apt":             {daily, []Event{Heard{Phone{Way: update.Packages, Phase: update.Idle}}}},
		"nobody answered": {daily, []Event{Heard{Phone{Way: update.Unknown, Phase: update.Idle}}}},
		"a wrong clock":   {daily, []Event{Heard{idle}, Believed{false}}},
		"a call":          {daily, []Event{Heard{at(update.Idle, busy)}}},
		"an update":       {daily, []Event{Heard{at(update.Fetching, place("stick"))}}},
		"a trial":         {daily, []Event{Heard{at(update.Trial)}}},
	} {
		p := started(t, c.set, Kept{})
		p.send(c.events...)
		if p.until(100 * time.Hour) {
			t.Errorf("%s: %+v", name, p.done)
		}
	}
	p := started(t, off, Kept{})
	p.send(Heard{at(update.Idle, busy)}, CheckNow{})
	p.want("Keep")
	p.send(Heard{idle}) // after the call
	p.want("Ask")
}

// A clock that was years ahead or behind holds nothing up, and lets nobody ask at once.
func TestTheClockIsSet(t *testing.T) {
	p := started(t, daily, Kept{})
	p.s.planned, p.s.hold, p.s.wait, p.s.due = false, time.Time{}, time.Time{}, time.Time{}
	p.now = time.Date(1970, 1, 1, 0, 0, 10, 0, time.UTC)
	p.send(Believed{false}, Heard{idle})
	p.took()
	p.now = noon
	p.send(Believed{true})
	p.want("")
	if p.asked(2 * time.Hour); p.now.Sub(noon) != soon+soonSpread/2 {
		t.Errorf("after %v", p.now.Sub(noon))
	}
	p = started(t, daily, Kept{URL: base, Checked: noon.AddDate(9, 0, 0)})
	p.now = noon.AddDate(10, 0, 0)
	p.restarted(idle)
	p.now = noon
	p.send(Tick{})
	if p.asked(40 * time.Hour); p.now.Sub(noon) > 31*time.Hour {
		t.Errorf("after %v", p.now.Sub(noon))
	}
}

func TestFailures(t *testing.T) {
	p := started(t, daily, Kept{})
	p.send(Heard{idle})
	a := p.asked(time.Hour)
	for i, want := range []time.Duration{5 * time.Minute, 10 * time.Minute, 20 * time.Minute, 40 * time.Minute} {
		p.send(Failed{Try: a.Try, Detail: "no answer"})
		then := p.now
		if s := p.s.Status(p.now); s.Failure != "no answer" || s.Fails != i+1 || !s.Next.Equal(then.Add(want)) {
			t.Errorf("%+v", s)
		}
		if a = p.asked(48 * time.Hour); p.now.Sub(then) != want {
			t.Errorf("again after %v, expected %v", p.now.Sub(then), want)
		}
	}
	for range 20 {
		p.send(Failed{Try: a.Try})
		a = p.asked(7 * time.Hour)
	}
	p.send(Answered{Try: a.Try, Offers: two("1.0")})
	if p.s.Fails != 0 || p.s.Failure != "" {
		t.Errorf("%+v", p.s)
	}
	a = p.asked(48 * time.Hour)
	p.send(Failed{Try: a.Try, After: time.Hour}) // Retry-After
	then := p.now
	if a = p.asked(48 * time.Hour); p.now.Sub(then) != time.Hour {
		t.Errorf("again after %v", p.now.Sub(then))
	}
	p.send(Failed{Try: a.Try, After: time.Hour})
	p.took()
	p.send(CheckNow{}) // a person does not wait
	p.want("Ask")
}

func TestInstalledAtOnce(t *testing.T) {
	p := offered(t, daily, "2.0")
	p.want("Keep Begin")
	if s := p.s.Status(p.now); s.Offered != "2.0" || !s.ByItself || !s.From.IsZero() {
		t.Errorf("%+v", s)
	}
	url := p.disk.Trying.URL
	p.send(Heard{at(update.Fetching, place(url))}, Heard{at(update.Verifying, place(url))}, Heard{at(update.Installing, place(url))})
	p.want("")
	p.send(Heard{at(update.Restarting, place(url))})
	p.want("Keep")
	if !p.disk.Trying.Installed {
		t.Error("that it was installed is not written down")
	}
	p.restarted(at(update.Trial, runs("2.0")))
	if p.disk.Trying == nil {
		t.Fatal("it is judged before its time")
	}
	p.send(Heard{at(update.Idle, runs("2.0"), p.report(update.Succeeded, "1.0", "2.0"))})
	if p.disk.Trying != nil || len(p.disk.Refused) != 0 {
		t.Errorf("%+v", p.disk)
	}
	if s := p.s.Status(p.now); s.Offered != "" || s.Refused != "" {
		t.Errorf("%+v", s)
	}
}

func TestOnlyTold(t *testing.T) {
	set := daily
	set.Install = false
	p := offered(t, set, "2.0")
	p.want("Keep")
	if s := p.s.Status(p.now); s.Offered != "2.0" || s.ByItself {
		t.Errorf("%+v", s)
	}
	if p.until(20 * time.Hour) {
		t.Errorf("%+v", p.done)
	}
	p.send(InstallNow{})
	p.want("Keep Begin")
	for _, v := range []string{"1.0", "0.9"} {
		p = offered(t, daily, v)
		p.took()
		if p.send(InstallNow{}); p.took() != "" || p.s.Status(p.now).Offered != "" {
			t.Errorf("%s was taken for newer", v)
		}
	}
	p = offered(t, daily, "2.0")
	p.s.Phone.Compatible = "yet another"
	if s := p.s.Status(p.now); s.Offered != "" {
		t.Error("another board's")
	}
}

// TestBadRelease: what was left here is never begun by itself again, however often the
// phone starts and is told of it; another version is.
func TestBadRelease(t *testing.T) {
	for _, reason := range []update.Reason{update.NotBooted, update.NotRegistered, update.SelfTest} {
		p := offered(t, daily, "2.0")
		p.send(Heard{at(update.Fetching, place("https://fw.example.net/2.0"))}, Heard{at(update.Restarting, place("https://fw.example.net/2.0"))})
		p.now = p.now.Add(time.Hour)
		back := at(update.Idle, p.report(reason, "2.0", "1.0"))
		p.restarted(back)
		for range 3 {
			if s := p.s.Status(p.now); s.Offered != "2.0" || s.Refused != reason || s.ByItself {
				t.Errorf("%+v", s)
			}
			for range 10 {
				a := p.asked(48 * time.Hour)
				p.send(Answered{Try: a.Try, Offers: two("2.0"), ETag: `"2"`})
				p.want("Keep")
			}
			p.restarted(back)
		}
		a := p.asked(48 * time.Hour)
		p.send(Answered{Try: a.Try, Offers: two("2.1")})
		p.want("Keep Begin")
		p.send(Heard{at(update.Fetching, place(p.disk.Trying.URL), p.report(reason, "2.0", "1.0"))})
		p.send(Heard{at(update.Idle, p.report(update.BadSignature, "1.0", ""))})
		a = p.asked(48 * time.Hour)
		p.send(Answered{Try: a.Try, Offers: two("2.0")}) // the first one again
		p.want("Keep")
		if len(p.disk.Refused) != 2 {
			t.Errorf("%+v", p.disk.Refused)
		}
		// A person may try it again; if it holds, nothing is held against it.
		p.send(InstallNow{})
		p.want("Keep Begin")
		p.restarted(at(update.Idle, runs("2.0"), p.report(update.Succeeded, "1.0", "2.0")))
		if len(p.disk.Refused) != 1 || p.disk.Refused[0].Version != "2.1" {
			t.Errorf("%+v", p.disk.Refused)
		}
	}
}

// The same by whoever brought it: what a stick brought and was left is not fetched.
func TestLeftFromAStick(t *testing.T) {
	p := started(t, daily, Kept{})
	p.send(Heard{at(update.Idle, p.report(update.NotBooted, "2.0", "1.0"))})
	a := p.asked(time.Hour)
	p.send(Answered{Try: a.Try, Offers: two("2.0")})
	p.want("Keep")
	if s := p.s.Status(p.now); s.Refused != update.NotBooted {
		t.Errorf("%+v", s)
	}
	p.restarted(at(update.Idle, runs("2.0"), p.report(update.Succeeded, "1.0", "2.0"))) // the stick again
	if len(p.disk.Refused) != 0 {
		t.Errorf("it holds, and this is left: %+v", p.disk.Refused)
	}
}

// TestHowItEnds goes through what a bundle that was begun can end with.
func TestHowItEnds(t *testing.T) {
	for _, c := range []struct {
		reason  update.Reason
		refused bool
	}{
		{update.BadSignature, true}, {update.WrongBoard, true}, {update.Older, true}, {update.Same, true}, {update.Mislabelled, true}, {update.Cancelled, true},
		{update.Unreachable, false}, {update.Checksum, false}, {update.NoSpace, false}, {update.ReadOnly, false}, {update.NoSource, false}, {update.NoHelper, false}, {update.NotWritten, false},
	} {
		p := offered(t, daily, "2.0")
		p.took()
		p.send(Heard{at(update.Fetching, place("https://fw.example.net/2.0"))})
		p.now = p.now.Add(time.Minute)
		p.send(Heard{at(update.Idle, place("https://fw.example.net/2.0"), p.report(c.reason, "1.0", ""))})
		if got := p.s.Status(p.now).Refused; (got == c.reason) != c.refused || got != "" && !c.refused || p.disk.Trying != nil {
			t.Errorf("%s: refused as %q", c.reason, got)
			continue
		}
		then := p.now
		if c.refused {
			continue
		}
		if p.begun(3 * time.Hour); p.now.Sub(then) != failFirst {
			t.Errorf("%s: again after %v", c.reason, p.now.Sub(then))
		}
	}
}

func TestTheBundlesServerAsksForTime(t *testing.T) {
	p := offered(t, daily, "2.0")
	p.send(Heard{at(update.Fetching, place("https://fw.example.net/2.0"))})
	p.send(Heard{at(update.Idle, func(ph *Phone) {
		ph.Report = update.Report{Reason: update.Unreachable, At: p.now, After: 50 * time.Minute}
	})})
	then := p.now
	if p.begun(3 * time.Hour); p.now.Sub(then) < 50*time.Minute || p.now.Sub(then) > time.Hour {
		t.Errorf("again after %v", p.now.Sub(then))
	}
}

func TestThreeFailuresToWrite(t *testing.T) {
	p := offered(t, daily, "2.0")
	for i := range stumbles {
		p.send(Heard{at(update.Installing, place("https://fw.example.net/2.0"))})
		p.now = p.now.Add(time.Minute)
		p.restarted(at(update.Idle, p.report(update.NotWritten, "2.0", "1.0"))) // a power cut
		if got := p.s.Status(p.now).Refused; (got != "") != (i == stumbles-1) {
			t.Fatalf("after %d: %q", i+1, got)
		}
		if i < stumbles-1 {
			p.begun(48 * time.Hour)
		}
	}
}

// A report that was never written leaves what is written here.
func TestNoReport(t *testing.T) {
	p := offered(t, daily, "2.0")
	p.send(Heard{at(update.Fetching, place("https://fw.example.net/2.0"))})
	p.restarted(idle) // the power was cut in the download
	if s := p.s.Status(p.now); s.Refused != "" || p.disk.Trying != nil {
		t.Errorf("%+v", s)
	}
	p.begun(48 * time.Hour)
	p.send(Heard{at(update.Fetching, place("https://fw.example.net/2.0"))}, Heard{at(update.Restarting, place("https://fw.example.net/2.0"))})
	p.restarted(idle) // it was to run, and the old one does
	if s := p.s.Status(p.now); s.Refused != update.NotBooted {
		t.Errorf("%+v", s)
	}
	p = offered(t, daily, "2.0")
	p.send(Heard{at(update.Restarting, place("https://fw.example.net/2.0"))})
	p.restarted(at(update.Idle, runs("2.0")))
	if p.disk.Trying != nil || len(p.disk.Refused) != 0 {
		t.Errorf("it runs: %+v", p.disk)
	}
}

func TestWhatDoesNotBegin(t *testing.T) {
	p := offered(t, daily, "2.0")
	p.want("Keep Begin")
	p.send(Heard{at(update.Idle, func(ph *Phone) { ph.Report.Detail = "news of something else" })})
	p.want("") // it may yet begin
	p.send(NotBegun{})
	p.want("Keep")
	if p.disk.Trying != nil {
		t.Error("it counts as begun")
	}
	p.begun(time.Hour)
	// A stick was faster.
	p.send(Heard{at(update.Fetching, place("/stick/x.raucb"))}, NotBegun{}, Heard{at(update.Idle, p.report(update.BadSignature, "1.0", ""))})
	if len(p.disk.Refused) != 0 || p.disk.Trying != nil {
		t.Errorf("the stick's end counts as its own: %+v", p.disk)
	}
	p.begun(time.Hour)
	p.send(Heard{at(update.Fetching, place("/stick/x.raucb"))}, Heard{at(update.Idle, p.report(update.BadSignature, "1.0", ""))})
	if len(p.disk.Refused) != 0 || p.disk.Trying != nil {
		t.Errorf("likewise without being told: %+v", p.disk)
	}
}

// TestTakenBack: an offer that is gone by the time its window opens is not installed.
func TestTakenBack(t *testing.T) {
	set := daily
	set.Window = Window{120, 300}
	p := offered(t, set, "2.0")
	p.want("Keep")
	if s := p.s.Status(p.now); !s.ByItself || s.From != noon.Add(14*time.Hour) || s.To != noon.Add(17*time.Hour) {
		t.Errorf("%+v", s)
	}
	a := p.asked(20 * time.Hour)
	if p.now != noon.Add(14*time.Hour+75*time.Minute) {
		t.Errorf("asked at %v", p.now)
	}
	kept := p.s
	p.send(Answered{Try: a.Try})
	p.want("Keep")
	if p.until(20*time.Hour) || p.s.Status(p.now).Offered != "" {
		t.Errorf("%+v", p.done)
	}
	p.s, p.now = kept, noon.Add(15*time.Hour+15*time.Minute)
	p.send(Failed{Try: a.Try}) // not without an answer
	p.want("")
	p.s = kept
	p.send(Answered{Try: a.Try, Unchanged: true})
	p.want("Keep Begin")
}

func TestAnotherServer(t *testing.T) {
	p := offered(t, daily, "2.0")
	p.send(NotBegun{})
	p.took()
	set := daily
	set.URL = "https://other.example.net/i"
	p.send(Configured{set})
	p.want("")
	if s := p.s.Status(p.now); s.Offered != "" || !s.Checked.IsZero() {
		t.Errorf("%+v", s)
	}
	if a := p.asked(2 * time.Hour); a.ETag != "" || a.URL != set.URL {
		t.Errorf("%+v", a)
	}
}

// TestFleet: five thousand phones after a power cut, and in one window.
func TestFleet(t *testing.T) {
	const n = 5000
	set := daily
	set.Window = Window{120, 300}
	asks, begins, second := map[time.Time]int{}, map[time.Time]int{}, map[time.Time]int{}
	for i := range n {
		r := rand.New(rand.NewPCG(uint64(i), 7))
		p := &script{t: t, now: noon}
		draw := func(e ...Event) {
			for _, e := range e {
				p.random = r.Float64()
				p.send(e)
			}
		}
		draw(Configured{set}, Believed{true}, Heard{idle})
		p.took()
		first := true
		for p.disk.Trying == nil {
			p.now = p.wake
			draw(Tick{})
			for _, e := range p.done {
				if a, ok := e.(Ask); ok {
					if into := asks; first {
						into[p.now.Truncate(time.Minute)]++
						first = false
					} else {
						second[p.now.Truncate(time.Minute)]++
					}
					p.done = nil
					draw(Answered{Try: a.Try, Offers: two("2.0"), ETag: "x"})
					break
				}
			}
		}
		begins[p.now.Truncate(time.Minute)]++
	}
	for name, c := range map[string]struct {
		per         map[time.Time]int
		most        int
		first, last time.Time
	}{
		"first questions": {asks, 3 * n / 57, noon.Add(soon), noon.Add(soon + soonSpread)},
		"installations":   {begins, 3 * n / 150, noon.Add(14 * time.Hour), noon.Add(16*time.Hour + 30*time.Minute)},
		"before them":     {second, 3 * n / 150, noon.Add(14 * time.Hour), noon.Add(16*time.Hour + 30*time.Minute)},
	} {
		all := 0
		for minute, k := range c.per {
			if all += k; k > c.most {
				t.Errorf("%s: %d at %v", name, k, minute)
			}
			if minute.Before(c.first) || minute.After(c.last) {
				t.Errorf("%s: at %v", name, minute)
			}
		}
		if all != n {
			t.Errorf("%s: %d of %d", name, all, n)
		}
		t.Logf("%s: %d in %d minutes, %d in the worst", name, all, len(c.per), slices.Max(slices.Collect(func(yield func(int) bool) {
			for _, k := range c.per {
				if !yield(k) {
					return
				}
			}
		})))
	}
}

// anyEvents throws events at Step in any order and holds it to what must always be.
func anyEvents(t *testing.T, pick func(int) int, n int) {
	set := daily
	s := State{Kept: Kept{Refused: []Refusal{{"1.5", update.NotBooted, noon}}}}
	now, disk, asking := noon, s.Kept, 0
	phases := []update.Phase{update.Idle, update.Idle, update.Fetching, update.Verifying, update.Installing, update.Restarting, update.Trial}
	reasons := []update.Reason{"", update.Succeeded, update.BadSignature, update.NotBooted, update.NotWritten, update.Unreachable, update.Cancelled}
	versions := []string{"1.0", "1.5", "2.0", "3.0"}
	for range n {
		now = now.Add([]time.Duration{0, time.Second, time.Minute, time.Hour, 24 * time.Hour, -time.Hour, 10000 * time.Hour}[pick(7)])
		var e Event
		byHand := false
		switch pick(9) {
		case 0:
			set.Install, set.Window = pick(2) == 0, []Window{{}, {120, 300}, {1380, 60}}[pick(3)]
			set.URL, set.Every = []string{base, base, "https://other.example.net/", ""}[pick(4)], []time.Duration{0, time.Hour, 24 * time.Hour}[pick(3)]
			e = Configured{set}
		case 1:
			p := at(phases[pick(len(phases))], runs(versions[pick(2)]))
			if p.Busy = pick(3) == 0; pick(4) == 0 {
				p.Way = update.Packages
			}
			if pick(2) == 0 {
				p.Place = "https://fw.example.net/2.0"
			}
			p.Report = update.Report{Reason: reasons[pick(len(reasons))], From: versions[pick(4)], At: now}
			e = Heard{p}
		case 2:
			e = Believed{pick(3) > 0}
		case 3:
			e = CheckNow{}
		case 4:
			e, byHand = InstallNow{}, true
		case 5:
			e = Answered{Try: s.try - pick(2), Unchanged: pick(2) == 0, Offers: two(versions[pick(4)])}
		case 6:
			e = Failed{Try: s.try - pick(2), After: time.Duration(pick(3)) * time.Hour}
		case 7:
			e = NotBegun{}
		case 8:
			e = Tick{}
		}
		before := s
		copied := before
		copied.Kept.Refused = slices.Clone(before.Kept.Refused)
		var out []Effect
		s, out = Step(s, e, now, float64(pick(1000))/1000)
		if !reflect.DeepEqual(before, copied) {
			t.Fatalf("%T changed the state it was given", e)
		}
		for _, f := range out {
			switch f := f.(type) {
			case Keep:
				disk = f.Kept
			case Ask:
				asking++
				if s.Phone.Way != update.Slots || s.Phone.Busy || s.Phone.Phase != update.Idle || !s.Believed || f.URL == "" || f.URL != s.Set.URL {
					t.Fatalf("after %+v asked, with %+v", e, s)
				}
			case Begin:
				bad := slices.ContainsFunc(disk.Refused, func(r Refusal) bool { return r.Version == f.Source.Version })
				if disk.Trying == nil || disk.Trying.Version != f.Source.Version {
					t.Fatalf("after %+v begun without a note: %+v", e, disk)
				}
				if !byHand && (bad || !s.Set.Install || s.Phone.Busy || !s.Believed) || s.Phone.Phase != update.Idle || s.Phone.Way != update.Slots ||
					update.Compare(f.Source.Version, s.Phone.Version) <= 0 {
					t.Fatalf("after %+v begun, with %+v", e, s)
				}
			case Wake:
				if f.After < time.Second || f.After > time.Hour {
					t.Fatalf("woken after %v", f.After)
				}
			}
		}
		if !reflect.DeepEqual(disk, s.Kept) {
			t.Fatalf("after %+v the disk has %+v, and the phone %+v", e, disk, s.Kept)
		}
		if len(s.Kept.Refused) > refusalsKept {
			t.Fatal("more refusals than are kept")
		}
		_ = s.Status(now)
	}
}

func TestAnyOrder(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 3))
		anyEvents(t, r.IntN, 200)
	}
}

func FuzzStep(f *testing.F) {
	f.Add([]byte{0, 0, 0, 0, 1, 0, 0, 2, 1, 3, 4, 8, 3, 5, 0, 8})
	f.Add([]byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14})
	f.Fuzz(func(t *testing.T, b []byte) {
		i := 0
		anyEvents(t, func(n int) int {
			if i >= len(b) {
				return 0
			}
			i++
			return int(b[i-1]) % n
		}, min(len(b), 300))
	})
}
