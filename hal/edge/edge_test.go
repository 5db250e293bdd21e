package edge_test

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"periph.io/x/conn/v3/gpio"

	"phoned/hal/edge"
	"phoned/hal/haltest"
)

func TestEdges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := haltest.NewCircuit()
		p := c.Pin("C0")
		if err := p.In(gpio.PullUp, gpio.BothEdges); err != nil {
			t.Fatal(err)
		}
		moved := make(chan time.Time, 100)
		w := edge.Watch(func(bool) { moved <- time.Now() }, p)
		start := time.Now()
		c.Drive(p, gpio.Low)
		if at := <-moved; at != start {
			t.Errorf("told %v after the edge", at.Sub(start))
		}
		time.Sleep(time.Minute)
		if n := len(moved); n < 20 || n > 40 {
			t.Errorf("looked %d times in a minute without an edge", n)
		}
		closing := time.Now()
		w.Close()
		w.Close()
		if d := time.Since(closing); d > 100*time.Millisecond {
			t.Errorf("Close took %v", d)
		}
	})
}

// A line that gives no edges answers at once each time; the loop must not spin.
func TestBlindLineDoesNotSpin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := haltest.NewCircuit().Pin("C0")
		if err := p.In(gpio.PullUp, gpio.NoEdge); err != nil {
			t.Fatal(err)
		}
		var n atomic.Int32
		w := edge.Watch(func(bool) { n.Add(1) }, p)
		time.Sleep(10 * time.Second)
		w.Close()
		if got := n.Load(); got > 110 || got < 50 {
			t.Errorf("looked %d times in 10 s", got)
		}
	})
}

// What the fake line does is what the kernel's does (see test/kernel).
func TestHabitsOfTheLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := haltest.NewCircuit()
		p := c.Pin("X")
		_ = p.In(gpio.PullUp, gpio.BothEdges)
		start := time.Now()
		if p.WaitForEdge(-1) || time.Since(start) != 0 {
			t.Error("-1 waited")
		}
		_ = p.Out(gpio.Low)
		if p.Read() != gpio.High || len(c.Turned()) != 1 {
			t.Errorf("Read of an output: level %v, turned %v", p.Level(), c.Turned())
		}
	})
}
