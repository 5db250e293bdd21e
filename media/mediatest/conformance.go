package mediatest

import (
	"context"
	"errors"
	"fmt"
	"math"
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

// end is one Session with the tone it speaks and the sound it hears.
type end struct {
	media.Session
	freq  float64
	phase int
	heard []int16 // the last windowFrames
	mute  bool
}

const windowFrames = 5 // 50 ms: whole periods of all tones used

func (e *end) frame() {
	in, out := make([]int16, audio.FrameLen), make([]int16, audio.FrameLen)
	for i := range in {
		if !e.mute {
			in[i] = int16(8000 * math.Sin(2*math.Pi*e.freq*float64(e.phase)/audio.Rate))
		}
		e.phase++
	}
	e.Port().WriteFrame(in)
	e.Port().ReadFrame(out)
	e.heard = append(e.heard, out...)
	if n := len(e.heard) - windowFrames*audio.FrameLen; n > 0 {
		e.heard = e.heard[n:]
	}
}

// amplitude of one frequency in what was heard last (Goertzel).
func (e *end) amplitude(freq float64) float64 {
	c := 2 * math.Cos(2*math.Pi*freq/audio.Rate)
	var a, b float64
	for _, v := range e.heard {
		a, b = float64(v)+c*a-b, a
	}
	return 2 * math.Sqrt(max(a*a+b*b-c*a*b, 0)) / float64(max(len(e.heard), 1))
}

func (e *end) loudness() float64 {
	sum := 0.0
	for _, v := range e.heard {
		sum += float64(v) * float64(v)
	}
	return math.Sqrt(sum / float64(max(len(e.heard), 1)))
}

// pair is a call between two Sessions; only the test's goroutine touches it.
type pair struct {
	t      testing.TB
	a, b   *end
	clock  *frameClock
	ticker *time.Ticker
}

func newPair(t testing.TB, f factory, a, b media.Session) *pair {
	p := &pair{t: t, a: &end{Session: a, freq: 1000}, b: &end{Session: b, freq: 600}, clock: f.clock, ticker: time.NewTicker(audio.FrameTime)}
	t.Cleanup(p.ticker.Stop)
	return p
}

func (p *pair) step() {
	<-p.ticker.C
	p.clock.frames.Add(1)
	p.a.frame()
	p.b.frame()
}

// until steps until the condition holds; it gives the frames that took.
func (p *pair) until(what string, cond func() bool) int {
	p.t.Helper()
	for i := range 1000 {
		p.step()
		if cond() {
			return i
		}
	}
	p.t.Fatalf("%s: not within 10 s; a %+v; b %+v", what, p.a.Stats(), p.b.Stats())
	return 0
}

func (p *pair) steps(n int) {
	for range n {
		p.step()
	}
}

// gapFrames is the longest gap that a busy machine may make: new connections
// take longer, and a lost one never comes back.
const gapFrames = 10

// withoutGap does something, with the sound going on meanwhile and 40 frames more,
// and fails if there is a gap in what is heard. A busy machine carries packets
// later than frames follow each other, and that is a gap without anybody's
// fault: here the next frame waits until the packets of the last have arrived.
func (p *pair) withoutGap(what string, do func() error, heard func() bool) {
	p.t.Helper()
	p.until("heard before "+what, heard)
	before := [2]media.Stats{p.a.Stats(), p.b.Stats()}
	done := make(chan error, 1)
	go func() { done <- do() }()
	longest, run := 0, 0
	for left := 40; left > 0; {
		p.step()
		p.arrive(before)
		if run++; heard() {
			run = 0
		}
		longest = max(longest, run)
		if done == nil {
			left--
			continue
		}
		select {
		case err := <-done:
			if done = nil; err != nil {
				p.t.Fatal(err)
			}
		default:
		}
	}
	if longest > gapFrames {
		p.t.Fatalf("gap of %d frames around %s; a %+v; b %+v", longest, what, p.a.Stats(), p.b.Stats())
	}
}

// arrive waits, a second at most, until both have got what the other sent since
// before; a packet under way at that time counts as arrived.
func (p *pair) arrive(before [2]media.Stats) {
	for range 100 {
		a, b := p.a.Stats(), p.b.Stats()
		if b.PacketsRecv-before[1].PacketsRecv >= a.PacketsSent-before[0].PacketsSent &&
			a.PacketsRecv-before[0].PacketsRecv >= b.PacketsSent-before[1].PacketsSent {
			return
		}
		<-p.ticker.C
	}
}

const (
	loud  = 4000 // of 8000 sent
	quiet = 60
)

func (p *pair) aHears() bool { return p.a.amplitude(600) > loud }
func (p *pair) bHears() bool { return p.b.amplitude(1000) > loud }

func must(t testing.TB, b []byte, err error) []byte {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// negotiate does one offer and answer.
func negotiate(t testing.TB, from, to media.Session) (offer, answer []byte) {
	t.Helper()
	offer, answer, err := agree(t.Context(), from, to)
	if err != nil {
		t.Fatal(err)
	}
	return offer, answer
}

func agree(ctx context.Context, from, to media.Session) (offer, answer []byte, err error) {
	if offer, err = from.Offer(ctx); err != nil {
		return nil, nil, err
	}
	if answer, err = to.Answer(ctx, offer); err != nil {
		return nil, nil, err
	}
	return offer, answer, from.Apply(ctx, answer)
}

// connect calls and waits until both hear each other.
func connect(t testing.TB, f factory, codecs []string) *pair {
	t.Helper()
	p := newPair(t, f, f.session(t, codecs), f.session(t, nil))
	negotiate(t, p.a, p.b)
	p.until("both hear", func() bool { return p.aHears() && p.bHears() })
	return p
}

// waitEvent takes events until one of a kind comes.
func (p *pair) waitEvent(e *end, k media.EventKind) (got media.Event) {
	p.t.Helper()
	p.until("event", func() bool {
		for {
			select {
			case ev := <-e.Events():
				if got = ev; ev.Kind == k {
					return true
				}
			default:
				return false
			}
		}
	})
	return got
}

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
