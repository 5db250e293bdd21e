package main

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"phoned/hal"
	"phoned/hal/board"
	"phoned/hal/sim"
	"phoned/internal/health"
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
	for _, want := range []string{"FAILED  key sk1 never moved", "FAILED  hook switch never moved", "FAILED  display: no answer", "speaker-test -D plughw:0,0"} {
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
}
