package phone

import (
	"slices"
	"time"
)

// A conference is two calls that talk at once: all three hear each other, the
// sound is mixed here (C9). It is a set beside the calls; each keeps its own
// state, hold and timer.

func (s *State) inConf(id CallID) bool { return slices.Contains(s.conf, id) }

// joinableNow: the call in progress and a held one that could be joined.
func (s *State) joinableNow() (a, b *call) {
	a = s.talking()
	if a == nil || a.State != Active || a.emergency || len(s.conf) > 0 || s.xfer.underway() || s.park.pending() {
		return nil, nil
	}
	b = s.find(func(c *call) bool { return isHeld(c) && !c.emergency })
	if b == nil {
		return nil, nil
	}
	return a, b
}

// join makes a conference of two calls; who is on hold is taken back.
func (t *turn) join(a, b *call) {
	if a.State != Active || b.State != Active || a.emergency || b.emergency || len(t.conf) > 0 {
		t.blip()
		return
	}
	if o := t.talking(); o != nil && o != a && o != b { // a third one was answered meanwhile
		if o.State != Active || o.emergency {
			t.blip()
			t.say(ToastAnswerPending, "", true)
			return
		}
		t.hold(o)
	}
	t.xfer = transfer{}
	t.stop(Timer{Kind: TimerTransfer})
	t.dismiss()
	t.closePage()
	t.clearStation()
	t.dropPending()
	if t.path == PathNone {
		t.setPath(t.freePath(), "conference")
	}
	t.conf = []CallID{a.ID, b.ID}
	t.confSince = t.at
	t.emit(PlayBeep{BeepConference})
	t.setFocus(a.ID)
	t.setFocus(b.ID)
	for _, id := range t.conf {
		if c := t.call(id); c.OnHold {
			t.takeBackOne(c)
		}
	}
}

// leaveConf dissolves the conference; the calls stay as they are.
func (t *turn) leaveConf() {
	t.conf, t.confSince = nil, time.Time{}
}

// split puts both on hold; the person chooses whom to talk to.
func (t *turn) split() {
	if len(t.conf) == 0 {
		t.blip()
		return
	}
	t.holdConf()
	t.leaveConf()
}

func (t *turn) holdConf() {
	for _, id := range t.conf {
		if c := t.call(id); !c.OnHold {
			t.holdOne(c)
		}
	}
}

// private goes on with one of the two; the other one waits on hold.
func (t *turn) private(c *call) {
	if !t.inConf(c.ID) {
		t.blip()
		return
	}
	others := slices.DeleteFunc(slices.Clone(t.conf), func(id CallID) bool { return id == c.ID })
	held := c.OnHold
	t.leaveConf()
	for _, id := range others {
		if o := t.call(id); !o.OnHold {
			t.holdOne(o)
		}
	}
	t.setFocus(c.ID)
	if held {
		t.resume(c, PathNone, "key")
	}
}

// dropLast ends the call of who came last; the other one goes on.
func (t *turn) dropLast() {
	if len(t.conf) == 0 {
		t.blip()
		return
	}
	t.endCall(t.call(t.conf[len(t.conf)-1]), CauseHungUp, 0)
}

// endConf is End, and the handset put down: everybody goes, or, by setting, the
// other two stay connected with each other (RFC 5589).
func (t *turn) endConf() {
	ids := t.conf
	if len(ids) == 2 && t.settings.ConfConnect {
		a, b := t.call(ids[0]), t.call(ids[1])
		t.holdConf()
		t.leaveConf()
		t.xfer = transfer{call: a.ID, other: b.ID, joining: true, target: b.Party.Number}
		t.refer(a, b)
		return
	}
	for _, id := range slices.Clone(ids) {
		if c := t.call(id); c != nil {
			t.endCall(c, CauseHungUp, 0)
		}
	}
}

// settleConf dissolves a conference that is none any more.
func (t *turn) settleConf() {
	if len(t.conf) == 0 {
		return
	}
	held := 0
	for _, id := range t.conf {
		c := t.call(id)
		if c == nil || c.State != Active {
			t.leaveConf()
			return
		}
		if c.OnHold {
			held++
		}
	}
	if held != 0 && held != len(t.conf) {
		t.leaveConf()
	}
}

// conferenceCommand is Conference of the API.
func (t *turn) conferenceCommand(on Toggle) {
	have := len(t.conf) > 0
	if on.Of(have) == have {
		return
	}
	if have {
		t.split()
		return
	}
	a, b := t.joinableNow()
	if a == nil {
		t.complain(0, "no two calls to join")
		return
	}
	t.join(b, a)
}
