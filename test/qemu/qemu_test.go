//go:build kernel

package qemu

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"phoned/media/mediatest"
)

// guests are the tests that run inside.
var guests = []struct {
	name string
	test func(*testing.T)
}{
	{"USBAudio", testUSBAudio},
	{"Camera", testCamera},
}

// TestQEMU boots once and takes over what the tests inside came to. Inside, it
// is what runs them.
func TestQEMU(t *testing.T) {
	if os.Getenv("PHONED_GUEST") == "qemu" {
		for _, g := range guests {
			t.Run(g.name, g.test)
		}
		return
	}
	if testing.Short() {
		t.Skip("it takes minutes")
	}
	dir := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	build := exec.CommandContext(t.Context(), "./build", dir, self)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("the guest cannot be built: %v\n%s", err, out)
	}
	console := boot(t, dir)
	for _, g := range guests {
		t.Run(g.name, func(t *testing.T) { report(t, console, g.name) })
	}
	t.Run("Heard", func(t *testing.T) { heard(t, filepath.Join(dir, "heard.wav")) })
}

// boot runs the emulator to its end and returns what the guest printed. A line
// "@qmp {…}" of the guest is a command to the emulator: it plugs and pulls.
func boot(t *testing.T, dir string) string {
	t.Helper()
	socket := filepath.Join(dir, "qmp")
	cmd := exec.CommandContext(t.Context(), "qemu-system-x86_64", "-M", "q35", "-nic", "none", "-accel", "tcg", "-cpu", "max", "-m", "1024", "-smp", "2",
		"-display", "none", "-serial", "stdio", "-no-reboot", "-kernel", filepath.Join(dir, "vmlinux"), "-initrd", filepath.Join(dir, "initrd"),
		"-append", "console=ttyS0 quiet panic=-1 mitigations=off nokaslr tsc=reliable",
		"-device", "qemu-xhci,id=xhci", "-audiodev", "wav,id=a0,out.frequency=48000,path="+filepath.Join(dir, "heard.wav"),
		"-qmp", "unix:"+socket+",server=on,wait=off")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	limit := time.AfterFunc(10*time.Minute, func() { _ = cmd.Process.Kill() })
	defer limit.Stop()
	var console strings.Builder
	var q *qmp
	for s := bufio.NewScanner(out); s.Scan(); {
		line := strings.TrimRight(s.Text(), "\r")
		fmt.Fprintln(&console, line)
		if strings.Contains(line, "=== RUN   TestQEMU") && !strings.Contains(line, "/") {
			t.Logf("%.1f s to the first test", time.Since(begun).Seconds())
		}
		_, command, asks := strings.Cut(line, "@qmp ")
		if !asks {
			continue
		}
		if q == nil {
			if q, err = dialQMP(socket); err != nil {
				t.Error(err)
				break
			}
			defer q.Close()
		}
		if err := q.do(command); err != nil {
			t.Errorf("%s: %v", command, err)
		}
	}
	_, _ = io.Copy(io.Discard, out)
	if err := cmd.Wait(); err != nil {
		t.Errorf("the emulator ended with %v", err)
	}
	t.Logf("%.1f s in all", time.Since(begun).Seconds())
	return console.String()
}

// qmp is the emulator's control connection (QEMU Machine Protocol).
type qmp struct {
	net.Conn
	answers *json.Decoder
}

func dialQMP(socket string) (*qmp, error) {
	c, err := net.Dial("unix", socket)
	if err != nil {
		return nil, err
	}
	q := &qmp{c, json.NewDecoder(c)}
	var greeting any
	if err := q.answers.Decode(&greeting); err != nil {
		return nil, err
	}
	return q, q.do(`{"execute":"qmp_capabilities"}`)
}

func (q *qmp) do(command string) error {
	if _, err := io.WriteString(q, command+"\n"); err != nil {
		return err
	}
	for {
		var a struct {
			Return json.RawMessage
			Error  *struct{ Desc string }
		}
		if err := q.answers.Decode(&a); err != nil {
			return err
		}
		switch {
		case a.Error != nil:
			return fmt.Errorf("the emulator refused: %s", a.Error.Desc)
		case a.Return != nil:
			return nil
		}
	}
}

// report ends a test as the guest's one ended, with what that one printed.
func report(t *testing.T, console, name string) {
	_, text, ran := strings.Cut(console, "=== RUN   TestQEMU/"+name+"\n")
	if !ran {
		t.Fatalf("the test did not start; the console:\n%s", console)
	}
	text, _, _ = strings.Cut(text, "=== RUN ")
	t.Log(text)
	end := regexp.MustCompile(`--- (PASS|FAIL): TestQEMU/` + name + ` `).FindStringSubmatch(console)
	if end == nil || end[1] != "PASS" {
		t.Errorf("it did not pass inside: %v", end)
	}
}

// heard looks for the guest's tone in what the emulated card played.
func heard(t *testing.T, file string) {
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	const header = 44
	var left []int16 // of two channels
	for i := header; i+3 < len(b); i += 4 {
		left = append(left, int16(binary.LittleEndian.Uint16(b[i:])))
	}
	// The emulated processor is slow and the sound has holes: a second of it
	// anywhere is enough.
	best := 0.0
	for at := 0; at+cardRate/4 <= len(left); at += cardRate / 4 {
		if hz, share := mediatest.Strongest(left[at:at+cardRate/4], cardRate); hz > toneHz-15 && hz < toneHz+15 {
			best = max(best, share)
		}
	}
	t.Logf("%.1f s came out; %.0f Hz had at best %.0f %% of the power", float64(len(left))/cardRate, float64(toneHz), best*100)
	if best < 0.5 {
		t.Errorf("the tone of %d Hz did not come out of the USB card", toneHz)
	}
}
