package media_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"phoned/media"
	"phoned/media/audio"
	"phoned/media/device"
	"phoned/media/mediatest"
)

func at(db float64) float64 { return math.Pow(10, db/20) }

// Each path shapes what it plays and what it hears: gains, equalisers, sidetone
// in the handset only; and changing from one to the other does not click.
func TestPathsAreTuned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		us, ear := &person{hz: 440, loud: 4000}, &recorder{}
		far := &person{hz: 1000, loud: 4000}
		e := newEngine(t, media.EngineConfig{
			Devices: device.NewCard("card", us, ear),
			Tuning: map[media.Path]media.Tuning{
				media.PathHandset: {Speaker: -6, Microphone: 6, Sidetone: -20},
				media.PathSpeaker: {SpeakerCurve: []audio.Band{{Kind: audio.Peak, Hz: 1000, DB: 6, Q: 2}}, MicrophoneCurve: []audio.Band{{Kind: audio.HighPass, Hz: 2000}}},
			},
		})
		e.AddPort(far)
		use := func(p media.Path) (heard, said []int16) {
			if err := e.Apply(media.Plan{Path: p, Mic: far, Listen: []media.Port{far}}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(300 * time.Millisecond)
			far.take()
			ear.take()
			time.Sleep(time.Second)
			return ear.take(), far.take()
		}
		handset, fromHandset := use(media.PathHandset)
		speaker, fromSpeaker := use(media.PathSpeaker)
		for _, c := range []struct {
			what      string
			got, want float64
		}{
			{"far end in the handset, 6 dB down", level(handset, 1000), 4000 * at(-6)},
			{"own voice in the handset", level(handset, 440), 4000 * at(6-20-6)},
			{"own voice at the far end, 6 dB up", level(fromHandset, 440), 4000 * at(6)},
			{"far end in the loudspeaker, lifted 6 dB", level(speaker, 1000), 4000 * at(6)},
			{"own voice in the loudspeaker", level(speaker, 440), 0},
			{"own voice without its bass", level(fromSpeaker, 440), 4000 * at(-26.4)},
		} {
			if math.Abs(c.got-c.want) > 0.06*c.want+40 {
				t.Errorf("%s: %.0f, want %.0f", c.what, c.got, c.want)
			}
		}
		ear.take()
		far.take()
		for i := range 8 {
			p := []media.Path{media.PathHandset, media.PathSpeaker}[i%2]
			if err := e.Apply(media.Plan{Path: p, Mic: far, Listen: []media.Port{far}}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(107 * time.Millisecond)
		}
		// The loudest that both paths can be, and the glide of 5 ms between them.
		if got, most := biggestStep(ear.take()), 1.15*steepest(4000*at(6), 1000)+2*4000*at(6)/audio.RampLen; got > most {
			t.Errorf("the ear hears a step of %.0f, want at most %.0f", got, most)
		}
		if got, most := biggestStep(far.take()), 1.15*steepest(4000*at(6), 440)+2*4000*at(6)/audio.RampLen; got > most {
			t.Errorf("the far end hears a step of %.0f, want at most %.0f", got, most)
		}
		if err := e.SetTuning(map[media.Path]media.Tuning{media.PathHandset: {Speaker: 90}}); !errors.Is(err, media.ErrTuning) {
			t.Error(err)
		}
	})
}

// A bang from the network, the loudest there is, after silence and in the
// middle of a word, at full volume: the ear never gets more than the ceiling.
func TestNoBangInTheEar(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ear := &recorder{}
		far := &banger{}
		e := newEngine(t, media.EngineConfig{
			Devices: device.NewCard("card", nil, ear),
			Tuning: map[media.Path]media.Tuning{
				media.PathHandset: {Ceiling: -12, Speaker: 20, SpeakerCurve: []audio.Band{{Kind: audio.LowShelf, Hz: 300, DB: 12}}},
			},
		})
		connect(t, e, media.PathHandset, far)
		time.Sleep(5 * time.Second)
		most := int16(0)
		heard := ear.take()
		for _, v := range heard {
			most = max(most, v, -v)
		}
		if ceiling := 32768 * at(-12); float64(most) > ceiling {
			t.Errorf("the ear gets %d, more than %.0f", most, ceiling)
		}
		if mediatest.RMS(heard) < -40 {
			t.Error("nothing was heard")
		}
	})
}

// banger is a far end that jumps from nothing to full scale and back.
type banger struct {
	recorder
	n int
}

func (b *banger) ReadFrame(dst []int16) bool {
	for i := range dst {
		switch b.n++; {
		case b.n/9600%2 == 0:
			dst[i] = 0
		case b.n/37%2 == 0:
			dst[i] = math.MaxInt16
		default:
			dst[i] = math.MinInt16
		}
	}
	return true
}

// Somebody who speaks into a muted microphone is told after a second, once in
// ten; noise, silence and an open microphone say nothing.
func TestMutedVoiceIsNoticed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told atomic.Int32
		mic := &talker{}
		e := newEngine(t, media.EngineConfig{Devices: device.NewCard("card", mic, nil), Voice: func() { told.Add(1) }})
		far := &person{}
		e.AddPort(far)
		plan := media.Plan{Path: media.PathHandset, Mic: far, Listen: []media.Port{far}}
		step := func(muted, speaks bool, d time.Duration, want int, what string) {
			t.Helper()
			mic.speaks.Store(speaks)
			plan.Muted = muted
			if err := e.Apply(plan); err != nil {
				t.Fatal(err)
			}
			before := told.Load()
			time.Sleep(d)
			synctest.Wait()
			if got := int(told.Load() - before); got != want {
				t.Errorf("%s: told %d times, want %d", what, got, want)
			}
		}
		step(false, false, 2*time.Second, 0, "noise")
		step(false, true, 3*time.Second, 0, "an open microphone")
		step(true, false, 3*time.Second, 0, "muted, noise")
		step(true, true, 700*time.Millisecond, 0, "muted, a short word")
		step(true, false, 2*time.Second, 0, "and silence")
		step(true, true, 3*time.Second, 1, "muted speech")
		step(true, true, 6*time.Second, 0, "nagging")
		step(true, true, 6*time.Second, 1, "ten seconds later")
	})
}

// talker is a microphone in a room with noise, where somebody may speak.
type talker struct {
	speaks atomic.Bool
	rnd    *rand.Rand
	phase  float64
	n      int
}

func (m *talker) ReadFrame(dst []int16) bool {
	if m.rnd == nil {
		m.rnd = rand.New(rand.NewPCG(3, 4))
	}
	for i := range dst {
		v := 60 * (2*m.rnd.Float64() - 1)
		if m.speaks.Load() && m.n%12000 < 9000 { // four syllables a second
			v += 3000 * math.Sin(m.phase)
		}
		m.n++
		m.phase += 2 * math.Pi * 180 / audio.Rate
		dst[i] = int16(v)
	}
	return true
}
