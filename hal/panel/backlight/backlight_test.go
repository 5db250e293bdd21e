package backlight

import (
	"os"
	"path/filepath"
	"testing"

	"phoned/hal/haltest"
)

func TestPin(t *testing.T) {
	for _, low := range []bool{false, true} {
		p := haltest.NewCircuit().Pin("BL")
		l := Pin{p, low}
		for percent, want := range map[int]bool{0: false, 1: true, 100: true} {
			if err := l.Set(percent); err != nil || bool(p.Level()) != (want != low) {
				t.Errorf("%d %%, active low %v: %v, %v", percent, low, p.Level(), err)
			}
		}
	}
}

func TestPWM(t *testing.T) {
	root := t.TempDir()
	dir := filepath.Join(root, "pwmchip0", "pwm1")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"duty_cycle", "period", "enable"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p, err := OpenPWM(root, "pwmchip0", 1)
	if err != nil {
		t.Fatal(err)
	}
	read := func(name string) string {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	if read("period") != "50000" || read("enable") != "1" {
		t.Errorf("period %s, enable %s", read("period"), read("enable"))
	}
	for _, c := range []struct {
		percent int
		want    string
	}{{100, "50000"}, {500, "50000"}, {50, "12500"}, {10, "500"}, {0, "0"}, {-3, "0"}} {
		_ = os.Truncate(filepath.Join(dir, "duty_cycle"), 0)
		if err := p.Set(c.percent); err != nil || read("duty_cycle") != c.want {
			t.Errorf("%d %%: %s, want %s (%v)", c.percent, read("duty_cycle"), c.want, err)
		}
	}
	if _, err := OpenPWM(root, "pwmchip7", 0); err == nil {
		t.Error("a chip that is not there was opened")
	}
}
