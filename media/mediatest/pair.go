package mediatest

import (
	"context"
	"math"
	"testing"
	"time"

	"phoned/media"
	"phoned/media/audio"
)

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
