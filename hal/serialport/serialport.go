// Package serialport keeps a serial device open for as long as it is there: it
// notices when it hangs up, waits for it and opens it again.
//
// The library below has habits that shape this package: Close does not unblock
// a Read, so every Read has a time-out; a time-out reads as EOF, and so does a
// hang-up, so only how fast it comes tells them apart; there is no lock, so two
// openers share the bytes.
//
// A Port runs one goroutine until Close.
package serialport

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/tarm/serial"

	"phoned/internal/clock"
)

var (
	// ErrAway: the device is not there at the moment.
	ErrAway = errors.New("the serial device is not there")
	// ErrHungUp: the device went while it was open.
	ErrHungUp = errors.New("the device hung up")
)

const (
	// ReadTimeout of each Read.
	ReadTimeout = 200 * time.Millisecond
	reopenAfter = 2 * time.Second
	// quickEOFs in a row are a hang-up.
	quickEOFs = 3
)

// Speeds are the baud rates that the kernel's usual interface has.
var Speeds = []int{1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600}

// Stream is an open device. A Read that times out gives io.EOF.
type Stream = io.ReadWriteCloser

// Config of a Port.
type Config struct {
	Device string        // /dev/serial/by-id/…
	Baud   int           // one of Speeds; 0: 115200
	Reopen time.Duration // between tries while the device is away; 0: 2 s
	Clock  clock.Clock   // nil: the real one
	// Open opens the device; nil: the real one.
	Open func(device string, baud int, timeout time.Duration) (Stream, error)
	// Up is told each time the device has been opened, Lost once when it goes
	// or is not there at the start. They run on the Port's goroutine; nil is
	// nobody.
	Up   func()
	Lost func(error)
}

// Port is a device that comes and goes. Its methods are safe for concurrent
// use.
type Port struct {
	cfg  Config
	stop chan struct{}
	once sync.Once
	done chan struct{}
	mu   sync.Mutex
	now  Stream // nil: away
}

// New checks the configuration and starts to read: receive gets what comes, on
// the Port's goroutine, and must not block beyond Stopping. reset is called
// before the first bytes of each opening.
func New(cfg Config, reset func(), receive func([]byte)) (*Port, error) {
	if cfg.Device == "" {
		return nil, errors.New("the serial device is missing")
	}
	if cfg.Baud == 0 {
		cfg.Baud = 115200
	}
	if !slices.Contains(Speeds, cfg.Baud) {
		return nil, fmt.Errorf("%s: %d baud is not one of %v", cfg.Device, cfg.Baud, Speeds)
	}
	if cfg.Reopen == 0 {
		cfg.Reopen = reopenAfter
	}
	if cfg.Clock == nil {
		cfg.Clock = clock.Real{}
	}
	if cfg.Open == nil {
		cfg.Open = Open
	}
	p := &Port{cfg: cfg, stop: make(chan struct{}), done: make(chan struct{})}
	go p.run(reset, receive)
	return p, nil
}

// Open opens a real device.
func Open(device string, baud int, timeout time.Duration) (Stream, error) {
	return serial.OpenPort(&serial.Config{Name: device, Baud: baud, ReadTimeout: timeout})
}

// Stopping is closed when Close begins.
func (p *Port) Stopping() <-chan struct{} { return p.stop }

// Write sends to the device, or says ErrAway.
func (p *Port) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.now == nil {
		return 0, fmt.Errorf("%s: %w", p.cfg.Device, ErrAway)
	}
	return p.now.Write(b)
}

// Close ends reading; it takes at most one ReadTimeout.
func (p *Port) Close() error {
	p.once.Do(func() { close(p.stop) })
	<-p.done
	return nil
}

func (p *Port) run(reset func(), receive func([]byte)) {
	defer close(p.done)
	lost := false
	for !p.stopped() {
		s, err := p.cfg.Open(p.cfg.Device, p.cfg.Baud, ReadTimeout)
		if err == nil {
			lost = false
			err = p.use(s, reset, receive)
		}
		if err == nil {
			return
		}
		if !lost && p.cfg.Lost != nil {
			p.cfg.Lost(fmt.Errorf("%s: %w", p.cfg.Device, err))
		}
		lost = true
		p.pause(p.cfg.Reopen)
	}
}

func (p *Port) use(s Stream, reset func(), receive func([]byte)) error {
	reset()
	p.set(s)
	if p.cfg.Up != nil {
		p.cfg.Up()
	}
	err := p.read(s, receive)
	p.set(nil)
	_ = s.Close()
	return err
}

func (p *Port) set(s Stream) { p.mu.Lock(); p.now = s; p.mu.Unlock() }

func (p *Port) stopped() bool {
	select {
	case <-p.stop:
		return true
	default:
		return false
	}
}

func (p *Port) pause(d time.Duration) {
	over := make(chan struct{})
	t := p.cfg.Clock.AfterFunc(d, func() { close(over) })
	defer t.Stop()
	select {
	case <-over:
	case <-p.stop:
	}
}

// read passes bytes on until the device goes (an error) or Close (nil).
func (p *Port) read(s Stream, receive func([]byte)) error {
	b := make([]byte, 512)
	quick := 0
	for !p.stopped() {
		before := p.cfg.Clock.Now()
		n, err := s.Read(b)
		if n > 0 {
			receive(b[:n])
		}
		switch {
		case err == nil:
			quick = 0
		case !errors.Is(err, io.EOF):
			return err
		case p.cfg.Clock.Now().Sub(before) >= ReadTimeout/2:
			quick = 0 // an ordinary time-out
			if _, gone := os.Stat(p.cfg.Device); gone != nil {
				return ErrHungUp
			}
		default:
			if quick++; quick >= quickEOFs {
				return ErrHungUp
			}
		}
	}
	return nil
}
