//go:build kernel

package kernel

import (
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
	"periph.io/x/conn/v3/gpio"
	"periph.io/x/conn/v3/spi/spireg"

	"phoned/hal"
	"phoned/hal/haltest"
	"phoned/hal/hook"
	"phoned/hal/input"
	"phoned/hal/keypad"
	"phoned/hal/lamp"
	"phoned/hal/panel/backlight"
	"phoned/hal/panel/ili9341"
	"phoned/hal/panel/mipi"
	"phoned/hal/panel/st7789"
	"phoned/test/kernel/spilog"
)

// The drivers pass their conformance suites on the kernel's own interfaces.

func panelLine(t *testing.T, name string) gpio.PinIO {
	t.Helper()
	l := panelChip(t).ByName(name)
	if l == nil {
		t.Fatalf("no line %s", name)
	}
	t.Cleanup(l.Close) // the tests beside this one hold it otherwise
	return l
}

func panelLines(t *testing.T, prefix string, n int) (out []gpio.PinIO) {
	t.Helper()
	for i := range n {
		out = append(out, panelLine(t, prefix+strconv.Itoa(i)))
	}
	return out
}

func openKeypad(t *testing.T) *keypad.Keypad {
	t.Helper()
	write(t, panelDir+"keys", 0)
	w, err := keypad.NewPins(panelLines(t, "R", rows), panelLines(t, "C", cols))
	if err != nil {
		t.Fatal(err)
	}
	var l keypad.Layout
	for r := range rows {
		l = append(l, nil)
		for c := range cols {
			l[r] = append(l[r], hal.Key(strconv.Itoa(r*cols+c)))
		}
	}
	k, err := keypad.New(keypad.Config{Layout: l, Now: time.Now}, w)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// fingers holds the keys that are down.
type fingers struct {
	t    *testing.T
	mask uint32
}

func (f *fingers) move(key hal.Key, down bool) {
	n, err := strconv.Atoi(string(key))
	if err != nil {
		f.t.Fatal(err)
	}
	f.mask &^= 1 << n
	if down {
		f.mask |= 1 << n
	}
	write(f.t, panelDir+"keys", f.mask)
}

func testKeypadDriver(t *testing.T) {
	haltest.Keypad(t, haltest.Real, func(t *testing.T) haltest.KeypadRig {
		f := &fingers{t: t}
		before := read(t, panelDir+"shorts")
		t.Cleanup(func() {
			if after := read(t, panelDir+"shorts"); after != before {
				t.Errorf("shorts: %s before, %s after", before, after)
			}
			write(t, panelDir+"keys", 0)
		})
		var keys []hal.Key
		for i := range rows * cols {
			keys = append(keys, hal.Key(strconv.Itoa(i)))
		}
		return haltest.KeypadRig{Keypad: openKeypad(t), Keys: keys, Move: f.move, Bounce: func(key hal.Key, down bool) {
			for end := time.Now().Add(30 * time.Millisecond); time.Now().Before(end); {
				f.move(key, down)
				f.move(key, !down)
			}
			f.move(key, down)
		}}
	})
}

// testKeypadDriverGhost: three corners of a rectangle never give a fourth key.
func testKeypadDriverGhost(t *testing.T) {
	k := openKeypad(t)
	f := &fingers{t: t}
	for _, s := range []struct {
		key  hal.Key
		down bool
		want string // "" where the scan is not unique and nothing may come
	}{
		{"0", true, "0 true"}, {"1", true, "1 true"}, {"6", true, ""}, {"6", false, ""},
		{"1", false, "1 false"}, {"29", true, "29 true"}, {"29", false, "29 false"}, {"0", false, "0 false"},
	} {
		ghosts := k.Ghosts()
		f.move(s.key, s.down)
		if s.want == "" {
			if s.down {
				eventually(t, "the ghost is noticed", func() bool { return k.Ghosts() > ghosts+10 })
			}
			continue
		}
		if e := <-k.Events(); fmt.Sprint(e.Key, " ", e.Down) != s.want {
			t.Fatalf("%s %v came, want %s", e.Key, e.Down, s.want)
		}
	}
	if err := k.Close(); err != nil {
		t.Error(err)
	}
}

// cpu is the processor time that this program has used.
func cpu(t *testing.T) time.Duration {
	t.Helper()
	f := strings.Fields(read(t, "/proc/self/stat"))
	user, err1 := strconv.Atoi(f[13])
	system, err2 := strconv.Atoi(f[14])
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	return time.Duration(user+system) * 10 * time.Millisecond // USER_HZ is 100
}

func percentiles(d []time.Duration) string {
	slices.Sort(d)
	ms := func(share int) float64 { return float64(d[len(d)*share/100].Microseconds()) / 1000 }
	return fmt.Sprintf("p50 %.1f ms, p95 %.1f ms, most %.1f ms (%d)", ms(50), ms(95), float64(d[len(d)-1].Microseconds())/1000, len(d))
}

// testInputFigures prints how long keys and the hook take and what they cost; how many
// system calls that may be is keypad's TestCallsPerSecond.
func testInputFigures(t *testing.T) {
	k := openKeypad(t)
	f := &fingers{t: t}
	var took []time.Duration
	for i := range 60 {
		key := hal.Key(strconv.Itoa(i % 30))
		begun := time.Now()
		f.move(key, true)
		took = append(took, (<-k.Events()).At.Sub(begun))
		f.move(key, false)
		<-k.Events()
	}
	t.Logf("keypad, contact to event, 30 ms of it debouncing: %s", percentiles(took))
	write(t, panelDir+"hook", 1)
	h, err := hook.New(panelLine(t, "HOOK"), false, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	<-h.Events()
	took = nil
	for i := range 60 {
		begun := time.Now()
		write(t, panelDir+"hook", i%2)
		took = append(took, (<-h.Events()).At.Sub(begun))
	}
	t.Logf("hook, edge to event, 30 ms of it debouncing: %s", percentiles(took))

	usage := func() float64 {
		before, begun := cpu(t), time.Now()
		time.Sleep(2 * time.Second) // what is measured
		return 100 * float64(cpu(t)-before) / float64(time.Since(begun))
	}
	idle := usage()
	f.move("14", true)
	<-k.Events()
	held := usage()
	f.move("14", false)
	<-k.Events()
	t.Logf("processor: idle %.1f %%, a key held %.1f %% (a system call takes 50 to 70 µs here)", idle, held)
	if err := errors.Join(k.Close(), h.Close()); err != nil {
		t.Error(err)
	}
}

func testHookDriver(t *testing.T) {
	haltest.Hook(t, haltest.Real, func(t *testing.T) haltest.HookRig {
		move := func(offHook bool) { write(t, panelDir+"hook", map[bool]int{true: 0, false: 1}[offHook]) }
		move(false)
		h, err := hook.New(panelLine(t, "HOOK"), false, time.Now)
		if err != nil {
			t.Fatal(err)
		}
		return haltest.HookRig{Hook: h, Move: move, Bounce: func(offHook bool) {
			for end := time.Now().Add(25 * time.Millisecond); time.Now().Before(end); {
				move(offHook)
				move(!offHook)
			}
			move(offHook)
		}}
	})
}

func testLampDriver(t *testing.T) {
	haltest.Lamps(t, haltest.Real, func(t *testing.T) haltest.LampsRig {
		// The lamps' own lines belong to the kernel's LED driver, which is the
		// next test; the display's are free.
		rst, light := panelLine(t, "LCD_RST"), panelLine(t, "LCD_BL")
		return haltest.LampsRig{
			Lamps: lamp.New(map[hal.LampID][]lamp.Pin{"mute": {{Out: rst}}, "strip": {{Out: light, ActiveLow: true}}}, nil),
			IDs:   []hal.LampID{"mute", "strip"},
			Lit: func(id hal.LampID) bool {
				if id == "mute" {
					return lineLevel(t, 13)
				}
				return !lineLevel(t, 14)
			},
		}
	})
}

// testTakenLine: a line that the kernel's own driver holds is told, by name.
func testTakenLine(t *testing.T) {
	_, err := hook.New(panelLine(t, "LED_MUTE"), false, time.Now)
	if err == nil || !strings.Contains(err.Error(), "LED_MUTE") || !strings.Contains(err.Error(), "busy") {
		t.Errorf("a line that the kernel holds: %v", err)
	}
}

// testGPIOHabits: what the drivers work around is still so; when one of these
// fails, the library or the kernel has changed.
func testGPIOHabits(t *testing.T) {
	col := panelLine(t, "C0")
	if err := col.In(gpio.PullUp, gpio.BothEdges); err != nil {
		t.Fatal(err)
	}
	done := make(chan bool, 1)
	go func() { done <- col.WaitForEdge(-1) }()
	if <-done { // it returns although nothing moves
		t.Error("a wait of -1 saw an edge")
	}
	row := panelLine(t, "R0")
	if err := row.Out(gpio.Low); err != nil {
		t.Fatal(err)
	}
	if row.Read() != gpio.High || !lineLevel(t, 1) {
		t.Error("reading an output left it one")
	}
}

// bus follows what the SPI host records, as far as it has come: a transfer is on
// record when the driver's call returns.
type bus struct {
	fd    int
	panel *spilog.Panel
	bytes int
	hz    uint32
}

// Read implements io.Reader; an empty record is its end.
func (b *bus) Read(p []byte) (int, error) {
	n, err := unix.Read(b.fd, p)
	if errors.Is(err, unix.EAGAIN) {
		return 0, io.EOF
	}
	return n, err
}

func (b *bus) follow(t *testing.T) {
	t.Helper()
	for {
		tr, err := spilog.Read(b)
		if errors.Is(err, io.EOF) {
			return
		}
		if err == nil && tr.Dropped != 0 {
			err = fmt.Errorf("%d transfers were not recorded", tr.Dropped)
		}
		if err == nil {
			err = b.panel.Apply(tr)
		}
		if err != nil {
			t.Fatal(err)
		}
		b.bytes += len(tr.Bytes)
		b.hz = tr.Hz
	}
}

func openPanel(t *testing.T, ctl mipi.Controller, b *bus) haltest.PanelRig {
	t.Helper()
	b.panel = spilog.NewPanel(240, 320)
	port, err := spireg.Open("SPI0.0")
	if err != nil {
		t.Fatal(err)
	}
	p, err := mipi.New(port, ctl, mipi.Config{Width: 320, Height: 240, Rotation: mipi.Landscape, DC: panelLine(t, "LCD_DC"),
		Reset: panelLine(t, "LCD_RST"), Light: backlight.Pin{Out: panelLine(t, "LCD_BL")}})
	if err != nil {
		t.Fatal(err)
	}
	return haltest.PanelRig{Panel: p,
		Seen: func() *image.RGBA { b.follow(t); return b.panel.Image() },
		Dark: func() bool { b.follow(t); return !b.panel.On || !b.panel.Awake || !lineLevel(t, 14) },
	}
}

func testPanelDrivers(t *testing.T) {
	fd, err := unix.Open("/dev/spi-phonetest", unix.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unix.Close(fd) }()
	b := &bus{fd: fd, panel: spilog.NewPanel(240, 320)}
	for _, ctl := range []mipi.Controller{st7789.Controller, ili9341.Controller} {
		t.Run(ctl.Name, func(t *testing.T) {
			haltest.Panel(t, haltest.Real, func(t *testing.T) haltest.PanelRig { return openPanel(t, ctl, b) })
			r := openPanel(t, ctl, b)
			img := haltest.TestPicture(r.Bounds())
			for _, c := range []struct {
				what string
				part image.Rectangle
			}{{"full picture", img.Rect}, {"a timer of 80×24", image.Rect(120, 100, 200, 124)}} {
				b.follow(t)
				before, begun := b.bytes, time.Now()
				if err := r.Draw(img, c.part); err != nil {
					t.Fatal(err)
				}
				took := time.Since(begun)
				b.follow(t)
				n := b.bytes - before
				t.Logf("%s: %d bytes, %.2f ms on the wires at %d MHz (%.1f ms here)", c.what, n, float64(n)*8000/float64(b.hz), b.hz/1_000_000, took.Seconds()*1000)
			}
			if err := r.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// testPWMLight dims by the kernel's PWM.
func testPWMLight(t *testing.T) {
	l, err := backlight.OpenPWM(backlight.Root, "pwmchip0", 1)
	if err != nil {
		t.Fatal(err)
	}
	defer write(t, "/sys/class/pwm/pwmchip0/unexport", 1)
	for percent, want := range map[int]string{100: "50000", 50: "12500", 0: "0"} {
		if err := l.Set(percent); err != nil {
			t.Fatal(err)
		}
		if got := read(t, "/sys/class/pwm/pwmchip0/pwm1/duty_cycle"); got != want {
			t.Errorf("%d %%: %s ns, want %s", percent, got, want)
		}
	}
	if _, err := backlight.OpenPWM(backlight.Root, "pwmchip0", 1); err != nil {
		t.Errorf("a channel that is exported already: %v", err)
	}
	if _, err := backlight.OpenPWM(backlight.Root, "pwmchip0", 9); err == nil {
		t.Error("a channel that the chip does not have was opened")
	}
}

// virtualKeys makes an input device of the kernel (uinput) with the given keys.
func virtualKeys(t *testing.T, name string, codes ...uint16) (move func(code uint16, down bool), gone func()) {
	t.Helper()
	u, err := os.OpenFile("/dev/uinput", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	request := func(r uint, arg uintptr) {
		t.Helper()
		if _, _, e := unix.Syscall(unix.SYS_IOCTL, u.Fd(), uintptr(r), arg); e != 0 {
			t.Fatalf("request %#x: %v", r, e)
		}
	}
	request(uiSetEvBit, evKey)
	for _, c := range codes {
		request(uiSetKeyBit, uintptr(c))
	}
	var setup [92]byte // struct uinput_setup
	binary.LittleEndian.PutUint16(setup[0:], 0x03)
	copy(setup[8:], name)
	if _, _, e := unix.Syscall(unix.SYS_IOCTL, u.Fd(), uiDevSetup, uintptr(unsafe.Pointer(&setup[0]))); e != 0 {
		t.Fatal(e)
	}
	request(uiDevCreate, 0)
	var once sync.Once
	gone = func() { once.Do(func() { _ = u.Close() }) }
	t.Cleanup(gone)
	return func(code uint16, down bool) {
		t.Helper()
		value := map[bool]uint32{true: 1}[down]
		for _, e := range [][3]uint32{{evKey, uint32(code), value}, {evSyn, 0, 0}} {
			var b [24]byte
			binary.LittleEndian.PutUint16(b[16:], uint16(e[0]))
			binary.LittleEndian.PutUint16(b[18:], uint16(e[1]))
			binary.LittleEndian.PutUint32(b[20:], e[2])
			if _, err := u.Write(b[:]); err != nil {
				t.Error(err)
			}
		}
	}, gone
}

// testInputDriver: a number pad of the kernel passes the keypad's suite.
func testInputDriver(t *testing.T) {
	codes := map[hal.Key]uint16{"1": 79, "2": 80, "ok": 96}
	keys := map[uint16]hal.Key{79: "1", 80: "2", 96: "ok"}
	haltest.Keypad(t, haltest.Real, func(t *testing.T) haltest.KeypadRig {
		move, _ := virtualKeys(t, "Conformance Keypad", 79, 80, 96)
		up := make(chan struct{}, 8)
		k, err := input.New(input.Config{Name: "Conformance", Keys: keys, Reopen: 50 * time.Millisecond, Up: func() { up <- struct{}{} }})
		if err != nil {
			t.Fatal(err)
		}
		<-up
		return haltest.KeypadRig{Keypad: k, Keys: []hal.Key{"1", "2", "ok"}, Move: func(k hal.Key, down bool) { move(codes[k], down) }}
	})
}

// testInputHotPlug: a pad that is pulled with a key down lets it go, and works
// when another is plugged in.
func testInputHotPlug(t *testing.T) {
	lost, up := make(chan error, 8), make(chan struct{}, 8)
	k, err := input.New(input.Config{Name: "Hot Keypad", Keys: map[uint16]hal.Key{79: "1"}, Reopen: 50 * time.Millisecond,
		Up: func() { up <- struct{}{} }, Lost: func(err error) { lost <- err }})
	if err != nil {
		t.Fatal(err)
	}
	if err := <-lost; !errors.Is(err, input.ErrNoDevice) {
		t.Errorf("before it is plugged in: %v", err)
	}
	for range 2 {
		move, gone := virtualKeys(t, "Hot Keypad", 79)
		<-up
		for _, want := range []bool{true, false} {
			if want {
				move(79, true)
			} else {
				gone()
			}
			if e := <-k.Events(); e.Key != "1" || e.Down != want {
				t.Fatalf("%+v, want down %v", e, want)
			}
		}
		<-lost
	}
	if err := k.Close(); err != nil {
		t.Error(err)
	}
}
