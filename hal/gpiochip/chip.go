// Package gpiochip finds and drives the lines of the kernel's GPIO chips (the GPIO
// character device, version 2: include/uapi/linux/gpio.h) as periph's pins.
//
// It looks anew whenever a line is asked for, so that a chip may come late, go and come
// back; periph's own driver looks once in the life of a process. It runs no goroutine.
package gpiochip

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// Chip is a GPIO chip of this machine.
type Chip struct {
	Path  string // /dev/gpiochip0
	Name  string // gpiochip0
	Label string // pinctrl-bcm2711
	Lines []Info // in the order of their offsets
	// Err is why the chip could not be asked for its lines.
	Err error
}

// Info is a line as the chip tells of it.
type Info struct {
	Name string // "": it has none
	// Consumer is who has taken the line, as far as the kernel knows; "": nobody.
	Consumer string
}

// ErrNoChip: this machine has no GPIO chip, or not yet.
var ErrNoChip = errors.New("this machine has no GPIO chip")

// Dir is where the kernel has its chips.
const Dir = "/dev"

// Chips lists the chips of this machine: those of a Raspberry Pi's header
// ("pinctrl-…") first, then by their labels. A chip that may not be opened has Err.
func Chips() []Chip {
	paths, _ := filepath.Glob(filepath.Join(Dir, "gpiochip*"))
	var out []Chip
	for _, p := range paths {
		if info, err := os.Lstat(p); err != nil || info.Mode()&os.ModeSymlink != 0 {
			continue // an older name of one that has another
		}
		c, err := read(p)
		if err != nil {
			c = Chip{Path: p, Name: filepath.Base(p), Err: fmt.Errorf("GPIO chip %s: %w", p, err)}
		}
		out = append(out, c)
	}
	slices.SortStableFunc(out, func(a, b Chip) int {
		pa, pb := strings.HasPrefix(a.Label, "pinctrl-"), strings.HasPrefix(b.Label, "pinctrl-")
		switch {
		case pa && !pb:
			return -1
		case pb && !pa:
			return 1
		}
		return strings.Compare(a.Label, b.Label)
	})
	return out
}

// read asks a chip what it has.
func read(path string) (Chip, error) {
	f, err := os.OpenFile(filepath.Clean(path), os.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return Chip{}, errors.Unwrap(err)
	}
	defer f.Close()
	var about chipInfo
	if err := control(f, getChipInfo, &about); err != nil {
		return Chip{}, err
	}
	c := Chip{Path: path, Name: word(about.name[:]), Label: word(about.label[:])}
	if c.Label == "" {
		c.Label = c.Name
	}
	for i := range about.lines {
		l := lineInfo{offset: i}
		if err := control(f, getLineInfo, &l); err != nil {
			return Chip{}, err
		}
		c.Lines = append(c.Lines, Info{Name: word(l.name[:]), Consumer: word(l.consumer[:])})
	}
	return c, nil
}

func word(b []byte) string {
	s, _, _ := bytes.Cut(b, []byte{0})
	return string(s)
}

// find looks for a line by its name, or by chip and name ("chip:GPIO17", the chip by
// name or label). Names are the kernel's; numbers differ between kernels.
func find(name string, chips []Chip) (c Chip, offset int, err error) {
	chipName, lineName, both := strings.Cut(name, ":")
	if !both {
		lineName = name
	}
	for _, c := range chips {
		if both && chipName != c.Name && chipName != c.Label {
			continue
		}
		if i := slices.IndexFunc(c.Lines, func(l Info) bool { return l.Name == lineName }); i >= 0 && lineName != "" {
			return c, i, nil
		}
	}
	for _, c := range chips {
		if c.Err != nil && (!both || chipName == c.Name || c.Label == "") {
			return Chip{}, 0, fmt.Errorf("line %s: %w", name, c.Err)
		}
	}
	if len(chips) == 0 {
		return Chip{}, 0, fmt.Errorf("line %s: %w", name, ErrNoChip)
	}
	return Chip{}, 0, fmt.Errorf("line %s: no GPIO chip has a line of that name", name)
}

// place is a line of a chip that is there now: one that is taken out and comes back
// under the same name is another.
type place struct {
	rdev, ino uint64
	offset    int
}

// taken are the lines of this process. A line stays taken until the process ends or
// its chip goes: between two phones the display's light would flash, and the hook
// switch is the same one.
var taken = struct {
	sync.Mutex
	lines map[place]*Line
}{lines: map[place]*Line{}}

// Open finds a line by its name, or by chip and name ("chip:GPIO17"). The line is not
// taken from others before it is made an input or an output. Who opens the same line a
// second time has the same Line.
func Open(name string) (*Line, error) {
	c, offset, err := find(name, Chips())
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(c.Path)
	if err != nil {
		return nil, fmt.Errorf("line %s: %w", name, err)
	}
	at := place{offset: offset}
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		at.rdev, at.ino = uint64(s.Rdev), s.Ino //nolint:unconvert // not of this type on every machine
	}
	taken.Lock()
	defer taken.Unlock()
	maps.DeleteFunc(taken.lines, func(_ place, l *Line) bool { return l.isLost() })
	if l := taken.lines[at]; l != nil {
		return l, nil
	}
	l := &Line{chip: c.Path, name: c.Lines[offset].Name, offset: uint32(offset), lost: make(chan struct{})} // an index
	taken.lines[at] = l
	return l, nil
}
