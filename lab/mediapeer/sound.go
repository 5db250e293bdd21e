package mediapeer

import (
	"math"
	"time"

	"github.com/pion/rtp"

	"phoned/lab/sdptext"
)

// mode says what an End does with its sending side.
type mode struct {
	echo  bool
	relay *End
}

// outStream keeps sequence numbers and timestamps continuous when the source
// of packets changes (RFC 3550 §5.1).
type outStream struct {
	seq    uint16
	ts     uint32
	from   uint32 // SSRC being passed on, to notice another source
	seqOff uint16
	tsOff  uint32
	fresh  bool
}

// Silent sends nothing.
func (e *End) Silent() { e.set(mode{}) }

// Echo sends back every packet as it came: payload, gaps and marker untouched.
func (e *End) Echo() { e.set(mode{echo: true}) }

// Relay passes what is heard on to other. Both must have agreed on the same
// codec; payload types are translated by name.
func (e *End) Relay(other *End) { e.set(mode{relay: other}) }

// Tone sends a sine of hz at -10 dBm0-ish level (0.3 of full scale).
func (e *End) Tone(hz float64) {
	n := 0
	e.generate(func(rate, samples int) []int16 {
		out := make([]int16, samples)
		for i := range out {
			out[i] = int16(0.3 * 32767 * math.Sin(2*math.Pi*hz*float64(n)/float64(rate)))
			n++
		}
		return out
	})
}

// Play sends mono samples of 8000 Hz over and over, as speech.
func (e *End) Play(pcm []int16) {
	if len(pcm) == 0 {
		e.Silent()
		return
	}
	at := 0
	e.generate(func(rate, samples int) []int16 {
		out := make([]int16, samples)
		step := rate / 8000
		for i := range out {
			j := at / step
			a, b := float64(pcm[j%len(pcm)]), float64(pcm[(j+1)%len(pcm)])
			out[i] = int16(a + (b-a)*float64(at%step)/float64(step))
			at++
		}
		return out
	})
}

func (e *End) set(m mode) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.halt()
	e.mode, e.out.fresh = m, true
}

func (e *End) halt() {
	if e.stop != nil {
		close(e.stop)
		e.stop = nil
	}
}

// generate starts the sending goroutine: 20 ms packets on a wall-clock ticker.
func (e *End) generate(next func(rate, samples int) []int16) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.halt()
	if e.closed {
		return
	}
	e.mode, e.out.fresh = mode{}, true
	stop := make(chan struct{})
	e.stop = stop
	e.wg.Go(func() {
		t := time.NewTicker(20 * time.Millisecond)
		defer t.Stop()
		var c codec
		name := ""
		for {
			select {
			case <-stop:
				return
			case <-t.C:
			}
			e.mu.Lock()
			f := e.formats[e.sendPT]
			e.mu.Unlock()
			if f.Name != name {
				name, c = f.Name, newCodec(f.Name)
			}
			if c == nil {
				continue
			}
			payload, err := c.encode(next(c.rate(), c.rate()/50))
			if err == nil {
				e.sendNext(f, payload, uint32(f.Clock/50))
			}
		}
	})
}

// sendNext sends a packet of our own making.
func (e *End) sendNext(f sdptext.Format, payload []byte, ticks uint32) {
	e.mu.Lock()
	if e.closed || e.tr == nil || !sends(e.dir) {
		e.out.ts += ticks
		e.mu.Unlock()
		return
	}
	marker := e.out.fresh
	e.out.fresh = false
	e.out.seq++
	e.out.ts += ticks
	h := &rtp.Header{Version: 2, PayloadType: f.PT, SequenceNumber: e.out.seq, Timestamp: e.out.ts, Marker: marker}
	e.write(h, payload, f.Name)
}

// write must be called with mu held and releases it.
func (e *End) write(h *rtp.Header, payload []byte, name string) {
	tr := e.tr
	// Counted first: whoever has heard the packet must find it counted.
	e.stats.PacketsOut++
	e.stats.BytesOut += uint64(len(payload))
	if name != "telephone-event" {
		e.stats.CodecOut = name
	}
	e.mu.Unlock()
	if tr.write(h, payload) == nil {
		return
	}
	e.mu.Lock()
	e.stats.PacketsOut--
	e.stats.BytesOut -= uint64(len(payload))
	e.mu.Unlock()
}

func sends(dir string) bool { return dir == "sendrecv" || dir == "sendonly" }

// pass sends on a packet that came from elsewhere, shifting sequence number and
// timestamp by a constant so that its gaps stay what they were.
func (e *End) pass(p *rtp.Packet, f sdptext.Format) {
	e.mu.Lock()
	if e.closed || e.tr == nil || !sends(e.dir) {
		e.mu.Unlock()
		return
	}
	o := &e.out
	if o.fresh || o.from != p.SSRC {
		o.fresh, o.from = false, p.SSRC
		o.seqOff = o.seq + 1 - p.SequenceNumber
		o.tsOff = o.ts + 160 - p.Timestamp
	}
	h := &rtp.Header{Version: 2, PayloadType: f.PT, Marker: p.Marker,
		SequenceNumber: p.SequenceNumber + o.seqOff, Timestamp: p.Timestamp + o.tsOff}
	o.seq, o.ts = h.SequenceNumber, h.Timestamp
	e.write(h, p.Payload, f.Name)
}

// received takes one packet from the transport.
func (e *End) received(p *rtp.Packet) {
	e.mu.Lock()
	if e.closed {
		e.mu.Unlock()
		return
	}
	e.stats.PacketsIn++
	e.stats.BytesIn += uint64(len(p.Payload))
	f, known := e.formats[p.PayloadType]
	m := e.mode
	var digit byte
	if known && f.Name == "telephone-event" {
		digit = e.digit(p)
	} else if known {
		e.stats.CodecIn = f.Name
		e.listen(p, f)
	}
	heard := e.cfg.Digit
	e.mu.Unlock()
	if digit != 0 && heard != nil {
		heard(digit)
	}
	switch {
	case m.echo && known:
		e.pass(p, f)
	case m.relay != nil && known:
		if g, ok := m.relay.named(f); ok {
			m.relay.pass(p, g)
		}
	}
}

// named finds our own payload type for another end's format.
func (e *End) named(f sdptext.Format) (sdptext.Format, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	best, ok := sdptext.Format{}, false
	for _, g := range e.formats {
		if g.Name == f.Name && g.Clock == f.Clock && (!ok || g.PT == e.sendPT) {
			best, ok = g, true
		}
	}
	return best, ok
}

// listen decodes for the level meter and the recorder.
func (e *End) listen(p *rtp.Packet, f sdptext.Format) {
	c := e.codecs[p.PayloadType]
	if c == nil {
		if c = newCodec(f.Name); c == nil {
			return
		}
		e.codecs[p.PayloadType] = c
	}
	pcm, err := c.decode(p.Payload)
	if err != nil {
		return
	}
	e.stats.Level = rms(pcm)
	e.heard.add(pcm, c.rate())
}

// recorder is a ring of the last three seconds.
type recorder struct {
	rate int
	buf  []int16
	next int
	full bool
}

func (r *recorder) add(pcm []int16, rate int) {
	if r.rate != rate {
		*r = recorder{rate: rate, buf: make([]int16, 3*rate)}
	}
	for _, s := range pcm {
		r.buf[r.next] = s
		if r.next++; r.next == len(r.buf) {
			r.next, r.full = 0, true
		}
	}
}

func (r *recorder) all() []int16 {
	if !r.full {
		return append([]int16(nil), r.buf[:r.next]...)
	}
	return append(append([]int16(nil), r.buf[r.next:]...), r.buf[:r.next]...)
}
