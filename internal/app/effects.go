package app

import (
	"context"

	"phoned/media/audio"
	"phoned/phone"
	"phoned/sip"
)

// run takes the effects of one step, on the core's loop: it only files them.
// Effects of a call go onto that call's queue, the rest onto the common one,
// each in order.
func (p *Phone) run(effects []phone.Effect) {
	for _, e := range effects {
		if !p.runCall(e) && !p.runDesk(e) {
			p.runCommon(e)
		}
	}
}

// runCall files the effects that belong to a call and reports whether e was
// one.
func (p *Phone) runCall(e phone.Effect) bool {
	switch e := e.(type) {
	case phone.PlaceCall:
		c := p.newCall(e.Call, string(e.Line), "")
		if c == nil {
			p.loop.Post(phone.CallGone{Call: e.Call, Cause: phone.CauseNoService, Detail: "no such line: " + string(e.Line)})
			return true
		}
		c.q.add(func() { p.placeCall(c, e) })
	case phone.RingCall:
		p.accept(e)
	case phone.RefuseLeg:
		p.refuse(e)
	case phone.AnswerCall:
		p.onCall(e.Call, p.answerCall)
	case phone.EndCall:
		p.endCall(e)
	case phone.FreeCall:
		if c := p.calls.get(e.Call); c != nil {
			p.freeCall(c)
		}
	case phone.HoldCall:
		p.onCall(e.Call, func(c *call) { p.holdCall(c, e.On) })
	case phone.SendDigit:
		p.onCall(e.Call, func(c *call) { p.sendDigit(c, e) })
	case phone.AskRecording:
		p.onCall(e.Call, func(c *call) { p.askRecording(c, e.On) })
	case phone.ParkCall:
		if c := p.calls.get(e.Call); c != nil {
			p.parkCall(c, e)
		}
	case phone.LookUpParty:
		p.onCall(e.Call, func(c *call) { p.lookUp(c, e.Number) })
	default:
		return p.runMove(e)
	}
	return true
}

func (p *Phone) runCommon(e phone.Effect) {
	switch e := e.(type) {
	case phone.SetAudio:
		p.common.add(func() { p.applyAudio(e.Plan) })
	case phone.PlayBeep:
		p.common.add(func() { p.engine.Beep(audio.ToneName(e.Beep)) })
	case phone.PlayDigit:
		p.common.add(func() { p.engine.PlayDigit(e.Digit) })
	case phone.StartTimer:
		p.timers.start(e)
	case phone.StopTimer:
		p.timers.stop(e.Timer)
	case phone.SaveCall:
		id := p.ids.of(e.Record.Call)
		p.saves.add(func() { p.saveCall(e.Record, id) })
	case phone.Publish:
		p.common.add(func() { p.publish(e.Notice) })
	case phone.AskReconnect:
		p.common.add(func() { p.agent.Reconnect("") })
	case phone.SaveVolume:
		p.saves.add(func() { p.saveVolume(e) })
	case phone.SaveSetting:
		p.prepareRing(e)
		p.saves.add(func() { p.saveSetting(e) })
	case phone.ParkListWanted:
		p.askSlots(e)
	case phone.ParkWatch:
		p.parking.watch(e.On)
	case phone.AskSignIn:
		p.common.add(p.signIn)
	case phone.MakeReport:
		p.saves.add(p.keepReport)
	case phone.Consented:
		p.common.add(func() {
			if p.cfg.Consent != nil {
				p.cfg.Consent(e.ID, e.Yes)
			}
		})
	case phone.AskSignOut:
		p.common.add(p.signOut)
	default:
		p.log.Error("an effect has no hand to do it", "state", typeName(e))
	}
}

func (p *Phone) onCall(ref phone.CallRef, f func(*call)) {
	if c := p.calls.get(ref); c != nil {
		c.q.add(func() { f(c) })
	}
}

// newCall makes the running part of a call; nil if its line is gone.
func (p *Phone) newCall(ref phone.CallRef, lineID string, leg sip.LegID) *call {
	l := p.lineOf(lineID)
	if l == nil {
		return nil
	}
	c := &call{id: ref.ID, line: l, q: newQueue(), leg: leg}
	c.gen.Store(int64(ref.Gen))
	c.ctx, c.cancel = context.WithCancel(p.ctx)
	p.calls.add(c)
	return c
}

// accept makes a call of an INVITE that the core wants to ring.
func (p *Phone) accept(e phone.RingCall) {
	leg := sip.LegID(e.Leg)
	p.legs.Lock()
	arrived, ok := p.calls.take(leg)
	if !ok { // ended before the core could decide
		p.legs.Unlock()
		p.loop.Post(phone.CallGone{Call: e.Call, Cause: phone.CauseMissed})
		return
	}
	c := p.newCall(e.Call, arrived.Line, leg)
	p.legs.Unlock()
	if c == nil {
		p.common.add(func() { _ = p.agent.Refuse(leg, 480, "") })
		p.loop.Post(phone.CallGone{Call: e.Call, Code: 480, Cause: phone.CauseNoService})
		return
	}
	c.arrived = &arrived
	p.dialog(c, arrived.CallID)
	if old := p.calls.ofLeg(arrived.Replaces); arrived.Replaces != "" && old != nil {
		old.mu.Lock()
		old.replaced = true
		old.mu.Unlock()
	}
	c.q.add(func() {
		if err := p.agent.Ring(leg); err != nil {
			p.log.Warn("180 was not sent", "call", c.ref().ID, "err", err)
		}
	})
	if gone, ended := p.calls.wasGone(leg); ended {
		c.q.add(func() { p.ended(c, gone) })
	}
}

func (p *Phone) refuse(e phone.RefuseLeg) {
	leg := sip.LegID(e.Leg)
	p.calls.take(leg)
	p.calls.wasGone(leg)
	p.common.add(func() {
		if err := p.agent.Refuse(leg, e.Code, e.Target); err != nil {
			p.log.Debug("refusal was not sent", "code", e.Code, "err", err)
		}
	})
}

// endCall does not wait for what is on the queue: it cancels it.
func (p *Phone) endCall(e phone.EndCall) {
	c := p.calls.get(e.Call)
	if c == nil {
		p.loop.Post(phone.CallGone{Call: e.Call, Cause: phone.CauseCancelled})
		return
	}
	c.cancel()
	c.q.add(func() {
		leg := c.legID()
		if leg == "" {
			p.callFailed(c, phone.CauseCancelled, nil)
			return
		}
		c.mu.Lock()
		incoming, answered, replaced := c.arrived != nil, c.session != nil, c.replaced
		c.mu.Unlock()
		if replaced { // Answer of the other leg ends this one (RFC 3891 §3)
			return
		}
		var err error
		if incoming && !answered && e.Code >= 300 {
			err = p.agent.Refuse(leg, e.Code, e.Target)
		} else {
			err = p.agent.End(leg, "")
		}
		if err != nil {
			p.log.Info("the call was gone already", "call", c.ref().ID, "err", err)
			p.callFailed(c, phone.CauseCancelled, nil)
		}
	})
}

// take removes an undecided INVITE from the book.
func (b *calls) take(leg sip.LegID) (sip.LegArrived, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	e, ok := b.waiting[leg]
	delete(b.waiting, leg)
	return e, ok
}

// wasGone takes the end of a leg that ended before it became a call.
func (b *calls) wasGone(leg sip.LegID) (sip.LegEnded, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	e, ok := b.gone[leg]
	delete(b.gone, leg)
	return e, ok
}
