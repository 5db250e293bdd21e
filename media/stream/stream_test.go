package stream

import (
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/pion/rtp"

	"phoned/internal/clock"
	"phoned/media/audio"
	"phoned/media/codec"
)

var formats = map[string]Format{
	"PCMA": {"PCMA", 8, 8000}, "PCMU": {"PCMU", 0, 8000}, "G722": {"G722", 9, 8000}, "opus": {"opus", 111, 48000},
}

var allFormats = []Format{formats["PCMA"], formats["PCMU"], formats["G722"], formats["opus"], {"telephone-event", 101, 8000}, {"CN", 13, 8000}}

// capture collects what a Stream sends.
type capture struct {
	mu sync.Mutex
	p  []rtp.Packet
}

func (c *capture) WriteRTP(h *rtp.Header, payload []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.p = append(c.p, rtp.Packet{Header: *h, Payload: slices.Clone(payload)})
	return nil
}

// netsim is a receiving Stream over a simulated network in virtual time.
type netsim struct {
	t      *testing.T
	s      *Stream
	clk    *clock.Fake
	format Format
	enc    codec.Encoder
	ptime  time.Duration
	seq    uint16
	ts     uint32
	sent   int // samples at the codec's rate
	freq   float64
	due    []arrival
	next   time.Duration // when the next packet is made
	now    time.Duration
	heard  []int16
	mute   bool
	ppm    time.Duration // how much faster the sender's clock runs
}

type arrival struct {
	at time.Duration
	b  []byte
}

func simulate(t *testing.T, name string, ptime time.Duration) *netsim {
	t.Helper()
	clk := clock.NewFake(time.Unix(1e9, 0))
	s := New(Config{Clock: clk})
	t.Cleanup(s.Close)
	f := formats[name]
	if err := s.SetFormats(Formats{Send: f, Recv: allFormats}); err != nil {
		t.Fatal(err)
	}
	enc, err := Config{}.newEncoder(name)
	if err != nil {
		t.Fatal(err)
	}
	return &netsim{t: t, s: s, clk: clk, format: f, enc: enc, ptime: ptime, seq: 65530, ts: 0xffffff00, freq: 400, next: 3 * time.Millisecond}
}

// packet makes the next one.
func (n *netsim) packet() []byte {
	pcm := make([]int16, int(n.ptime)*n.enc.Rate()/int(time.Second))
	for i := range pcm {
		if !n.mute {
			pcm[i] = int16(8000 * math.Sin(2*math.Pi*n.freq*float64(n.sent)/float64(n.enc.Rate())))
		}
		n.sent++
	}
	p, err := n.enc.Encode(nil, pcm)
	if err != nil {
		n.t.Fatal(err)
	}
	b, _ := (&rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: n.format.Type, SequenceNumber: n.seq, Timestamp: n.ts, SSRC: 7}, Payload: p}).Marshal()
	n.seq++
	n.ts += uint32(int(n.ptime) * n.format.ClockRate / int(time.Second))
	return b
}

// run lets d pass; delay says how late the i-th packet comes, negative: lost.
func (n *netsim) run(d time.Duration, delay func(i int) time.Duration) {
	out := make([]int16, audio.FrameLen)
	end := n.now + d
	i := 0
	for ; n.now < end; n.now += audio.FrameTime {
		for n.next < n.now+audio.FrameTime {
			b, late := n.packet(), delay(i)
			if late >= 0 {
				n.due = append(n.due, arrival{n.next + late, b})
			}
			i++
			n.next += n.ptime - n.ptime*n.ppm/1e6
		}
		slices.SortStableFunc(n.due, func(a, b arrival) int { return int(a.at - b.at) })
		at := n.now
		for len(n.due) > 0 && n.due[0].at < n.now+audio.FrameTime {
			n.clk.Advance(max(n.due[0].at-at, 0))
			at = max(n.due[0].at, at)
			n.s.Receive(n.due[0].b)
			n.due = n.due[1:]
		}
		n.clk.Advance(n.now + audio.FrameTime - at)
		n.s.ReadFrame(out)
		n.heard = append(n.heard, out...)
	}
}

func amplitude(pcm []int16, freq float64) float64 {
	c := 2 * math.Cos(2*math.Pi*freq/audio.Rate)
	var a, b float64
	for _, v := range pcm {
		a, b = float64(v)+c*a-b, a
	}
	return 2 * math.Sqrt(max(a*a+b*b-c*a*b, 0)) / float64(len(pcm))
}

// worst is the least amplitude of the tone in any 50 ms of the last d.
func (n *netsim) worst(d time.Duration) float64 {
	least := math.Inf(1)
	pcm := n.heard[len(n.heard)-int(d*audio.Rate/time.Second):]
	for ; len(pcm) >= 2400; pcm = pcm[2400:] {
		least = min(least, amplitude(pcm[:2400], n.freq))
	}
	return least
}

func clean(int) time.Duration { return 0 }

func TestCleanNetwork(t *testing.T) {
	for _, name := range []string{"PCMA", "PCMU", "G722", "opus"} {
		for _, ms := range []time.Duration{10, 20, 30, 40, 60} {
			if name == "opus" && ms == 30 {
				continue // RFC 6716 has no such frame
			}
			n := simulate(t, name, ms*time.Millisecond)
			n.run(time.Second, clean)
			before := n.s.Stats().Concealed
			n.run(6*time.Second, clean)
			st := n.s.Stats()
			if w := n.worst(5 * time.Second); w < 7000 {
				t.Errorf("%s %d ms: the tone falls to %.0f", name, ms, w)
			}
			if c := st.Concealed - before; c > 0 || st.Late > 0 || st.Lost > 0 {
				t.Errorf("%s %d ms: %d concealed, %+v", name, ms, c, st)
			}
			if st.Delay > 15*time.Millisecond {
				t.Errorf("%s %d ms: delay %v", name, ms, st.Delay)
			}
		}
	}
}

func TestJitter(t *testing.T) {
	for _, c := range []struct {
		name   string
		jitter time.Duration
		most   time.Duration // delay
		worst  float64
		conc   uint64 // of 2000 frames
	}{
		{"PCMA", 40 * time.Millisecond, 60 * time.Millisecond, 4000, 40},
		{"PCMA", 80 * time.Millisecond, 100 * time.Millisecond, 3000, 40},
		{"opus", 40 * time.Millisecond, 60 * time.Millisecond, 3000, 40},
		{"opus", 80 * time.Millisecond, 100 * time.Millisecond, 3000, 40},
	} {
		n := simulate(t, c.name, 20*time.Millisecond)
		r := rand.New(rand.NewPCG(1, 2))
		random := func(int) time.Duration { return time.Duration(r.Int64N(int64(c.jitter))) }
		n.run(5*time.Second, random)
		before := n.s.Stats().Concealed
		n.run(20*time.Second, random)
		st := n.s.Stats()
		t.Logf("%s 0–%v: delay %v, %d concealed, %d late, worst %.0f", c.name, c.jitter, st.Delay, st.Concealed-before, st.Late, n.worst(20*time.Second))
		if st.Delay > c.most || st.Concealed-before > c.conc {
			t.Errorf("delay %v, %d concealed", st.Delay, st.Concealed-before)
		}
		n.run(40*time.Second, clean)
		st = n.s.Stats()
		if st.Delay > 20*time.Millisecond {
			t.Errorf("%s: %v after 40 s of peace", c.name, st.Delay)
		}
	}
}

func TestStalls(t *testing.T) {
	n := simulate(t, "PCMA", 20*time.Millisecond)
	stall := func(i int) time.Duration { // 150 ms each 5 s
		if k := i % 250; k >= 100 && k < 108 {
			return time.Duration(150-20*(k-100)) * time.Millisecond
		}
		return 0
	}
	n.run(20*time.Second, stall)
	before := n.s.Stats()
	n.run(40*time.Second, stall)
	st := n.s.Stats()
	t.Logf("delay %v, concealed %d, late %d", st.Delay, st.Concealed-before.Concealed, st.Late-before.Late)
	if st.Delay > 170*time.Millisecond || st.Concealed > before.Concealed {
		t.Errorf("stalls that come back are heard: delay %v, %d frames made up", st.Delay, st.Concealed-before.Concealed)
	}
	n.run(20*time.Second, clean)
	if d := n.s.Stats().Delay; d > 30*time.Millisecond {
		t.Errorf("%v 20 s after the last stall", d)
	}
}

func TestLossReorderDuplicates(t *testing.T) {
	for _, name := range []string{"PCMA", "G722", "opus"} {
		n := simulate(t, name, 20*time.Millisecond)
		if a, ok := n.enc.(codec.Adaptive); ok {
			a.SetLoss(10)
		}
		n.run(2*time.Second, clean)
		n.run(20*time.Second, func(i int) time.Duration {
			switch {
			case i%20 == 7:
				return -1
			case i%20 == 13:
				return 25 * time.Millisecond // behind the next one
			}
			return 0
		})
		st := n.s.Stats()
		t.Logf("%s: delay %v, concealed %d, lost %d, late %d, worst %.0f", name, st.Delay, st.Concealed, st.Lost, st.Late, n.worst(20*time.Second))
		if st.Lost != 50 || st.LossPercent < 3 || st.LossPercent > 7 {
			t.Errorf("%s: %d lost, %.1f %%", name, st.Lost, st.LossPercent)
		}
		if st.Concealed < 90 || st.Concealed > 260 {
			t.Errorf("%s: %d concealed", name, st.Concealed)
		}
		if w := n.worst(20 * time.Second); w < 2500 {
			t.Errorf("%s: the tone falls to %.0f", name, w)
		}
		b := n.packet()
		n.s.Receive(b)
		n.s.Receive(b)
		if d := n.s.Stats().Duplicates; d != 1 {
			t.Errorf("%d duplicates", d)
		}
	}
}

func TestNewSourceAndCodec(t *testing.T) {
	n := simulate(t, "PCMA", 20*time.Millisecond)
	n.run(time.Second, clean)
	for _, name := range []string{"opus", "PCMU", "G722"} {
		o := simulate(t, name, 20*time.Millisecond)
		n.format, n.enc, n.sent = formats[name], o.enc, 0
		n.run(2*time.Second, clean)
		if w := n.worst(1500 * time.Millisecond); w < 6000 {
			t.Errorf("after the change to %s the tone falls to %.0f", name, w)
		}
		if got := n.s.Stats().RecvCodec; got != name {
			t.Errorf("hears %s", got)
		}
	}
	n.seq, n.ts = 100, 5 // a new source: other numbers
	n.run(2*time.Second, clean)
	if w := n.worst(1500 * time.Millisecond); w < 6000 {
		t.Errorf("after the jump the tone falls to %.0f", w)
	}
}

func TestGapOfDTXKeepsTheDelay(t *testing.T) {
	n := simulate(t, "PCMA", 20*time.Millisecond)
	n.run(2*time.Second, clean)
	out := make([]int16, audio.FrameLen)
	for range 300 { // the sender pauses for 3 s: no packets, the clock runs
		n.clk.Advance(audio.FrameTime)
		n.s.ReadFrame(out)
	}
	if m := meanSquare(out); m > 0 {
		t.Errorf("the pause sounds: %.0f", m)
	}
	n.now += 3 * time.Second
	n.next += 3 * time.Second
	n.ts += 3 * 8000
	n.run(3*time.Second, clean)
	if st := n.s.Stats(); st.Delay > 25*time.Millisecond || st.Lost > 0 {
		t.Errorf("%+v", st)
	}
	if w := n.worst(2 * time.Second); w < 6500 {
		t.Errorf("the tone falls to %.0f", w)
	}
}

func TestMalformedIsCounted(t *testing.T) {
	n := simulate(t, "PCMA", 20*time.Millisecond)
	for _, b := range [][]byte{nil, {0x80}, make([]byte, 11), append([]byte{0x80, 77}, make([]byte, 20)...), append([]byte{0xb0, 8}, make([]byte, 12)...), {0xa0, 8, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 9}} {
		n.s.Receive(b)
	}
	if st := n.s.Stats(); st.Bad != 6 || st.PacketsRecv != 0 {
		t.Errorf("%+v", st)
	}
}

func TestSendPacesAndNumbers(t *testing.T) {
	for name, step := range map[string]uint32{"PCMA": 160, "G722": 160, "opus": 960} {
		clk := clock.NewFake(time.Unix(1e9, 0))
		s := New(Config{Clock: clk})
		c := &capture{}
		s.SetWriter(c)
		if err := s.SetFormats(Formats{Send: formats[name]}); err != nil {
			t.Fatal(err)
		}
		frame := make([]int16, audio.FrameLen)
		for range 20 {
			clk.Advance(audio.FrameTime)
			s.smu.Lock()
			s.sendFrame(frame)
			s.smu.Unlock()
		}
		s.Close()
		if len(c.p) != 10 {
			t.Fatalf("%s: %d packets in 200 ms", name, len(c.p))
		}
		for i, p := range c.p {
			if p.Marker != (i == 0) || p.PayloadType != formats[name].Type {
				t.Errorf("%s: %+v", name, p.Header)
			}
			if i > 0 && (p.Timestamp-c.p[i-1].Timestamp != step || p.SequenceNumber != c.p[i-1].SequenceNumber+1) {
				t.Errorf("%s: %+v after %+v", name, p.Header, c.p[i-1].Header)
			}
		}
	}
}

func TestEventPackets(t *testing.T) {
	clk := clock.NewFake(time.Unix(1e9, 0))
	s := New(Config{Clock: clk})
	defer s.Close()
	c := &capture{}
	s.SetWriter(c)
	if err := s.SetFormats(Formats{Send: formats["opus"], SendEvents: Format{"telephone-event", 110, 48000}}); err != nil {
		t.Fatal(err)
	}
	for _, d := range []byte("5a") {
		if err := s.SendDTMF(d, 100*time.Millisecond); err != nil {
			t.Fatal(err)
		}
	}
	clk.Advance(time.Second)
	if len(c.p) != 14 {
		t.Fatalf("%d packets for two digits of 100 ms", len(c.p))
	}
	for i, p := range c.p {
		k := i % 7
		wantEnd := k >= 4
		units := min((k+1)*960, 4800)
		if code := p.Payload[0]; code != []byte{5, 12}[i/7] || p.PayloadType != 110 || p.Marker != (k == 0) ||
			p.Payload[1] != map[bool]byte{false: 10, true: 0x8a}[wantEnd] || int(p.Payload[2])<<8|int(p.Payload[3]) != units || p.Timestamp != c.p[i/7*7].Timestamp {
			t.Errorf("packet %d: %+v %x", i, p.Header, p.Payload)
		}
	}
	if c.p[7].Timestamp == c.p[0].Timestamp {
		t.Error("two digits are one event")
	}
	r := New(Config{Clock: clk})
	defer r.Close()
	got := ""
	r.OnDigit = func(d byte) { got += string(d) }
	_ = r.SetFormats(Formats{Recv: []Format{{"telephone-event", 110, 48000}}})
	for _, p := range c.p {
		b, _ := p.Marshal()
		r.Receive(b)
	}
	if got != "5A" {
		t.Errorf("received %q", got)
	}
}

func TestGates(t *testing.T) {
	clk := clock.NewFake(time.Unix(1e9, 0))
	s := New(Config{Clock: clk})
	defer s.Close()
	c := &capture{}
	s.SetWriter(c)
	_ = s.SetFormats(Formats{Send: formats["PCMA"]})
	frame := make([]int16, audio.FrameLen)
	for i := range frame {
		frame[i] = 9000
	}
	s.SetGates(GateSilence, true)
	s.WriteFrame(frame)
	if s.ring[0][5] != 0 {
		t.Error("the microphone is in the ring while we hold")
	}
	s.SetGates(GateShut, true)
	for range 4 {
		s.smu.Lock()
		s.sendFrame(frame)
		s.smu.Unlock()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.p) != 0 {
		t.Errorf("%d packets through a shut gate", len(c.p))
	}
}

func TestAudioThreadDoesNotAllocate(t *testing.T) {
	for _, name := range []string{"PCMA", "G722", "opus"} {
		n := simulate(t, name, 20*time.Millisecond)
		n.run(2*time.Second, clean)
		var packets [][]byte
		for range 300 {
			packets = append(packets, n.packet())
		}
		out := make([]int16, audio.FrameLen)
		i := 0
		n.s.SetWriter(&capture{})
		allocs := testing.AllocsPerRun(100, func() {
			n.s.Receive(packets[i])
			i++
			for range 2 {
				n.clk.Advance(audio.FrameTime)
				n.s.ReadFrame(out)
			}
		})
		if allocs > 0 {
			t.Errorf("%s: %.1f allocations per packet", name, allocs)
		}
	}
}

func FuzzReceive(f *testing.F) {
	p, _ := (&rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: 8, SSRC: 1}, Payload: make([]byte, 160)}).Marshal()
	e, _ := (&rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: 101, SSRC: 1}, Payload: []byte{5, 0x8a, 3, 0x20}}).Marshal()
	f.Add(p, e)
	f.Add([]byte{0xb0, 111, 0, 1}, []byte{})
	f.Fuzz(func(t *testing.T, a, b []byte) {
		clk := clock.NewFake(time.Unix(1e9, 0))
		s := New(Config{Clock: clk})
		defer s.Close()
		_ = s.SetFormats(Formats{Recv: allFormats})
		out := make([]int16, audio.FrameLen)
		for range 3 {
			s.Receive(a)
			clk.Advance(audio.FrameTime)
			s.ReadFrame(out)
			s.Receive(b)
			clk.Advance(audio.FrameTime)
			s.ReadFrame(out)
		}
	})
}

func BenchmarkPullFrame(b *testing.B) {
	for _, name := range []string{"PCMA", "G722", "opus"} {
		b.Run(name, func(b *testing.B) {
			clk := clock.NewFake(time.Unix(1e9, 0))
			s := New(Config{Clock: clk})
			defer s.Close()
			f := formats[name]
			_ = s.SetFormats(Formats{Send: f, Recv: allFormats})
			enc, _ := Config{}.newEncoder(name)
			p, _ := enc.Encode(nil, make([]int16, enc.Rate()/50))
			h := rtp.Header{Version: 2, PayloadType: f.Type, SSRC: 1}
			out := make([]int16, audio.FrameLen)
			buf := make([]byte, 1500)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if i%2 == 0 {
					h.SequenceNumber++
					h.Timestamp += uint32(f.ClockRate / 50)
					n, _ := h.MarshalTo(buf)
					s.Receive(buf[:n+copy(buf[n:], p)])
				}
				clk.Advance(audio.FrameTime)
				s.ReadFrame(out)
			}
		})
	}
}
