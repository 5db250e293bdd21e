package phone

import (
	"cmp"
	"slices"
	"time"
)

// Equal reports whether two plans say the same.
func (p AudioPlan) Equal(q AudioPlan) bool {
	return p.Path == q.Path && p.Mic == q.Mic && p.Conference == q.Conference && p.Muted == q.Muted && p.Tone == q.Tone && p.Ring == q.Ring &&
		slices.Equal(p.Listen, q.Listen)
}

// audioPlan derives what is heard and said from the calls, the path and the
// tone. Nothing else sets it.
func (s *State) audioPlan() AudioPlan {
	p := AudioPlan{Path: s.path, Ring: s.ringPlan()}
	if s.path == PathNone {
		return p
	}
	if c := s.talking(); c != nil {
		// The microphone opens after the 200 is sent (C1): once it is
		// confirmed, or sound flows, which takes a peer that has our answer.
		if c.State == Active || c.State == Answering && c.MediaUp {
			p.Mic = c.ID
			p.Muted = s.muted
		}
		if p.Mic != 0 || c.early || c.State == Answering {
			p.Listen = []CallID{c.ID}
		}
		if s.inConf(c.ID) {
			p.Conference = true
			p.Mic, p.Listen = s.conf[0], slices.Sorted(slices.Values(s.conf))
		}
	}
	p.Tone = s.tonePlan()
	return p
}

// tonePlan is the one tone that the path carries.
func (s *State) tonePlan() Tone {
	if s.tonesWait() && s.waiting.tones >= 1 && s.waiting.tones <= waitingTones {
		return ToneCallWaiting
	}
	c := s.talking()
	switch {
	case c != nil && c.State == Alerting && !c.early:
		return ToneRingback
	case c != nil:
		return ToneNone
	case s.station == stationDialtone:
		return s.dialTone()
	}
	return s.tone
}

// dialTone is the kind of dial tone; without service there is none.
func (s *State) dialTone() Tone {
	switch {
	case !s.service():
		return ToneReorder
	case s.settings.DND || s.settings.Forward.Any():
		return ToneForwardDial
	case s.mwiView().New > 0:
		return ToneStutter
	}
	return ToneDial
}

// Melodies that the phone itself asks for.
const (
	melodyRecall = "recall" // a held call comes back
	melodyVIP    = "vip"    // a contact who is one, without a melody of their own
)

// ringPlan: the ringer rings for callers nobody has silenced, as long as no
// ear is on a path; a held call that recalls rings too.
func (s *State) ringPlan() Ring {
	c := s.call(s.focus)
	if c == nil || !isRinging(c) {
		c = s.find(isRinging)
	}
	switch {
	case c == nil && s.recall.call != 0:
		return Ring{On: true, Melody: melodyRecall}
	case c == nil && s.preview && s.path == PathNone:
		return Ring{On: true, Melody: s.settings.Melody}
	case c == nil:
		return Ring{}
	case !s.knocking(c):
		return Ring{On: true, Melody: cmp.Or(c.melody, s.settings.Melody)}
	case s.settings.SoftRing && s.path != PathSpeaker:
		return Ring{On: true, Melody: cmp.Or(c.melody, s.settings.Melody), Soft: true}
	}
	return Ring{}
}

// melodyMenu is the choice of ringing; one that is chosen is heard.
func (s *State) melodyMenu() []entry {
	now := s.settings.Melody
	if now == "" && len(s.settings.Melodies) > 0 {
		now = s.settings.Melodies[0]
	}
	list := choices(SetMelody, s.settings.Melodies, now, "melody.")
	for i, m := range s.settings.Melodies {
		list[i].do = func(t *turn) {
			t.change(SetMelody, m)
			t.preview = true
			t.start(Timer{Kind: TimerPreview}, previewTime)
		}
	}
	return list
}

// previewTime is one round of any melody.
const previewTime = 6 * time.Second

func (t *turn) stopPreview() {
	if t.preview {
		t.preview = false
		t.stop(Timer{Kind: TimerPreview})
	}
}
