package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"phoned/media/audio"
	"phoned/media/audio/wav"
)

// toneTime is how much of an endless tone is written: two rounds of the longest
// ringing.
const toneTime = 12 * time.Second

// toneNames are the tones of a country, in the order of a call.
var toneNames = []audio.ToneName{
	audio.ToneDial, audio.ToneStutter, audio.ToneForwardDial, audio.ToneSecondDial, audio.ToneRingback, audio.ToneBusy, audio.ToneReorder,
	audio.ToneDisconnect, audio.ToneHowler, audio.ToneCallWaiting, audio.ToneConfirm, audio.ToneError, audio.ToneHoldRemind, audio.ToneConference, audio.TonePage,
}

// tonesCommand is "phoned tones": everything the phone can sing, as WAV files to
// listen to or to look at. It gives the program's exit status.
func tonesCommand(args []string, stdout, stderr io.Writer) int {
	f := flag.NewFlagSet("phoned tones", flag.ContinueOnError)
	f.SetOutput(stderr)
	dir := f.String("dir", "", "`folder` to write melodies and tones to as WAV files; \"\": only list them")
	country := f.String("country", "", "only the tones of this country (ISO 3166-1 `code`)")
	if err := f.Parse(args); err != nil {
		return 2
	}
	countries := audio.ToneCountries()
	slices.Sort(countries)
	if *country != "" {
		if _, known := audio.Tones(*country); !known {
			fmt.Fprintf(stderr, "phoned tones: no tones of %q; there are those of %v\n", *country, countries)
			return 1
		}
		countries = []string{*country}
	}
	if *dir != "" {
		if err := os.MkdirAll(*dir, 0o755); err != nil { // #nosec G301 -- sounds are no secret
			fmt.Fprintln(stderr, "phoned tones:", err)
			return 1
		}
	}
	write := func(name, title string, sound func() []int16) error {
		fmt.Fprintf(stdout, "%-28s %s\n", name, title)
		if *dir == "" {
			return nil
		}
		return wav.WriteFile(filepath.Join(*dir, name+".wav"), sound(), audio.Rate)
	}
	if err := writeTones(countries, write); err != nil {
		fmt.Fprintln(stderr, "phoned tones:", err)
		return 1
	}
	return 0
}

func writeTones(countries []string, write func(name, title string, sound func() []int16) error) error {
	for _, m := range audio.Melodies() {
		if err := write("melody-"+m.Name, m.Title, func() []int16 { return audio.RenderMelody(m.Name) }); err != nil {
			return err
		}
	}
	for _, c := range countries {
		set, _ := audio.Tones(c)
		for _, name := range toneNames {
			if set[name] == nil {
				continue
			}
			if err := write(fmt.Sprintf("tone-%s-%s", c, name), "", func() []int16 { return renderTone(set[name]) }); err != nil {
				return err
			}
		}
	}
	return nil
}

// renderTone plays a tone to its end, or for toneTime.
func renderTone(t *audio.Tone) []int16 {
	length := t.Len()
	if length == 0 {
		length = toneTime
	}
	var p audio.TonePlayer
	p.Play(t)
	out := make([]int16, int(length*audio.Rate/time.Second)/audio.FrameLen*audio.FrameLen)
	for at := 0; at < len(out); at += audio.FrameLen {
		p.ReadFrame(out[at : at+audio.FrameLen])
	}
	return out
}
