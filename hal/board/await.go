package board

import (
	"context"
	"sync"
	"time"

	"phoned/hal/devwatch"
	"phoned/internal/backoff"
	"phoned/internal/clock"
)

const (
	// patience is how long a part that is not there at the start is no problem yet: the
	// phone starts while the kernel still finds its devices.
	patience = 15 * time.Second
	// A part that is missing is looked for at every change among the devices' files, and
	// now and then: what frees a line or a PWM channel changes no file in /dev.
	firstLook = 250 * time.Millisecond
	slowLook  = 30 * time.Second
	// steady is how long a part must have worked for its next loss to be a new one.
	steady = 10 * time.Second
)

// site is what the parts of a running board have in common.
type site struct {
	clock clock.Clock
	tell  func(Missing)
	ctx   context.Context // until Close
	stop  context.CancelFunc
	wg    sync.WaitGroup

	mu     sync.Mutex
	change chan struct{} // closed and replaced at every change among the devices
}

func newSite(c clock.Clock, tell func(Missing)) *site {
	ctx, cancel := context.WithCancel(context.Background())
	s := &site{clock: c, ctx: ctx, stop: cancel, change: make(chan struct{})}
	s.tell = s.patient(tell)
	return s
}

// watch has the missing parts looked for at every change among the devices' files.
func (s *site) watch() {
	ready := make(chan struct{})
	failed := make(chan struct{})
	s.wg.Go(func() {
		defer close(failed) // they are looked for now and then all the same
		_ = devwatch.Watch(s.ctx, devices, ready, func(name string) {
			if name == "" || ofBoard(name) {
				s.changed()
			}
		})
	})
	select {
	case <-ready:
	case <-failed:
	}
}

func (s *site) changed() {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.change)
	s.change = make(chan struct{})
}

func (s *site) next() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.change
}

// close ends the watch; the parts end with it.
func (s *site) close() {
	s.stop()
	s.wg.Wait()
}

// part is what waits for one part of the board and has it used, on one goroutine.
type part struct {
	cancel context.CancelFunc
	done   chan struct{}
}

// begin has a part looked for and used until close, or until the site closes; then ended
// is called.
func begin[T any](s *site, m Missing, open func() (T, error), use func(context.Context, T) error, ended func()) part {
	ctx, cancel := context.WithCancel(s.ctx)
	p := part{cancel, make(chan struct{})}
	s.wg.Go(func() {
		defer close(p.done)
		defer ended()
		defer cancel()
		keep(ctx, s, m, open, use)
	})
	return p
}

// close waits for the part's end; it may be called often.
func (p part) close() error {
	p.cancel()
	<-p.done
	return nil
}

// keep opens a part and has it used until it is lost or ctx ends, over and over. What
// stands in its way is told once a cause, and that it is there. use returns why it can't
// go on, and has ended what it used.
func keep[T any](ctx context.Context, s *site, m Missing, open func() (T, error), use func(context.Context, T) error) {
	b := backoff.New(firstLook, slowLook, 0.1, nil)
	why := ""
	for {
		next := s.next() // a change while it is looked for counts
		driver, err := open()
		lost := err == nil
		if lost {
			s.tell(m)
			why = ""
			since := s.clock.Now()
			err = use(ctx, driver)
			if s.clock.Now().Sub(since) >= steady {
				b.Reset()
			}
		}
		if ctx.Err() != nil {
			return
		}
		if err != nil && err.Error() != why {
			why = err.Error()
			s.tell(m.because(err))
		}
		if lost {
			next = nil // it may be there still, and fail at once again
		}
		if !clock.Wait(ctx, s.clock, b.Next(), next) {
			return
		}
	}
}

// patient keeps back what is missing until the board has had its time: what comes
// meanwhile was never missing. A key that is stuck is told at once.
func (s *site) patient(tell func(Missing)) func(Missing) {
	var mu sync.Mutex
	var order [][2]string
	held := map[[2]string]Missing{}
	over := false
	t := s.clock.AfterFunc(patience, func() {
		mu.Lock()
		defer mu.Unlock()
		over = true
		for _, which := range order {
			if m, ok := held[which]; ok {
				delete(held, which)
				tell(m)
			}
		}
	})
	context.AfterFunc(s.ctx, func() { t.Stop() })
	return func(m Missing) {
		mu.Lock()
		defer mu.Unlock()
		which := [2]string{m.Part, m.Subject}
		switch {
		case over || m.Part == partKey:
			tell(m)
		case m.Err == nil:
			delete(held, which)
			tell(m)
		default:
			held[which] = m
			order = append(order, which)
		}
	}
}
