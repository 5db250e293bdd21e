//go:build kernel

package kernel

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Requests of linux/uinput.h.
const (
	uiSetEvBit  = 0x40045564
	uiSetKeyBit = 0x40045565
	uiDevCreate = 0x5501
	uiDevSetup  = 0x405C5503
	evSyn       = 0
	evKey       = 1
	keyEnter    = 28
)

// testUinput makes an input device and reads its key from the event node.
func testUinput(t *testing.T) {
	before, err := filepath.Glob("/dev/input/event*")
	if err != nil {
		t.Fatal(err)
	}
	u, err := os.OpenFile("/dev/uinput", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer u.Close()
	fd := int(u.Fd())
	var setup [92]byte // struct uinput_setup: id, name[80], ff_effects_max
	binary.LittleEndian.PutUint16(setup[0:], 0x06)
	copy(setup[8:], "phone keys")
	for _, r := range []struct {
		request uint
		arg     uintptr
	}{
		{uiSetEvBit, evKey}, {uiSetKeyBit, keyEnter},
		{uiDevSetup, uintptr(unsafe.Pointer(&setup[0]))}, {uiDevCreate, 0},
	} {
		if _, _, e := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), uintptr(r.request), r.arg); e != 0 {
			t.Fatalf("request %#x: %v", r.request, e)
		}
	}
	var node string
	eventually(t, "the event node appears", func() bool {
		now, _ := filepath.Glob("/dev/input/event*")
		for _, n := range now {
			if len(now) > len(before) {
				node = n // the newest sorts last with fewer than ten
			}
		}
		return node != ""
	})
	events, err := os.Open(node)
	if err != nil {
		t.Fatal(err)
	}
	defer events.Close()
	for _, e := range [][3]int{{evKey, keyEnter, 1}, {evSyn, 0, 0}} {
		var b [24]byte // struct input_event on 64 bits
		binary.LittleEndian.PutUint16(b[16:], uint16(e[0]))
		binary.LittleEndian.PutUint16(b[18:], uint16(e[1]))
		binary.LittleEndian.PutUint32(b[20:], uint32(e[2]))
		if _, err := u.Write(b[:]); err != nil {
			t.Fatal(err)
		}
	}
	var b [24]byte
	if _, err := events.Read(b[:]); err != nil {
		t.Fatal(err)
	}
	if code, value := binary.LittleEndian.Uint16(b[18:]), binary.LittleEndian.Uint32(b[20:]); code != keyEnter || value != 1 {
		t.Errorf("read key %d, value %d", code, value)
	}
}

// testWatchdog opens it, sets a timeout, feeds it and closes it properly. That it
// bites is TestWatchdogBites on the host's side, which boots for it.
func testWatchdog(t *testing.T) {
	w, err := os.OpenFile("/dev/watchdog0", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetPointerInt(int(w.Fd()), unix.WDIOC_SETTIMEOUT, 30); err != nil {
		t.Error(err)
	}
	if got, err := unix.IoctlGetInt(int(w.Fd()), unix.WDIOC_GETTIMEOUT); err != nil || got != 30 {
		t.Errorf("timeout %d, %v", got, err)
	}
	if _, err := w.Write([]byte{0}); err != nil {
		t.Error(err)
	}
	if _, err := w.Write([]byte("V")); err != nil { // the magic close
		t.Error(err)
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
}

func testClock(t *testing.T) {
	f, err := os.Open("/dev/rtc0")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rt, err := unix.IoctlGetRTCTime(int(f.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	got := time.Date(int(rt.Year)+1900, time.Month(rt.Mon+1), int(rt.Mday), int(rt.Hour), int(rt.Min), int(rt.Sec), 0, time.UTC)
	if d := time.Since(got).Abs(); d > 26*time.Hour { // local time or UTC, and slack
		t.Errorf("the clock says %v, %v away", got, d)
	}
}

// testTimeTravel: hours of sleep pass at once. The wall time is bounded by the boot's
// limit on the host, which is far less.
func testTimeTravel(t *testing.T) {
	start := time.Now()
	time.Sleep(5 * time.Hour)
	if d := time.Since(start); d < 5*time.Hour || d > 5*time.Hour+time.Minute {
		t.Errorf("slept %v", d)
	}
	ticker := time.NewTicker(30 * time.Second)
	defer ticker.Stop()
	timer := time.NewTimer(10 * time.Minute)
	ticks := 0
	for done := false; !done; {
		select {
		case <-ticker.C:
			ticks++
		case <-timer.C:
			done = true
		}
	}
	if ticks < 19 || ticks > 20 {
		t.Errorf("%d ticks of 30 s in 10 minutes", ticks)
	}
}
