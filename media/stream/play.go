package stream

import (
	"math"
	"time"

	"phoned/media/audio"
	"phoned/media/codec"
	"phoned/media/jitter"
)

// player is the way in from the jitter buffer to the graph; it belongs to the
// caller of ReadFrame. Sound waits at the codec's rate in fifo and at 48 kHz in
// out.
type player struct {
	decoders map[string]codec.Decoder
	dec      codec.Decoder
	name     string
	rate     int
	up       *audio.Resampler
	fifo     []int16
	out      []int16
	scratch  []int16
	packet   []byte
	plc      concealer
	lost     bool          // the last sound was made up
	starved  time.Duration // how long nothing came
	usual    float64       // level of good sound, mean square
	rest     int           // frames until the next compression
	pauses   pauses
	patience int // packets that were left whole although the delay is too long
	heard    bool
}

const (
	fadeStarved = 200 * time.Millisecond // then silence
	maxPacket   = audio.Rate * 120 / 1000
)

func (p *player) init() {
	p.decoders = map[string]codec.Decoder{}
	p.fifo = make([]int16, 0, 3*maxPacket)
	p.out = make([]int16, 0, 3*maxPacket)
	p.scratch = make([]int16, 0, 2*maxPacket)
	p.packet = make([]byte, 0, codec.MaxPayload)
	p.plc.init()
}

// ReadFrame implements audio.Source.
func (s *Stream) ReadFrame(dst []int16) bool {
	now := s.now()
	for range 32 { // bounded: each turn adds sound or says to wait
		if len(s.out) >= len(dst) {
			break
		}
		if s.rate > 0 && len(s.fifo) >= s.rate/100 {
			s.toOut(s.rate / 100)
			continue
		}
		if !s.produce(now) {
			break
		}
	}
	n := copy(dst, s.out)
	clear(dst[n:])
	s.out = s.out[:copy(s.out, s.out[n:])]
	s.mu.Lock()
	s.jb.Tick(now, s.ahead())
	s.mu.Unlock()
	if s.rest > 0 {
		s.rest--
	}
	s.measure(dst)
	if !s.recvOpen.Load() {
		clear(dst)
		return false
	}
	return s.heard && s.starved < fadeStarved
}

// toOut converts n samples of the fifo to 48 kHz.
func (s *Stream) toOut(n int) {
	if s.up != nil {
		s.out = s.up.Append(s.out, s.fifo[:n])
	} else {
		s.out = append(s.out, s.fifo[:n]...)
	}
	s.fifo = s.fifo[:copy(s.fifo, s.fifo[n:])]
}

// produce asks the buffer what to play and puts it into the fifo; false when
// there is nothing to be done but silence.
func (s *Stream) produce(now time.Duration) bool {
	s.mu.Lock()
	d := s.jb.Next(now)
	s.packet = append(s.packet[:0], d.Packet.Payload...)
	format := s.recv[d.Packet.Type]
	excess, ptime := s.jb.Excess(), s.jb.PacketTime()
	s.mu.Unlock()
	switch d.Verdict {
	case jitter.Play:
		s.play(format, d.Skip, excess, ptime)
		return true
	case jitter.Lost, jitter.Silent:
		if s.dec == nil {
			s.mu.Lock()
			s.jb.Advance(d.Missing)
			s.mu.Unlock()
			return true
		}
		s.bridge(d, format, ptime)
		return true
	case jitter.Empty:
		if s.dec == nil {
			return false
		}
		s.starve()
		return true
	}
	return false
}

// use makes the decoder of a format the current one.
func (s *Stream) use(f Format) bool {
	if f.Name == s.name && s.dec != nil {
		return true
	}
	dec := s.decoders[f.Name]
	if dec == nil {
		var err error
		if dec, err = newDecoder(f.Name); err != nil {
			return false
		}
		s.decoders[f.Name] = dec
	}
	if s.rate > 0 && len(s.fifo) > 0 {
		s.toOut(len(s.fifo))
	}
	name := f.Name
	s.dec, s.name = dec, name
	s.recvName.Store(&name)
	if dec.Rate() != s.rate {
		s.rate, s.up = dec.Rate(), nil
		if s.rate != audio.Rate {
			s.up = audio.NewResampler(s.rate, audio.Rate)
		}
		s.plc.reset(s.rate)
	}
	return true
}

// play decodes the packet, stretches it if the delay is wrong, and joins it to
// what was made up before.
func (s *Stream) play(f Format, skip, excess, ptime time.Duration) {
	pcm, ok := s.scratch[:0], s.use(f)
	if ok {
		var err error
		pcm, err = s.dec.Decode(pcm, s.packet)
		ok = err == nil && len(pcm) <= 2*maxPacket
	}
	if !ok || len(pcm) == 0 {
		s.mu.Lock()
		s.bad++
		s.jb.Starve(ptime)
		s.mu.Unlock()
		if s.rate > 0 {
			s.madeUp(ptime)
		}
		return
	}
	s.scratch = pcm
	pcm = pcm[min(samplesOf(skip, s.rate), len(pcm)):]
	long := samplesTime(len(pcm), s.rate)
	s.heard, s.starved = true, 0
	s.usual += (meanSquare(pcm) - s.usual) / 4
	if s.lost {
		s.plc.join(pcm)
		s.lost = false
	}
	scaled := s.rescale(&pcm, excess)
	s.plc.feed(pcm)
	s.fifo = append(s.fifo, pcm...)
	s.mu.Lock()
	s.jb.Advance(long)
	if scaled != 0 {
		s.jb.Scaled(scaled)
	}
	s.mu.Unlock()
}

// rescale takes out or puts in a pitch period, if the delay asks for it; it
// gives what that did to the packets' deadlines.
//
// The card takes whole frames, so a packet must be there at the tick in whose
// frame its sound begins. Of the sound that is still ahead then, what does not
// fill a frame is delay without use: it may always be taken out, and of the
// excess whole frames. Those are taken out where the talker pauses, which nobody
// hears; only who does not pause for long, or is very late, is made to talk faster.
func (s *Stream) rescale(pcm *[]int16, excess time.Duration) time.Duration {
	const (
		near    = 20 * time.Millisecond // too little by so much: at any price
		far     = 250 * time.Millisecond
		patient = 100 // packets: 2 s
	)
	n, rest := len(*pcm), s.ahead()%audio.FrameTime
	more := max(excess, 0).Truncate(audio.FrameTime)
	pause, urgent := s.pauses.is(meanSquare(*pcm)), excess > far
	switch {
	case more == 0:
		s.patience = 0
	case pause || urgent || s.patience >= patient:
	default:
		s.patience++
		more = 0
	}
	spare, need := rest+more, alike
	switch {
	case pause:
		need = whatever
	case urgent || excess < -near:
		need = alikeEnow
	}
	switch {
	case excess < -3*time.Millisecond:
		*pcm = stretch(*pcm, s.rate, samplesOf(-excess, s.rate)+s.rate/400, need)
	case spare > 0 && (s.rest == 0 || pause || urgent):
		*pcm = compress(*pcm, s.rate, samplesOf(spare, s.rate), need)
		if len(*pcm) != n {
			s.rest = 10
		}
	}
	return frames(rest + samplesTime(len(*pcm)-n, s.rate))
}

// frames rounds down to whole frames of the card.
func frames(d time.Duration) time.Duration {
	if d < 0 {
		d -= audio.FrameTime - 1
	}
	return d.Truncate(audio.FrameTime)
}

// ahead is the decoded sound that the card has not taken yet.
func (s *Stream) ahead() time.Duration {
	if s.rate == 0 {
		return 0
	}
	return samplesTime(len(s.fifo), s.rate) + samplesTime(len(s.out), audio.Rate)
}

// bridge conceals a known gap: from the packet after it if that holds a copy,
// else up to 10 ms at a time, for what is missing may still come.
func (s *Stream) bridge(d jitter.Decision, next Format, ptime time.Duration) {
	n := min(d.Missing, audio.FrameTime)
	if r, ok := s.dec.(codec.Redundant); ok && len(s.packet) > 0 && next.Name == s.name && d.Missing <= ptime {
		n = d.Missing
		pcm, err := r.Recover(s.scratch[:0], s.packet, samplesOf(n, s.rate))
		if err == nil {
			s.scratch = pcm
			s.tame(pcm)
			s.append(pcm)
			s.concealed.Add(uint64((n + audio.FrameTime - 1) / audio.FrameTime))
			s.advance(n)
			return
		}
	}
	s.madeUp(n)
	s.advance(n)
}

func (s *Stream) advance(d time.Duration) {
	s.mu.Lock()
	s.jb.Advance(d)
	s.mu.Unlock()
}

// starve bridges 10 ms for which nothing is there.
func (s *Stream) starve() {
	s.starved += audio.FrameTime
	s.madeUp(audio.FrameTime)
	s.mu.Lock()
	s.jb.Starve(audio.FrameTime)
	s.mu.Unlock()
}

// madeUp puts d of concealment into the fifo.
func (s *Stream) madeUp(d time.Duration) {
	n := samplesOf(d, s.rate)
	s.lost = true
	s.concealed.Add(uint64((d + audio.FrameTime - 1) / audio.FrameTime))
	if c, ok := s.dec.(codec.Concealer); ok && s.starved < fadeStarved {
		pcm, err := c.Conceal(s.scratch[:0], n)
		if err == nil {
			s.lost = false // its decoder joins by itself
			s.scratch = pcm
			s.tame(pcm)
			s.append(pcm)
			return
		}
	}
	pcm := s.plc.conceal(s.scratch[:0], n, s.starved > 0)
	s.scratch = pcm
	s.fifo = append(s.fifo, pcm...)
}

func (s *Stream) append(pcm []int16) {
	s.plc.feed(pcm)
	s.fifo = append(s.fifo, pcm...)
}

// tame keeps made-up sound from being louder than what was heard: libopus may
// overshoot by four times on steady tones.
func (s *Stream) tame(pcm []int16) {
	if m, most := meanSquare(pcm), 2*s.usual+100; m > most {
		g := math.Sqrt(most / m)
		for i, v := range pcm {
			pcm[i] = int16(float64(v) * g)
		}
	}
}

// measure smooths the level of what is played.
func (s *Stream) measure(frame []int16) {
	v := int64(meanSquare(frame))
	s.level.Store(s.level.Load() + (v-s.level.Load())/8)
}

func levelOf(square int64) float64 {
	return min(math.Sqrt(float64(max(square, 0)))/32768*math.Sqrt2, 1)
}

func meanSquare(pcm []int16) float64 {
	square, _ := audio.Power(pcm)
	return square
}

// samplesOf rounds to the nearest sample, so that samplesOf(samplesTime(n)) is n.
func samplesOf(d time.Duration, rate int) int {
	return (int(d)*rate + int(time.Second)/2) / int(time.Second)
}

func samplesTime(n, rate int) time.Duration {
	return time.Duration(n) * time.Second / time.Duration(rate)
}
