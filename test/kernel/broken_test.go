//go:build kernel

package kernel

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"phoned/hal/haltest"
	"phoned/hal/serialpad"
)

// Nearly everything is broken on one board.
const (
	stuckPlace = 2 // key 3: in the row of 1, in the column of 9
	mutePlace  = 17
	scannerAt  = "/dev/phone-scanner"
	padAt      = "/dev/phone-pad"
	padName    = "Desk Number Pad"
)

// brokenBoard is the virtual board with a hook switch on a line that no chip has, a
// display and a lamp on lines that the kernel has taken, and three devices that are
// not plugged in.
func brokenBoard(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile(board)
	if err != nil {
		t.Fatal(err)
	}
	text := string(b)
	for was, is := range map[string]string{`line = "HOOK"`: `line = "GPIO99"`, `dc = "LCD_DC"`: `dc = "LED_MUTE"`} {
		if !strings.Contains(text, was) {
			t.Fatalf("the board has no %s", was)
		}
		text = strings.Replace(text, was, is, 1)
	}
	text += fmt.Sprintf(`
[[lamp]]
id = "message"
line = "LED_MESSAGE"
active = "high"
[scanner]
device = %q
[serialpad]
device = %q
[serialpad.keys]
7 = "mute"
[[input]]
name = %q
keys = { KEY_KP1 = "1", KEY_KP2 = "2" }
`, scannerAt, padAt, padName)
	file := filepath.Join(t.TempDir(), "board.toml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// boardProblems are the codes of what the phone says of its board, sorted.
func boardProblems(t *testing.T) (out []string) {
	t.Helper()
	res, err := http.Get("http://" + webAddr + "/api/v1/problems")
	if err != nil {
		return nil
	}
	defer res.Body.Close()
	var list struct {
		Problems []struct{ Code, Subject, Title, Advice, Detail string }
	}
	if err := json.NewDecoder(res.Body).Decode(&list); err != nil {
		t.Fatal(err)
	}
	for _, p := range list.Problems {
		code, ours := strings.CutPrefix(p.Code, "board.")
		if !ours {
			continue
		}
		if p.Title == "" || p.Advice == "" || p.Detail == "" {
			t.Errorf("%+v says too little", p)
		}
		if code == "key" {
			code += " " + p.Subject
		}
		out = append(out, code)
	}
	slices.Sort(out)
	return out
}

func awaitProblems(t *testing.T, what string, want ...string) {
	t.Helper()
	var got []string
	eventually(t, what, func() bool {
		if got = boardProblems(t); slices.Equal(got, want) {
			return true
		}
		return false
	})
	t.Logf("%s: the phone says %q", what, got)
}

// testPhoneBroken: the phone starts and calls with what works, says what does not,
// and takes what is plugged in later. A serial device that floods garbage in the call
// costs little and hinders nothing.
func testPhoneBroken(t *testing.T) {
	write(t, panelDir+"keys", 1<<stuckPlace)
	defer write(t, panelDir+"keys", 0)
	d := startDaemonOn(t, brokenBoard(t))
	await(t, d.ex, "registered")
	awaitProblems(t, "at the start", "hook", "input", "key 3", "lamp", "panel", "scanner", "serialpad")

	tap := func(place int) { // the stuck key stays where it is
		t.Helper()
		write(t, panelDir+"keys", 1<<stuckPlace|1<<place)
		time.Sleep(finger)
		write(t, panelDir+"keys", 1<<stuckPlace)
		time.Sleep(finger)
	}
	eventually(t, "the phone is idle", func() bool { name, _ := screen(t); return name == "idle" })
	for _, k := range []byte("9197") {
		tap(keyPlace[k])
	}
	tap(5) // speaker: there is no hook switch
	await(t, d.ex, "answered")
	eventually(t, "media flow", func() bool { s := statusOf(t); return len(s.Calls) == 1 && s.Calls[0].MediaUp })
	farTone(t)

	pad, scanner := haltest.NewPty(t), haltest.NewPty(t)
	link(t, pad.Path, padAt)
	link(t, scanner.Path, scannerAt)
	virtualKeys(t, padName, 79, 80)
	awaitProblems(t, "all three plugged in", "hook", "key 3", "lamp", "panel")

	calm, _ := busiest(t, d.pid, 2*time.Second)
	flood := startFlood(t, pad, scanner)
	thread, all := busiest(t, d.pid, 3*time.Second)
	tap(mutePlace)
	eventually(t, "muted by a key under the flood", func() bool { return statusOf(t).Muted })
	t.Logf("%d bytes of garbage; busiest thread %.0f %% of a processor, %.0f %% before; all %.0f %%", flood(), thread*100, calm*100, all*100)
	if thread > spinning {
		t.Errorf("a thread spins: %.0f %%", thread*100)
	}
	pad.Type([]byte("\r\n"))
	for i, down := range []string{"1", "0"} {
		pad.Type(serialpad.Message{Seq: uint8(i), Word: "K", Args: []string{"7", down}}.Encode())
	}
	eventually(t, "unmuted by the pad that had flooded", func() bool { return !statusOf(t).Muted })

	write(t, panelDir+"keys", 0)
	awaitProblems(t, "the key is free", "hook", "lamp", "panel")
	pad.Unplug()
	awaitProblems(t, "the pad is pulled out", "hook", "lamp", "panel", "serialpad")
	if s := statusOf(t); len(s.Calls) != 1 || s.Calls[0].State != "active" {
		t.Errorf("the call did not go on: %+v", s)
	}
	pressAt(t, 5)
	await(t, d.ex, "bye")
}

// link makes a device appear under a name that udev would give it.
func link(t *testing.T, to, name string) {
	t.Helper()
	if err := os.Symlink(to, name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Remove(name) })
}

// startFlood types garbage as fast as 115200 baud are, into all devices, until the
// test ends or end is called, which tells how much it was.
func startFlood(t *testing.T, devices ...*haltest.Pty) (end func() int) {
	t.Helper()
	junk := bytes.Repeat([]byte{0xff, '$', 0x00, 0x1b, 'x', '*', '9'}, 164) // a tenth of a second of them
	stop, done := make(chan struct{}), make(chan int)
	go func() {
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		n := 0
		for {
			select {
			case <-tick.C:
				for _, d := range devices {
					d.Type(junk)
					n += len(junk)
				}
			case <-stop:
				done <- n
				return
			}
		}
	}()
	end = sync.OnceValue(func() int { close(stop); return <-done })
	t.Cleanup(func() { end() })
	return end
}
