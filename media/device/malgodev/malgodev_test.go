package malgodev

import (
	"bytes"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"phoned/media/audio"
	"phoned/media/device"
	"phoned/media/device/devicetest"
	"phoned/media/device/pulsetest"
)

func newDriver(t *testing.T, cfg Config) *Driver {
	t.Helper()
	d, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

func TestNullBackendConformance(t *testing.T) {
	d := newDriver(t, Config{Null: true})
	devicetest.Run(t, func(dir device.Direction) (device.Device, error) { return d.Open(dir, "") })
}

func TestPulseConformance(t *testing.T) {
	pulsetest.Start(t)
	d := newDriver(t, Config{})
	names := map[device.Direction]string{device.Playback: pulsetest.Earpiece, device.Capture: pulsetest.Microphone}
	list, err := d.List()
	if err != nil {
		t.Fatal(err)
	}
	for dir, name := range names {
		if !slices.ContainsFunc(list, func(i device.Info) bool { return i.ID == name && i.Direction == dir }) {
			t.Errorf("%s device %q is not in the list: %+v", dir, name, list)
		}
	}
	devicetest.Run(t, func(dir device.Direction) (device.Device, error) { return d.Open(dir, names[dir]) })
}

// What is played is heard on the monitor, through ALSA both ways.
func TestPulseCarriesSound(t *testing.T) {
	pulsetest.Start(t)
	d := newDriver(t, Config{})
	mic, err := d.Open(device.Capture, pulsetest.EarpieceMonitor)
	if err != nil {
		t.Fatal(err)
	}
	defer mic.Close()
	ear, err := d.Open(device.Playback, pulsetest.Earpiece)
	if err != nil {
		t.Fatal(err)
	}
	defer ear.Close()
	heard := make(chan int, 10000)
	if err := mic.Start(func(f []int16) {
		n := 0
		for _, v := range f {
			if v == 12345 {
				n++
			}
		}
		heard <- n
	}); err != nil {
		t.Fatal(err)
	}
	if err := ear.Start(func(f []int16) {
		for i := range f {
			f[i] = 12345
		}
	}); err != nil {
		t.Fatal(err)
	}
	late := time.After(30 * time.Second)
	for whole := 0; whole < 20; {
		select {
		case n := <-heard:
			if n == audio.FrameLen {
				whole++
			}
		case <-late:
			t.Fatalf("only %d whole frames came through", whole)
		}
	}
}

// A sound server that dies takes its devices with it, and Close still returns.
func TestPulseDies(t *testing.T) {
	server := pulsetest.Start(t)
	var log bytes.Buffer
	d := newDriver(t, Config{Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	for _, c := range []struct {
		dir device.Direction
		id  string
	}{{device.Playback, pulsetest.Earpiece}, {device.Capture, pulsetest.Microphone}} {
		dev, err := d.Open(c.dir, c.id)
		if err != nil {
			t.Fatal(err)
		}
		started := make(chan struct{}, 1)
		if err := dev.Start(func([]int16) {
			select {
			case started <- struct{}{}:
			default:
			}
		}); err != nil {
			t.Fatal(err)
		}
		<-started
		if c.dir == device.Playback {
			defer func() { <-dev.Lost(); dev.Close() }()
			continue
		}
		server.Kill()
		select {
		case <-dev.Lost():
		case <-time.After(30 * time.Second):
			t.Fatal("nobody noticed that the server died")
		}
		dev.Close()
	}
	if _, err := d.Open(device.Playback, pulsetest.Earpiece); !errors.Is(err, device.ErrNotFound) {
		t.Errorf("open without a server: %v, want ErrNotFound", err)
	} else {
		t.Log(err)
	}
	if n := strings.Count(log.String(), "\n"); n > 3*rationLines {
		t.Errorf("%d log lines", n)
	}
}

func TestWatchdog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		quit := make(chan struct{})
		start := time.Now()
		// Callbacks every 250 ms for four seconds, then none.
		progress := func() uint64 { return uint64(min(time.Since(start), 4*time.Second) / (250 * time.Millisecond)) }
		lost := make(chan time.Duration, 1)
		go watchdog(quit, progress, func() { lost <- time.Since(start) })
		if d := <-lost; d < 4200*time.Millisecond || d > 4600*time.Millisecond {
			t.Errorf("lost after %v, want about 4.4 s", d)
		}
		// One that never starts is given more time.
		start = time.Now()
		go watchdog(quit, func() uint64 { return 0 }, func() { lost <- time.Since(start) })
		if d := <-lost; d != watchGrace*watchEvery {
			t.Errorf("lost after %v without a start", d)
		}
		go watchdog(quit, func() uint64 { return 0 }, func() { t.Error("lost after quit") })
		synctest.Wait()
		close(quit)
	})
}

func TestRation(t *testing.T) {
	var log bytes.Buffer
	now := time.Unix(0, 0)
	r := newRation(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})), func() time.Time { return now })
	gone := 0
	r.gone = func() { gone++ }
	for range 50000 {
		now = now.Add(20 * time.Microsecond)
		r.line("[ALSA] POLLERR detected.\n")
	}
	now = now.Add(rationPeriod)
	r.line("and again")
	if n := strings.Count(log.String(), "\n"); n != rationLines+2 || !strings.Contains(log.String(), "lines=49995") {
		t.Errorf("%d lines:\n%s", n, log.String())
	}
	if gone != 50000 {
		t.Errorf("the thread of a card that is gone was noticed %d times of 50000", gone)
	}
}

func TestStableIDs(t *testing.T) {
	cards := func() map[string]string { return map[string]string{"0": "Headset", "3": "PCH"} }
	for name, id := range map[string]string{":3,0": "card:PCH,0", ":0,1": "card:Headset,1", "default": "default", ":7,0": ":7,0"} {
		if got := stableID(name, cards); got != id {
			t.Errorf("the id of %q is %q, want %q", name, got, id)
		}
		if back, err := alsaName(id, cards); err != nil || back != name {
			t.Errorf("the name of %q is %q, %v", id, back, err)
		}
	}
	if _, err := alsaName("card:Gone,0", cards); !errors.Is(err, device.ErrNotFound) {
		t.Errorf("a card that is not there: %v", err)
	}
	if _, err := alsaName(strings.Repeat("x", 300), cards); !errors.Is(err, device.ErrNotFound) {
		t.Errorf("an endless name: %v", err)
	}
}

func TestConfig(t *testing.T) {
	if _, err := New(Config{Period: time.Millisecond, Null: true}); err == nil {
		t.Error("a period of 1 ms was accepted")
	}
	d := newDriver(t, Config{Null: true})
	dev, err := d.Open(device.Playback, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err == nil {
		t.Error("the driver closed under an open device")
	}
	dev.Close()
}
