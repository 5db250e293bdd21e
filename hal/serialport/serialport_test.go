package serialport_test

import (
	"errors"
	"io"
	"testing"
	"time"

	"phoned/hal/haltest"
	"phoned/hal/serialport"
)

// What the serial library does (and the driver has to live with): a time-out
// and a hang-up both read as io.EOF; only how fast they come tells them apart.
func TestHabitsOfTheSerialLibrary(t *testing.T) {
	p := haltest.NewPty(t)
	port, err := serialport.Open(p.Path, 115200, serialport.ReadTimeout)
	if err != nil {
		t.Fatal(err)
	}
	defer port.Close()
	b := make([]byte, 8)
	begun := time.Now()
	if n, err := port.Read(b); n != 0 || !errors.Is(err, io.EOF) || time.Since(begun) < serialport.ReadTimeout/2 {
		t.Errorf("a time-out reads %d, %v after %v", n, err, time.Since(begun))
	}
	p.Unplug()
	if n, err := port.Read(b); n != 0 || err == nil {
		t.Errorf("a hang-up reads %d, %v", n, err)
	}
	if _, err := serialport.Open(p.Path, 115200, serialport.ReadTimeout); err == nil {
		t.Error("a device that is gone was opened")
	}
	p.Plug()
	if _, err := serialport.Open(p.Path, 12345, serialport.ReadTimeout); err == nil {
		t.Error("an odd speed was taken")
	}
	again, err := serialport.Open(p.Path, 115200, serialport.ReadTimeout)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if second, err := serialport.Open(p.Path, 115200, serialport.ReadTimeout); err != nil {
		t.Logf("a second open is refused now: %v", err)
	} else {
		_ = second.Close() // there is no lock: two readers would share the bytes
	}
}

func TestUnknownSpeed(t *testing.T) {
	if _, err := serialport.New(serialport.Config{Device: "/dev/ttyACM0", Baud: 12345}, func() {}, func([]byte) {}); err == nil {
		t.Error("12345 baud were taken; the port would be tried for ever")
	}
}

// Close is bounded although nothing comes and a Read can't be interrupted.
func TestCloseIsBounded(t *testing.T) {
	p := haltest.NewPty(t)
	up := make(chan struct{}, 1)
	s, err := serialport.New(serialport.Config{Device: p.Path, Up: func() { up <- struct{}{} }}, func() {}, func([]byte) {})
	if err != nil {
		t.Fatal(err)
	}
	<-up
	if _, err := s.Write([]byte("hello")); err != nil {
		t.Error(err)
	}
	begun := time.Now()
	_ = s.Close()
	t.Logf("Close took %v", time.Since(begun).Round(time.Millisecond))
	if _, err := s.Write([]byte("hello")); !errors.Is(err, serialport.ErrAway) {
		t.Errorf("Write after Close: %v", err)
	}
}
