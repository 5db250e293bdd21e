package board

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"phoned/hal/gpiochip"
	"phoned/hal/input"
)

// Section is one kind of thing that the kernel has, and how a board file names
// each.
type Section struct {
	Title   string
	Entries []string
}

// Print writes a section.
func (s Section) Print(w io.Writer) {
	_, _ = fmt.Fprintf(w, "%s\n", s.Title)
	for _, e := range s.Entries {
		_, _ = fmt.Fprintf(w, "  %s\n", e)
	}
	if len(s.Entries) == 0 {
		_, _ = fmt.Fprintln(w, "  none")
	}
}

// Inventory lists what this machine has to build a board of. Files are looked
// for under root; GPIO, SPI, I²C and input devices are the machine's own.
func Inventory(root string) []Section {
	return []Section{
		{"GPIO lines ([keypad], [hook], [panel], [[lamp]]); taken ones have their user in brackets", gpioLines()},
		{"SPI ports (panel.spi)", spiNames()},
		{"I²C buses (panel.i2c)", i2cNames()},
		{"PWM channels (panel.light_pwm)", pwmChips(root)},
		{"serial devices (scanner.device, serialpad.device)", serials(root)},
		{"input devices ([[input]] device or name)", inputs()},
		{"sound cards ([audio]: plughw:CARD,DEVICE)", soundCards(root)},
		{"cameras ([camera] device)", cameras(root)},
	}
}

func gpioLines() (out []string) {
	for _, c := range gpiochip.Chips() {
		if c.Err != nil {
			out = append(out, c.Err.Error())
			continue
		}
		var names []string
		for _, l := range c.Lines {
			name := l.Name
			if name == "" {
				continue
			}
			if l.Consumer != "" {
				name += "(" + l.Consumer + ")"
			}
			names = append(names, name)
		}
		out = append(out, fmt.Sprintf("%s (%s), %d lines: %s", c.Name, c.Label, len(c.Lines), strings.Join(names, " ")))
	}
	return out
}

func spiNames() (out []string) {
	for _, p := range spiPorts() {
		out = append(out, p.file()+" "+p.name())
	}
	return out
}

func i2cNames() (out []string) {
	for _, b := range i2cBuses() {
		out = append(out, b.file()+" "+b.name())
	}
	return out
}

func pwmChips(root string) (out []string) {
	chips, _ := filepath.Glob(filepath.Join(root, "sys/class/pwm/pwmchip*"))
	for _, c := range chips {
		out = append(out, fmt.Sprintf("%s: %s channels, the first is %s:0", filepath.Base(c), word(c, "npwm"), filepath.Base(c)))
	}
	return out
}

// serials prefers the names that stay the same from one plug to another.
func serials(root string) (out []string) {
	for _, pattern := range []string{"dev/serial/by-id/*", "dev/ttyACM*", "dev/ttyUSB*", "dev/ttyAMA*"} {
		found, _ := filepath.Glob(filepath.Join(root, pattern))
		for _, f := range found {
			name := filepath.Join("/", strings.TrimPrefix(f, root))
			if to, err := os.Readlink(f); err == nil {
				name += " (" + filepath.Base(to) + ")"
			}
			out = append(out, name)
		}
	}
	return out
}

func inputs() (out []string) {
	for _, d := range input.List() {
		out = append(out, fmt.Sprintf("%s %q", d.Path, d.Name))
	}
	return out
}

func soundCards(root string) (out []string) {
	cards, _ := filepath.Glob(filepath.Join(root, "proc/asound/card[0-9]*"))
	for _, c := range cards {
		var ways []string
		number := strings.TrimPrefix(filepath.Base(c), "card")
		streams, _ := filepath.Glob(filepath.Join(root, "dev/snd/pcmC"+number+"D*"))
		for _, s := range streams { // pcmC0D1p: device 1, playing
			name := strings.TrimPrefix(filepath.Base(s), "pcmC"+number+"D")
			if device, plays := strings.CutSuffix(name, "p"); plays {
				ways = append(ways, device+" plays")
			} else {
				ways = append(ways, strings.TrimSuffix(name, "c")+" records")
			}
		}
		out = append(out, fmt.Sprintf("%s: %s", word(c, "id"), strings.Join(ways, ", ")))
	}
	return out
}

func cameras(root string) (out []string) {
	found, _ := filepath.Glob(filepath.Join(root, "sys/class/video4linux/video*"))
	for _, v := range found {
		out = append(out, fmt.Sprintf("/dev/%s %q", filepath.Base(v), word(v, "name")))
	}
	return out
}

// word reads a small file of the kernel.
func word(dir, name string) string {
	b, err := os.ReadFile(filepath.Join(filepath.Clean(dir), name))
	if err != nil {
		return "?"
	}
	return strings.TrimSpace(string(b))
}
