package media

import (
	"fmt"
	"testing"

	"phoned/media/audio"
	"phoned/media/device"
)

// standing is an engine in a call, without its clock.
func standing(t testing.TB, ports int) (*Engine, *routing) {
	e, err := NewEngine(EngineConfig{Devices: device.NewNull(), Tuning: map[Path]Tuning{
		PathHandset: {Sidetone: -26, Ceiling: -6, Speaker: 1, SpeakerCurve: []audio.Band{{Kind: audio.Peak, Hz: 1000, DB: 3}}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	e.plan.Path = PathHandset
	e.plan.Conference = ports > 1
	for range ports {
		p := &quietPort{}
		e.ports = append(e.ports, &portState{port: p})
		e.plan.Listen = append(e.plan.Listen, p)
		e.plan.Mic = p
	}
	e.plan.Tone = audio.ToneCallWaiting
	e.plan.Ring = Ring{On: true}
	e.mu.Lock()
	e.rebuildLocked()
	e.mu.Unlock()
	e.bay.melodies.fill(e)
	o := &output{elastic: audio.NewElastic()}
	m := &input{elastic: audio.NewElastic()}
	return e, &routing{master: o, mic: m, rings: true, outs: []outRole{{output: o, speech: true}, {output: &output{elastic: audio.NewElastic()}, ring: true}}}
}

// quietPort makes some sound and keeps nothing.
type quietPort struct{ n int16 }

func (p *quietPort) ReadFrame(dst []int16) bool {
	for i := range dst {
		p.n += 77
		dst[i] = p.n / 4
	}
	return true
}
func (p *quietPort) WriteFrame([]int16) {}

// Nothing on the audio thread may allocate, whatever is going on.
func TestTickDoesNotAllocate(t *testing.T) {
	e, r := standing(t, 3)
	stop, err := e.Tap(TapSpeaker, discard{})
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	frame := make([]int16, audio.FrameLen)
	beep := e.tones[audio.ToneConfirm]
	if n := testing.AllocsPerRun(500, func() {
		r.mic.elastic.Write(frame)
		r.outs[1].elastic.Read(frame)
		e.playOnce(beep)
		e.tickMu.Lock()
		e.tick(r, frame)
		e.tickMu.Unlock()
	}); n != 0 {
		t.Errorf("%v allocations a tick", n)
	}
}

type discard struct{}

func (discard) WriteFrame([]int16) {}

func BenchmarkTick(b *testing.B) {
	for _, ports := range []int{1, 3} {
		b.Run(fmt.Sprintf("%dports", ports), func(b *testing.B) {
			e, r := standing(b, ports)
			e.plan.Ring.On = false
			frame := make([]int16, audio.FrameLen)
			b.ReportAllocs()
			for b.Loop() {
				r.mic.elastic.Write(frame)
				e.tickMu.Lock()
				e.tick(r, frame)
				e.tickMu.Unlock()
			}
		})
	}
}
