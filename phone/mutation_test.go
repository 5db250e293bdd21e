package phone

import (
	"reflect"
	"slices"
	"testing"
)

type stepper = func(State, Event) (State, []Effect)

// dropping forgets the third and each later effect of a kind.
func dropping[E Effect]() stepper {
	n := 0
	return func(s State, e Event) (State, []Effect) {
		s, out := Step(s, e)
		return s, slices.DeleteFunc(out, func(x Effect) bool {
			if _, ok := x.(E); !ok {
				return false
			}
			n++
			return n > 2
		})
	}
}

// doubling does an effect of a kind twice.
func doubling[E Effect]() stepper {
	return func(s State, e Event) (State, []Effect) {
		s, out := Step(s, e)
		for i, x := range out {
			if _, ok := x.(E); ok {
				return s, slices.Insert(out, i, x)
			}
		}
		return s, out
	}
}

// swapping does an A that comes before a B after it.
func swapping[A, B Effect]() stepper {
	return func(s State, e Event) (State, []Effect) {
		s, out := Step(s, e)
		for i, x := range out {
			if _, ok := x.(A); !ok {
				continue
			}
			for j := i + 1; j < len(out); j++ {
				if _, ok := out[j].(B); ok {
					out[i], out[j] = out[j], out[i]
					return s, out
				}
			}
		}
		return s, out
	}
}

// spoiling changes the State behind Step's back.
func spoiling(f func(before State, after *State)) stepper {
	return func(s State, e Event) (State, []Effect) {
		after, out := Step(s, e)
		f(s, &after)
		return after, out
	}
}

// lying changes the event before Step sees it; nil is no event at all.
func lying(f func(State, What) What) stepper {
	return func(s State, e Event) (State, []Effect) {
		if e.What = f(s, e.What); e.What == nil {
			return s, nil
		}
		return Step(s, e)
	}
}

// faults are what a programmer might get wrong. Each must be found.
var faults = map[string]func() stepper{
	"FreeCall dropped":       dropping[FreeCall],
	"EndCall dropped":        dropping[EndCall],
	"RingCall dropped":       dropping[RingCall],
	"RefuseLeg dropped":      dropping[RefuseLeg],
	"PlaceCall dropped":      dropping[PlaceCall],
	"AnswerCall dropped":     dropping[AnswerCall],
	"HoldCall dropped":       dropping[HoldCall],
	"SaveCall dropped":       dropping[SaveCall],
	"SetAudio dropped":       dropping[SetAudio],
	"StartTimer dropped":     dropping[StartTimer],
	"StopTimer dropped":      dropping[StopTimer],
	"TransferCall dropped":   dropping[TransferCall],
	"TransferCall early":     swapping[HoldCall, TransferCall],
	"RefuseTransfer dropped": dropping[RefuseTransfer],
	"ParkListWanted dropped": dropping[ParkListWanted],
	"ParkCall dropped":       dropping[ParkCall],
	"ParkWatch dropped":      dropping[ParkWatch],
	"ParkWatch doubled":      doubling[ParkWatch],
	"unasked list taken for an answer": func() stepper {
		return lying(func(s State, w What) What {
			if e, ok := w.(ParkSlots); ok && e.Ask == 0 {
				e.Ask = s.park.ask
				return e
			}
			return w
		})
	},
	"outcome of a transfer ignored": func() stepper {
		return lying(func(_ State, w What) What {
			if _, ok := w.(TransferDone); ok {
				return Heartbeat{}
			}
			return w
		})
	},
	"transfer left behind": func() stepper {
		return spoiling(func(b State, a *State) { a.xfer = b.xfer })
	},
	"conference left behind": func() stepper {
		return spoiling(func(b State, a *State) { a.conf = b.conf })
	},
	"SetWatches dropped":    dropping[SetWatches],
	"FreeCall doubled":      doubling[FreeCall],
	"EndCall doubled":       doubling[EndCall],
	"SaveCall doubled":      doubling[SaveCall],
	"RefuseLeg doubled":     doubling[RefuseLeg],
	"save after free":       swapping[SaveCall, FreeCall],
	"place before hold":     swapping[HoldCall, PlaceCall],
	"audio last":            swapping[SetAudio, StartTimer],
	"look-up before ring":   swapping[RingCall, LookUpParty],
	"stop after start":      swapping[StopTimer, StartTimer],
	"generation not bumped": func() stepper { return spoiling(func(b State, a *State) { a.gen = b.gen }) },
	"stale timer accepted": func() stepper {
		return lying(func(s State, w What) What {
			if f, ok := w.(TimerFired); ok {
				if i := s.timerIndex(f.Timer); i >= 0 {
					f.Gen = s.timers[i].gen
				}
				return f
			}
			return w
		})
	},
	"stale answer accepted": func() stepper {
		return lying(func(s State, w What) What {
			if a, ok := w.(CallAnswered); ok {
				a.Call.Gen = 1
				return a
			}
			return w
		})
	},
	"goodbye of the far end ignored": func() stepper {
		return lying(func(_ State, w What) What {
			if _, ok := w.(CallGone); ok {
				return nil
			}
			return w
		})
	},
	"fired timer stays": func() stepper {
		return spoiling(func(b State, a *State) {
			if len(a.timers) < len(b.timers) {
				a.timers = b.timers
			}
		})
	},
	"focus left behind": func() stepper {
		return spoiling(func(b State, a *State) { a.focus = b.focus })
	},
	"ended call kept": func() stepper {
		return spoiling(func(b State, a *State) {
			if len(a.calls) < len(b.calls) {
				a.calls = b.calls
			}
		})
	},
	"held call keeps the microphone": func() stepper {
		return spoiling(func(_ State, a *State) {
			if h := a.held(); h != nil && a.path != PathNone {
				a.plan.Mic = h.ID
			}
		})
	},
	"ring never stops": func() stepper {
		return spoiling(func(b State, a *State) { a.plan.Ring.On = a.plan.Ring.On || b.plan.Ring.On })
	},
	"path left open": func() stepper {
		return spoiling(func(b State, a *State) {
			if a.path == PathNone {
				a.path = b.path
			}
		})
	},
	"two calls talk": func() stepper {
		return spoiling(func(_ State, a *State) {
			if h := a.held(); h != nil {
				a.calls = slices.Clone(a.calls)
				h = a.held()
				h.OnHold = false
			}
		})
	},
	"lamps of keys that are gone": func() stepper {
		return spoiling(func(b State, a *State) { a.asked = b.asked })
	},
	"page of a call that is gone": func() stepper {
		return spoiling(func(b State, a *State) {
			if b.page.call != 0 && a.page.call == 0 {
				a.page, a.under = b.page, b.under
			}
		})
	},
	"form left without its screen": func() stepper {
		return spoiling(func(b State, a *State) {
			if b.page.form != nil && a.page.form == nil {
				a.page.form = b.page.form
			}
		})
	},
	"letter timer forgotten": func() stepper {
		return spoiling(func(_ State, a *State) {
			if a.page.form != nil && a.page.form.kind == FormText && a.page.form.cursor > 0 {
				f := *a.page.form
				f.tap = tap{}
				a.page.form = &f
			}
		})
	},
	"soft keys of the last screen": func() stepper {
		return spoiling(func(b State, a *State) { a.labels = b.labels })
	},
}

// faultSteps is how many random events may pass before a fault is noticed.
const faultSteps = 4000

func TestPlantedFaultsAreFound(t *testing.T) {
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(5) {
				if at, _, err := randomRun(seed, faultSteps, fault()); err != nil {
					t.Logf("found with seed %d after %d events: %.120v", seed, at, err)
					return
				}
			}
			t.Errorf("not found in five runs of %d events", faultSteps)
		})
	}
}

// TestStepLeavesItsArgumentAlone holds every State of a run against a deep
// copy of what it was before it was stepped.
func TestStepLeavesItsArgumentAlone(t *testing.T) {
	check := func(s State, e Event) (State, []Effect) {
		before := deepCopy(s)
		next, out := Step(s, e)
		if !reflect.DeepEqual(s, before) {
			t.Fatalf("%T%+v changed the State it was given", e.What, e.What)
		}
		again, outAgain := Step(before, e)
		if !reflect.DeepEqual(next, again) || !reflect.DeepEqual(out, outAgain) {
			t.Fatalf("%T%+v gives two results", e.What, e.What)
		}
		return next, out
	}
	for seed := range uint64(2) {
		if _, _, err := randomRun(seed, 1500, check); err != nil {
			t.Fatal(err)
		}
	}
}

// deepCopy copies every slice, map and pointer that Step could reach.
func deepCopy(s State) State {
	c := s.clone()
	c.lines = slices.Clone(s.lines)
	c.mwi = slices.Clone(s.mwi)
	c.problems = slices.Clone(s.problems)
	c.recent = slices.Clone(s.recent)
	c.labels.eras = slices.Clone(s.labels.eras)
	c.conf = slices.Clone(s.conf)
	c.park.slots = slices.Clone(s.park.slots)
	c.plan.Listen = slices.Clone(s.plan.Listen)
	c.settings.Emergency = slices.Clone(s.settings.Emergency)
	c.settings.Volumes = map[Path]int{}
	for k, v := range s.settings.Volumes {
		c.settings.Volumes[k] = v
	}
	if s.toast != nil {
		x := *s.toast
		c.toast = &x
	}
	if s.volume != nil {
		x := *s.volume
		c.volume = &x
	}
	return c
}
