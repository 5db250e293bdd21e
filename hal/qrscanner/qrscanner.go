// Package qrscanner reads QR scanner modules on a serial port: they type a
// code and end it with CR, LF or both.
//
// A Scanner runs the one goroutine of its serialport.Port.
package qrscanner

import (
	"bytes"
	"fmt"
	"unicode"
	"unicode/utf8"

	"phoned/hal/serialport"
)

const (
	// MaxCode bounds a code; longer lines are garbage and are dropped whole.
	MaxCode = 4096
	buffer  = 4
)

// Config of a Scanner is that of its port.
type Config = serialport.Config

// Scanner is a running driver; it implements hal.Scanner.
type Scanner struct {
	port  *serialport.Port
	codes chan []byte
	ended chan struct{}
}

// New starts the driver. A device that is not there yet is waited for.
func New(cfg Config) (*Scanner, error) {
	s := &Scanner{codes: make(chan []byte, buffer), ended: make(chan struct{})}
	var l lines
	started := make(chan struct{})
	port, err := serialport.New(cfg, func() { l = lines{} }, func(b []byte) {
		<-started
		for _, code := range l.feed(b) {
			select {
			case s.codes <- code:
			case <-s.port.Stopping():
			}
		}
	})
	if err != nil {
		return nil, fmt.Errorf("qrscanner: %w", err)
	}
	s.port = port
	close(started)
	go s.end()
	return s, nil
}

// end closes the codes when the port has ended; then nobody sends any more.
func (s *Scanner) end() {
	<-s.port.Stopping()
	_ = s.port.Close()
	close(s.codes)
	close(s.ended)
}

// Codes implements hal.Scanner.
func (s *Scanner) Codes() <-chan []byte { return s.codes }

// Err implements hal.Scanner; a lost device is waited for, so nothing is final.
func (s *Scanner) Err() error { return nil }

// Close implements hal.Scanner.
func (s *Scanner) Close() error {
	err := s.port.Close()
	<-s.ended
	return err
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
		if !l.skip && printable(l.buf) {
			out = append(out, l.buf)
		}
		l.buf, l.skip = nil, false
		b = b[i+1:]
	}
	return out
}

// printable says that a line can be a code: noise on the wire rarely is.
func printable(b []byte) bool {
	return len(b) > 0 && utf8.Valid(b) && !bytes.ContainsFunc(b, unicode.IsControl)
}
