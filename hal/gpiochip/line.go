package gpiochip

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sys/unix"
	"periph.io/x/conn/v3/gpio"
	"periph.io/x/conn/v3/physic"
)

// consumer is what others see of who has taken a line.
const consumer = "phoned"

// ErrNoPWM: a line of a GPIO chip has levels only.
var ErrNoPWM = errors.New("a GPIO line can't be dimmed")

// Line is one line; it implements gpio.PinIO. Its methods may be called from several
// goroutines.
type Line struct {
	chip   string
	name   string
	offset uint32
	lost   chan struct{} // closed: the chip is gone
	once   sync.Once

	mu     sync.Mutex
	file   *os.File // of the request; nil: the line is not taken
	config lineConfig
	level  gpio.Level // read last
}

var _ gpio.PinIO = (*Line)(nil)

// Lost is closed when the line's chip is found to be gone: the line is of no use any
// more, and Open finds the one of a chip that takes its place.
func (l *Line) Lost() <-chan struct{} { return l.lost }

func (l *Line) isLost() bool {
	select {
	case <-l.lost:
		return true
	default:
		return false
	}
}

// String implements conn.Resource.
func (l *Line) String() string { return l.name }

// Name implements pin.Pin.
func (l *Line) Name() string { return l.name }

// Number implements pin.Pin: the line's offset on its chip.
func (l *Line) Number() int { return int(l.offset) }

// Function implements pin.Pin.
func (l *Line) Function() string { return "" }

// DefaultPull implements gpio.PinIn; the kernel does not tell it.
func (l *Line) DefaultPull() gpio.Pull { return gpio.PullNoChange }

// Pull implements gpio.PinIn.
func (l *Line) Pull() gpio.Pull {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.config.flags&flagPullUp != 0:
		return gpio.PullUp
	case l.config.flags&flagPullDown != 0:
		return gpio.PullDown
	}
	return gpio.PullNoChange
}

// In implements gpio.PinIn. The error names the line; it is EBUSY while another
// program or the kernel holds it.
func (l *Line) In(pull gpio.Pull, edge gpio.Edge) error {
	flags := flagInput
	switch pull {
	case gpio.PullUp:
		flags |= flagPullUp
	case gpio.PullDown:
		flags |= flagPullDown
	case gpio.Float, gpio.PullNoChange:
	}
	if edge == gpio.RisingEdge || edge == gpio.BothEdges {
		flags |= flagRising
	}
	if edge == gpio.FallingEdge || edge == gpio.BothEdges {
		flags |= flagFalling
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.configure(lineConfig{flags: flags})
}

// Out implements gpio.PinOut. The line is at its level at once, without a moment at
// another.
func (l *Line) Out(level gpio.Level) error {
	c := lineConfig{flags: flagOutput, numAttrs: 1}
	c.attrs[0] = configAttr{id: attrOutputValues, mask: 1}
	if level {
		c.attrs[0].value = 1
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file == nil || l.config.flags != flagOutput {
		return l.configure(c)
	}
	l.config = c
	v := lineValues{bits: c.attrs[0].value, mask: 1}
	return ask(l, setValues, &v)
}

// configure takes the line, or changes what it is.
func (l *Line) configure(c lineConfig) error {
	if l.isLost() {
		return fmt.Errorf("line %s: %w", l.name, unix.ENODEV)
	}
	if l.file != nil {
		if l.config == c {
			return nil
		}
		if err := ask(l, setConfig, &c); err != nil {
			return err
		}
		l.config = c
		return nil
	}
	chip, err := os.OpenFile(filepath.Clean(l.chip), os.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("line %s: %w", l.name, err)
	}
	defer chip.Close()
	r := lineRequest{numLines: 1, config: c}
	r.offsets[0] = l.offset
	copy(r.consumer[:], consumer)
	if err := control(chip, getLine, &r); err != nil {
		return l.failed(err, nil)
	}
	if err := unix.SetNonblock(int(r.fd), true); err != nil { // so that a wait can be interrupted
		_ = unix.Close(int(r.fd))
		return fmt.Errorf("line %s: %w", l.name, err)
	}
	unix.CloseOnExec(int(r.fd))
	l.file, l.config = os.NewFile(uintptr(r.fd), l.name), c //nolint:gosec // a descriptor is not negative
	return nil
}

// ask runs a request on a line that is taken.
func ask[T any](l *Line, request uintptr, arg *T) error {
	if err := control(l.file, request, arg); err != nil {
		return l.failed(err, l.file)
	}
	return nil
}

// failed notes the end of the chip, and lets the line go (f, nil: it is not taken): its
// interrupt would stay ours, and be refused to the chip that takes the place.
func (l *Line) failed(err error, f *os.File) error {
	if errors.Is(err, unix.ENODEV) || errors.Is(err, unix.ENXIO) {
		l.once.Do(func() {
			if f != nil {
				_ = f.Close()
			}
			close(l.lost)
		})
	}
	return fmt.Errorf("line %s: %w", l.name, err)
}

// Read implements gpio.PinIn: the level, of an output as well. A line that can't be
// read is where it was last.
func (l *Line) Read() gpio.Level {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file == nil {
		if err := l.configure(lineConfig{flags: flagInput}); err != nil {
			return l.level
		}
	}
	v := lineValues{mask: 1}
	if err := ask(l, getValues, &v); err == nil {
		l.level = v.bits&1 == 1
	}
	return l.level
}

// WaitForEdge implements gpio.PinIn: it reports an edge, false after the time, which
// must be positive, or when Halt is called.
func (l *Line) WaitForEdge(timeout time.Duration) bool {
	l.mu.Lock()
	f := l.file
	l.mu.Unlock()
	if f == nil || f.SetReadDeadline(time.Now().Add(timeout)) != nil {
		return false
	}
	var event [eventSize]byte
	n, err := f.Read(event[:])
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		_ = l.failed(err, f)
	}
	return err == nil && n >= binary.Size(uint64(0))
}

// Halt implements conn.Resource: it ends a wait for an edge.
func (l *Line) Halt() error {
	l.mu.Lock()
	f := l.file
	l.mu.Unlock()
	if f == nil {
		return nil
	}
	return f.SetReadDeadline(time.UnixMilli(1))
}

// PWM implements gpio.PinOut; it is ErrNoPWM.
func (l *Line) PWM(gpio.Duty, physic.Frequency) error { return ErrNoPWM }
