package sip_test

import (
	"context"
	"runtime"
	"strings"
	"testing"
	"time"

	"phoned/internal/secret"
	"phoned/sip"
	"phoned/sip/siptest"
)

const sdpOffer = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"
const sdpAnswer = "v=0\r\no=- 2 2 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4002 RTP/AVP 0\r\n"

// phone is an Agent under test with its events.
type phone struct {
	*sip.Agent
	t      testing.TB
	events chan sip.Event
	// patience only bounds a failing test; it is long under fake time.
	patience time.Duration
}

func newPhone(t testing.TB, edit func(*sip.Config)) *phone {
	t.Helper()
	checkLeaks(t)
	p := &phone{t: t, events: make(chan sip.Event, 1024), patience: 20 * time.Second}
	c := sip.Config{
		InstanceID: "urn:uuid:00000000-0000-4000-8000-000000000001",
		Events:     func(e sip.Event) { p.events <- e },
	}
	if edit != nil {
		edit(&c)
	}
	a, err := sip.New(c)
	if err != nil {
		t.Fatal(err)
	}
	p.Agent = a
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = a.Close(ctx)
		if n := a.Counters().Panics; n != 0 {
			t.Errorf("%d panics were caught", n)
		}
	})
	return p
}

// checkLeaks fails the test if goroutines of this module outlive it. Cleanups
// run last in, first out: this one runs after those registered later.
func checkLeaks(t testing.TB) {
	t.Cleanup(func() {
		var left string
		for range 200 {
			buf := make([]byte, 1<<20)
			buf = buf[:runtime.Stack(buf, true)]
			left = ""
			for _, g := range strings.Split(string(buf), "\n\n") {
				if strings.Contains(g, "phoned/sip.") && !strings.Contains(g, "testing.tRunner") && !strings.Contains(g, "checkLeaks") {
					left += g + "\n\n"
				}
			}
			if left == "" {
				return
			}
			time.Sleep(5 * time.Millisecond) // only a failing test waits here for long
		}
		t.Errorf("goroutines left:\n%s", left)
	})
}

// want returns the next event of type E, which must be the next event but for
// LineChanged.
func want[E sip.Event](p *phone) E {
	p.t.Helper()
	for {
		select {
		case e := <-p.events:
			if got, ok := e.(E); ok {
				return got
			}
			if _, ok := e.(sip.LineChanged); ok {
				continue
			}
			var zero E
			p.t.Fatalf("want %T, got %#v", zero, e)
		case <-time.After(p.patience):
			var zero E
			p.t.Fatalf("no %T", zero)
		}
	}
}

// line waits for a state.
func (p *phone) line(s sip.LineState) sip.LineChanged {
	p.t.Helper()
	for {
		if c := want[sip.LineChanged](p); c.State == s {
			return c
		}
	}
}

func testLine(x *siptest.Exchange) sip.Line {
	return sip.Line{
		ID: "line1", User: "1001", Domain: "test.example", DisplayName: "Alice",
		Password: secret.New("pässword"), Servers: []string{x.URL}, Roots: x.Roots,
	}
}

func testRegistrar() *siptest.Registrar {
	return &siptest.Registrar{User: "1001", Password: "pässword", Realm: "test.example", Algorithm: "MD5"}
}

// registered makes a phone that is registered over transport.
func registered(t testing.TB, transport string) (*phone, *siptest.Exchange, *siptest.Peer) {
	t.Helper()
	return registeredWith(t, transport, nil)
}

func registeredWith(t testing.TB, transport string, edit func(*sip.Config)) (*phone, *siptest.Exchange, *siptest.Peer) {
	t.Helper()
	x := siptest.New(t, transport, testRegistrar())
	p := newPhone(t, edit)
	if transport == "pipe" {
		sip.SetDialer(p.Agent, func(string) sip.Flow { return x.Dial() })
		p.patience = time.Hour
	}
	p.SetLines([]sip.Line{testLine(x)})
	peer := x.Peer()
	peer.Registered()
	p.line(sip.Registered)
	return p, x, peer
}
