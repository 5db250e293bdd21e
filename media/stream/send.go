package stream

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtp"

	"phoned/media/audio"
	"phoned/media/codec"
)

// ringLen is how many frames may wait for the sender: 160 ms, far more than it
// is ever late.
const ringLen = 16

// sender is the way out. The ring is written by WriteFrame and read under smu, by
// the sender's goroutine or, when a packet costs next to nothing, by WriteFrame;
// everything else is under smu.
type sender struct {
	ring     [ringLen][audio.FrameLen]int16
	w, r     atomic.Uint32
	need     atomic.Uint32 // frames that make the next packet: before that the sender may sleep
	quick    atomic.Bool   // WriteFrame may make the packet itself
	wake     chan struct{}
	quit     chan struct{}
	ended    chan struct{}
	overruns atomic.Uint64

	closeOnce  sync.Once
	remoteLoss atomic.Int32

	smu     sync.Mutex
	to      Writer
	formats Formats
	enc     codec.Encoder
	down    *audio.Resampler // nil at 48 kHz
	pcm     []int16          // at the codec's rate, less than a packet
	payload []byte
	header  rtp.Header
	seq     uint16
	ts      uint32
	tsAt    time.Time // when ts was true
	idle    bool      // the next packet begins a talk spurt
	packets uint64
	bytes   uint64
	events  []eventOut
}

func (s *sender) init(ts uint32, seq uint16) {
	s.wake, s.quit, s.ended = make(chan struct{}, 1), make(chan struct{}), make(chan struct{})
	s.ts, s.seq, s.idle = ts, seq, true
	s.payload = make([]byte, 0, codec.MaxPayload)
	s.pcm = make([]int16, 0, audio.Rate*80/1000)
}

// quickly is how long WriteFrame may take over a packet, a tenth of a frame: with three
// calls and the processing there is still time. An encoder that needs longer, on a
// weak board, has a goroutine of its own; to wake that for less is the greater part of
// what a packet costs.
const quickly = audio.FrameTime / 10

// Prompt is a Writer whose WriteRTP neither waits nor allocates.
type Prompt interface {
	Writer
	// Prompt says that it is so now.
	Prompt() bool
}

// WriteFrame implements audio.Sink: it copies, and makes a packet if the last one
// took little time, its writer is prompt and nobody else is at it.
func (s *Stream) WriteFrame(src []int16) {
	w := s.w.Load()
	if w-s.r.Load() >= ringLen {
		s.overruns.Add(1)
		return
	}
	slot := &s.ring[w%ringLen]
	if Gate(s.sendGate.Load()) == GateOpen {
		n := copy(slot[:], src)
		clear(slot[n:])
	} else {
		clear(slot[:])
	}
	s.w.Store(w + 1)
	ready, need := w+1-s.r.Load(), s.need.Load()
	if ready < need {
		return // a thread woken for nothing costs more than the frame
	}
	// More than one packet, after the sender was held up, is no work for the sound's thread.
	if ready == need && s.quick.Load() && s.smu.TryLock() {
		s.drain()
		s.smu.Unlock()
		return
	}
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *Stream) sendLoop() {
	defer close(s.ended)
	for {
		select {
		case <-s.quit:
			return
		case <-s.wake:
		}
		s.smu.Lock()
		s.drain()
		s.smu.Unlock()
	}
}

// drain sends what waits in the ring, and notes whether WriteFrame may do that the
// next time; smu is held.
func (s *Stream) drain() {
	begin, before := time.Now(), s.packets
	for r := s.r.Load(); r != s.w.Load(); r++ {
		s.sendFrame(s.ring[r%ringLen][:])
		s.r.Store(r + 1)
	}
	s.need.Store(s.missing())
	if s.packets == before {
		return // says nothing of what a packet costs
	}
	p, ok := s.to.(Prompt)
	s.quick.Store(ok && p.Prompt() && !s.cfg.Watch.watched() && time.Since(begin) <= quickly)
}

// missing is how many frames make the next packet; smu is held.
func (s *Stream) missing() uint32 {
	if s.enc == nil {
		return 1
	}
	frame := s.enc.Rate() / 100
	lacks := int(s.formats.Ptime/audio.FrameTime)*frame - len(s.pcm)
	return uint32(max((lacks+frame-1)/frame, 1))
}

// setSend changes how we send; smu is not held.
func (s *Stream) setSend(f Formats) error {
	s.smu.Lock()
	defer s.smu.Unlock()
	old := s.formats.Send
	if f.Send.Name != old.Name || s.enc == nil {
		s.enc, s.down = nil, nil
		s.quick.Store(false)
		if f.Send.Name != "" {
			enc, err := s.cfg.newEncoder(f.Send.Name)
			if err != nil {
				return err
			}
			s.enc = enc
			if enc.Rate() != audio.Rate {
				s.down = audio.NewResampler(audio.Rate, enc.Rate())
			}
		}
		s.pcm = s.pcm[:0]
		s.idle = true
	}
	s.formats = f
	s.need.Store(1) // the next frame tells
	if f.SendEvents.Name == "" {
		s.events = nil
	}
	return nil
}

// timestampNow is the RTP time of now: the last packet's plus what passed.
func (s *Stream) timestampNow() uint32 {
	return s.ts + uint32(int64(s.clk.Now().Sub(s.tsAt))*int64(s.formats.Send.ClockRate)/int64(time.Second))
}

// sendFrame takes one 48 kHz frame; smu is held.
func (s *Stream) sendFrame(frame []int16) {
	now := s.clk.Now()
	clockRate := s.formats.Send.ClockRate
	if s.enc == nil {
		return
	}
	// When no frames came for a while the RTP time still went on.
	if gap := now.Sub(s.tsAt); gap > 200*time.Millisecond {
		s.ts += uint32(int64(gap) * int64(clockRate) / int64(time.Second))
		s.pcm, s.idle = s.pcm[:0], true
	}
	s.tsAt = now
	if s.down != nil {
		s.pcm = s.down.Append(s.pcm, frame)
	} else {
		s.pcm = append(s.pcm, frame...)
	}
	s.ts += uint32(clockRate / 100)
	n := int(s.formats.Ptime/audio.FrameTime) * s.enc.Rate() / 100
	if len(s.pcm) < n {
		return
	}
	s.sendPacket(s.pcm[:n], s.ts-uint32(len(s.pcm)*clockRate/s.enc.Rate()))
	s.pcm = s.pcm[:copy(s.pcm, s.pcm[n:])]
}

func (s *Stream) sendPacket(pcm []int16, ts uint32) {
	if Gate(s.sendGate.Load()) == GateShut || len(s.events) > 0 || s.to == nil {
		s.idle = true
		return
	}
	if a, ok := s.enc.(codec.Adaptive); ok {
		a.SetLoss(int(s.remoteLoss.Load()))
	}
	p, err := s.enc.Encode(s.payload[:0], pcm)
	if err != nil || len(p) == 0 {
		s.idle = true
		return
	}
	s.payload = p
	s.header = rtp.Header{Version: 2, PayloadType: s.formats.Send.Type, Timestamp: ts, Marker: s.idle}
	s.write(&s.header, p)
	s.idle = false
}

// write numbers and sends one packet; smu is held.
func (s *Stream) write(h *rtp.Header, p []byte) {
	if s.to == nil || Gate(s.sendGate.Load()) == GateShut {
		return
	}
	h.SequenceNumber = s.seq
	if s.to.WriteRTP(h, p) != nil {
		return // the transport tells what is wrong
	}
	s.cfg.Watch.sent(h, p)
	s.seq++
	s.packets++
	s.bytes += uint64(len(p))
}
