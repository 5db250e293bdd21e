// Package stream is the voice of one call between packets and sound:
//
//	packet → parse → jitter buffer ← ReadFrame: decode or conceal → stretch → 48 kHz
//	WriteFrame → ring → 48 kHz to the codec's rate → encode → packet
//
// ReadFrame decodes on the audio thread, so that no queue adds delay. WriteFrame
// copies to a ring; what is in it is encoded and written there as well while that is
// quick, else by one goroutine of the Stream, the sender. Receive runs on the transport's goroutine. It knows no
// sockets, keys or descriptions.
package stream

import (
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtp"

	"phoned/internal/clock"
	"phoned/media/audio"
	"phoned/media/jitter"
)

// Config tunes a Stream; the zero value is good.
type Config struct {
	// DTX: Opus sends nothing in silence.
	DTX bool
	// Bitrate of Opus in bit/s; 0: 32,000.
	Bitrate int
	// Complexity of Opus, 1–10; 0: 5.
	Complexity int
	// Jitter tunes the playout buffer; clock rate and redundancy are set here.
	Jitter jitter.Config
	// Clock is the time of arrivals and digits; nil: clock.Real.
	Clock clock.Clock
	// Watch sees the packets; nil: nobody does.
	Watch *Watch
}

// Format is one payload type of a stream.
type Format struct {
	Name      string // opus, G722, PCMU, PCMA, CN, telephone-event
	Type      uint8
	ClockRate int // of RTP, Hz
}

// Formats is what was negotiated.
type Formats struct {
	// Send is how we send; Name is empty until something is negotiated.
	Send Format
	// SendEvents is the telephone-event type with the clock of Send; Name is
	// empty if the far end takes none.
	SendEvents Format
	// Recv are all types we may get.
	Recv []Format
	// Ptime is the length of a packet we send; 0: 20 ms.
	Ptime time.Duration
}

// Writer sends one RTP packet. It must not keep the arguments. SSRC is filled
// in by the transport if it has its own.
type Writer interface {
	WriteRTP(h *rtp.Header, payload []byte) error
}

// Stats are counters since the start and the figures of now.
type Stats struct {
	Codec, RecvCodec       string
	PacketsSent, BytesSent uint64
	PacketsRecv, BytesRecv uint64
	Lost                   uint64
	Concealed              uint64 // 10 ms frames
	Late                   uint64
	Bad                    uint64
	Faults                 uint64 // panics of ours over a packet
	Duplicates             uint64
	SendOverruns           uint64 // frames the sender could not take in time
	LossPercent            float64
	Jitter                 time.Duration
	Delay                  time.Duration // playout delay
	Level                  float64
	LastPacket             time.Time // zero: none yet
}

// ErrNoEvents: the far end takes no telephone-event.
var ErrNoEvents = errors.New("telephone-event was not negotiated")

// ErrBadDigit: not one of 0–9, *, #, A–D.
var ErrBadDigit = errors.New("not a DTMF digit")

// Stream implements audio.Source and audio.Sink. All methods are safe for
// concurrent use; ReadFrame has one caller at a time, and so has WriteFrame.
type Stream struct {
	cfg   Config
	clk   clock.Clock
	epoch time.Time

	// OnDigit, OnFirst are set before the first packet and called on the
	// goroutine of Receive.
	OnDigit func(digit byte)
	OnFirst func()

	sendGate atomic.Int32 // gate values
	recvOpen atomic.Bool

	mu      sync.Mutex // jb and what Receive touches
	jb      *jitter.Buffer
	jbClock int // its RTP clock, Hz; 0: not known yet
	rx      reception
	recv    map[uint8]Format
	ev      eventIn
	bad     uint64
	faults  atomic.Uint64

	player // only ReadFrame
	sender // see send.go

	concealed atomic.Uint64
	level     atomic.Int64 // square of the level, 16.16
	recvName  atomic.Pointer[string]
}

// Gate says what becomes of our sound.
type Gate int32

const (
	// GateOpen sends the microphone.
	GateOpen Gate = iota
	// GateSilence sends silence: we hold them, the path stays warm.
	GateSilence
	// GateShut sends nothing.
	GateShut
)

// New makes a Stream that is silent until SetFormats and SetWriter. Close it.
func New(cfg Config) *Stream {
	if cfg.Clock == nil {
		cfg.Clock = clock.Real{}
	}
	s := &Stream{cfg: cfg, clk: cfg.Clock, epoch: cfg.Clock.Now(), recv: map[uint8]Format{}}
	s.recvOpen.Store(true)
	s.jb = jitter.New(cfg.Jitter)
	s.player.init()
	s.tsAt = s.epoch
	s.sender.init(rand.Uint32(), uint16(rand.Uint32()))
	go s.sendLoop()
	return s
}

// now is the time since New, the unit of the jitter buffer.
func (s *Stream) now() time.Duration { return s.clk.Now().Sub(s.epoch) }

// SetFormats takes what was negotiated, also in mid-call.
func (s *Stream) SetFormats(f Formats) error {
	if f.Ptime <= 0 {
		f.Ptime = 20 * time.Millisecond
	}
	f.Ptime = min(max(f.Ptime/audio.FrameTime*audio.FrameTime, audio.FrameTime), 60*time.Millisecond)
	if f.Send.Name == "opus" && (f.Ptime == 30*time.Millisecond || f.Ptime == 50*time.Millisecond) {
		f.Ptime -= audio.FrameTime // not a length of RFC 6716 section 2.1.4
	}
	recv := make(map[uint8]Format, len(f.Recv))
	for _, r := range f.Recv {
		recv[r.Type] = r
	}
	if err := s.setSend(f); err != nil {
		return err
	}
	s.mu.Lock()
	s.recv = recv
	s.mu.Unlock()
	return nil
}

// SetWriter says where packets go; nil: nowhere.
func (s *Stream) SetWriter(w Writer) {
	s.smu.Lock()
	s.to = w
	s.quick.Store(false)
	s.smu.Unlock()
}

// SetGates says what becomes of our sound and whether the far end is heard. It
// acts at once.
func (s *Stream) SetGates(send Gate, recv bool) {
	s.sendGate.Store(int32(send))
	s.recvOpen.Store(recv)
}

// SetRemoteLoss tells what the far end loses of ours, in percent.
func (s *Stream) SetRemoteLoss(percent float64) {
	s.remoteLoss.Store(int32(percent + 0.5))
}

// Stats may be called at any time.
func (s *Stream) Stats() Stats {
	s.mu.Lock()
	st := s.rx.stats()
	st.Bad, st.Faults, st.Delay = s.bad, s.faults.Load(), s.jb.Delay()
	s.mu.Unlock()
	s.smu.Lock()
	st.Codec, st.PacketsSent, st.BytesSent = s.formats.Send.Name, s.packets, s.bytes
	s.smu.Unlock()
	st.SendOverruns = s.overruns.Load()
	st.Concealed = s.concealed.Load()
	st.Level = levelOf(s.level.Load())
	if n := s.recvName.Load(); n != nil {
		st.RecvCodec = *n
	}
	return st
}

// Sent gives the counters of an RTCP sender report: packets, bytes and the RTP
// timestamp of now.
func (s *Stream) Sent() (packets, bytes uint64, timestamp uint32) {
	s.smu.Lock()
	defer s.smu.Unlock()
	return s.packets, s.bytes, s.timestampNow()
}

// Close ends the sender. The Stream stays silent and harmless.
func (s *Stream) Close() {
	s.closeOnce.Do(func() { close(s.quit) })
	<-s.ended
}
