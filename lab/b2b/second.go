package b2b

import (
	"context"
	"errors"
	"fmt"
	"time"

	"phoned/lab/mediapeer"
	"phoned/lab/registrar"
	"phoned/lab/sipmsg"
)

// SecondExtension is the in-lab phone's number. A real phone that registers as
// this user takes the calls instead.
const SecondExtension = "1002"

// Behaviour of the second phone towards calls.
type Behaviour struct {
	AnswerAfter time.Duration // negative: never
	Refuse      int           // a status instead of answering: 486, 603…
	ToneHz      float64       // what it sends; 0: its sentence, or 1004 Hz without one
	Echo        bool          // sends back what it hears instead
	Silent      bool
	// Holds: it answers the next offer of the other side with sendonly.
	Holds       bool
	HangUpAfter time.Duration // 0: never
	CallHeader  [2]string     // name and value of a header of its INVITEs, as Alert-Info of an intercom; "": none
}

// ErrNotRegistered: the phone to be called is not there.
var ErrNotRegistered = errors.New("not registered")

// ErrIdle: the second phone has no call.
var ErrIdle = errors.New("the second phone has no call")

// SecondPhone is "Anna": a phone without hardware, driven by a test. Methods
// are safe for concurrent use.
type SecondPhone struct {
	e   *Engine
	how Behaviour // the loop's
	now *local    // the current call's end, nil when idle
}

func newSecondPhone(e *Engine) *SecondPhone {
	return &SecondPhone{e: e, how: Behaviour{AnswerAfter: time.Second}}
}

// Second gives the in-lab phone.
func (e *Engine) Second() *SecondPhone { return e.second }

// Behave sets what it does from the next call on.
func (p *SecondPhone) Behave(b Behaviour) error { return p.e.do(func() { p.how = b }) }

func (p *SecondPhone) voice() func(*mediapeer.End) {
	how := p.how
	return func(m *mediapeer.End) {
		if how.Holds {
			m.SetWant("sendonly")
		}
		switch {
		case how.Silent:
			m.Silent()
		case how.Echo:
			m.Echo()
		case how.ToneHz > 0:
			m.Tone(how.ToneHz)
		case len(p.e.cfg.Speech) > 0:
			m.Play(p.e.cfg.Speech)
		default:
			m.Tone(ToneHz)
		}
	}
}

// end makes the end for one call.
func (p *SecondPhone) end() *local {
	o := &local{e: p.e, name: SecondExtension, sound: p.voice()}
	o.up = func() {
		if d := p.how.HangUpAfter; d > 0 {
			p.e.after(d, func() { o.hangUp("hung up") })
		}
	}
	o.over = func(string) {
		if p.now == o {
			p.now = nil
		}
	}
	p.now = o
	return o
}

// ring takes an incoming call.
func (p *SecondPhone) ring(l *leg) {
	if p.now != nil {
		l.refuse(486, "")
		return
	}
	if p.how.Refuse != 0 {
		l.provisional(180, nil)
		l.refuse(p.how.Refuse, "")
		return
	}
	o := p.end()
	o.leg, l.far = l, o
	l.provisional(180, nil)
	l.call.event("ringing", l, "180")
	if p.how.AnswerAfter >= 0 {
		p.e.after(p.how.AnswerAfter, func() { p.pickUp(o, l) })
	}
}

func (p *SecondPhone) pickUp(o *local, l *leg) {
	if l.state == "early" && p.now == o {
		o.answer(l)
	}
}

// Answer picks up what rings.
func (p *SecondPhone) Answer() error {
	return p.with(func(o *local, l *leg) error {
		p.pickUp(o, l)
		return nil
	})
}

// Reject refuses what rings with a status.
func (p *SecondPhone) Reject(code int) error {
	return p.with(func(_ *local, l *leg) error {
		if l.uas == nil || l.state != "early" {
			return ErrIdle
		}
		l.refuse(code, "")
		p.now = nil
		return nil
	})
}

// HangUp ends or cancels its call.
func (p *SecondPhone) HangUp() error {
	return p.with(func(o *local, _ *leg) error {
		o.hangUp("hung up")
		p.now = nil
		return nil
	})
}

// Hold re-invites with sendonly, or sendrecv to resume, and waits for the answer.
func (p *SecondPhone) Hold(ctx context.Context, on bool) error {
	dir := "sendrecv"
	if on {
		dir = "sendonly"
	}
	got := make(chan error, 1)
	err := p.with(func(o *local, l *leg) error {
		l.media.SetWant(dir)
		m := l.media
		p.e.work(func(ctx context.Context) func() {
			sdp, err := m.Offer(ctx)
			return func() {
				if err != nil {
					got <- err
					return
				}
				l.reinvite(sdp, func(code int, answer []byte) {
					if code >= 300 {
						got <- fmt.Errorf("hold refused with %d", code)
						return
					}
					p.e.work(func(ctx context.Context) func() {
						err := m.Apply(ctx, answer)
						return func() { got <- err }
					})
				})
			}
		})
		return nil
	})
	if err != nil {
		return err
	}
	select {
	case err := <-got:
		return err
	case <-ctx.Done():
		return ctx.Err()
	case <-p.e.done:
		return ErrClosed
	}
}

// DTMF sends digits, by INFO dtmf-relay or RFC 4733.
func (p *SecondPhone) DTMF(ctx context.Context, digits string, info bool) error {
	var m *mediapeer.End
	err := p.with(func(_ *local, l *leg) error {
		if !info {
			m = l.media
			return nil
		}
		for _, d := range digits {
			l.send("INFO", dtmfRelay, []byte(fmt.Sprintf("Signal=%c\r\nDuration=160\r\n", d)), nil)
		}
		return nil
	})
	if err != nil || m == nil {
		return err
	}
	return m.SendDTMF(ctx, digits)
}

// Call rings a registered user; it returns the SIP Call-ID of the call.
func (p *SecondPhone) Call(user string) (string, error) {
	return p.CallAs(user, SecondExtension, "Anna")
}

// CallAs is Call with another identity in From.
func (p *SecondPhone) CallAs(user, number, display string) (string, error) {
	var id string
	var err error
	if e := p.e.do(func() {
		b := p.e.bindings.Of(user, p.e.cfg.Clock.Now())
		if len(b) == 0 {
			err = fmt.Errorf("%s: %w", user, ErrNotRegistered)
			return
		}
		if p.now != nil {
			err = errors.New("the second phone is busy")
			return
		}
		id = p.call(b[len(b)-1], user, number, display)
	}); e != nil {
		return "", e
	}
	return id, err
}

func (p *SecondPhone) call(b *registrar.Binding, user, number, display string) string {
	o := p.end()
	from := sipmsg.Quote(display) + " <sip:" + number + "@" + p.e.cfg.Domain + ">"
	l := p.e.inviteMedia(b, from, o, o, func(code int) { o.over(itoa(code)) })
	if h := p.how.CallHeader; h[0] != "" { // before the INVITE, which waits for its offer
		l.extra = append(l.extra, sipmsg.Header{Name: h[0], Value: h[1]})
	}
	p.e.newCall(number, user, "").add(l)
	l.call.event("invite", l, user)
	return l.callID
}

// Heard gives what it heard last: mono samples and their rate.
func (p *SecondPhone) Heard() ([]int16, int) {
	var m *mediapeer.End
	_ = p.with(func(_ *local, l *leg) error { m = l.media; return nil })
	if m == nil {
		return nil, 0
	}
	return m.Heard()
}

// with runs f on the loop if there is a call.
func (p *SecondPhone) with(f func(*local, *leg) error) error {
	err := ErrIdle
	if e := p.e.do(func() {
		if p.now != nil && p.now.leg != nil {
			err = f(p.now, p.now.leg)
		}
	}); e != nil {
		return e
	}
	return err
}
