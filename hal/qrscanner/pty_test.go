package qrscanner

import (
	"bytes"
	"testing"
	"time"

	"phoned/hal/haltest"
)

// rig is the driver on a real terminal device through the real serial library.
func rig(t *testing.T) haltest.ScannerRig {
	t.Helper()
	p := haltest.NewPty(t)
	lost, up := make(chan error, 64), make(chan struct{}, 64)
	s, err := New(Config{Device: p.Path, Lost: func(err error) { lost <- err }, Up: func() { up <- struct{}{} }, Reopen: 20 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	<-up
	return haltest.ScannerRig{Scanner: s, Show: func(code string) { p.Type([]byte(code + "\r\n")) },
		Unplug: func() { p.Unplug(); <-lost }, Plug: func() { p.Plug(); <-up }}
}

func TestConformance(t *testing.T) { haltest.Scanner(t, haltest.Real, rig) }

func TestCodeInPieces(t *testing.T) {
	p := haltest.NewPty(t)
	up := make(chan struct{}, 1)
	s, err := New(Config{Device: p.Path, Up: func() { up <- struct{}{} }})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	<-up
	for _, b := range []byte("phoned:1?c=KXTQ\r\nsecond\n") {
		p.Type([]byte{b})
	}
	for _, want := range []string{"phoned:1?c=KXTQ", "second"} {
		if got := string(<-s.Codes()); got != want {
			t.Fatalf("%q, want %q", got, want)
		}
	}
}

// A device that floods garbage: none of it is a code, memory stays bounded, and
// the first real code afterwards is read.
func TestFlood(t *testing.T) {
	p := haltest.NewPty(t)
	up := make(chan struct{}, 1)
	s, err := New(Config{Device: p.Path, Up: func() { up <- struct{}{} }})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	<-up
	junk := bytes.Repeat([]byte{0xff, 0x00, 0x1b, 'x'}, 1<<18) // 1 MiB without a line's end
	begun := time.Now()
	p.Type(junk)
	t.Logf("1 MiB of garbage in %v", time.Since(begun).Round(time.Millisecond))
	p.Type([]byte("\n\x00\x01\x02\r\nreal\r\n"))
	if got := string(<-s.Codes()); got != "real" {
		t.Fatalf("%q, want real", got)
	}
}
