package phone

import (
	"testing"
	"time"
)

var t0 = time.Date(2026, 11, 23, 9, 41, 0, 0, time.UTC)

// ready is a registered phone, on hook.
func ready(set Settings) State {
	s := New(set)
	for _, w := range []What{
		HookMoved{},
		SessionChanged{SessionInfo{State: SessionIn, User: "Anna"}},
		LinesConfigured{[]LineInfo{{ID: "1", Label: "Front desk", Number: "1001"}}},
		LineChanged{Line: "1", State: LineRegistered},
	} {
		s, _ = Step(s, Event{t0, w})
	}
	return s
}

func TestOneCall(t *testing.T) {
	s := ready(Settings{})
	step := func(at time.Duration, w What) []Effect {
		var out []Effect
		s, out = Step(s, Event{t0.Add(at), w})
		return out
	}
	step(time.Second, HookMoved{true})
	if v := s.View(); v.Screen != ScreenDialtone || v.Plan.Tone != ToneDial {
		t.Fatalf("after lifting: screen %s, plan %+v", v.Screen, v.Plan)
	}
	for _, k := range []Key{"9", "1", "9", "6"} {
		step(2*time.Second, KeyDown{k})
		step(2*time.Second, KeyUp{k})
	}
	step(3*time.Second, KeyDown{"#"})
	c := CallRef{1, 1}
	step(4*time.Second, CallProgress{Call: c, Code: 180})
	if v := s.View(); v.Screen != ScreenRingback || v.Plan.Tone != ToneRingback {
		t.Fatalf("after 180: screen %s, plan %+v", v.Screen, v.Plan)
	}
	step(5*time.Second, CallAnswered{c})
	step(5*time.Second, MediaUp{Call: c})
	if v := s.View(); v.Screen != ScreenActive || v.Plan.Mic != 1 || v.Path != PathHandset {
		t.Fatalf("after 200: screen %s, plan %+v", v.Screen, v.Plan)
	}
	step(9*time.Second, HookMoved{false})
	out := step(9200*time.Millisecond, TimerFired{Timer{Kind: TimerOnHook}, s.timers[0].gen})
	if v := s.View(); v.Screen != ScreenEnded || v.Path != PathNone || v.Plan.Mic != 0 {
		t.Fatalf("after hanging up: screen %s, plan %+v\n%+v", v.Screen, v.Plan, out)
	}
	out = step(10*time.Second, CallGone{Call: c})
	if len(out) == 0 || out[len(out)-1] != (FreeCall{c}) {
		t.Fatalf("the last effect of a call is %+v, want FreeCall", out)
	}
}
