package haltest

import (
	"errors"
	"slices"
	"sync"
	"time"

	"periph.io/x/conn/v3/gpio"
	"periph.io/x/conn/v3/gpio/gpiotest"
	"periph.io/x/conn/v3/physic"
)

// Circuit is a board of GPIO lines whose levels are worked out as current
// would: outputs drive, closed contacts join lines, inputs follow what they
// are joined to or their pull resistor. Safe for concurrent use.
type Circuit struct {
	mu     sync.Mutex
	pins   []*Pin
	joined map[[2]*Pin]bool
	err    error
	shorts int
	turned []string
	calls  int
	rise   time.Duration
}

// NewCircuit makes an empty board.
func NewCircuit() *Circuit { return &Circuit{joined: map[[2]*Pin]bool{}} }

// queued is how many edges the kernel keeps for a line.
const queued = 16

// Pin is a line of a Circuit. It implements gpio.PinIO with the habits of the
// kernel's character device as periph drives it: WaitForEdge(-1) returns at
// once, Read turns an output into an input, Out after In is low for a moment,
// edges queue, there is no PWM, and Halt interrupts a wait.
type Pin struct {
	gpiotest.Pin // N is the name; the rest is not used
	c            *Circuit
	out          bool
	drives       gpio.Level
	pull         gpio.Pull
	outside      *gpio.Level
	level        gpio.Level
	rose         time.Time
	edge         gpio.Edge
	edges        chan struct{}
	halt         chan struct{}
}

// Pin adds a line.
func (c *Circuit) Pin(name string) *Pin {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := &Pin{c: c, level: gpio.High, edges: make(chan struct{}, queued), halt: make(chan struct{})}
	p.N = name
	c.pins = append(c.pins, p)
	return p
}

// Join closes or opens the contact between two lines.
func (c *Circuit) Join(a, b *Pin, closed bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.joined[[2]*Pin{a, b}] = closed
	c.settleLocked()
}

// Drive sets a line's level from outside, as a switch does.
func (c *Circuit) Drive(p *Pin, l gpio.Level) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p.outside = &l
	c.settleLocked()
}

// Fail makes every call fail from now on; nil repairs.
func (c *Circuit) Fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.err = err
}

// Shorts counts how often a high output was joined with a low one.
func (c *Circuit) Shorts() int { c.mu.Lock(); defer c.mu.Unlock(); return c.shorts }

// Turned names the outputs that a Read made inputs.
func (c *Circuit) Turned() []string { c.mu.Lock(); defer c.mu.Unlock(); return slices.Clone(c.turned) }

// Rise makes every line read low for so long after it was let go: its pull-up
// fills the wires.
func (c *Circuit) Rise(d time.Duration) { c.mu.Lock(); defer c.mu.Unlock(); c.rise = d }

// Calls counts what would be system calls.
func (c *Circuit) Calls() int { c.mu.Lock(); defer c.mu.Unlock(); return c.calls }

// settleLocked works the levels out and queues the edges.
func (c *Circuit) settleLocked() {
	low, high := map[*Pin]bool{}, map[*Pin]bool{}
	for _, p := range c.pins {
		switch {
		case p.out && !bool(p.drives), !p.out && p.outside != nil && !bool(*p.outside):
			low[p] = true
		case p.out, p.outside != nil:
			high[p] = true
		}
	}
	for again := true; again; {
		again = false
		for pair, closed := range c.joined {
			if !closed {
				continue
			}
			for _, net := range []map[*Pin]bool{low, high} {
				if net[pair[0]] != net[pair[1]] {
					net[pair[0]], net[pair[1]], again = true, true, true
				}
			}
		}
	}
	for _, p := range c.pins {
		if low[p] && high[p] {
			c.shorts++
			break
		}
	}
	for _, p := range c.pins {
		was := p.level
		switch {
		case p.out:
			p.level = p.drives
		case low[p]:
			p.level = gpio.Low
		case high[p]:
			p.level = gpio.High
		default:
			p.level = gpio.Level(p.pull != gpio.PullDown)
		}
		if was != p.level && bool(p.level) {
			p.rose = time.Now()
		}
		wanted := p.edge == gpio.BothEdges || p.edge == gpio.RisingEdge && bool(p.level) || p.edge == gpio.FallingEdge && !bool(p.level)
		if was != p.level && !p.out && wanted {
			select {
			case p.edges <- struct{}{}:
			default: // the kernel's queue is full
			}
		}
	}
}

// In implements gpio.PinIn.
func (p *Pin) In(pull gpio.Pull, e gpio.Edge) error {
	p.c.mu.Lock()
	defer p.c.mu.Unlock()
	p.c.calls++
	if p.c.err != nil {
		return p.c.err
	}
	p.out, p.pull, p.edge = false, pull, e
	p.c.settleLocked()
	return nil
}

// Read implements gpio.PinIn.
func (p *Pin) Read() gpio.Level {
	p.c.mu.Lock()
	out := p.out
	if out {
		p.c.turned = append(p.c.turned, p.N)
	}
	p.c.mu.Unlock()
	if out {
		_ = p.In(gpio.PullUp, gpio.NoEdge)
	}
	p.c.mu.Lock()
	defer p.c.mu.Unlock()
	p.c.calls++
	return p.level && time.Since(p.rose) >= p.c.rise
}

// Out implements gpio.PinOut.
func (p *Pin) Out(l gpio.Level) error {
	p.c.mu.Lock()
	defer p.c.mu.Unlock()
	p.c.calls++
	if p.c.err != nil {
		return p.c.err
	}
	if !p.out {
		p.out, p.edge, p.drives = true, gpio.NoEdge, gpio.Low
		p.c.settleLocked()
	}
	p.drives = l
	p.c.settleLocked()
	return nil
}

// Level is what a meter on the line shows.
func (p *Pin) Level() gpio.Level { p.c.mu.Lock(); defer p.c.mu.Unlock(); return p.level }

// WaitForEdge implements gpio.PinIn: 0 waits for ever, -1 not at all.
func (p *Pin) WaitForEdge(d time.Duration) bool {
	p.c.mu.Lock()
	halt, blind := p.halt, p.edge == gpio.NoEdge || p.c.err != nil
	p.c.mu.Unlock()
	if d < 0 || blind {
		return false
	}
	var over <-chan time.Time
	if d > 0 {
		t := time.NewTimer(d)
		defer t.Stop()
		over = t.C
	}
	select {
	case <-p.edges:
		p.c.mu.Lock()
		defer p.c.mu.Unlock()
		p.c.calls += 2 // the wait and the next one's deadline
		return true
	case <-halt:
	case <-over:
	}
	return false
}

// Halt implements conn.Resource.
func (p *Pin) Halt() error {
	p.c.mu.Lock()
	defer p.c.mu.Unlock()
	close(p.halt)
	p.halt = make(chan struct{})
	return nil
}

var errNoPWM = errors.New("this line has no PWM")

// PWM implements gpio.PinOut.
func (p *Pin) PWM(gpio.Duty, physic.Frequency) error { return errNoPWM }

// Pull implements gpio.PinIn.
func (p *Pin) Pull() gpio.Pull { p.c.mu.Lock(); defer p.c.mu.Unlock(); return p.pull }
