package media

import "phoned/media/audio"

// A call of two is a conference with one leg. Every port has a mix of its own,
// of everybody but itself (mix-minus): the microphone and, in a conference, the
// other legs. Legs keep the time of the loudspeaker here: what their networks'
// clocks differ from it was taken up by their jitter buffers before, and is by
// their far ends' for what they hear. Whoever joins or leaves glides in 5 ms.
//
//	mic ──────┐
//	leg B ────┼─→ Mixer ─→ Limiter ─→ leg A
//	leg C ────┘

// sendMix is what one port hears; the audio thread's.
type sendMix struct {
	mic    audio.Input
	peaks  audio.Limiter
	frame  [audio.FrameLen]int16
	silent bool // nothing was in it the last time
}

// leg is a port's place in the mix of another.
type leg struct {
	from  *portState
	input audio.Input // the audio thread's
}

// legsOf gives s a place for every other port, those that were just removed
// included, whose sound has yet to be ramped down; e.mu is held.
func (e *Engine) legsOf(s *portState) []*leg {
	legs := make([]*leg, 0, len(e.ports)+len(e.gone))
	keep := func(from *portState) {
		if from == s {
			return
		}
		for _, l := range s.legs {
			if l.from == from {
				legs = append(legs, l)
				return
			}
		}
		legs = append(legs, &leg{from: from})
	}
	for _, o := range e.ports {
		keep(o)
	}
	for _, o := range e.gone {
		keep(o)
	}
	s.legs = legs
	return legs
}

// speak gives every port its frame.
func (e *Engine) speak(g *graph) {
	t := &e.t
	t.mixer.Clear()
	if g.muted {
		// Silence from this frame on; no more of the room goes out than the
		// last sample, ramped down so that it does not click.
		t.mixer.Break(&t.sendIn)
	} else {
		t.sendIn.Set(1)
		t.mixer.Add(&t.sendIn, t.mic[:])
	}
	t.mixer.Mix(t.send[:])
	sent := false
	for i := range g.ports {
		p := &g.ports[i]
		hears := p.heard
		if !g.conference {
			hears = p.portState == g.mic
		}
		sent = sent || hears
		e.speakTo(g, p, hears)
	}
	if sent {
		e.tapFrame(TapSend, t.send[:])
	} else {
		e.tapFrame(TapSend, silence[:])
	}
	e.tapConversation(sent)
}

// speakTo mixes and gives one port's frame.
func (e *Engine) speakTo(g *graph, p *portRole, hears bool) {
	t, mix := &e.t, &p.send
	gain := float32(0)
	if hears {
		gain = 1
	}
	mix.mic.Set(gain)
	quiet := mix.mic.Silent()
	t.mixer.Clear()
	t.mixer.Add(&mix.mic, t.send[:])
	for _, l := range p.legs {
		from := g.role(l.from)
		switch {
		case from == nil: // left; what it said is ramped down
			quiet = quiet && l.input.Silent()
			t.mixer.Break(&l.input)
			continue
		case g.conference && hears && from.heard:
			l.input.Set(1)
		default:
			l.input.Set(0)
		}
		quiet = quiet && l.input.Silent()
		t.mixer.Add(&l.input, from.frame[:])
	}
	if quiet && mix.silent {
		p.port.WriteFrame(silence[:])
		return
	}
	mix.silent = quiet
	t.mixer.Limit(mix.frame[:], &mix.peaks)
	p.port.WriteFrame(mix.frame[:])
}

// role is a port's place in the graph, nil if it has none any more.
func (g *graph) role(s *portState) *portRole {
	for i := range g.ports {
		if g.ports[i].portState == s {
			return &g.ports[i]
		}
	}
	return nil
}

// tapConversation gives a recording everybody: what we say, if anybody hears
// it, and what the far ends say.
func (e *Engine) tapConversation(sent bool) {
	if e.taps[TapConversation].Load() == nil {
		return
	}
	t := &e.t
	t.mixer.Clear()
	if sent {
		t.mixer.Add(e.plain(), t.send[:])
	}
	t.mixer.Add(e.plain(), t.far[:])
	t.mixer.Limit(t.scratch[:], &t.mixedPeaks)
	e.tapFrame(TapConversation, t.scratch[:])
}
