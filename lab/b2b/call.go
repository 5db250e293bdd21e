package b2b

import "phoned/lab/mediapeer"

// call is the record of one call while it lives; the loop's.
type call struct {
	e    *Engine
	c    Call
	legs []*leg
}

func (e *Engine) newCall(from, to, asserted string) *call {
	e.ids++
	c := &call{e: e, c: Call{ID: e.ids, From: from, To: to, Asserted: asserted, State: "ringing", StartedAt: e.cfg.Clock.Now()}}
	e.calls = append(e.calls, c)
	if len(e.calls) > 1000 {
		e.calls = e.calls[1:]
	}
	return c
}

func (c *call) add(l *leg) {
	l.call = c
	c.legs = append(c.legs, l)
	c.c.Legs = append(c.c.Legs, Leg{User: l.user, CallID: l.callID, Out: l.uac != nil})
}

func (c *call) event(kind string, l *leg, detail string) {
	c.e.Record.event(Event{Kind: kind, User: l.user, CallID: l.callID, Detail: detail})
}

func (c *call) answered(l *leg) {
	if c.c.State == "ringing" {
		c.c.State, c.c.AnsweredAt = "answered", c.e.cfg.Clock.Now()
		c.event("answered", l, "")
	}
}

func (c *call) refused(code int) { c.c.Code = code; c.over("") }

func (c *call) over(by string) {
	if c.c.State == "ended" {
		return
	}
	c.c.State, c.c.EndedAt, c.c.EndedBy = "ended", c.e.cfg.Clock.Now(), by
	id := ""
	if len(c.legs) > 0 {
		id = c.legs[0].callID
	}
	c.e.Record.event(Event{Kind: "ended", User: by, CallID: id, Code: c.c.Code})
}

// finalMedia keeps the counters of an end that is about to close.
func (c *call) finalMedia(m *mediapeer.End) {
	c.c.Media = m.Stats()
}

func (c *call) snapshot() Call {
	out := c.c
	out.Legs = append([]Leg(nil), c.c.Legs...)
	for _, l := range c.legs {
		if l.state != "ended" && l.media != nil {
			out.Media = l.media.Stats()
		}
	}
	return out
}

// Calls lists the calls, oldest first.
func (e *Engine) Calls() []Call {
	var out []Call
	_ = e.do(func() {
		for _, c := range e.calls {
			out = append(out, c.snapshot())
		}
	})
	return out
}

// Heard gives what the lab's end of a live call heard last: mono samples and
// their rate, zero if there is no such call. callID is the phone's.
func (e *Engine) Heard(callID string) ([]int16, int) {
	var m *mediapeer.End
	_ = e.do(func() {
		for _, l := range e.legs {
			if l.callID == callID && l.media != nil {
				m = l.media
			}
		}
	})
	if m == nil {
		return nil, 0
	}
	return m.Heard()
}
