// Package qrscanner reads QR scanner modules on a serial port: they type a
// code and end it with CR, LF or both.
//
// A Scanner runs one goroutine; it opens the port again when the device comes
// back.
package qrscanner

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/tarm/serial"

	"phoned/internal/clock"
)

const (
	// MaxCode bounds a code; longer lines are garbage and are dropped whole.
	MaxCode = 4096
	// readTimeout is always set: Close does not unblock a Read without one.
	// A time-out reads as EOF, and so does a hang-up.
	readTimeout = 200 * time.Millisecond
	reopenAfter = 2 * time.Second
	buffer      = 4
)

// Port is an open serial port. A Read that times out gives io.EOF.
type Port = io.ReadWriteCloser

// Config of a Scanner.
type Config struct {
	Device string // /dev/serial/by-id/…
	Baud   int    // 0: 115200
	Clock  clock.Clock
	// Open opens the port; nil: the real one.
	Open func(device string, baud int, timeout time.Duration) (Port, error)
	// Lost and Back are told when the device goes and comes; may be nil.
	Lost func(error)
	Back func()
}

// Scanner is a running driver; it implements hal.Scanner.
type Scanner struct {
	cfg   Config
	codes chan []byte
	stop  chan struct{}
	once  sync.Once
	done  chan struct{}
}

// New starts the driver. A device that is not there yet is waited for.
func New(cfg Config) (*Scanner, error) {
	if cfg.Device == "" {
		return nil, errors.New("qrscanner: the serial device is missing")
	}
	if cfg.Baud == 0 {
		cfg.Baud = 115200
	}
	if cfg.Clock == nil {
		cfg.Clock = clock.Real{}
	}
	if cfg.Open == nil {
		cfg.Open = open
	}
	s := &Scanner{cfg: cfg, codes: make(chan []byte, buffer), stop: make(chan struct{}), done: make(chan struct{})}
	go s.run()
	return s, nil
}

func open(device string, baud int, timeout time.Duration) (Port, error) {
	return serial.OpenPort(&serial.Config{Name: device, Baud: baud, ReadTimeout: timeout})
}

// Codes implements hal.Scanner.
func (s *Scanner) Codes() <-chan []byte { return s.codes }

// Err implements hal.Scanner; a lost device is waited for, so nothing is final.
func (s *Scanner) Err() error { return nil }

// Close implements hal.Scanner.
func (s *Scanner) Close() error {
	s.once.Do(func() { close(s.stop) })
	<-s.done
	return nil
}

func (s *Scanner) run() {
	defer close(s.done)
	defer close(s.codes)
	lost := false
	for !s.stopped() {
		port, err := s.cfg.Open(s.cfg.Device, s.cfg.Baud, readTimeout)
		if err == nil {
			if lost && s.cfg.Back != nil {
				s.cfg.Back()
			}
			lost = false
			err = s.read(port)
			_ = port.Close()
		}
		if err == nil {
			return
		}
		if !lost && s.cfg.Lost != nil {
			s.cfg.Lost(fmt.Errorf("qrscanner %s: %w", s.cfg.Device, err))
		}
		lost = true
		s.pause(reopenAfter)
	}
}

func (s *Scanner) stopped() bool {
	select {
	case <-s.stop:
		return true
	default:
		return false
	}
}

func (s *Scanner) pause(d time.Duration) {
	over := make(chan struct{})
	t := s.cfg.Clock.AfterFunc(d, func() { close(over) })
	defer t.Stop()
	select {
	case <-over:
	case <-s.stop:
	}
}

// errGone: reads come back faster than their time-out, so the device is gone.
var errGone = errors.New("the device hung up")

// read splits lines until the device goes (error) or Close (nil).
func (s *Scanner) read(port Port) error {
	var l lines
	b := make([]byte, 256)
	quick := 0
	for !s.stopped() {
		before := s.cfg.Clock.Now()
		n, err := port.Read(b)
		for _, code := range l.feed(b[:n]) {
			select {
			case s.codes <- code:
			case <-s.stop:
				return nil
			}
		}
		switch {
		case err == nil:
			quick = 0
		case !errors.Is(err, io.EOF):
			return err
		case s.cfg.Clock.Now().Sub(before) >= readTimeout/2:
			quick = 0 // an ordinary time-out
			if _, gone := os.Stat(s.cfg.Device); gone != nil {
				return errGone
			}
		default:
			if quick++; quick >= 3 {
				return errGone
			}
		}
	}
	return nil
}

// lines cuts a stream of bytes into codes.
type lines struct {
	buf  []byte
	skip bool // in a line that is too long
}

func (l *lines) feed(b []byte) [][]byte {
	var out [][]byte
	for len(b) > 0 {
		i := bytes.IndexAny(b, "\r\n")
		part := b
		if i >= 0 {
			part = b[:i]
		}
		if !l.skip && len(l.buf)+len(part) > MaxCode {
			l.skip, l.buf = true, nil
		}
		if !l.skip {
			l.buf = append(l.buf, part...)
		}
		if i < 0 {
			return out
		}
		if !l.skip && len(l.buf) > 0 {
			out = append(out, l.buf)
		}
		l.buf, l.skip = nil, false
		b = b[i+1:]
	}
	return out
}
