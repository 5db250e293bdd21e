package qrscanner

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"phoned/hal/serialport"
)

func TestLines(t *testing.T) {
	for _, c := range []struct {
		name string
		in   []string
		want []string
	}{
		{"CR LF", []string{"phoned:1?c=ABC\r\n"}, []string{"phoned:1?c=ABC"}},
		{"in pieces", []string{"pho", "ned", ":1\r", "\nnext\n"}, []string{"phoned:1", "next"}},
		{"empty lines", []string{"\r\n\r\n\n"}, nil},
		{"noise", []string{"\x00\x7f\n", "\xff\xfe\n", "caf\u00e9\n"}, []string{"caf\u00e9"}},
		{"unfinished", []string{"half"}, nil},
		{"too long, then good", []string{strings.Repeat("x", 3000), strings.Repeat("x", 3000), "\ngood\n"}, []string{"good"}},
	} {
		var l lines
		var got []string
		for _, part := range c.in {
			for _, code := range l.feed([]byte(part)) {
				got = append(got, string(code))
			}
		}
		if strings.Join(got, "|") != strings.Join(c.want, "|") {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func FuzzLines(f *testing.F) {
	f.Add([]byte("a\r\nb\n"), 1)
	f.Add(bytes.Repeat([]byte("x"), 9000), 100)
	f.Fuzz(func(t *testing.T, in []byte, cut int) {
		var whole, parts lines
		want := whole.feed(in)
		cut = min(max(cut, 0), len(in))
		got := append(parts.feed(in[:cut]), parts.feed(in[cut:])...)
		if len(got) != len(want) {
			t.Fatalf("%d codes in one piece, %d in two", len(want), len(got))
		}
		for i := range got {
			if !bytes.Equal(got[i], want[i]) || len(got[i]) == 0 || len(got[i]) > MaxCode {
				t.Fatalf("code %d: %q and %q", i, got[i], want[i])
			}
		}
	})
}

// port types what it is told and then times out like a real one; gone makes
// it answer at once, as after a hang-up.
type port struct {
	in   chan string
	gone chan struct{}
}

func (p *port) Read(b []byte) (int, error) {
	select {
	case <-p.gone:
		return 0, io.EOF
	case s := <-p.in:
		return copy(b, s), nil
	case <-time.After(serialport.ReadTimeout):
		return 0, io.EOF
	}
}
func (p *port) Write(b []byte) (int, error) { return len(b), nil }
func (p *port) Close() error                { return nil }

func TestScannerComesBack(t *testing.T) {
	device := filepath.Join(t.TempDir(), "tty")
	if err := os.WriteFile(device, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		lost, up := make(chan error, 8), make(chan struct{}, 8)
		ports := make(chan *port, 8)
		s, err := New(Config{
			Device: device,
			Open: func(string, int, time.Duration) (serialport.Stream, error) {
				p := &port{in: make(chan string, 4), gone: make(chan struct{})}
				ports <- p
				return p, nil
			},
			Lost: func(err error) { lost <- err }, Up: func() { up <- struct{}{} },
		})
		if err != nil {
			t.Fatal(err)
		}
		p := <-ports
		<-up
		p.in <- "phoned:1?c=K"
		time.Sleep(5 * time.Second) // time-outs in the middle of a code are no hang-up
		p.in <- "XTQ\r\n"
		if code := <-s.Codes(); string(code) != "phoned:1?c=KXTQ" {
			t.Fatalf("%q", code)
		}
		close(p.gone)
		if err := <-lost; err == nil {
			t.Fatal("lost without a reason")
		}
		p = <-ports
		<-up
		p.in <- "again\n"
		if code := <-s.Codes(); string(code) != "again" {
			t.Fatalf("%q", code)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if _, open := <-s.Codes(); open {
			t.Fatal("open after Close")
		}
	})
}
