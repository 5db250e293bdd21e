package main

import (
	"errors"
	"math"
	"slices"
	"testing"
)

func parse(t *testing.T, s string) Scenario {
	t.Helper()
	sc, err := ParseScenario(s)
	if err != nil {
		t.Fatal(err)
	}
	return sc
}

func TestParseScenarioRefuses(t *testing.T) {
	for _, s := range []string{"", ",dur=10", "x,dur=1", "x,dur=NaN", "x,dur=many", "x,loss=100", "x,loss=-1", "x,burst=0",
		"x,jit=", "x,jit=q3", "x,jit=u-1", "x,jit=u", "x,codec=mp3", "x,ppm=NaN", "x,speed=3", "x,seed=-1"} {
		if sc, err := ParseScenario(s); !errors.Is(err, errScenario) {
			t.Errorf("%q gave %+v, %v", s, sc, err)
		}
	}
}

func FuzzParseScenario(f *testing.F) {
	f.Add("clean")
	f.Add("mix,codec=opus,dur=26,loss=2,burst=3,jit=u40,reorder,ppm=-50,seed=7")
	f.Add("stall,jit=s150")
	f.Fuzz(func(t *testing.T, s string) {
		sc, err := ParseScenario(s)
		if err != nil {
			return
		}
		sc.Seconds = min(sc.Seconds, 60)
		for i, d := range sc.Schedule() {
			if d != lost && !(d >= 0 && d < 60000) {
				t.Fatalf("%q: packet %d is %v ms late", s, i, d)
			}
		}
	})
}

func TestScheduleIsTheSameForEveryPhone(t *testing.T) {
	sc := parse(t, "x,loss=5,burst=2,jit=u40,seed=4")
	if !slices.Equal(sc.Schedule(), sc.Schedule()) {
		t.Error("two schedules of one seed differ")
	}
	other := sc
	other.Seed++
	if slices.Equal(sc.Schedule(), other.Schedule()) {
		t.Error("another seed gave the same schedule")
	}
}

func TestScheduleBeginsWhole(t *testing.T) {
	for i, d := range parse(t, "x,loss=90,jit=u200").Schedule()[:wholeStart/ptime] {
		if d != 0 {
			t.Fatalf("packet %d of the first second is %v", i, d)
		}
	}
}

func TestScheduleLoses(t *testing.T) {
	for _, c := range []struct {
		name  string
		burst float64
	}{{"x,loss=10,dur=2400", 1}, {"x,loss=10,burst=3,dur=2400", 3}} {
		losses, runs, before := 0, 0, false
		s := parse(t, c.name).Schedule()
		for _, d := range s {
			if d == lost {
				losses++
				if !before {
					runs++
				}
			}
			before = d == lost
		}
		if part := 100 * float64(losses) / float64(len(s)); math.Abs(part-10) > 0.5 {
			t.Errorf("%s: %.2f %% are lost", c.name, part)
		}
		want := c.burst
		if want == 1 {
			want = 1 / 0.9 // independent losses follow each other by chance
		}
		if mean := float64(losses) / float64(runs); math.Abs(mean-want) > 0.1 {
			t.Errorf("%s: %.2f packets are lost at a time, want %.2f", c.name, mean, want)
		}
	}
}

func TestScheduleOrder(t *testing.T) {
	overtaken := func(s []float64) bool {
		for i := range s[1:] {
			if s[i+1]+ptime < s[i]-1e-6 {
				return true
			}
		}
		return false
	}
	if overtaken(parse(t, "x,jit=u80").Schedule()) {
		t.Error("a queue let packets overtake")
	}
	if !overtaken(parse(t, "x,jit=u80,reorder").Schedule()) {
		t.Error("with reorder nothing is overtaken")
	}
}

func TestScheduleShapes(t *testing.T) {
	u := parse(t, "x,jit=u40,reorder,dur=600").Schedule()
	if m := median(u); math.Abs(m-20) > 1 || quantile(u, 1) > 40 {
		t.Errorf("uniform: median %v, most %v", m, quantile(u, 1))
	}
	e := parse(t, "x,jit=e20,reorder,dur=600").Schedule()
	if m := median(e); math.Abs(m-20*math.Ln2) > 1 || quantile(e, 1) > 120 {
		t.Errorf("exponential: median %v, most %v", m, quantile(e, 1))
	}
	if p := scheduleP99(u); math.Abs(p-39.6) > 0.5 {
		t.Errorf("99 of 100 packets are %v ms late at most", p)
	}
	s := parse(t, "x,jit=s150,dur=12").Schedule()
	if got, want := s[250:259], []float64{150, 130, 110, 90, 70, 50, 30, 10, 0}; !slices.Equal(got, want) {
		t.Errorf("a stall is %v, want %v", got, want)
	}
	if s[249] != 0 || s[500] != 150 {
		t.Errorf("stalls come at the wrong time: %v, %v", s[249], s[500])
	}
}

func TestScheduleP99LeavesOutLostPackets(t *testing.T) {
	if p := scheduleP99([]float64{lost, lost, 30, 30}); p != 30 {
		t.Errorf("got %v", p)
	}
}
