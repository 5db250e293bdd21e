//go:build kernel && !arm64

package raspi

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// guests are the tests of guest_test.go.
var guests = []string{"TestModel", "TestBoards", "TestProgram"}

// program is the phone for arm64, as "make build-arm64" makes it.
const program = "../../bin/arm64/phoned"

// TestRaspberryPi3 boots once and takes over what the tests inside came to.
func TestRaspberryPi3(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes minutes")
	}
	self, err := filepath.Abs(program)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(self); err != nil {
		t.Fatal("make build-arm64 comes first: ", err)
	}
	dir := t.TempDir()
	if out, err := exec.CommandContext(t.Context(), "./build", dir, self).CombinedOutput(); err != nil {
		t.Fatalf("the guest cannot be built: %v\n%s", err, out)
	}
	console := boot(t, dir)
	for i, name := range guests {
		t.Run(name, func(t *testing.T) {
			_, text, ran := strings.Cut(console, "=== RUN   "+name+"\n")
			if !ran {
				t.Fatalf("it did not start; the console:\n%s", console)
			}
			if i+1 < len(guests) {
				text, _, _ = strings.Cut(text, "=== RUN   "+guests[i+1]+"\n")
			}
			t.Log(text)
			if !regexp.MustCompile(`--- PASS: ` + name + ` `).MatchString(console) {
				t.Error("it did not pass inside")
			}
		})
	}
	if !strings.Contains(console, "STATUS 0\n") {
		t.Error("the tests inside did not end well")
	}
}

// boot runs the emulator until the guest says that it is done, which has no way to
// switch itself off, and returns what it printed.
func boot(t *testing.T, dir string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 12*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "qemu-system-aarch64", "-M", "raspi3b", "-kernel", dir+"/kernel", "-dtb", dir+"/dtb", "-initrd", dir+"/initrd",
		"-append", "console=ttyAMA0,115200 quiet panic=-1", "-display", "none", "-serial", "stdio", "-monitor", "none", "-no-reboot")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var console strings.Builder
	for s := bufio.NewScanner(out); s.Scan(); {
		line := strings.TrimRight(s.Text(), "\r")
		fmt.Fprintln(&console, line)
		if strings.Contains(line, "=== RUN   "+guests[0]) {
			t.Logf("%.0f s to the first test", time.Since(begun).Seconds())
		}
		if strings.HasPrefix(line, "STATUS ") {
			cancel()
		}
	}
	err = cmd.Wait()
	t.Logf("%.0f s in all; the emulator ended with %v", time.Since(begun).Seconds(), err)
	return console.String()
}
