//go:build kernel && arm64

package raspi

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"phoned/hal/board"
)

// TestMain is the first process of the emulated Pi: it makes the file systems, runs
// the tests and says how they ended.
func TestMain(m *testing.M) {
	if os.Getpid() != 1 {
		fmt.Fprintln(os.Stderr, "this program is the first process of an emulated Raspberry Pi")
		os.Exit(1)
	}
	for _, fs := range [][2]string{{"proc", "/proc"}, {"sysfs", "/sys"}, {"devtmpfs", "/dev"}, {"tmpfs", "/tmp"}} {
		if err := unix.Mount(fs[0], fs[1], fs[0], 0, ""); err != nil {
			fmt.Println("mount", fs[1], err)
		}
	}
	flag.Parse()
	status := 2
	if err := flag.Set("test.v", "true"); err == nil {
		status = m.Run()
	}
	fmt.Println("STATUS", status)
	select {} // the emulator is ended from outside
}

// TestModel: it is a Pi 3 with its own GPIO driver.
func TestModel(t *testing.T) {
	model, err := os.ReadFile("/proc/device-tree/model")
	if err != nil {
		t.Fatal(err)
	}
	lines := section(t, "GPIO lines")
	t.Logf("%s: %s", bytes.TrimRight(model, "\x00"), lines)
	if !strings.Contains(lines, "(pinctrl-bcm2835), 54 lines") {
		t.Error("the kernel has no GPIO chip of a Pi 3")
	}
}

// section is a part of what "phoned board list" prints.
func section(t *testing.T, title string) string {
	t.Helper()
	for _, s := range board.Inventory("/") {
		if strings.HasPrefix(s.Title, title) {
			return strings.Join(s.Entries, "\n")
		}
	}
	t.Fatalf("the inventory has no %q", title)
	return ""
}

// TestBoards: every line that the board files for this Pi name is there, and is ours
// when it is opened; what the emulator has not, and nothing else, is told.
func TestBoards(t *testing.T) {
	for _, name := range []string{"pi4-st7789", "zero2-oled"} {
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile("/boards/" + name + ".toml")
			if err != nil {
				t.Fatal(err)
			}
			f, err := board.Parse(text)
			if err != nil {
				t.Fatal(err)
			}
			d, missing := board.Open(f, nil)
			for _, m := range missing {
				t.Log(m.Title, m.Err)
				if m.Part != "panel" || !strings.Contains(m.Err.Error(), "dtparam=") {
					t.Errorf("%s does not work", m.Part)
				}
			}
			if len(missing) != 1 || len(d.Keypads) != 1 || d.Hook == nil || (d.Lamps == nil) != (len(f.Lamps) == 0) {
				t.Errorf("%d missing; %+v", len(missing), d)
			}
			if d.Hook != nil {
				<-d.Hook.Events() // its place, read from the line
				if err := d.Hook.Close(); err != nil {
					t.Error(err)
				}
			}
			for _, k := range d.Keypads {
				if err := k.Close(); err != nil {
					t.Error(err)
				}
			}
			if d.Lamps != nil {
				if err := d.Lamps.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// TestProgram: the phone's own program, with its libraries, lists what there is.
func TestProgram(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "/phoned", "board", "list")
	cmd.Env = []string{"LD_LIBRARY_PATH=/lib", "PATH=/"}
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	// TestBoards has taken GPIO17 for the lamp, and says so.
	if err != nil || !strings.Contains(string(out), "pinctrl-bcm2835") || !strings.Contains(string(out), " GPIO18 ") || !strings.Contains(string(out), " GPIO17(") {
		t.Errorf("phoned board list: %v", err)
	}
	if left, _ := filepath.Glob("/tmp/*"); len(left) != 0 {
		t.Errorf("it left %v", left)
	}
}
