//go:build kernel

package kernel

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	boardfile "phoned/hal/board"
)

// simChip makes a GPIO chip of gpio-sim whose 28 lines are named as the Raspberry Pi's
// header, and returns its folder in sysfs.
func simChip(t *testing.T, device, label string) string {
	t.Helper()
	dir := "/sys/kernel/config/gpio-sim/" + device
	bank := dir + "/bank0"
	if err := os.MkdirAll(bank, 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, bank+"/label", label)
	write(t, bank+"/num_lines", 28)
	for i := range 28 {
		line := fmt.Sprintf("%s/line%d", bank, i)
		if err := os.Mkdir(line, 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, line+"/name", fmt.Sprint("GPIO", i))
	}
	write(t, dir+"/live", 1)
	t.Cleanup(func() {
		write(t, dir+"/live", 0)
		for i := range 28 {
			_ = os.Remove(fmt.Sprintf("%s/line%d", bank, i))
		}
		_ = os.Remove(bank)
		_ = os.Remove(dir)
	})
	return "/sys/devices/platform/" + read(t, dir+"/dev_name") + "/" + read(t, bank+"/chip_name")
}

// testRP1: the Pi 5's board finds its lines on the chip that is called pinctrl-rp1,
// whatever its number, although another chip has lines of the same names. The chips
// must be there before the library looks, so that a fresh process opens the board.
func testRP1(t *testing.T) {
	decoy, rp1 := simChip(t, "decoy", "pinctrl-bcm2835"), simChip(t, "rp1", "pinctrl-rp1")
	if decoy > rp1 {
		t.Logf("%s, %s: the decoy is not the first", decoy, rp1)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, "-test.v", "-test.timeout=60s", "-test.run=^TestRP1Board$")
	cmd.Env = append(os.Environ(), "PHONED_RP1="+rp1, "PHONED_GUEST=rp1")
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	if err != nil || !strings.Contains(string(out), "--- PASS: TestRP1Board") {
		t.Error("the board of the Pi 5 did not open: ", err)
	}
}

// TestRP1Board is testRP1's process.
func TestRP1Board(t *testing.T) {
	rp1 := os.Getenv("PHONED_RP1")
	if rp1 == "" {
		return // the test kernel's own run starts it
	}
	b, err := os.ReadFile("../../boards/pi5-st7789.toml")
	if err != nil {
		t.Fatal(err)
	}
	// The lamp is the reader's choice there; it is taken here.
	text := regexp.MustCompile(`(?m)^# (\[\[lamp\]\]|id =|line =|active =)`).ReplaceAllString(string(b), "$1")
	f, err := boardfile.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	d, missing := boardfile.Open(f, nil)
	if len(missing) != 0 || len(d.Keypads) != 1 || d.Hook == nil || len(d.Panels) != 1 || d.Lamps == nil {
		t.Fatalf("missing %+v; %+v", missing, d)
	}
	if e := <-d.Hook.Events(); !e.OffHook {
		t.Error("on hook although nothing pulls the line down")
	}
	write(t, rp1+"/sim_gpio26/pull", "pull-down") // the other chip's line of that name stays where it is
	if e := <-d.Hook.Events(); e.OffHook {
		t.Error("off hook in its cradle")
	}
}
