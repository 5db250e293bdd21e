package hook

import (
	"testing"
	"testing/synctest"
	"time"

	"periph.io/x/conn/v3/gpio"
	"periph.io/x/conn/v3/gpio/gpiotest"

	"phoned/hal/haltest"
)

func TestConformance(t *testing.T) {
	for _, high := range []bool{true, false} {
		haltest.Hook(t, haltest.Virtual, func(t *testing.T) haltest.HookRig {
			c := haltest.NewCircuit()
			p := c.Pin("HOOK")
			move := func(offHook bool) { c.Drive(p, gpio.Level(offHook == high)) }
			move(false)
			h, err := New(p, high, time.Now)
			if err != nil {
				t.Fatal(err)
			}
			return haltest.HookRig{Hook: h,
				Move: func(offHook bool) { move(offHook); time.Sleep(50 * time.Millisecond) },
				Bounce: func(offHook bool) {
					for range 5 {
						move(offHook)
						time.Sleep(3 * time.Millisecond)
						move(!offHook)
						time.Sleep(2 * time.Millisecond)
					}
					move(offHook)
				}}
		})
	}
}

func TestHook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pin := &gpiotest.Pin{N: "HOOK", EdgesChan: make(chan gpio.Level, 16)}
		h, err := New(pin, false, time.Now) // pulled up, on hook: high
		if err != nil {
			t.Fatal(err)
		}
		if e := <-h.Events(); e.OffHook {
			t.Fatal("starts off hook")
		}
		// A cradle bounces: it is one movement.
		start := time.Now()
		for _, l := range []gpio.Level{gpio.Low, gpio.High, gpio.Low, gpio.High, gpio.Low} {
			pin.EdgesChan <- l
			time.Sleep(4 * time.Millisecond)
		}
		if e := <-h.Events(); !e.OffHook || e.At.Sub(start) < Debounce {
			t.Fatalf("%+v after %v", e, e.At.Sub(start))
		}
		// A bump of 20 ms is none.
		pin.EdgesChan <- gpio.High
		time.Sleep(20 * time.Millisecond)
		pin.EdgesChan <- gpio.Low
		time.Sleep(time.Second)
		synctest.Wait()
		select {
		case e := <-h.Events():
			t.Fatalf("a bump gave %+v", e)
		default:
		}
		pin.EdgesChan <- gpio.High
		if e := <-h.Events(); e.OffHook {
			t.Fatalf("%+v", e)
		}
		if err := h.Close(); err != nil {
			t.Fatal(err)
		}
		if _, open := <-h.Events(); open {
			t.Fatal("open after Close")
		}
	})
}

// A level that changed without an edge is noticed all the same.
func TestHookMissedEdge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pin := &gpiotest.Pin{N: "HOOK", EdgesChan: make(chan gpio.Level, 1)}
		h, err := New(pin, true, time.Now)
		if err != nil {
			t.Fatal(err)
		}
		if e := <-h.Events(); !e.OffHook {
			t.Fatal("starts on hook")
		}
		_ = pin.Out(gpio.Low)
		if e := <-h.Events(); e.OffHook {
			t.Fatalf("%+v", e)
		}
		_ = h.Close()
	})
}
