package keypad

import (
	"testing"
	"testing/synctest"
	"time"

	"periph.io/x/conn/v3/gpio"
	"periph.io/x/conn/v3/gpio/gpiotest"

	"phoned/hal"
)

// wired is a 1×1 matrix of periph's fakes: the column follows the row while
// the key is down.
type wired struct {
	gpiotest.Pin
	row  *gpiotest.Pin
	down bool
}

func (w *wired) Read() gpio.Level {
	w.Lock()
	defer w.Unlock()
	if w.down {
		return w.row.L
	}
	return gpio.High
}

func (w *wired) press(down bool) {
	w.Lock()
	w.down = down
	w.Unlock()
	w.EdgesChan <- gpio.Level(!down)
}

func TestPins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		row := &gpiotest.Pin{N: "R0"}
		col := &wired{Pin: gpiotest.Pin{N: "C0", EdgesChan: make(chan gpio.Level, 8)}, row: row}
		w, err := NewPins([]gpio.PinIO{row}, []gpio.PinIO{col})
		if err != nil {
			t.Fatal(err)
		}
		k, err := New(Layout{{"1"}}, w, time.Now)
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		col.press(true)
		if e := <-k.Events(); e.Key != "1" || !e.Down || e.At.Sub(start) > 2*Debounce {
			t.Fatalf("%+v after %v", e, e.At.Sub(start))
		}
		col.press(false)
		if e := <-k.Events(); e != (hal.KeyEvent{Key: "1", At: e.At}) {
			t.Fatalf("%+v", e)
		}
		if err := k.Close(); err != nil {
			t.Fatal(err)
		}
		if _, open := <-k.Events(); open || k.Err() != nil {
			t.Fatalf("after Close: open %v, %v", open, k.Err())
		}
	})
}

func TestPinsWithoutEdges(t *testing.T) {
	if _, err := NewPins(nil, []gpio.PinIO{&gpiotest.Pin{N: "C7"}}); err == nil {
		t.Fatal("a column that gives no edges was accepted")
	}
}
