package main

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"phoned/hal"
	"phoned/hal/board"
	"phoned/hal/sim"
	"phoned/internal/health"
	"phoned/media/audio"
	"phoned/media/device"
	"phoned/media/mediatest"
)

// check runs the interactive proof on the virtual board.
func check(t *testing.T, typed string, hands func(*sim.Keypad, *sim.Hook)) (string, int) {
	t.Helper()
	f := &board.File{
		Keypad: &board.Keypad{Keys: [][]hal.Key{{"1", "2"}, {"sk1", ""}}}, Hook: &board.Hook{}, Lamps: []board.Lamp{{ID: "message"}},
		Audio: board.Audio{Handset: board.Endpoint{Speaker: "plughw:0,0", Microphone: "plughw:0,0"}},
	}
	k, h := sim.NewKeypad(time.Now), sim.NewHook(time.Now, false)
	hands(k, h)
	var out bytes.Buffer
	c := checker{out: &out, answers: answers(strings.NewReader(typed))}
	c.all(f, board.Devices{Keypads: []hal.Keypad{k}, Hook: h, Lamps: new(sim.Lamps), Panels: []hal.Panel{sim.NewPanel(320, 240)}})
	return out.String(), c.failures
}

// asked gives the answers only once the key and hook parts are over: until then
// an answer would skip them.
func TestCheckPasses(t *testing.T) {
	in, typing := io.Pipe()
	f := &board.File{Keypad: &board.Keypad{Keys: [][]hal.Key{{"1", "2"}, {"sk1", ""}}}, Lamps: []board.Lamp{{ID: "message"}}}
	k, h := sim.NewKeypad(time.Now), sim.NewHook(time.Now, false)
	_ = k.Press("1", "1", "sk1", "2")
	_ = h.Lift()
	_ = h.HangUp()
	out := &asking{typing: typing}
	c := checker{out: out, answers: answers(in)}
	c.all(f, board.Devices{Keypads: []hal.Keypad{k}, Hook: h, Lamps: new(sim.Lamps), Panels: []hal.Panel{sim.NewPanel(320, 240)}})
	_ = typing.Close()
	if c.failures != 0 {
		t.Errorf("%d failures:\n%s", c.failures, out.text.String())
	}
	for _, want := range []string{"ok      1   (2 left)", "1 once more", "ok      hook switch", "ok      display", "ok      lamp message"} {
		if !strings.Contains(out.text.String(), want) {
			t.Errorf("missing %q in\n%s", want, out.text.String())
		}
	}
}

// asking types "y" whenever a question is put.
type asking struct {
	text   strings.Builder
	typing *io.PipeWriter
}

func (a *asking) Write(b []byte) (int, error) {
	n, err := a.text.Write(b)
	if bytes.Contains(b, []byte("[y/n]")) {
		go func() { _, _ = a.typing.Write([]byte("y\n")) }()
	}
	return n, err
}

func TestCheckFails(t *testing.T) {
	out, n := check(t, "", func(*sim.Keypad, *sim.Hook) {}) // nobody is there
	if n != 7 {                                             // three keys, hook, display, its light, lamp
		t.Errorf("%d failures:\n%s", n, out)
	}
	for _, want := range []string{"FAILED  key sk1 never moved", "FAILED  hook switch never moved", "FAILED  display: no answer"} {
		if !strings.Contains(out, want) {
			t.Errorf("missing %q in\n%s", want, out)
		}
	}
}

func TestBoardCommand(t *testing.T) {
	bad := filepath.Join(t.TempDir(), "board.toml")
	if err := os.WriteFile(bad, []byte("[hook]\nline = 3\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args   []string
		status int
		want   string
	}{
		{nil, 2, "phoned board check --board FILE"},
		{[]string{"list"}, 0, "GPIO lines"},
		{[]string{"check", "--board", bad}, 1, "line 2, hook.line"},
		{[]string{"check", "--board", bad + "x"}, 2, "no such file"},
	} {
		var out bytes.Buffer
		if status := boardCommand(c.args, strings.NewReader(""), &out, &out); status != c.status || !strings.Contains(out.String(), c.want) {
			t.Errorf("%v: status %d, %s", c.args, status, out.String())
		}
	}
}

// What was away before there was a registry is told to it; what comes back is
// cleared.
func TestBoardParts(t *testing.T) {
	b := boardParts{log: slog.New(slog.DiscardHandler)}
	r := health.NewRegistry(time.Now)
	b.changed(board.Missing{Part: "scanner", Title: "gone", Err: errors.New("no such file")})
	b.changed(board.Missing{Part: "input1", Title: "gone", Err: errors.New("no such file")})
	b.changed(board.Missing{Part: "input1"})
	b.tell(r)
	if l := r.List(); len(l) != 1 || l[0].Code != "board.scanner" {
		t.Fatalf("%+v", l)
	}
	b.changed(board.Missing{Part: "scanner"})
	if l := r.List(); len(l) != 0 {
		t.Errorf("%+v", l)
	}
	for _, key := range []string{"5", "*"} {
		b.changed(board.Missing{Part: "key", Subject: key, Title: "The key " + key + " is stuck.", Err: board.ErrStuck})
	}
	b.changed(board.Missing{Part: "key", Subject: "5"})
	if l := r.List(); len(l) != 1 || l[0].Code != "board.key" || l[0].Subject != "*" || l[0].Advice == "" {
		t.Errorf("%+v", l)
	}
}

// check of the sound alone, in virtual time; every question is answered by y.
func checkSound(t *testing.T, cards device.Driver, e board.Endpoint) (string, int) {
	t.Helper()
	in, typing := io.Pipe()
	out := &asking{typing: typing}
	c := checker{out: out, answers: answers(in), cards: cards}
	c.sound(board.Audio{Handset: e})
	_ = typing.Close()
	return out.text.String(), c.failures
}

// The tone and what was said are what came out of the loudspeaker.
func TestCheckSound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var heard heard
		card := device.NewCard("card", &voice{}, &heard)
		out, n := checkSound(t, card, board.Endpoint{Speaker: "card", Microphone: "card"})
		for _, want := range []string{"ok      handset, tone", "loudest at -1", "ok      handset, speech"} {
			if n != 0 || !strings.Contains(out, want) {
				t.Errorf("%d failures, want %q in\n%s", n, want, out)
			}
		}
		if _, share := mediatest.Strongest(heard.samples[audio.Rate/10:audio.Rate], audio.Rate); share < 0.9 {
			t.Errorf("no pure tone came out, %.2f", share)
		}
		if hz, _ := mediatest.Strongest(heard.samples[len(heard.samples)-2*audio.Rate:len(heard.samples)-audio.Rate], audio.Rate); hz < 690 || hz > 710 {
			t.Errorf("what was said was 700 Hz, what came back %.0f", hz)
		}
		_ = card.Close()
	})
}

// A muted microphone is told, and so is a card that is not there.
func TestCheckSoundFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		card := device.NewNull()
		if out, n := checkSound(t, card, board.Endpoint{Microphone: "null"}); n != 1 || !strings.Contains(out, "it delivers silence") {
			t.Errorf("%d failures\n%s", n, out)
		}
		_ = card.Close()
		out, n := checkSound(t, device.Mux{}, board.Endpoint{Speaker: "gone", Microphone: "gone"})
		if n != 2 || !strings.Contains(out, "FAILED  handset, tone: ") || !strings.Contains(out, "FAILED  handset, microphone: ") {
			t.Errorf("%d failures\n%s", n, out)
		}
	})
}

// voice says 700 Hz for ever.
type voice struct{ at int }

func (v *voice) ReadFrame(dst []int16) bool {
	for i := range dst {
		dst[i] = int16(6000 * math.Sin(2*math.Pi*700*float64(v.at)/audio.Rate))
		v.at++
	}
	return true
}

type heard struct{ samples []int16 }

func (h *heard) WriteFrame(src []int16) { h.samples = append(h.samples, src...) }
