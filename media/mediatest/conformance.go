package mediatest

import (
	"errors"
	"fmt"
	"regexp"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"phoned/internal/clock"
	"phoned/media"
	"phoned/media/audio"
)

// Factory makes a Session that reaches others of its kind over loopback and
// ends with the test. codecs is the order of preference, nil for the default; c
// is the Session's clock.
type Factory func(t testing.TB, codecs []string, c clock.Clock) media.Session

// frameClock goes with the frames: sound that a busy machine carries late is in
// time, as long as the next frame waits for it. Timers are real ones.
type frameClock struct {
	clock.Real
	begin  time.Time
	frames atomic.Int64
}

// Now implements clock.Clock.
func (c *frameClock) Now() time.Time {
	return c.begin.Add(time.Duration(c.frames.Load()) * audio.FrameTime)
}

// factory makes Sessions of one clock.
type factory struct {
	f     Factory
	clock *frameClock
}

func (f factory) session(t testing.TB, codecs []string) media.Session { return f.f(t, codecs, f.clock) }

// Conformance is what every media.Session must do. It runs in real time, in
// frames of 10 ms; nothing in it depends on how fast the machine is, except
// that a step must succeed within some seconds.
func Conformance(t *testing.T, f Factory) {
	t.Run("TonesBothWays", func(t *testing.T) { tonesBothWays(t, timed(f)) })
	t.Run("Codecs", func(t *testing.T) { everyCodec(t, timed(f)) })
	t.Run("HoldAndResume", func(t *testing.T) { holdAndResume(t, timed(f)) })
	t.Run("Move", func(t *testing.T) { moves(t, timed(f)) })
	t.Run("RemoteHold", func(t *testing.T) { remoteHold(t, timed(f)) })
	t.Run("ReofferWithoutGap", func(t *testing.T) { reofferWithoutGap(t, timed(f)) })
	t.Run("DTMF", func(t *testing.T) { dtmf(t, timed(f)) })
	t.Run("NoDTMF", func(t *testing.T) { noDTMF(t, timed(f)) })
	t.Run("EarlyMediaThenOther", func(t *testing.T) { earlyThenOther(t, timed(f)) })
	t.Run("BadDescriptions", func(t *testing.T) { badDescriptions(t, timed(f)) })
	t.Run("Stats", func(t *testing.T) { sensibleStats(t, timed(f)) })
	t.Run("Close", func(t *testing.T) { closeLeavesNothing(t, timed(f)) })
}

func timed(f Factory) factory { return factory{f, &frameClock{begin: time.Now()}} }

func tonesBothWays(t *testing.T, f factory) {
	p := connect(t, f, nil)
	p.waitEvent(p.a, media.Flowing)
	p.waitEvent(p.b, media.Flowing)
	for _, e := range []*end{p.a, p.b} {
		if ours, theirs := e.Directions(); ours != media.SendRecv || theirs != media.SendRecv {
			t.Errorf("directions %v, %v", ours, theirs)
		}
	}
}

func everyCodec(t *testing.T, f factory) {
	for _, name := range []string{"opus", "G722", "PCMU", "PCMA"} {
		t.Run(name, func(t *testing.T) {
			p := connect(t, f, []string{name})
			if s := p.a.Stats(); s.Codec != name || s.RecvCodec != name {
				t.Errorf("sends %s, hears %s", s.Codec, s.RecvCodec)
			}
		})
	}
}

// holdAndResume listens: the far end must hear nothing at once, before any
// description went out, and after it; then both again.
func holdAndResume(t *testing.T, f factory) {
	p := connect(t, f, nil)
	p.a.SetDirection(media.SendOnly)
	// What was under way may still be played: one packet, the buffer, the window.
	p.until("hold silences", func() bool { return p.b.loudness() < quiet })
	offer, answer := negotiate(t, p.a, p.b)
	if !strings.Contains(string(offer), "a=sendonly") || !strings.Contains(string(answer), "a=recvonly") {
		t.Errorf("offer\n%s\nanswer\n%s", offer, answer)
	}
	if _, theirs := p.b.Directions(); theirs != media.RecvOnly {
		t.Errorf("the held side sees %v", theirs)
	}
	for range 30 {
		p.step()
		if p.b.loudness() > quiet {
			t.Fatal("held, and yet heard")
		}
	}
	if p.a.loudness() > quiet {
		t.Error("we hear whom we hold")
	}
	p.a.SetDirection(media.SendRecv)
	offer, answer = negotiate(t, p.a, p.b)
	if !strings.Contains(string(offer), "a=sendrecv") || !strings.Contains(string(answer), "a=sendrecv") {
		t.Errorf("offer\n%s\nanswer\n%s", offer, answer)
	}
	p.until("resumed", func() bool { return p.aHears() && p.bHears() })
}

// remoteHold: b holds a; a stops sending packets for "inactive".
func remoteHold(t *testing.T, f factory) {
	p := connect(t, f, nil)
	for _, d := range []media.Direction{media.SendOnly, media.Inactive} {
		p.b.SetDirection(d)
		_, answer := negotiate(t, p.b, p.a)
		want := map[media.Direction]media.Direction{media.SendOnly: media.RecvOnly, media.Inactive: media.Inactive}[d]
		if _, theirs := p.a.Directions(); theirs != want {
			t.Errorf("%v: we see %v", d, theirs)
		}
		if !strings.Contains(string(answer), "a="+want.String()) {
			t.Errorf("%v answered\n%s", d, answer)
		}
		p.steps(5)
		before := p.a.Stats().PacketsSent
		p.steps(20)
		if n := p.a.Stats().PacketsSent; n != before {
			t.Errorf("%v: %d packets sent to one who does not listen", d, n-before)
		}
		if p.a.loudness() > quiet && d == media.Inactive {
			t.Error("inactive, and yet heard")
		}
	}
	p.b.SetDirection(media.SendRecv)
	negotiate(t, p.b, p.a)
	p.until("resumed", func() bool { return p.aHears() && p.bHears() })
}

func reofferWithoutGap(t *testing.T, f factory) {
	p := connect(t, f, nil)
	p.steps(50)
	version := regexp.MustCompile(`(?m)^o=\S+ (\d+) (\d+) `)
	var last string
	for i := range 4 {
		from, to := p.a, p.b
		if i%2 == 1 {
			from, to = p.b, p.a
		}
		p.withoutGap(fmt.Sprint("re-offer ", i), func() error {
			offer, _, err := agree(t.Context(), from, to)
			if v := version.FindString(string(offer)); err == nil && i%2 == 0 {
				if v == "" || v == last {
					t.Errorf("o= did not change: %q", v)
				}
				last = v
			}
			return err
		}, func() bool { return p.aHears() && p.bHears() })
	}
}

func dtmf(t *testing.T, f factory) {
	for _, codec := range []string{"opus", "PCMU"} {
		t.Run(codec, func(t *testing.T) {
			p := connect(t, f, []string{codec})
			for _, d := range []byte("1*#D") {
				if err := p.a.SendDTMF(d, 100*time.Millisecond); err != nil {
					t.Fatal(err)
				}
			}
			got := ""
			for len(got) < 4 {
				got += p.waitEvent(p.b, media.DigitReceived).Detail
			}
			if got != "1*#D" {
				t.Errorf("received %q", got)
			}
			p.until("voice goes on", p.bHears)
			if err := p.a.SendDTMF('x', 0); err == nil {
				t.Error("x is no digit")
			}
		})
	}
}

// events matches what telephone-event adds to a description.
var events = regexp.MustCompile(`(?m)^a=(rtpmap:\d+ telephone-event|fmtp:\d+ 0-15).*\r\n`)

// WithoutEvents takes telephone-event out of a description.
func WithoutEvents(b []byte) []byte {
	b = events.ReplaceAll(b, nil)
	return regexp.MustCompile(`(?m)^(m=audio .*?)( 110)?( 126)?\r\n`).ReplaceAll(b, []byte("$1\r\n"))
}

func noDTMF(t *testing.T, f factory) {
	a, b := f.session(t, nil), f.session(t, nil)
	offer, err := a.Offer(t.Context())
	answer, err2 := b.Answer(t.Context(), WithoutEvents(must(t, offer, err)))
	if err := a.Apply(t.Context(), must(t, answer, err2)); err != nil {
		t.Fatal(err)
	}
	for _, s := range []media.Session{a, b} {
		if err := s.SendDTMF('1', 0); !errors.Is(err, media.ErrNoDTMF) {
			t.Errorf("got %v", err)
		}
	}
}

// earlyThenOther: one far end plays early media, another one answers the call,
// with another codec.
func earlyThenOther(t *testing.T, f factory) {
	a, early, final := f.session(t, nil), f.session(t, []string{"PCMU"}), f.session(t, []string{"opus"})
	offer, err := a.Offer(t.Context())
	must(t, offer, err)
	answer1, err := early.Answer(t.Context(), offer)
	must(t, answer1, err)
	if err := a.Apply(t.Context(), answer1); err != nil {
		t.Fatal(err)
	}
	p := newPair(t, f, a, early)
	p.until("early media", p.aHears)
	answer2, err := final.Answer(t.Context(), offer)
	must(t, answer2, err)
	if err := a.Apply(t.Context(), answer2); err != nil {
		t.Fatal(err)
	}
	early.Close()
	p.b = &end{Session: final, freq: 750}
	p.until("final answer", func() bool { return p.a.amplitude(750) > loud && p.bHears() })
	if s := a.Stats(); s.Codec != "opus" {
		t.Errorf("sends %s", s.Codec)
	}
	// The same answer once more changes nothing.
	p.withoutGap("the same answer", func() error { return a.Apply(t.Context(), answer2) }, func() bool { return p.a.amplitude(750) > loud })
}

func badDescriptions(t *testing.T, f factory) {
	a, b := f.session(t, nil), f.session(t, nil)
	for name, text := range map[string]string{
		"empty": "", "noise": "\x00\xff\x01", "no media": "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n",
	} {
		if _, err := a.Answer(t.Context(), []byte(text)); !errors.Is(err, media.ErrBadDescription) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := a.Apply(t.Context(), []byte("v=0\r\n")); !errors.Is(err, media.ErrBadDescription) {
		t.Errorf("answer without offer: %v", err)
	}
	offer, err := b.Offer(t.Context())
	foreign := regexp.MustCompile(`(?m)^m=audio (\d+) (\S+) .*$`).ReplaceAll(must(t, offer, err), []byte("m=audio $1 $2 18\r"))
	if _, err := a.Answer(t.Context(), foreign); !errors.Is(err, media.ErrNoCommonCodec) {
		t.Errorf("G.729 only: %v", err)
	}
	// It is still good for a call.
	p := newPair(t, f, a, f.session(t, nil))
	negotiate(t, p.b, p.a)
	p.until("both hear", func() bool { return p.aHears() && p.bHears() })
}

func sensibleStats(t *testing.T, f factory) {
	p := connect(t, f, nil)
	p.steps(100)
	for _, e := range []*end{p.a, p.b} {
		s := e.Stats()
		if s.PacketsSent < 45 || s.PacketsRecv < 45 || s.BytesSent == 0 || s.BytesRecv == 0 {
			t.Errorf("counters: %+v", s)
		}
		if s.Level < 0.1 || s.Level > 0.5 { // 8000 of 32768
			t.Errorf("level %.3f", s.Level)
		}
		if s.LocalAddress == "" || s.RemoteAddress == "" {
			t.Errorf("addresses: %+v", s)
		}
		if s.JitterDelay <= 0 || s.JitterDelay > 300*time.Millisecond {
			t.Errorf("jitter delay %v", s.JitterDelay)
		}
	}
	if a, b := p.a.Stats(), p.b.Stats(); a.Secure && (a.Profile == "" || a.Profile != b.Profile || a.LocalPrint != b.RemotePrint || a.RemotePrint != b.LocalPrint) {
		t.Errorf("security: %+v %+v", a, b)
	}
}

func closeLeavesNothing(t *testing.T, f factory) {
	runtime.GC()
	before := runtime.NumGoroutine()
	for range 3 {
		p := connect(t, f, nil)
		for _, e := range []*end{p.a, p.b} {
			for range 2 {
				if err := e.Close(); err != nil {
					t.Error(err)
				}
			}
			for range e.Events() { // ends
			}
			if _, err := e.Offer(t.Context()); !errors.Is(err, media.ErrClosed) {
				t.Errorf("offer after close: %v", err)
			}
			if _, err := e.Answer(t.Context(), nil); !errors.Is(err, media.ErrClosed) {
				t.Errorf("answer after close: %v", err)
			}
			e.frame() // harmless
		}
	}
	wait := time.NewTicker(10 * time.Millisecond)
	defer wait.Stop()
	for range 300 {
		if runtime.NumGoroutine() <= before {
			return
		}
		<-wait.C
	}
	buf := make([]byte, 1<<16)
	t.Errorf("%d goroutines before, %d after\n%s", before, runtime.NumGoroutine(), buf[:runtime.Stack(buf, true)])
}
