package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

const (
	startLimit = 20 * time.Second
	callLimit  = 10 * time.Second
	settle     = 700 * time.Millisecond // between registration or a call and the next call
	tail       = 600 * time.Millisecond // to listen after the last packet
)

// subject is a phone under test with the exchange it is registered at.
type subject struct {
	proc       *process
	x          *exchange
	registered float64 // ms from exec
}

// start starts a phone and waits until it has registered.
func start(ctx context.Context, name, command string, log *os.File) (*subject, error) {
	x, err := newExchange()
	if err != nil {
		return nil, err
	}
	p, err := launch(name, command, x.port, log)
	if err != nil {
		return nil, errors.Join(err, x.close())
	}
	s := &subject{proc: p, x: x}
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	select {
	case <-x.registered:
	case <-ctx.Done():
		return nil, errors.Join(fmt.Errorf("%s did not register: %w", name, ctx.Err()), s.close())
	}
	s.registered = ms(x.regAt.Sub(p.started))
	return s, pause(ctx, settle)
}

func (s *subject) close() error { return errors.Join(s.proc.stop(), s.x.close()) }

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// measure makes one call; sound is what came back, at the codec's rate.
func (s *subject) measure(ctx context.Context, sc Scenario, speech []int16, by scorer) (r Result, sound []int16, err error) {
	r = Result{Phone: s.proc.name, Scenario: sc}
	v, err := newVoice(sc.Codec)
	if err != nil {
		return r, nil, err
	}
	ref := reference(speech, sc, v.Rate())
	p, err := packets(sc, v, ref)
	if err != nil {
		return r, nil, err
	}
	e, err := startEndpoint(ctx)
	if err != nil {
		return r, nil, err
	}
	defer e.close()
	inviting, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	c, err := s.x.invite(inviting, description(e.Port, v))
	r.Ringing, r.Answered = ms(c.ringing), ms(c.answered)
	if err != nil {
		return r, nil, err
	}
	begun, used := time.Now(), s.proc.cpu()
	p.To, p.Linger = c.media, tail
	sent, err := e.run(p)
	r.CPU, r.RSS = (s.proc.cpu()-used)*60/time.Since(begun).Seconds(), s.proc.rss()
	ending, stop := context.WithTimeout(ctx, callLimit)
	defer stop()
	bye, hangUpErr := c.hangUp(ending)
	if err = errors.Join(err, hangUpErr, pause(ctx, settle)); err != nil {
		return r, nil, err
	}
	r.Bye = ms(bye)
	schedule := sc.Schedule()
	r.Network = Network{Sent: sent.Sent, Dropped: len(schedule) - sent.Sent, ScheduleP99: scheduleP99(schedule), Late: ms(sent.Late)}
	if r.Heard, sound, err = analyse(sc, v, ref, sent.Arrivals); err == nil {
		r.MOS, err = by.score(ctx, v.Rate(), ref, sound, r.DelayP50)
	}
	return r, sound, err
}
