package main

import (
	"phoned/media/audio"
	"phoned/media/audio/wav"
	"phoned/media/mediatest/sentence"
)

// speechRate is the rate of what the rig says before a codec's rate is made of
// it.
const speechRate = audio.Rate

// loadSpeech reads what the rig says, mono, or takes the built-in sentence.
func loadSpeech(file string) ([]int16, error) {
	if file == "" {
		return append(sentence.GraphSamples(), make([]int16, speechRate/2)...), nil
	}
	s, rate, err := wav.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return resampled(s, rate, speechRate), nil
}

func resampled(s []int16, from, to int) []int16 {
	if from == to {
		return s
	}
	return audio.NewResampler(from, to).Append(nil, s)
}

// reference is the speech, again and again, at a codec's rate, a second longer
// than the call.
func reference(speech []int16, sc Scenario, rate int) []int16 {
	once := resampled(speech, speechRate, rate)
	need := int((sc.Seconds + 1) * float64(rate))
	var out []int16
	for len(out) < need {
		out = append(out, once...)
	}
	return out[:need]
}
