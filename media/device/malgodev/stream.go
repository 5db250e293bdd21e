package malgodev

// #include <stdlib.h>
import "C"

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/gen2brain/malgo"

	"phoned/media/audio"
	"phoned/media/device"
)

// stream is one direction of an ALSA card.
//
//	playback:  callback ← ring ← feeder goroutine ← f
//	capture:   callback → frame → f
type stream struct {
	driver *Driver
	dir    device.Direction
	id     string
	dev    *malgo.Device

	mu      sync.Mutex // guards running, closed, quit
	running bool
	closed  bool
	quit    chan struct{}
	ended   sync.WaitGroup

	lost     chan struct{}
	lostOnce sync.Once
	thread   atomic.Int64 // miniaudio's, 0: not known yet
	stopping atomic.Bool  // we are stopping it: the stop callback is no loss

	f       device.Callback // while running
	ring    *audio.Ring     // playback
	wake    chan struct{}   // playback: the ring was read
	reserve atomic.Int64    // playback: samples to be kept in the ring
	frame   []int16         // capture: collects a frame
	fill    int

	progress atomic.Uint64 // callbacks
	frames   atomic.Uint64
	xruns    atomic.Uint64
	lastCall atomic.Int64 // UnixNano
	gap      atomic.Int64
}

const (
	// maxReserve bounds how much sound is made in advance.
	maxReserve = 4 * audio.FrameLen
	// warmUp: in its first callbacks a card fills its buffer faster than
	// anyone can follow; that is no xrun.
	warmUp = 10
)

func newStream(d *Driver, dir device.Direction, id, name string) (*stream, error) {
	s := &stream{
		driver: d, dir: dir, id: id, lost: make(chan struct{}),
		ring: audio.NewRing(2 * maxReserve), wake: make(chan struct{}, 1), frame: make([]int16, audio.FrameLen),
	}
	kind := malgo.Playback
	if dir == device.Capture {
		kind = malgo.Capture
	}
	cfg := malgo.DefaultDeviceConfig(kind)
	cfg.SampleRate = audio.Rate
	cfg.PeriodSizeInMilliseconds = uint32(d.cfg.Period / time.Millisecond)
	cfg.Periods = uint32(d.cfg.Periods)
	sub := malgo.SubConfig{Format: malgo.FormatS16, Channels: 1, ShareMode: malgo.Shared}
	if name != "" && !d.cfg.Null {
		var raw malgo.DeviceID
		copy(raw[:len(raw)-1], name)
		p := raw.Pointer() // a C copy: ma_device_init reads it, then it is free again
		defer C.free(p)
		sub.DeviceID = p
	}
	cfg.Playback, cfg.Capture = sub, sub
	callbacks := malgo.DeviceCallbacks{Data: s.play, Stop: s.stopped}
	if dir == device.Capture {
		callbacks.Data = s.record
	}
	dev, err := malgo.InitDevice(d.ctx.Context, cfg, callbacks)
	if err != nil {
		return nil, err
	}
	s.dev = dev
	return s, nil
}

// Start implements device.Device.
func (s *stream) Start(f device.Callback) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return device.ErrClosed
	case s.running:
		return device.ErrStarted
	}
	s.f, s.fill = f, 0
	s.ring.Skip(s.ring.Len())
	s.reserve.Store(audio.FrameLen)
	s.lastCall.Store(0)
	s.stopping.Store(false)
	s.quit = make(chan struct{})
	if s.dir == device.Playback {
		s.ended.Go(func() { s.feed(s.quit) })
	}
	if err := s.dev.Start(); err != nil {
		close(s.quit)
		s.ended.Wait()
		return fmt.Errorf("start %s %q: %w", s.dir, s.id, classify(err))
	}
	s.running = true
	quit := s.quit
	s.ended.Go(func() { watchdog(quit, s.progress.Load, s.lose) })
	s.ended.Go(func() { s.halt(quit) })
	return nil
}

// halt ends miniaudio's thread as soon as the card is lost, without waiting for
// somebody to close the stream: until then it spins under real-time scheduling
// and holds miniaudio's log, which opening another device needs.
func (s *stream) halt(quit <-chan struct{}) {
	select {
	case <-s.lost:
		s.stopping.Store(true)
		if err := s.dev.Stop(); err != nil {
			s.driver.cfg.Log.Debug("a lost sound device does not stop", "dev", s.id, "err", err)
		}
	case <-quit:
	}
}

// Stop implements device.Device.
func (s *stream) Stop() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stopLocked()
}

func (s *stream) stopLocked() error {
	if !s.running {
		return nil
	}
	s.running = false
	s.stopping.Store(true)
	err := s.dev.Stop()
	close(s.quit)
	s.ended.Wait()
	if err != nil {
		return fmt.Errorf("stop %s %q: %w", s.dir, s.id, err)
	}
	return nil
}

// Close implements device.Device. It stops first, always: uninit of a running
// device whose card is gone never returns.
func (s *stream) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	err := s.stopLocked()
	s.dev.Uninit()
	s.driver.release(s)
	return err
}

// Latency implements device.Device.
func (s *stream) Latency() time.Duration {
	if s.dir == device.Capture {
		// A period is collected, and about half of one waits to be fetched.
		return s.driver.cfg.Period * 3 / 2
	}
	waiting := time.Duration(s.ring.Len()) * time.Second / audio.Rate
	return s.driver.cfg.Period*time.Duration(s.driver.cfg.Periods) + waiting
}

// Lost implements device.Device.
func (s *stream) Lost() <-chan struct{} { return s.lost }

// Stats implements device.Device. Xruns are the ring's; those inside ALSA are
// repaired by miniaudio without a word and show as gaps.
func (s *stream) Stats() device.Stats {
	return device.Stats{Frames: s.frames.Load(), Xruns: s.xruns.Load(), LongestGap: time.Duration(s.gap.Load())}
}

func (s *stream) lose() { s.lostOnce.Do(func() { close(s.lost) }) }

// stopped is miniaudio's notice that the device stopped: because we stopped
// it, or because its server (PulseAudio) is gone.
func (s *stream) stopped() {
	if !s.stopping.Load() {
		s.lose()
	}
}

// beat counts a callback.
func (s *stream) beat() {
	now := time.Now().UnixNano()
	if last := s.lastCall.Swap(now); last != 0 && now-last > s.gap.Load() {
		s.gap.Store(now - last)
	}
	if s.progress.Add(1) == 1 {
		s.thread.Store(threadID())
	}
}

// play is the playback callback, on miniaudio's thread.
func (s *stream) play(out, _ []byte, _ uint32) {
	s.beat()
	samples := int16s(out)
	if n := s.ring.Read(samples); n < len(samples) && s.progress.Load() > warmUp {
		s.xruns.Add(1)
		s.reserve.Store(min(s.reserve.Load()+audio.FrameLen/2, maxReserve))
	}
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// record is the capture callback, on miniaudio's thread.
func (s *stream) record(_, in []byte, _ uint32) {
	s.beat()
	for samples := int16s(in); len(samples) > 0; {
		n := copy(s.frame[s.fill:], samples)
		samples = samples[n:]
		if s.fill += n; s.fill == audio.FrameLen {
			s.fill = 0
			s.frames.Add(1)
			s.f(s.frame)
		}
	}
}

// feed keeps the ring filled.
func (s *stream) feed(quit <-chan struct{}) {
	runtime.LockOSThread() // and never unlocked: the thread ends with its priority
	realtime()
	frame := make([]int16, audio.FrameLen)
	for {
		period := int64(s.driver.cfg.Period * audio.Rate / time.Second)
		for int64(s.ring.Len()) < max(s.reserve.Load(), period) {
			s.f(frame)
			s.frames.Add(1)
			s.ring.Write(frame)
		}
		select {
		case <-s.wake:
		case <-quit:
			return
		}
	}
}

// int16s views miniaudio's bytes as samples; the buffer is aligned for them.
func int16s(b []byte) []int16 {
	if len(b) < 2 {
		return nil
	}
	return unsafe.Slice((*int16)(unsafe.Pointer(&b[0])), len(b)/2)
}
