package app

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"phoned/media"
	"phoned/phone"
	"phoned/sip"
)

// Limits of what one step of a call may take before it counts as failed.
const (
	gatherTime = 5 * time.Second // ICE candidates, with a STUN server that is away
	holdTime   = 10 * time.Second
	infoTime   = 5 * time.Second
)

// call is the running part of one generation of a call: its leg, its media and
// the queue that keeps what happens to them in order. Fields below mu are
// shared between the queue and the app.
type call struct {
	id   phone.CallID
	gen  atomic.Int64 // of the leg's attempt to reach the far end; see ref
	line *line
	q    *queue
	// ctx ends when the call is to end: nothing on the queue may outlive it.
	ctx    context.Context
	cancel context.CancelFunc

	mu      sync.Mutex
	leg     sip.LegID
	session media.Session
	arrived *sip.LegArrived // inbound: the INVITE
	// replaced: another INVITE takes this leg over, and ends it when it is
	// answered.
	replaced bool
	ended    bool
	farHolds bool // the far end said so last
}

// calls is the app's book of legs and calls. Safe for concurrent use.
type calls struct {
	mu    sync.Mutex
	byID  map[phone.CallID]*call
	byLeg map[sip.LegID]*call
	// waiting holds INVITEs the core has not yet decided about; gone those that
	// ended before it did.
	waiting map[sip.LegID]sip.LegArrived
	gone    map[sip.LegID]sip.LegEnded
}

func newCalls() *calls {
	return &calls{
		byID:    map[phone.CallID]*call{},
		byLeg:   map[sip.LegID]*call{},
		waiting: map[sip.LegID]sip.LegArrived{},
		gone:    map[sip.LegID]sip.LegEnded{},
	}
}

// ref is the call and its generation now: one for each attempt to reach the far
// end. Effects of an older one still mean this call; events never carry one.
func (c *call) ref() phone.CallRef { return phone.CallRef{ID: c.id, Gen: int(c.gen.Load())} }

// get finds the call that an effect is about.
func (b *calls) get(ref phone.CallRef) *call { return b.current(ref.ID) }

// current finds the call by its id, nil if it is over.
func (b *calls) current(id phone.CallID) *call {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.byID[id]
}

func (b *calls) ofLeg(leg sip.LegID) *call {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.byLeg[leg]
}

func (b *calls) all() []*call {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := make([]*call, 0, len(b.byID))
	for _, c := range b.byID {
		out = append(out, c)
	}
	return out
}

func (b *calls) add(c *call) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.byID[c.id] = c
	if c.leg != "" {
		b.byLeg[c.leg] = c
	}
}

func (b *calls) bind(c *call, leg sip.LegID) {
	b.mu.Lock()
	b.byLeg[leg] = c
	b.mu.Unlock()
	c.mu.Lock()
	c.leg = leg
	c.mu.Unlock()
}

func (b *calls) remove(c *call) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.byID, c.id)
	delete(b.byLeg, c.legID())
}

func (c *call) legID() sip.LegID { c.mu.Lock(); defer c.mu.Unlock(); return c.leg }

func (c *call) media() media.Session { c.mu.Lock(); defer c.mu.Unlock(); return c.session }

// open makes the call's media session once.
func (c *call) open() (media.Session, error) {
	if s := c.media(); s != nil {
		return s, nil
	}
	s, err := c.line.newSession()
	if err != nil {
		return nil, fmt.Errorf("open media: %w", err)
	}
	c.mu.Lock()
	c.session = s
	c.mu.Unlock()
	c.line.app.mediaOpened(s.Port())
	return s, nil
}

// --- what the core asks for; each runs on the call's queue ---

func (p *Phone) placeCall(c *call, e phone.PlaceCall) {
	s, err := c.open()
	if err != nil {
		p.callFailed(c, phone.CauseNotCompatible, err)
		return
	}
	p.watch(c, s)
	ctx, cancel := context.WithTimeout(c.ctx, gatherTime)
	defer cancel()
	offer, err := s.Offer(ctx)
	if err != nil {
		p.callFailed(c, phone.CauseNotCompatible, err)
		return
	}
	if c.ctx.Err() != nil {
		p.callFailed(c, phone.CauseCancelled, nil)
		return
	}
	target := e.Target
	var replaces *sip.Replaces
	if e.Pickup != "" {
		if target, replaces, err = p.pickup(string(e.Line), e.Pickup); err != nil {
			p.callFailed(c, phone.CauseNotAvailable, err)
			return
		}
	}
	if e.Refer != "" { // before the INVITE that answers it, on whatever queue that was filed
		p.acceptRefer(c, e.Refer)
	}
	if e.Emergency {
		p.emergency.ready(p, c)
	}
	leg, err := p.agent.Invite(string(e.Line), target, sip.InviteOptions{
		Refer:     sip.ReferID(e.Refer),
		Replaces:  replaces,
		Offer:     offer,
		Identity:  sip.Identity{User: e.Identity.Number, Display: e.Identity.Name},
		Private:   e.Private,
		Emergency: e.Emergency,
	})
	if err != nil {
		p.callFailed(c, causeOf(err), err)
		return
	}
	p.adopt(c, leg)
	if id, ok := p.agent.CallID(leg); ok {
		p.dialog(c, id)
	}
	if c.ctx.Err() != nil { // ended while the INVITE went out
		_ = p.agent.End(leg, "")
	}
}

func (p *Phone) answerCall(c *call) {
	c.mu.Lock()
	arrived := c.arrived
	c.mu.Unlock()
	if arrived == nil {
		p.callFailed(c, phone.CauseUnknown, errors.New("answer: not an incoming call"))
		return
	}
	s, err := c.open()
	if err == nil {
		p.watch(c, s)
	}
	var body []byte
	if err == nil {
		ctx, cancel := context.WithTimeout(c.ctx, gatherTime)
		defer cancel()
		if len(arrived.Offer) == 0 {
			body, err = s.Offer(ctx)
		} else {
			body, err = s.Answer(ctx, arrived.Offer)
		}
	}
	if err != nil {
		_ = p.agent.Refuse(arrived.Leg, 488, "")
		p.callFailed(c, phone.CauseNotCompatible, err)
		return
	}
	if err := p.agent.Answer(arrived.Leg, body); err != nil {
		p.callFailed(c, causeOf(err), err)
	}
}

func (p *Phone) holdCall(c *call, on bool) {
	s := c.media()
	if s == nil {
		p.loop.Post(phone.HoldDone{Call: c.ref(), On: on})
		return
	}
	dir := media.SendRecv
	if on {
		dir = media.SendOnly
	}
	s.SetDirection(dir)
	ctx, cancel := context.WithTimeout(c.ctx, holdTime)
	defer cancel()
	err := p.reoffer(ctx, c, s)
	if err != nil {
		p.log.Warn("hold was not agreed", "call", c.ref().ID, "on", on, "err", err)
	}
	p.loop.Post(phone.HoldDone{Call: c.ref(), On: on, OK: err == nil})
}

func (p *Phone) reoffer(ctx context.Context, c *call, s media.Session) error {
	offer, err := s.Offer(ctx)
	if err != nil {
		return err
	}
	answer, err := p.agent.ReInvite(ctx, c.legID(), offer)
	if err != nil {
		return err
	}
	if len(answer) == 0 {
		return nil
	}
	if err := s.Apply(ctx, answer); err != nil {
		return err
	}
	p.heardAnswer(c, s)
	return nil
}

func (p *Phone) sendDigit(c *call, e phone.SendDigit) {
	err := media.ErrNoDTMF
	s := c.media()
	if s != nil && c.line.rfc4733() {
		err = s.SendDTMF(e.Digit, e.Duration)
	}
	if errors.Is(err, media.ErrNoDTMF) {
		ctx, cancel := context.WithTimeout(c.ctx, infoTime)
		defer cancel()
		body := fmt.Sprintf("Signal=%c\r\nDuration=%d\r\n", e.Digit, e.Duration.Milliseconds())
		err = p.agent.Info(ctx, c.legID(), "application/dtmf-relay", []byte(body))
	}
	if err != nil {
		p.log.Warn("digit was not taken", "call", c.ref().ID, "err", err)
	}
	p.loop.Post(phone.DigitSent{Call: c.ref(), Digit: e.Digit, OK: err == nil})
}

func (p *Phone) askRecording(c *call, on bool) {
	body := "stop"
	if on {
		body = "start"
	}
	ctx, cancel := context.WithTimeout(c.ctx, infoTime)
	defer cancel()
	err := p.agent.Info(ctx, c.legID(), "application/x-recording-command", []byte(body))
	state := phone.RecordingAsked
	switch {
	case errors.Is(err, sip.ErrTimeout), errors.Is(err, context.DeadlineExceeded):
		state = phone.RecordingUnconfirmed
	case err != nil:
		state = phone.RecordingRefused
	case !on:
		state = phone.RecordingOff
	case c.line.cfg.RecordingSilent:
		// This server never reports: its 200 is all there will be.
		state = phone.RecordingOn
	}
	p.loop.Post(phone.RecordingReported{Call: c.ref(), State: state})
}

func (p *Phone) freeCall(c *call) {
	c.cancel()
	p.calls.remove(c)
	c.q.add(func() {
		if s := c.media(); s != nil {
			p.engine.RemovePort(s.Port())
			if err := s.Close(); err != nil {
				p.log.Warn("media did not close", "call", c.ref().ID, "err", err)
			}
		}
	})
	c.q.close()
	p.emergency.over(p, c)
	p.common.add(func() { // after the notices of this call
		if p.calls.current(c.ref().ID) == nil {
			p.ids.forget(c.ref().ID)
		}
	})
	p.leaveWhenIdle()
}

// callFailed reports the end of a call that has no leg to report it.
func (p *Phone) callFailed(c *call, cause phone.Cause, err error) {
	detail := ""
	if err != nil {
		detail = err.Error()
		p.log.Warn("call failed", "call", c.ref().ID, "cause", string(cause), "err", err)
	}
	c.mu.Lock()
	already := c.ended
	c.ended = true
	c.mu.Unlock()
	if !already {
		p.loop.Post(phone.CallGone{Call: c.ref(), Cause: cause, Detail: detail})
	}
}

// watch reports what happens to the media by itself until the session closes.
func (p *Phone) watch(c *call, s media.Session) {
	p.wg.Go(func() {
		for e := range s.Events() {
			switch e.Kind {
			case media.Flowing:
				st := s.Stats()
				p.loop.Post(phone.MediaUp{Call: c.ref(), Secure: st.Secure, Profile: st.Profile})
			case media.Failed:
				p.loop.Post(phone.MediaFailed{Call: c.ref(), Detail: e.Detail})
			case media.Stalled:
				p.log.Info("no sound arrives", "call", c.ref().ID, "err", e.Detail)
				p.loop.Post(phone.MediaSilent{Call: c.ref()})
			case media.DigitReceived:
				p.log.Debug("digit received", "call", c.ref().ID)
			}
		}
	})
}
