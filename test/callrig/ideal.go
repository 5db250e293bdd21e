package main

import (
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
func ideal(sc Scenario, how concealment, speech []int16) (h Heard, err error) {
	sender, err := newVoice(sc.Codec)
	if err != nil {
		return h, err
	}
	phone, err := newVoice(sc.Codec)
	if err != nil {
		return h, err
	}
	ref := reference(speech, sc, sender.Rate())
	n := sender.Rate() * ptime / 1000
	schedule := sc.Schedule()
	sent := make([][]byte, len(schedule))
	for i := range sent {
		if sent[i], err = sender.Encode(nil, ref[i*n:(i+1)*n]); err != nil {
			return h, err
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
			return h, err
		}
		back, err := phone.Encode(nil, air.pass(pcm))
		if err != nil {
			return h, err
		}
		arrivals = append(arrivals, arrival{
			time.Duration(i) * ptime * time.Millisecond,
			appendRTP(nil, phone.payload, false, uint16(i), uint32(i*phone.clock*ptime/1000), 1, back),
		})
	}
	h, _, err = analyse(sc, sender, ref, arrivals)
	return h, err
}
