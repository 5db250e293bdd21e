package phone

// A story is what random events hardly ever bring about: the steps of one
// thing that a person does to its end. Each step makes its event out of what
// the world is then; random events still come between.
type story []storyStep

// storyStep gives the next event; nil means that the step is over, and repeat
// that it has more to say.
type storyStep func(m *simulation) (w What, repeat bool)

// just is a step of one event.
func just(f func(m *simulation) What) storyStep {
	return func(m *simulation) (What, bool) { return f(m), false }
}

// newestOpen is the call that was opened last.
func (m *simulation) newestOpen() CallRef {
	if open := m.trace.Open(); len(open) > 0 {
		return open[len(open)-1]
	}
	return CallRef{}
}

var (
	// storyEnd ends what is left of calls.
	storyEnd storyStep = func(m *simulation) (What, bool) {
		if open := m.trace.Open(); len(open) > 0 {
			return CallGone{Call: open[0]}, true
		}
		return nil, false
	}
	storySettings = just(func(*simulation) What {
		return SettingsChanged{Settings{Emergency: []string{"112"}, MaxCalls: 4}}
	})
	storyLines   = just(func(*simulation) What { return LinesConfigured{[]LineInfo{{ID: "1", Number: "1001"}, {ID: "2"}}} })
	storyLine    = just(func(*simulation) What { return LineChanged{Line: "1", State: LineRegistered} })
	storyAnswer  = just(func(m *simulation) What { return CallAnswered{m.newestOpen()} })
	storyMedia   = just(func(m *simulation) What { return MediaUp{Call: m.newestOpen()} })
	storyHoldOne = just(func(m *simulation) What { return SetHolding{m.newestOpen().ID, On} })
	storyHeld    = just(func(m *simulation) What { return HoldDone{Call: m.newestOpen(), On: true, OK: true} })
	storyBlind   = just(func(m *simulation) What { return Transfer{Call: m.newestOpen().ID, Target: "1003"} })
	storyRefused = just(func(m *simulation) What { return TransferDone{Call: m.newestOpen(), Code: 486, Recovered: true} })
	storyDone    = just(func(m *simulation) What { return TransferDone{Call: m.newestOpen(), OK: true} })
	storyPark    = just(func(m *simulation) What { return Park{Call: m.newestOpen().ID, Slot: "701"} })
	storyPushed  = just(func(*simulation) What { return ParkSlots{Slots: []ParkSlot{{Extension: "701"}}} })
	storySlots   = just(func(m *simulation) What {
		return ParkSlots{Ask: m.state.park.ask, Slots: []ParkSlot{{Extension: "701"}}}
	})
	storyNoPark = just(func(m *simulation) What { return ParkResult{m.newestOpen(), "701", false, CauseServer} })
	storyJoin   = just(func(*simulation) What { return Conference{On} })
	storyRest   = just(func(m *simulation) What { m.hook = false; return HookMoved{} })
	storySplit  = just(func(*simulation) What { return Conference{Off} })
)

func storyCall(number string) storyStep {
	return just(func(*simulation) What { return Dial{Number: number, Line: "1"} })
}

// pressing is keys pressed and let go, one after the other.
func pressing(keys ...Key) story {
	var out story
	for _, k := range keys {
		out = append(out, just(func(*simulation) What { return KeyDown{k} }), just(func(*simulation) What { return KeyUp{k} }))
	}
	return out
}

// up are the steps to one call in progress of a phone in service.
func up(then ...storyStep) story {
	return append(story{storyEnd, storySettings, storyLines, storyLine, storyCall("1002"), storyAnswer, storyMedia}, then...)
}

var stories = []story{
	up(storyBlind, storyRefused, storyBlind, storyRefused, storyBlind, storyDone),
	up(storyHoldOne, storyHeld, storyCall("1003"), storyAnswer, storyMedia, storyJoin, storySplit, storyJoin),
	up(storyPushed, storyPark, storyPushed, storySlots, storyNoPark, storyPark, storySlots, storyNoPark, storyPark, storySlots, storyNoPark),
	// a number is saved, its name spelled on digit keys
	append(story{storyEnd, storySettings, storyLines, storyLine, storyRest}, pressing(KeyBack, "5", "7", KeySoft3, "2", "2", "5")...),
}

// begin starts a story.
func (m *simulation) begin(c byte) { m.story = stories[int(c)%len(stories)] }

// tell gives the story's next event, or nil when it is at its end.
func (m *simulation) tell() What {
	for len(m.story) > 0 {
		w, repeat := m.story[0](m)
		if !repeat {
			m.story = m.story[1:]
		}
		if w != nil {
			return w
		}
	}
	return nil
}
