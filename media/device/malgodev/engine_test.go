package malgodev_test

import (
	"sync"
	"testing"
	"time"

	"phoned/media"
	"phoned/media/audio"
	"phoned/media/device/malgodev"
	"phoned/media/device/pulsetest"
	"phoned/media/mediatest"
	"phoned/media/mediatest/sentence"
)

// farEnd says the sentence again and again and keeps what it hears.
type farEnd struct {
	*sentence.Speaker
	mu    sync.Mutex
	heard []int16
	full  chan struct{}
	want  int
}

func (p *farEnd) WriteFrame(src []int16) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.heard) >= p.want {
		return
	}
	if p.heard = append(p.heard, src...); len(p.heard) >= p.want {
		close(p.full)
	}
}

// The far end's sentence goes through the engine, ALSA, a null sink, its
// monitor, ALSA and the engine back to it. The round trip is reported, not
// asserted: it is the machine's.
func TestEngineThroughALSA(t *testing.T) {
	pulsetest.Start(t)
	d, err := malgodev.New(malgodev.Config{})
	if err != nil {
		t.Fatal(err)
	}
	e, err := media.NewEngine(media.EngineConfig{Devices: d, Paths: map[media.Path]media.Endpoint{
		media.PathSpeaker: {Speaker: pulsetest.Earpiece, Microphone: pulsetest.EarpieceMonitor},
	}})
	if err != nil {
		t.Fatal(err)
	}
	said := sentence.GraphSamples()
	p := &farEnd{Speaker: sentence.NewSpeaker(true), full: make(chan struct{}), want: len(said) + audio.Rate}
	e.AddPort(p)
	if err := e.Apply(media.Plan{Path: media.PathSpeaker, Mic: p, Listen: []media.Port{p}}); err != nil {
		t.Fatal(err)
	}
	select {
	case <-p.full:
	case <-time.After(time.Minute):
		t.Error("the sentence did not come back")
	}
	stats := e.Stats()
	if err := e.Close(); err != nil {
		t.Error(err)
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	corr, delay := mediatest.Correlate(said, p.heard)
	t.Logf("round trip %v, correlation %.3f, envelope %.3f", delay, corr, mediatest.EnvelopeCorrelation(said, p.heard))
	t.Logf("%+v", stats)
	if stats.Microphone != nil {
		t.Logf("microphone %+v", *stats.Microphone)
	}
	// On a busy machine frames are late and the joint moves; what did not come
	// through at all has 0.1.
	if corr < 0.5 {
		t.Errorf("correlation %.3f", corr)
	}
}
