package board

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestInventory(t *testing.T) {
	root := t.TempDir()
	for name, text := range map[string]string{
		"sys/class/pwm/pwmchip0/npwm": "2\n", "proc/asound/card1/id": "wm8960soundcard\n", "dev/snd/pcmC1D0p": "", "dev/snd/pcmC1D0c": "", "dev/snd/pcmC10D3p": "",
		"sys/class/video4linux/video0/name": "USB Camera\n", "dev/ttyACM0": "",
	} {
		file := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(filepath.Join(root, "dev/serial/by-id"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("../../ttyACM0", filepath.Join(root, "dev/serial/by-id/usb-QR_Scanner-if00")); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, s := range Inventory(root) {
		s.Print(&b)
	}
	for _, want := range []string{
		"  pwmchip0: 2 channels, the first is pwmchip0:0\n", "  /dev/serial/by-id/usb-QR_Scanner-if00 (ttyACM0)\n  /dev/ttyACM0\n",
		"  wm8960soundcard: 0 records, 0 plays\n", "  /dev/video0 \"USB Camera\"\n", "GPIO lines", "SPI ports", "I²C buses (panel.i2c)\n",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("missing %q in\n%s", want, b.String())
		}
	}
}
