package app

import (
	"context"
	"errors"
	"strings"

	"phoned/media"
	"phoned/media/audio"
	"phoned/phone"
	"phoned/sip"
)

// onSIP is the agent's event receiver. It must not block: what takes time goes
// onto the queue of the call it is about.
func (p *Phone) onSIP(e sip.Event) {
	switch e := e.(type) {
	case sip.LineChanged:
		p.onLine(e)
	case sip.LegArrived:
		p.onArrived(e)
	case sip.LegEnded:
		p.onEnded(e)
	case sip.LegRestored:
		p.onLeg(e.Leg, func(c *call) { p.restored(c, e.Moved) })
	case sip.LegRedirected:
		p.onLeg(e.Leg, func(c *call) { p.onRedirected(c, e) })
	case sip.LegMoved:
		p.onLeg(e.Leg, func(c *call) {
			c.gen.Add(1)
			p.loop.Post(phone.CallMoved{Call: c.ref(), Code: e.Code})
		})
	case sip.TransferProgress:
		p.onLeg(e.Leg, func(c *call) { p.loop.Post(phone.TransferNews{Call: c.ref(), Code: e.Code}) })
	case sip.TransferDone:
		p.onLeg(e.Leg, func(c *call) { p.onTransferDone(c, e) })
	case sip.ReferReceived:
		p.onLeg(e.Leg, func(c *call) { p.onReferred(c, e) })
	case sip.LegProgress:
		p.onLeg(e.Leg, func(c *call) { p.onProgress(c, e) })
	case sip.LegAnswered:
		p.onLeg(e.Leg, func(c *call) { p.onAnswered(c, e) })
	case sip.LegConfirmed:
		p.onLeg(e.Leg, func(c *call) { p.onConfirmed(c, e) })
	case sip.LegOffered:
		p.onLeg(e.Leg, func(c *call) { p.onOffered(c, e) })
	case sip.LegIdentified:
		p.onLeg(e.Leg, func(c *call) {
			p.loop.Post(phone.CallIdentified{Call: c.ref(), Party: partyOf(e.Connected)})
		})
	case sip.InfoReceived:
		p.onLeg(e.Leg, func(c *call) { p.onInfo(c, e) })
	case sip.DialogInfo:
		p.onDialogInfo(e)
	case sip.SubscriptionChanged:
		p.onSubscription(e)
	case sip.CheckSync:
		p.log.Info("the exchange asks for a new look at the configuration", "line", e.Line, "reboot", e.Reboot)
		p.loop.Post(phone.ConfigAsked{Reboot: e.Reboot})
	case sip.MessageWaiting:
		p.loop.Post(phone.MessageWaiting{Line: phone.LineID(e.Line), Known: true, New: newMessages(e)})
	}
}

// newMessages counts at least one where the exchange only says "yes".
func newMessages(e sip.MessageWaiting) int {
	if e.Waiting {
		return max(1, e.New)
	}
	return 0
}

// onLeg queues f for the call that owns the leg. Between Invite's return and
// bind the leg has no owner yet; those events wait in the book.
func (p *Phone) onLeg(leg sip.LegID, f func(*call)) {
	p.legs.Lock()
	defer p.legs.Unlock()
	if c := p.calls.ofLeg(leg); c != nil {
		c.q.add(func() { f(c) })
		return
	}
	p.orphans[leg] = append(p.orphans[leg], f)
}

// adopt binds a leg to its call and hands over what came for it meanwhile.
func (p *Phone) adopt(c *call, leg sip.LegID) {
	p.legs.Lock()
	defer p.legs.Unlock()
	p.calls.bind(c, leg)
	for _, f := range p.orphans[leg] {
		c.q.add(func() { f(c) })
	}
	delete(p.orphans, leg)
}

func partyOf(id sip.Identity) phone.Party {
	if id.Private {
		return phone.Party{Number: "anonymous"}
	}
	return phone.Party{Number: id.User, Name: id.Display}
}

func (p *Phone) onArrived(e sip.LegArrived) {
	p.calls.mu.Lock()
	p.calls.waiting[e.Leg] = e
	p.calls.mu.Unlock()
	var replaces phone.CallRef
	if old := p.calls.ofLeg(e.Replaces); e.Replaces != "" && old != nil {
		replaces = old.ref()
	}
	p.loop.Post(phone.CallArrived{
		Replaces:  replaces,
		Leg:       phone.LegID(e.Leg),
		Line:      phone.LineID(e.Line),
		From:      partyOf(e.From),
		Via:       e.Via,
		AutoReply: e.AutoAnswer,
		Melody:    audio.MelodyName(e.Melody),
	})
}

func (p *Phone) onEnded(e sip.LegEnded) {
	p.calls.mu.Lock()
	if _, undecided := p.calls.waiting[e.Leg]; undecided {
		p.calls.gone[e.Leg] = e
		p.calls.mu.Unlock()
		return
	}
	p.calls.mu.Unlock()
	p.onLeg(e.Leg, func(c *call) { p.ended(c, e) })
}

func (p *Phone) ended(c *call, e sip.LegEnded) {
	c.cancel()
	c.mu.Lock()
	already := c.ended
	c.ended = true
	incoming := c.arrived != nil
	c.mu.Unlock()
	if already {
		return
	}
	gone := phone.CallGone{Call: c.ref(), Code: e.Code, Elsewhere: e.Elsewhere, Detail: detailOf(e)}
	switch {
	case e.Err != nil:
		gone.Cause, gone.Detail = causeOf(e.Err), e.Err.Error()
	case incoming && e.Code >= 300:
		// Our own refusal, or the 487 to the caller's CANCEL: the core knows
		// which, and only then is it a missed call.
	case e.Code >= 300:
		gone.Cause = phone.CauseOfAnswer(e.Code, e.Q850)
	case e.Remote:
		gone.Cause = phone.CauseRemote
	}
	p.loop.Post(gone)
}

func (p *Phone) onProgress(c *call, e sip.LegProgress) {
	early := false
	if s := c.media(); s != nil && len(e.SDP) > 0 {
		ctx, cancel := context.WithTimeout(c.ctx, gatherTime)
		defer cancel()
		if err := s.Apply(ctx, e.SDP); err != nil {
			p.log.Warn("early media can't be heard", "call", c.ref().ID, "err", err)
		} else {
			early = true
		}
	}
	p.loop.Post(phone.CallProgress{Call: c.ref(), Code: e.Code, EarlyMedia: early})
}

func (p *Phone) onAnswered(c *call, e sip.LegAnswered) {
	s := c.media()
	ctx, cancel := context.WithTimeout(c.ctx, gatherTime)
	defer cancel()
	var err error
	switch {
	case s == nil:
		err = errors.New("no media session")
	case !e.Agreed:
		err = s.Apply(ctx, e.SDP)
	}
	if ackErr := p.agent.Ack(e.Leg, nil); ackErr != nil {
		p.log.Warn("ACK was not sent", "call", c.ref().ID, "err", ackErr)
	}
	if err != nil { // RFC 3261 §13.2.2.4: ACK first, then BYE
		_ = p.agent.End(e.Leg, "SIP;cause=488;text=\"Not acceptable here\"")
		p.callFailed(c, phone.CauseNotCompatible, err)
		return
	}
	if e.Connected.User != "" || e.Connected.Display != "" {
		p.loop.Post(phone.CallIdentified{Call: c.ref(), Party: partyOf(e.Connected)})
	}
	p.loop.Post(phone.CallAnswered{Call: c.ref()})
	p.plainMediaUp(c)
}

// plainMediaUp: RTP without ICE and DTLS has nothing to come up once both
// descriptions are there, and a far end that is silent may send nothing at all.
func (p *Phone) plainMediaUp(c *call) {
	if c.line.cfg.Media == MediaWebRTC {
		return
	}
	if s := c.media(); s != nil {
		st := s.Stats()
		p.loop.Post(phone.MediaUp{Call: c.ref(), Secure: st.Secure, Profile: st.Profile})
	}
}

func (p *Phone) onConfirmed(c *call, e sip.LegConfirmed) {
	if s := c.media(); s != nil && len(e.SDP) > 0 {
		ctx, cancel := context.WithTimeout(c.ctx, gatherTime)
		defer cancel()
		if err := s.Apply(ctx, e.SDP); err != nil {
			_ = p.agent.End(e.Leg, "")
			p.callFailed(c, phone.CauseNotCompatible, err)
			return
		}
	}
	p.loop.Post(phone.CallConfirmed{Call: c.ref()})
	p.plainMediaUp(c)
}

func (p *Phone) onOffered(c *call, e sip.LegOffered) {
	s := c.media()
	if s == nil {
		_ = p.agent.AnswerOffer(e.Leg, nil)
		return
	}
	ctx, cancel := context.WithTimeout(c.ctx, gatherTime)
	defer cancel()
	var body []byte
	var err error
	if len(e.SDP) == 0 {
		body, err = s.Offer(ctx)
	} else {
		body, err = s.Answer(ctx, e.SDP)
	}
	if err != nil {
		p.log.Warn("re-INVITE refused", "call", c.ref().ID, "err", err)
		_ = p.agent.AnswerOffer(e.Leg, nil)
		return
	}
	if err := p.agent.AnswerOffer(e.Leg, body); err != nil {
		p.log.Warn("re-INVITE was not answered", "call", c.ref().ID, "err", err)
		return
	}
	_, theirs := s.Directions()
	p.farHolds(c, theirs)
}

// heardAnswer notes a hold that the far end's answer to a re-INVITE tells of. While we
// hold, an answer is about that; the first answer of a call is what the far end is, an
// announcement maybe.
func (p *Phone) heardAnswer(c *call, s media.Session) {
	if ours, theirs := s.Directions(); ours == media.SendRecv {
		p.farHolds(c, theirs)
	}
}

func (p *Phone) farHolds(c *call, theirs media.Direction) {
	on := theirs == media.RecvOnly || theirs == media.Inactive
	c.mu.Lock()
	changed := c.farHolds != on
	c.farHolds = on
	c.mu.Unlock()
	if changed {
		p.loop.Post(phone.RemoteHeld{Call: c.ref(), On: on})
	}
}

func (p *Phone) onInfo(c *call, e sip.InfoReceived) {
	said := ""
	if e.ContentType == "application/x-recording-command" {
		said = strings.TrimSpace(string(e.Body))
	}
	if e.Record != "" {
		said = e.Record
	}
	switch strings.ToLower(said) {
	case "start", "on":
		p.loop.Post(phone.RecordingReported{Call: c.ref(), State: phone.RecordingOn})
	case "stop", "off":
		p.loop.Post(phone.RecordingReported{Call: c.ref(), State: phone.RecordingOff})
	}
}

// causeOf maps what the agent reports to what a person is told.
func causeOf(err error) phone.Cause {
	switch {
	case errors.Is(err, sip.ErrFlowDown), errors.Is(err, sip.ErrUnreachable):
		return phone.CauseNoConnection
	case errors.Is(err, sip.ErrTimeout):
		return phone.CauseNotAvailable
	case errors.Is(err, sip.ErrCredentials), errors.Is(err, sip.ErrForbidden):
		return phone.CauseNotAllowed
	case errors.Is(err, sip.ErrNoLine):
		return phone.CauseNoService
	}
	return phone.CauseUnknown
}
