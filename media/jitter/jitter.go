// Package jitter is the adaptive playout buffer: it puts packets in order and
// says, each time the player needs sound, what to play: a packet, a gap to
// conceal, or nothing yet. It knows no codec and makes no sound.
//
// Time is whatever the caller says it is, so that a test runs hours in a
// moment. The buffer starts no goroutine, takes no lock and, once warm, does
// not allocate; its owner serialises the calls.
//
// The delay is steered by two numbers that can be compared exactly: how late
// each packet came relative to the quickest ones (a histogram that forgets),
// and how much earlier than its deadline it came. Their sum is the playout
// delay; the first tells how much of it is worth waiting for (see histogram.need).
package jitter

import "time"

// Config is what a Buffer must know of the stream; zero values have defaults.
type Config struct {
	// ClockRate is the RTP clock in Hz; 0: 8000.
	ClockRate int
	// Frame is how much sound one Tick takes; 0: 10 ms.
	Frame time.Duration
	// Start is the delay before anything is known of the network; 0: 15 ms.
	Start time.Duration
	// Min and Max bound the wanted delay; 0: 2 ms and 400 ms.
	Min, Max time.Duration
	// Redundant: lost packets can be recovered from the one after them, so it
	// pays to wait for it when packets get lost.
	Redundant bool
}

// Packet is one voice packet. Payload is copied by Put; from Next it is valid
// until the next call.
type Packet struct {
	Seq       uint16
	Timestamp uint32
	Type      uint8
	Payload   []byte
}

// Outcome is what became of a packet.
type Outcome int

const (
	Accepted Outcome = iota
	Duplicate
	TooLate
	Overflow
	// Restarted: the sequence jumped; the buffer began anew with this packet.
	Restarted
)

// Verdict is what to play.
type Verdict int

const (
	// Waiting: nothing has begun; play silence.
	Waiting Verdict = iota
	// Play: decode the packet, leave out Decision.Skip, call Advance.
	Play
	// Lost: Decision.Missing is lost and later sound is here. Conceal some or
	// all of it and call Advance. If Packet.Payload is set it directly follows
	// the lost packet and may hold a copy of it.
	Lost
	// Silent: the sender sent nothing on purpose (DTX); as Lost.
	Silent
	// Empty: nothing is there. Conceal and call Starve, not Advance: what comes
	// next may be late, not lost.
	Empty
)

// Decision is the answer to Next.
type Decision struct {
	Verdict Verdict
	Packet  Packet
	Missing time.Duration
	Skip    time.Duration
}

// stalled is the pause of the player that is no unevenness any more.
const stalled = 50 * time.Millisecond

// slots bounds the packets held: 1.28 s of 10 ms packets.
const slots = 128

type slot struct {
	seq, ts int64
	typ     uint8
	buf     []byte
}

// Buffer is the playout buffer of one stream.
type Buffer struct {
	c Config

	held  []slot // ascending by seq
	spare []slot

	known   bool // seq and ts have an origin
	lastSeq int64
	lastTS  int64
	started bool
	first   time.Duration // arrival of the first packet
	played  int64         // seq of the last packet played
	pos     int64         // timestamp of the next sample wanted
	debt    time.Duration // concealed since the last packet without advancing
	tick    time.Duration // time of the last Tick
	ahead   time.Duration // sound decoded but not played, after that tick
	stray   int           // consecutive packets far from the stream
	lates   int           // consecutive packets that came too late

	net    histogram
	base   baseline
	grid   time.Duration // margin for an uneven player
	delay  time.Duration // playout delay, smoothed
	delays int
	packet time.Duration // length of one packet
	loss   float64       // part lost, smoothed
}

// New makes a buffer.
func New(c Config) *Buffer {
	def := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	if c.ClockRate == 0 {
		c.ClockRate = 8000
	}
	def(&c.Frame, 10*time.Millisecond)
	def(&c.Start, 15*time.Millisecond)
	def(&c.Min, 2*time.Millisecond)
	def(&c.Max, 400*time.Millisecond)
	b := &Buffer{c: c, grid: least, packet: 20 * time.Millisecond}
	b.held = make([]slot, 0, slots)
	b.spare = make([]slot, slots)
	return b
}

// Restart forgets the position but keeps what was learnt of the network: for a
// new SSRC or a new clock rate (0 keeps it).
func (b *Buffer) Restart(clockRate int) {
	if clockRate > 0 {
		b.c.ClockRate = clockRate
	}
	b.spare = append(b.spare, b.held...)
	b.held = b.held[:0]
	b.known, b.started = false, false
	b.debt, b.stray, b.lates, b.delays = 0, 0, 0, 0
	b.base = baseline{}
}

// SetRedundant tells whether lost packets can be recovered from the next one.
func (b *Buffer) SetRedundant(on bool) { b.c.Redundant = on }

// units rounds to the nearest: one unit of 48 kHz is no whole number of
// nanoseconds, and units(dur(n)) must be n, or a gap of one is never filled.
func (b *Buffer) units(d time.Duration) int64 {
	return (int64(d)*int64(b.c.ClockRate) + int64(time.Second)/2) / int64(time.Second)
}

func (b *Buffer) dur(units int64) time.Duration {
	return time.Duration(units * int64(time.Second) / int64(b.c.ClockRate))
}

// Put takes a packet that arrived at now.
func (b *Buffer) Put(now time.Duration, p Packet) Outcome {
	out := Accepted
	if !b.known {
		b.known, b.first = true, now
		b.lastSeq, b.lastTS = int64(p.Seq), int64(p.Timestamp)
	}
	seq := b.lastSeq + int64(int16(p.Seq-uint16(b.lastSeq)))
	ts := b.lastTS + int64(int32(p.Timestamp-uint32(b.lastTS)))
	if b.far(seq, ts) {
		// A lone stray packet is dropped, a second one is the new truth.
		if b.stray++; b.stray < 2 {
			return TooLate
		}
		b.Restart(0)
		b.known, b.first = true, now
		seq, ts, out = int64(p.Seq), int64(p.Timestamp), Restarted
		b.lastSeq, b.lastTS = seq, ts
	}
	b.stray = 0
	rel := b.base.relative(now, now-b.dur(ts))
	if seq > b.lastSeq {
		if n := seq - b.lastSeq; n == 1 && ts > b.lastTS && b.dur(ts-b.lastTS) <= 120*time.Millisecond {
			b.packet = b.dur(ts - b.lastTS)
		}
		lost := float64(seq - b.lastSeq - 1)
		for range min(int(lost), 20) {
			b.loss += (1 - b.loss) / 128
		}
		b.loss -= b.loss / 128
		b.lastSeq, b.lastTS = seq, ts
	} else {
		b.loss = max(b.loss-1.0/128, 0) // not lost, only late
	}
	b.net.add(rel)
	if b.started {
		b.measure(now, ts, rel)
		if seq <= b.played || b.dur(ts-b.pos)+b.packet <= 0 {
			if b.lates++; b.lates < lateLimit {
				return TooLate
			}
			// The player is ahead of the sender for good, whoever's clock it was;
			// what was learnt meanwhile is not about the network.
			b.Restart(0)
			b.net = histogram{}
			b.known, b.first = true, now
			seq, ts, out = int64(p.Seq), int64(p.Timestamp), Restarted
			b.lastSeq, b.lastTS = seq, ts
			b.net.add(b.base.relative(now, now-b.dur(ts)))
		}
	}
	b.lates = 0
	if o := b.insert(seq, ts, p); o != Accepted {
		return o
	}
	return out
}

// least is the margin for a player whose ticks are even; it grows when they are
// not.
const least = time.Millisecond

// lateLimit is how many packets in a row may be too late before the player,
// not the network, is taken to be wrong: a fifth of a second of silence.
const lateLimit = 10

// far tells a packet that can't belong to the stream as it was.
func (b *Buffer) far(seq, ts int64) bool {
	ds, dt := seq-b.lastSeq, b.dur(ts-b.lastTS)
	return ds > 1000 || ds < -500 || dt < -5*time.Second || (dt > 30*time.Second && ds > 1)
}

// measure learns the playout delay from a packet's distance to its deadline.
func (b *Buffer) measure(now time.Duration, ts int64, rel time.Duration) {
	left := b.dur(ts-b.pos) + b.ahead
	if left < 0 {
		left -= b.c.Frame - 1 // round down
	}
	slack := b.tick + b.c.Frame*(left/b.c.Frame+1) - now - b.debt
	if slack < 0 && rel <= b.need() && b.delay >= b.need() && -slack < 30*time.Millisecond && b.debt > 0 {
		// Not the network was late but the player early.
		b.grid = min(b.grid-slack/2, 30*time.Millisecond)
	} else {
		b.grid = max(b.grid-b.grid/4096, least)
	}
	d := slack + rel
	b.delays++
	b.delay += (d - b.delay) / time.Duration(min(b.delays, 8))
}

func (b *Buffer) insert(seq, ts int64, p Packet) Outcome {
	i := len(b.held)
	for i > 0 && b.held[i-1].seq >= seq {
		if i--; b.held[i].seq == seq {
			return Duplicate
		}
	}
	if len(b.spare) == 0 {
		return Overflow
	}
	s := b.spare[len(b.spare)-1]
	b.spare = b.spare[:len(b.spare)-1]
	s.seq, s.ts, s.typ, s.buf = seq, ts, p.Type, append(s.buf[:0], p.Payload...)
	b.held = append(b.held, slot{})
	copy(b.held[i+1:], b.held[i:])
	b.held[i] = s
	return Accepted
}

// Tick tells that the player took a frame at now, and what decoded sound it
// still has.
func (b *Buffer) Tick(now, ahead time.Duration) {
	b.resume(now)
	b.tick, b.ahead = now, ahead
}

// resume notices that the player stood still; meanwhile the sound went on.
func (b *Buffer) resume(now time.Duration) {
	if late := now - b.tick - b.c.Frame; b.started && late > stalled {
		b.delay += late
		b.tick = now - b.c.Frame
	}
}

// Next says what to play at the position reached.
func (b *Buffer) Next(now time.Duration) Decision {
	if !b.started {
		if len(b.held) == 0 || (now-b.first < b.start() && b.Held() < b.start()+2*b.packet) {
			return Decision{Verdict: Waiting}
		}
		b.started = true
		b.pos, b.played = b.held[0].ts, b.held[0].seq-1
		b.debt, b.delays = 0, 0
		b.delay = now - b.first
		b.tick = now
	}
	b.resume(now)
	for len(b.held) > 0 {
		h := &b.held[0]
		gap := b.dur(h.ts - b.pos)
		switch {
		case gap < 0 && -gap >= b.packet: // concealed meanwhile
			b.drop()
			continue
		case gap < 0:
			return b.play(-gap)
		case gap > 2*b.c.Max+b.debt: // a new piece of sound
			b.pos, b.debt = h.ts, 0
			return b.play(0)
		case gap <= b.debt:
			b.delay += b.debt - gap
			b.pos = h.ts
			return b.play(0)
		}
		d := Decision{Verdict: Lost, Missing: gap - b.debt}
		if h.seq == b.played+1 {
			d.Verdict = Silent
			if cut := min(b.Excess(), d.Missing); cut > 0 { // silence may be shortened unheard
				b.Advance(cut)
				b.delay -= cut
				if d.Missing -= cut; d.Missing == 0 {
					continue
				}
			}
		} else if h.seq == b.played+2 && b.debt == 0 {
			d.Packet = b.packetOf(h)
		}
		return d
	}
	return Decision{Verdict: Empty}
}

func (b *Buffer) start() time.Duration {
	if b.net.total < 50 {
		return b.c.Start
	}
	return b.Target()
}

func (b *Buffer) packetOf(s *slot) Packet {
	return Packet{Seq: uint16(s.seq), Timestamp: uint32(s.ts), Type: s.typ, Payload: s.buf}
}

func (b *Buffer) play(skip time.Duration) Decision {
	h := &b.held[0]
	d := Decision{Verdict: Play, Packet: b.packetOf(h), Skip: skip}
	b.played, b.debt = h.seq, 0
	b.drop()
	return d
}

func (b *Buffer) drop() {
	b.spare = append(b.spare, b.held[0]) // its bytes stay until the next Put
	copy(b.held, b.held[1:])
	b.held = b.held[:len(b.held)-1]
}

// Advance moves the position by what was decoded (after Skip) or concealed in
// place of Lost or Silent.
func (b *Buffer) Advance(d time.Duration) {
	if b.debt > 0 { // what Empty made up counts for the gap
		b.pos += b.units(b.debt)
		b.debt = 0
	}
	b.pos += b.units(d)
}

// Starve tells how much was made up because nothing was there.
func (b *Buffer) Starve(d time.Duration) {
	if b.debt < time.Minute {
		b.debt += d
	}
}

// Scaled tells that the player stretched (positive) or compressed the sound.
func (b *Buffer) Scaled(d time.Duration) { b.delay += d }

// Excess is how much longer the delay is than wanted; negative: too short.
func (b *Buffer) Excess() time.Duration {
	if b.delays < 4 {
		return 0
	}
	return b.delay - b.Target()
}

// Delay is the playout delay: from the arrival of a packet of the quickest kind
// to its playing.
func (b *Buffer) Delay() time.Duration { return max(b.delay, 0) }

// Target is the delay wanted now.
func (b *Buffer) Target() time.Duration {
	t := b.need() + b.grid
	if b.c.Redundant && b.loss > 0.01 {
		t = max(t, b.packet+b.grid)
	}
	return min(max(t, b.c.Min), b.c.Max)
}

func (b *Buffer) need() time.Duration { return b.net.need() }

// Held is the sound waiting in packets, gaps included.
func (b *Buffer) Held() time.Duration {
	if len(b.held) == 0 {
		return 0
	}
	return b.dur(b.held[len(b.held)-1].ts-b.held[0].ts) + b.packet
}

// PacketTime is the length of a packet as the sender makes them.
func (b *Buffer) PacketTime() time.Duration { return b.packet }

// Loss is the part of packets that got lost lately, 0–1.
func (b *Buffer) Loss() float64 { return b.loss }
