package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"phoned/media/audio"
)

// air is what every phone does to a sound between its decoder and its encoder:
// its card runs at 48 kHz, so the samples that are coded again are not the ones
// that were decoded, and are rounded by the code's steps once more.
type air struct{ up, down *audio.Resampler }

func newAir(rate int) *air {
	if rate == audio.Rate {
		return &air{}
	}
	return &air{audio.NewResampler(rate, audio.Rate), audio.NewResampler(audio.Rate, rate)}
}

// pass takes and gives a packet's sound.
func (a *air) pass(pcm []int16) []int16 {
	if a.up == nil {
		return pcm
	}
	return a.down.Append(nil, a.up.Append(nil, pcm))
}

// ideal is what a phone without any delay but its codec's and its card's would
// score in the scenario when it fills losses in the given way: the mark to
// compare with.
func ideal(sc Scenario, how concealment, speech []int16) (h Heard, ref, sound []int16, err error) {
	sender, err := newVoice(sc.Codec)
	if err != nil {
		return h, nil, nil, err
	}
	phone, err := newVoice(sc.Codec)
	if err != nil {
		return h, nil, nil, err
	}
	ref = reference(speech, sc, sender.Rate())
	n := sender.Rate() * ptime / 1000
	schedule := sc.Schedule()
	sent := make([][]byte, len(schedule))
	for i := range sent {
		if sent[i], err = sender.Encode(nil, ref[i*n:(i+1)*n]); err != nil {
			return h, nil, nil, err
		}
	}
	var arrivals []arrival
	var last []int16
	air := newAir(phone.Rate())
	run := 0
	for i, d := range schedule {
		var pcm []int16
		if d != lost {
			pcm, err = phone.dec.Decode(nil, sent[i])
			last, run = pcm, 0
		} else {
			run++
			var next []byte
			if i+1 < len(sent) && schedule[i+1] != lost {
				next = sent[i+1]
			}
			pcm, err = phone.fill(how, n, run, last, next)
		}
		if err != nil {
			return h, nil, nil, err
		}
		back, err := phone.Encode(nil, air.pass(pcm))
		if err != nil {
			return h, nil, nil, err
		}
		arrivals = append(arrivals, arrival{
			time.Duration(i) * ptime * time.Millisecond,
			appendRTP(nil, phone.payload, false, uint16(i), uint32(i*phone.clock*ptime/1000), 1, back),
		})
	}
	h, sound, err = analyse(sc, sender, ref, arrivals)
	return h, ref, sound, err
}

func (o options) scoreIdeals(ctx context.Context, scenarios []Scenario, speech []int16, enc *json.Encoder) error {
	for _, sc := range scenarios {
		v, err := newVoice(sc.Codec)
		if err != nil {
			return err
		}
		for _, how := range v.concealments() {
			h, ref, sound, err := ideal(sc, how, speech)
			if err == nil {
				h.MOS, err = o.score.score(ctx, v.Rate(), ref, sound, h.DelayP50)
			}
			if err != nil {
				return fmt.Errorf("%s, %s: %w", sc.Name, how, err)
			}
			err = enc.Encode(Result{Phone: "ideal-" + string(how), Scenario: sc, Heard: h, Network: Network{ScheduleP99: scheduleP99(sc.Schedule())}})
			if err != nil {
				return err
			}
			if sc.Loss == 0 {
				break // nothing to conceal
			}
		}
	}
	return nil
}

// scoreSimulated scores our own receiver in virtual time.
func (o options) scoreSimulated(ctx context.Context, scenarios []Scenario, speech []int16, enc *json.Encoder) error {
	for _, sc := range scenarios {
		h, ref, sound, v, err := simulated(sc, speech)
		if err == nil {
			h.MOS, err = o.score.score(ctx, v.Rate(), ref, sound, h.DelayP50)
		}
		if err != nil {
			return fmt.Errorf("%s, simulated: %w", sc.Name, err)
		}
		r := Result{Phone: "simulated", Scenario: sc, Heard: h, Network: Network{ScheduleP99: scheduleP99(sc.Schedule())}}
		if err := errors.Join(enc.Encode(r), o.keepSound(r, sound)); err != nil {
			return err
		}
	}
	return nil
}
