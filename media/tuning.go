package media

import (
	"errors"
	"fmt"
	"math"

	"phoned/media/audio"
)

// ErrTuning: a value of a Tuning is out of range.
var ErrTuning = errors.New("audio tuning is out of range")

// Tuning fits a path's loudspeaker and microphone to the ear: it is a property
// of the hardware, volumes are a person's. The zero Tuning changes nothing.
type Tuning struct {
	// Speaker and Microphone are gains in dB, -40 to 40.
	Speaker, Microphone float64
	// SpeakerCurve and MicrophoneCurve are equalisers, at most audio.MaxBands
	// bands each.
	SpeakerCurve, MicrophoneCurve []audio.Band
	// Sidetone is how much of the own voice the loudspeaker gets, in dB below
	// the microphone, -60 to -6; 0 is none: many handsets have it in hardware,
	// without the delay of two sound cards.
	Sidetone float64
	// Ceiling limits the loudspeaker against acoustic shock (ITU-T P.360), in
	// dBFS, -40 to -0.1; 0 is no limit. A person's volume acts before it.
	Ceiling float64
}

// Check gives ErrTuning or audio.ErrBand if a value is out of range.
func (t Tuning) Check() error {
	for _, v := range []struct {
		name     string
		v        float64
		from, to float64
	}{
		{"speaker gain", t.Speaker, -40, 40}, {"microphone gain", t.Microphone, -40, 40},
		{"sidetone", t.Sidetone, -60, -6}, {"ceiling", t.Ceiling, -40, -0.1},
	} {
		if v.v != 0 && !(v.v >= v.from && v.v <= v.to) {
			return fmt.Errorf("%w: %s of %v dB is not %v to %v", ErrTuning, v.name, v.v, v.from, v.to)
		}
	}
	for _, bands := range [][]audio.Band{t.SpeakerCurve, t.MicrophoneCurve} {
		if _, err := audio.NewCurve(bands); err != nil {
			return err
		}
	}
	return nil
}

// tuned is a Tuning as the audio thread uses it; immutable.
type tuned struct {
	speaker, mic    float32
	curve, micCurve *audio.Curve
	sidetone        float32
	ceiling         int16
}

// flat changes nothing.
var flat = &tuned{speaker: 1, mic: 1}

func tune(t Tuning) (*tuned, error) {
	if err := t.Check(); err != nil {
		return flat, err
	}
	out := &tuned{speaker: fromDB(t.Speaker), mic: fromDB(t.Microphone)}
	out.curve, _ = audio.NewCurve(t.SpeakerCurve)
	out.micCurve, _ = audio.NewCurve(t.MicrophoneCurve)
	if t.Sidetone < 0 {
		out.sidetone = fromDB(t.Sidetone)
	}
	if t.Ceiling < 0 {
		out.ceiling = int16(math.MaxInt16 * fromDB(t.Ceiling))
	}
	return out, nil
}

// SetTuning exchanges the tuning of the paths; handset, headset and speaker are
// looked at. It acts with the next frame, without a click. A path whose tuning is
// out of range (ErrTuning, audio.ErrBand) keeps what it had.
func (e *Engine) SetTuning(tuning map[Path]Tuning) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	err := e.setTuningLocked(tuning)
	e.rebuildLocked()
	return err
}

func (e *Engine) setTuningLocked(tuning map[Path]Tuning) error {
	var errs []error
	for i, q := range soundingPaths {
		t, err := tune(tuning[q])
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", q, err))
			if e.tuning[i] != nil {
				continue
			}
		}
		e.tuning[i] = t
	}
	return errors.Join(errs...)
}
