//go:build kernel

package kernel

import (
	"bytes"
	"errors"
	"fmt"
	"image/color"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"periph.io/x/conn/v3/driver/driverreg"
	"periph.io/x/conn/v3/gpio"
	"periph.io/x/conn/v3/gpio/gpioreg"
	"periph.io/x/conn/v3/physic"
	"periph.io/x/conn/v3/spi"
	"periph.io/x/conn/v3/spi/spireg"
	"periph.io/x/host/v3/gpioioctl"
	_ "periph.io/x/host/v3/sysfs" // spidev

	"phoned/test/kernel/spilog"
)

const (
	panelDir = "/sys/devices/platform/phonesim/"
	rows     = 5
	cols     = 6
)

// write stores a value in a file of sysfs or configfs.
func write(t *testing.T, file string, value any) {
	t.Helper()
	if err := os.WriteFile(file, []byte(fmt.Sprint(value)), 0o600); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(b))
}

// eventually waits for something outside this program, which has no other signal.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if ok() {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within 20 s", what)
		}
	}
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

var initPeriph = sync.OnceValue(func() error {
	_, err := driverreg.Init()
	return err
})

func panelChip(t *testing.T) *gpioioctl.GPIOChip {
	t.Helper()
	if err := initPeriph(); err != nil {
		t.Fatal(err)
	}
	for _, c := range gpioioctl.Chips {
		if c.Label() == "phonesim" {
			return c
		}
	}
	t.Fatal("periph does not see the panel's GPIO chip")
	return nil
}

// matrix is the keypad as a driver holds it: rows driven, columns read.
type matrix struct {
	t          *testing.T
	rows, cols *gpioioctl.LineSet
}

func openMatrix(t *testing.T) matrix {
	t.Helper()
	chip := panelChip(t)
	r, err := chip.LineSet(gpioioctl.LineOutput, gpio.NoEdge, gpio.PullNoChange, "R0", "R1", "R2", "R3", "R4")
	if err != nil {
		t.Fatal(err)
	}
	c, err := chip.LineSet(gpioioctl.LineInput, gpio.BothEdges, gpio.PullUp, "C0", "C1", "C2", "C3", "C4", "C5")
	if err != nil {
		t.Fatal(err)
	}
	m := matrix{t, r, c}
	t.Cleanup(func() { write(t, panelDir+"keys", 0); r.Close(); c.Close() })
	m.drive(0)
	return m
}

// drive sets the rows, one bit a row, 1 = high.
func (m matrix) drive(v int) {
	m.t.Helper()
	if err := m.rows.Out(gpio.GPIOValue(v), 1<<rows-1); err != nil {
		m.t.Fatal(err)
	}
}

// scan pulls one row low after another and returns the mask of keys seen.
func (m matrix) scan() (mask uint32) {
	m.t.Helper()
	for r := range rows {
		m.drive((1<<rows - 1) &^ (1 << r))
		v, err := m.cols.Read(1<<cols - 1)
		if err != nil {
			m.t.Fatal(err)
		}
		mask |= uint32(^v&(1<<cols-1)) << (cols * r)
	}
	m.drive(0)
	return mask
}

// drain reads edges away that the last scan has raised.
func (m matrix) drain() {
	for {
		if _, e, _ := m.cols.WaitForEdge(2 * time.Millisecond); e == gpio.NoEdge {
			return
		}
	}
}

// waitPressed waits for the falling edge of a press. A column rises when the key
// before it is let go, and a busy machine can deliver that edge after the drain: it
// is no press, and the wait goes on.
func (m matrix) waitPressed() error {
	for {
		_, e, err := m.cols.WaitForEdge(5 * time.Second)
		switch {
		case err != nil:
			return err
		case e == gpio.FallingEdge:
			return nil
		case e == gpio.NoEdge:
			return errors.New("no falling edge within 5 s of the press")
		}
	}
}

func testKeypad(t *testing.T) {
	m := openMatrix(t)
	for k := range rows * cols {
		m.drain()
		write(t, panelDir+"keys", 1<<k)
		if err := m.waitPressed(); err != nil {
			t.Errorf("key %d: %v", k, err)
		}
		if got := m.scan(); got != 1<<k {
			t.Errorf("key %d: scanned %030b", k, got)
		}
		write(t, panelDir+"keys", 0)
		if got := m.scan(); got != 0 {
			t.Errorf("key %d released: scanned %030b", k, got)
		}
	}
	if n := read(t, panelDir+"shorts"); n != "0" {
		t.Errorf("%s changes joined fighting outputs, with one key at a time", n)
	}
}

// testKeypadGhost: three corners of a rectangle show the fourth, as without diodes;
// and two keys of one column join two rows that a push-pull scan drives apart.
func testKeypadGhost(t *testing.T) {
	m := openMatrix(t)
	before := read(t, panelDir+"shorts")
	write(t, panelDir+"keys", 1|1<<1|1<<cols)
	if got, want := m.scan(), uint32(1|1<<1|1<<cols|1<<(cols+1)); got != want {
		t.Errorf("scanned %030b, want the ghost in %030b", got, want)
	}
	if after := read(t, panelDir+"shorts"); after == before {
		t.Error("a push-pull scan over two keys of a column was not counted as a short")
	}
}

func testHook(t *testing.T) {
	hook := panelChip(t).ByName("HOOK")
	if err := hook.In(gpio.PullUp, gpio.BothEdges); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = hook.Halt() })
	const moves = 200
	for i := range moves {
		want := gpio.Level(i%2 == 1)
		write(t, panelDir+"hook", i%2)
		if !hook.WaitForEdge(5 * time.Second) {
			t.Fatalf("movement %d: no edge", i)
		}
		if got := hook.Read(); got != want {
			t.Fatalf("movement %d: level %v, want %v", i, got, want)
		}
	}
	if hook.WaitForEdge(20 * time.Millisecond) {
		t.Errorf("more edges than the %d movements", moves)
	}
}

// testSPIFrame draws as a display driver does, through periph's spidev and the
// data/command line, and rebuilds the picture from what the bus has seen.
func testSPIFrame(t *testing.T) {
	panelChip(t)
	port, err := spireg.Open("")
	if err != nil {
		t.Fatal(err)
	}
	defer port.Close()
	conn, err := port.Connect(40*physic.MegaHertz, spi.Mode0, 8)
	if err != nil {
		t.Fatal(err)
	}
	log, err := os.OpenFile("/dev/spi-phonetest", os.O_RDONLY|os.O_SYNC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	dc := gpioreg.ByName("LCD_DC")
	send := func(level gpio.Level, b ...byte) {
		t.Helper()
		if err := dc.Out(level); err != nil {
			t.Fatal(err)
		}
		for len(b) > 0 {
			n := min(len(b), 4096)
			if err := conn.Tx(b[:n], nil); err != nil {
				t.Fatal(err)
			}
			b = b[n:]
		}
	}
	const w, h = 240, 320
	colour := func(x, y int) color.RGBA { // exact in 16 bits
		return color.RGBA{uint8(x%32)<<3 | uint8(x%32)>>2, uint8(y%64)<<2 | uint8(y%64)>>4, uint8((x+y)%32)<<3 | uint8((x+y)%32)>>2, 255}
	}
	frame := make([]byte, 0, 2*w*h)
	for y := range h {
		for x := range w {
			c := colour(x, y)
			v := uint16(c.R>>3)<<11 | uint16(c.G>>2)<<5 | uint16(c.B>>3)
			frame = append(frame, byte(v>>8), byte(v))
		}
	}
	for _, c := range []struct {
		cmd  byte
		data []byte
	}{
		{0x11, nil}, {0x3A, []byte{0x55}}, {0x36, []byte{0}}, {0x29, nil},
		{0x2A, []byte{0, 0, 0, w - 1}}, {0x2B, []byte{0, 0, (h - 1) >> 8, (h - 1) & 0xFF}}, {0x2C, frame},
	} {
		send(gpio.Low, c.cmd)
		send(gpio.High, c.data...)
	}
	panel := spilog.NewPanel(w, h)
	for sent := 0; sent < len(frame); {
		tr, err := spilog.Read(log)
		if err != nil {
			t.Fatal(err)
		}
		if tr.Hz != 40_000_000 || tr.Bits != 8 || tr.Dropped != 0 {
			t.Fatalf("transfer at %d Hz, %d bits, %d dropped", tr.Hz, tr.Bits, tr.Dropped)
		}
		if err := panel.Apply(tr); err != nil {
			t.Fatal(err)
		}
		if tr.Data && len(tr.Bytes) > 8 {
			sent += len(tr.Bytes)
		}
	}
	img := panel.Image()
	for y := range h {
		for x := range w {
			if got := img.RGBAAt(x, y); got != colour(x, y) {
				t.Fatalf("pixel %d,%d is %v, want %v", x, y, got, colour(x, y))
			}
		}
	}
	echo := make([]byte, 64)
	want := bytes.Repeat([]byte{0xA5, 0x5A}, 32)
	if err := conn.Tx(want, echo); err != nil || !bytes.Equal(echo, want) {
		t.Errorf("the host did not echo: %v % x", err, echo)
	}
}

// lineLevel reads a line's level from the panel's own report.
func lineLevel(t *testing.T, line uint) bool {
	t.Helper()
	var out, val, lvl, keys uint32
	if _, err := fmt.Sscanf(read(t, panelDir+"lines"), "out=%x val=%x lvl=%x keys=%x", &out, &val, &lvl, &keys); err != nil {
		t.Fatal(err)
	}
	return lvl>>line&1 == 1
}

func testLamps(t *testing.T) {
	for i, name := range []string{"phone:red:message", "phone:red:mute", "phone:green:speaker", "phone:green:line"} {
		dir := "/sys/class/leds/" + name
		line := uint(15 + i)
		for _, on := range []bool{true, false} {
			write(t, dir+"/brightness", map[bool]int{true: 1, false: 0}[on])
			if got := lineLevel(t, line); got != on {
				t.Errorf("%s: line is %v, want %v", name, got, on)
			}
		}
	}
	dir := "/sys/class/leds/phone:red:message"
	write(t, dir+"/trigger", "timer")
	write(t, dir+"/delay_on", 20)
	write(t, dir+"/delay_off", 20)
	for _, want := range []bool{true, false, true} {
		eventually(t, fmt.Sprint("the blinking lamp becomes ", want), func() bool { return lineLevel(t, 15) == want })
	}
	write(t, dir+"/trigger", "none")
}

func testPWM(t *testing.T) {
	const chip = "/sys/class/pwm/pwmchip0"
	write(t, chip+"/export", 0)
	defer write(t, chip+"/unexport", 0)
	write(t, chip+"/pwm0/period", 1_000_000)
	write(t, chip+"/pwm0/duty_cycle", 250_000)
	write(t, chip+"/pwm0/enable", 1)
	if d, e := read(t, chip+"/pwm0/duty_cycle"), read(t, chip+"/pwm0/enable"); d != "250000" || e != "1" {
		t.Errorf("duty cycle %s, enabled %s", d, e)
	}
	if err := os.WriteFile(chip+"/pwm0/duty_cycle", []byte("1000001"), 0o600); err == nil {
		t.Error("a duty cycle beyond the period was taken")
	}
}
