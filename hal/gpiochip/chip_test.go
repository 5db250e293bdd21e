package gpiochip

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
	"unsafe"

	"periph.io/x/conn/v3/gpio"
)

// The structures are as large as the kernel's: the sizes are part of the requests.
func TestLayout(t *testing.T) {
	for what, c := range map[string][2]uintptr{
		"gpiochip_info": {unsafe.Sizeof(chipInfo{}), 68}, "gpio_v2_line_info": {unsafe.Sizeof(lineInfo{}), 256},
		"gpio_v2_line_config": {unsafe.Sizeof(lineConfig{}), 272}, "gpio_v2_line_request": {unsafe.Sizeof(lineRequest{}), 592},
		"gpio_v2_line_values": {unsafe.Sizeof(lineValues{}), 16},
		"fd":                  {unsafe.Offsetof(lineRequest{}.fd), 588}, "num_lines": {unsafe.Offsetof(lineRequest{}.numLines), 560},
		"GPIO_GET_CHIPINFO_IOCTL": {getChipInfo, 0x8044b401}, "GPIO_V2_GET_LINE_IOCTL": {getLine, 0xc250b407}, "GPIO_V2_LINE_GET_VALUES_IOCTL": {getValues, 0xc010b40e},
	} {
		if c[0] != c[1] {
			t.Errorf("%s: %#x, want %#x", what, c[0], c[1])
		}
	}
}

func TestFind(t *testing.T) {
	lines := func(names ...string) (out []Info) {
		for _, n := range names {
			out = append(out, Info{Name: n})
		}
		return out
	}
	header := Chip{Name: "gpiochip4", Label: "pinctrl-rp1", Lines: lines("", "GPIO17")}
	other := Chip{Name: "gpiochip0", Label: "brcmvirt-gpio", Lines: lines("GPIO17", "LED")}
	locked := Chip{Path: "/dev/gpiochip1", Name: "gpiochip1", Err: fs.ErrPermission}
	for _, c := range []struct {
		name  string
		chips []Chip
		chip  string
		at    int
		err   string
	}{
		{"GPIO17", []Chip{header, other}, "gpiochip4", 1, ""},
		{"brcmvirt-gpio:GPIO17", []Chip{header, other}, "gpiochip0", 0, ""},
		{"gpiochip0:LED", []Chip{header, other}, "gpiochip0", 1, ""},
		{"", []Chip{header}, "", 0, "no GPIO chip has a line of that name"},
		{"HOOK", []Chip{header, other}, "", 0, "line HOOK: no GPIO chip has a line of that name"},
		{"HOOK", []Chip{header, locked}, "", 0, "line HOOK: permission denied"},
		{"GPIO17", []Chip{header, locked}, "gpiochip4", 1, ""},
		{"GPIO17", nil, "", 0, "line GPIO17: this machine has no GPIO chip"},
	} {
		got, at, err := find(c.name, c.chips)
		if got.Name != c.chip || at != c.at || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%q: %s, %d, %v", c.name, got.Name, at, err)
		}
	}
}

// A line whose chip can't be opened is an error that names it, and never a level that
// jumps.
func TestLineOfNoChip(t *testing.T) {
	l := &Line{chip: t.TempDir() + "/gpiochip9", name: "HOOK", lost: make(chan struct{}), level: gpio.High}
	for what, err := range map[string]error{"In": l.In(gpio.PullUp, gpio.BothEdges), "Out": l.Out(gpio.High)} {
		if !errors.Is(err, fs.ErrNotExist) || !strings.HasPrefix(err.Error(), "line HOOK: ") {
			t.Errorf("%s: %v", what, err)
		}
	}
	if l.Read() != gpio.High || l.WaitForEdge(1) || l.Halt() != nil {
		t.Error("a line that is not there moved")
	}
	_ = l.failed(errors.New("busy"), nil)
	if l.isLost() {
		t.Error("a line that is busy is lost")
	}
}
