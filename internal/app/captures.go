package app

import (
	"context"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"sync"
	"time"

	"phoned/internal/health"
	"phoned/internal/pcapng"
	"phoned/manage"
	"phoned/media/stream"
	"phoned/phone"
	"phoned/sip"
)

// captures hands what is said on the network to whoever captures it. Safe for
// concurrent use; the zero value is ready.
type captures struct {
	mu      sync.Mutex
	open    map[*capture]bool
	watch   stream.Watch
	asked   int
	answers map[int]chan bool
}

// capture is one file that is being written.
type capture struct {
	packets chan pcapng.Packet
	media   bool
}

// captureQueue bounds what waits for a slow reader; the rest is left out.
const captureQueue = 2000

// take offers a packet to every capture.
func (c *captures) take(p pcapng.Packet, voice []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for o := range c.open {
		q := p
		if o.media && len(voice) > 0 {
			q.Data = slices.Concat(p.Data, voice)
		}
		select {
		case o.packets <- q:
		default:
		}
	}
}

// message is a SIP message, from which the agent has removed the credentials.
func (c *captures) message(m sip.TraceMessage) {
	local, _ := netip.ParseAddrPort(m.Local)
	remote, _ := netip.ParseAddrPort(m.Remote)
	p := pcapng.Packet{At: m.At, Protocol: pcapng.SIP, Sent: m.Sent, From: remote, To: local, Data: []byte(m.Text)}
	if m.Sent {
		p.From, p.To = local, remote
	}
	c.take(p, nil)
}

func (c *captures) begin(o *capture, now func() time.Time) (over func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open == nil {
		c.open = map[*capture]bool{}
	}
	c.open[o] = true
	c.watch.Look(func(sent bool, header, payload []byte) {
		c.take(pcapng.Packet{At: now(), Protocol: pcapng.RTP, Sent: sent, Data: slices.Clone(header), Length: len(header) + len(payload)}, payload)
	})
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if delete(c.open, o); len(c.open) == 0 {
			c.watch.Look(nil)
		}
	}
}

// consentTime is how long a person is asked.
const consentTime = time.Minute

// consent asks the person at the phone.
func (s *System) consent(ctx context.Context) error {
	answer := make(chan bool, 1)
	c := &s.captures
	c.mu.Lock()
	c.asked++
	id := c.asked
	if c.answers == nil {
		c.answers = map[int]chan bool{}
	}
	c.answers[id] = answer
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		delete(c.answers, id)
		c.mu.Unlock()
		s.Phone.Post(phone.ConsentEnded{ID: id})
	}()
	if !s.Phone.Post(phone.ConsentAsked{ID: id}) {
		return fmt.Errorf("%w: the phone takes no orders", manage.ErrNotNow)
	}
	late := time.NewTimer(consentTime)
	defer late.Stop()
	select {
	case yes := <-answer:
		if yes {
			return nil
		}
		return fmt.Errorf("%w: the answer was no", manage.ErrNoConsent)
	case <-late.C:
		return fmt.Errorf("%w: nobody answered", manage.ErrNoConsent)
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", manage.ErrNoConsent, ctx.Err())
	}
}

// consented is the person's answer.
func (s *System) consented(id int, yes bool) {
	s.captures.mu.Lock()
	defer s.captures.mu.Unlock()
	if ch := s.captures.answers[id]; ch != nil {
		ch <- yes
	}
}

const captureCode = "support.capture"

// Capture implements manage.Maintainer.
func (m maintainer) Capture(ctx context.Context, d time.Duration, media bool, w io.Writer) error {
	s := m.s
	if media {
		if err := s.consent(ctx); err != nil {
			return err
		}
	}
	out, err := pcapng.NewWriter(w, "phoned "+m.o.Version)
	if err != nil {
		return err
	}
	o := &capture{packets: make(chan pcapng.Packet, captureQueue), media: media}
	over := s.captures.begin(o, s.clock.Now)
	subject := fmt.Sprintf("%p", o)
	s.Health.Set(health.Problem{Code: captureCode, Subject: subject, Severity: health.Info, Title: "What this phone says on the network is being recorded for support",
		Advice: "It ends by itself. Ask your administrator who does it."})
	s.log.Warn("the network is captured", "media", media)
	defer func() { over(); s.Health.Clear(captureCode, subject) }()
	if err := out.Flush(); err != nil {
		return err
	}
	end := time.NewTimer(d)
	defer end.Stop()
	tick := time.NewTicker(time.Second / 4)
	defer tick.Stop()
	for {
		select {
		case p := <-o.packets:
			err = out.Write(p)
		case <-tick.C:
			err = out.Flush()
		case <-end.C:
			for len(o.packets) > 0 && err == nil {
				err = out.Write(<-o.packets)
			}
			if err == nil {
				err = out.Flush()
			}
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
		if err != nil {
			return err
		}
	}
}
