package jitter

import (
	"math/rand/v2"
	"testing"
	"time"
)

const ms = time.Millisecond

// player pulls 10 ms frames out of a Buffer fed by a simulated network; packets
// are 20 ms of an 8 kHz clock.
type player struct {
	b       *Buffer
	now     time.Duration
	fifo    time.Duration
	counts  map[Verdict]int
	missing time.Duration
	seq     uint16
	ts      uint32
	due     map[time.Duration][]Packet
}

func newPlayer(c Config) *player {
	return &player{b: New(c), counts: map[Verdict]int{}, due: map[time.Duration][]Packet{}, seq: 65500, ts: 0xffffff00}
}

func (p *player) run(d time.Duration, delay func() time.Duration) {
	for end := p.now + d; p.now < end; p.now += ms {
		if p.now%(20*ms) == 0 {
			k := Packet{Seq: p.seq, Timestamp: p.ts, Payload: []byte{1}}
			p.seq++
			p.ts += 160
			if l := delay(); l >= 0 {
				p.due[p.now+l] = append(p.due[p.now+l], k)
			}
		}
		for _, k := range p.due[p.now] {
			p.b.Put(p.now, k)
		}
		delete(p.due, p.now)
		if p.now%(10*ms) == 7*ms {
			p.pull()
		}
	}
}

func (p *player) pull() {
	for range 10 {
		if p.fifo >= 10*ms {
			break
		}
		d := p.b.Next(p.now)
		p.counts[d.Verdict]++
		switch d.Verdict {
		case Play:
			long := 20*ms - d.Skip
			p.fifo += long
			p.b.Advance(long)
		case Lost, Silent:
			n := min(d.Missing, 10*ms)
			p.missing += n
			p.fifo += n
			p.b.Advance(n)
		case Empty:
			p.fifo += 10 * ms
			p.b.Starve(10 * ms)
		case Waiting:
			p.b.Tick(p.now, 0)
			return
		}
	}
	p.fifo -= 10 * ms
	p.b.Tick(p.now, p.fifo)
}

func none() time.Duration { return 0 }

func TestSequenceAndTimestampWrap(t *testing.T) {
	p := newPlayer(Config{})
	p.run(3*time.Second, none) // the numbers wrap after 36 packets
	if p.counts[Empty]+p.counts[Lost] > 0 || p.counts[Play] < 145 {
		t.Errorf("%v", p.counts)
	}
}

func TestTargetFollowsTheNetwork(t *testing.T) {
	for _, c := range []struct {
		jitter    time.Duration
		low, high time.Duration
	}{{1, 0, 8 * ms}, {40 * ms, 30 * ms, 50 * ms}, {80 * ms, 65 * ms, 95 * ms}} {
		p := newPlayer(Config{})
		r := rand.New(rand.NewPCG(1, 1))
		p.run(20*time.Second, func() time.Duration { return time.Duration(r.Int64N(int64(c.jitter))) / ms * ms })
		if got := p.b.Target(); got < c.low || got > c.high {
			t.Errorf("jitter 0–%v: target %v", c.jitter, got)
		}
		if p.b.Excess() < -10*ms {
			t.Errorf("jitter 0–%v: delay %v for a target of %v", c.jitter, p.b.Delay(), p.b.Target())
		}
		p.run(60*time.Second, none)
		if got := p.b.Target(); got > 8*ms {
			t.Errorf("target %v after a minute of peace", got)
		}
	}
}

func TestGrowsWithTheFirstStall(t *testing.T) {
	p := newPlayer(Config{})
	p.run(2*time.Second, none)
	n, i := p.counts[Empty], 0
	p.run(400*ms, func() time.Duration {
		i++
		return max(120*ms-time.Duration(i-1)*20*ms, 0)
	})
	if d := p.b.Delay(); d < 80*ms || d > 150*ms {
		t.Errorf("delay %v after a stall of 120 ms", d)
	}
	if got := p.counts[Empty] - n; got < 8 || got > 13 {
		t.Errorf("starved %d frames", got)
	}
}

// The machine stood still for half a second, at both ends: the sender's clock
// went on, so its next packet is that much later. Nobody waits for the gap.
func TestPlayerStallsAreCaughtUp(t *testing.T) {
	p := newPlayer(Config{})
	p.run(2*time.Second, none)
	p.now += 500 * ms
	p.ts += 4000
	p.missing = 0
	p.run(100*ms, none)
	if p.missing > 20*ms {
		t.Errorf("%v of gap were played", p.missing)
	}
	p.run(2*time.Second, none)
	if d := p.b.Delay(); d > 40*ms {
		t.Errorf("delay %v", d)
	}
}

func TestLossDoesNotDelay(t *testing.T) {
	p := newPlayer(Config{})
	i := 0
	p.run(20*time.Second, func() time.Duration {
		if i++; i%10 == 5 {
			return -1
		}
		return 0
	})
	if d := p.b.Delay(); d > 25*ms {
		t.Errorf("delay %v", d)
	}
	if l := p.b.Loss(); l < .07 || l > .13 {
		t.Errorf("loss %.3f", l)
	}
}

func TestRedundancyWaitsForTheNextPacket(t *testing.T) {
	p := newPlayer(Config{Redundant: true})
	i := 0
	p.run(5*time.Second, func() time.Duration {
		if i++; i%10 == 5 {
			return -1
		}
		return 0
	})
	if got := p.b.Target(); got < 20*ms {
		t.Errorf("target %v is too short to recover a packet of 20 ms", got)
	}
}

func TestOutcomes(t *testing.T) {
	b := New(Config{})
	put := func(now time.Duration, seq uint16, ts uint32) Outcome {
		return b.Put(now, Packet{Seq: seq, Timestamp: ts, Payload: []byte{1}})
	}
	if o := put(0, 10, 1600); o != Accepted {
		t.Error(o)
	}
	if o := put(0, 10, 1600); o != Duplicate {
		t.Error(o)
	}
	if o := put(20*ms, 12, 1920); o != Accepted {
		t.Error(o)
	}
	for _, want := range []Verdict{Play, Lost} {
		d := b.Next(30 * ms)
		if d.Verdict != want {
			t.Fatalf("%v, want %v", d.Verdict, want)
		}
		if want == Lost && (d.Missing != 20*ms || d.Packet.Seq != 12 || d.Packet.Payload == nil) {
			t.Errorf("%+v", d)
		}
		b.Advance(20 * ms)
	}
	if o := put(40*ms, 11, 1760); o != TooLate {
		t.Error(o)
	}
	if o := put(40*ms, 5000, 9); o != TooLate { // one stray packet
		t.Error(o)
	}
	if o := put(60*ms, 5001, 169); o != Restarted {
		t.Error(o)
	}
	for i := range uint16(200) {
		if put(60*ms, 5002+i, 329+160*uint32(i)) == Overflow {
			if i != slots-1 {
				t.Errorf("overflow at %d", i)
			}
			return
		}
	}
	t.Error("no overflow")
}

func FuzzBuffer(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11})
	f.Add([]byte{255, 0, 255, 0, 128, 128})
	f.Fuzz(func(t *testing.T, in []byte) {
		b := New(Config{})
		now := time.Duration(0)
		for i := 0; i+3 < len(in); i += 4 {
			now += time.Duration(in[i]) * ms
			b.Put(now, Packet{Seq: uint16(in[i+1])<<8 | uint16(in[i+2]), Timestamp: uint32(in[i+3]) << 20, Payload: in[:1]})
			for range 3 {
				d := b.Next(now)
				if d.Missing < 0 || d.Skip < 0 {
					t.Fatalf("%+v", d)
				}
				switch d.Verdict {
				case Play:
					b.Advance(20 * ms)
				case Lost, Silent:
					b.Advance(min(d.Missing, 10*ms))
				case Empty:
					b.Starve(10 * ms)
				}
			}
			b.Tick(now, 0)
			if len(b.held)+len(b.spare) != slots || b.Target() < 0 {
				t.Fatal("slots leak")
			}
		}
	})
}

func BenchmarkPutNext(b *testing.B) {
	j := New(Config{})
	p := Packet{Payload: make([]byte, 160)}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		now := time.Duration(i) * 20 * ms
		p.Seq++
		p.Timestamp += 160
		j.Put(now, p)
		if d := j.Next(now + 15*ms); d.Verdict == Play {
			j.Advance(20 * ms)
		}
		j.Tick(now+15*ms, 0)
	}
}

// A sender whose timestamps fall back (its own clock stood still) is heard again
// within a quarter of a second, not after it has caught up.
func TestSenderFallsBack(t *testing.T) {
	p := newPlayer(Config{})
	steady := func() time.Duration { return 5 * ms }
	p.run(2*time.Second, steady)
	p.ts -= 4 * 8000
	before := p.counts[Play]
	p.run(300*ms, steady)
	if p.counts[Play] == before {
		t.Fatal("nothing is played 300 ms after the sender's timestamps fell back")
	}
	before = p.counts[Play]
	p.run(2*time.Second, steady)
	if n := p.counts[Play] - before; n < 95 {
		t.Errorf("%d of 100 packets are played afterwards", n)
	}
}

// A unit of a 48 kHz clock is no whole number of nanoseconds; a gap of one must
// be bridged all the same, not asked for again for ever.
func TestGapOfOneUnit(t *testing.T) {
	for _, rate := range []int{8000, 16000, 44100, 48000} {
		b := New(Config{ClockRate: rate})
		for n := range int64(3000) {
			if got := b.units(b.dur(n)); got != n {
				t.Fatalf("%d Hz: %d units become %d", rate, n, got)
			}
		}
	}
	b := New(Config{ClockRate: 48000, Start: ms})
	put := func(now time.Duration, seq uint16, ts uint32) {
		b.Put(now, Packet{Seq: seq, Timestamp: ts, Payload: []byte{1}})
	}
	put(0, 1, 1000)
	if d := b.Next(20 * ms); d.Verdict != Play {
		t.Fatalf("%+v", d)
	}
	b.Advance(20 * ms)
	put(20*ms, 2, 1000+960+1)
	for range 3 {
		d := b.Next(30 * ms)
		if d.Verdict == Play {
			return
		}
		b.Advance(d.Missing)
	}
	t.Fatal("a packet one unit later than expected is never played")
}
