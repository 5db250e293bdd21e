package keypad

import (
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"periph.io/x/conn/v3/gpio"

	"phoned/hal/edge"
)

// pins are Wires of GPIO lines. Rows float as inputs unless selected, so that
// two keys of one column never drive two rows against each other. No line that
// is an output is ever read: periph would make it an input.
type pins struct {
	rows  []gpio.PinIO
	cols  []gpio.PinIO
	low   []bool // rows that are pulled low
	moved chan struct{}
	// held is the column, counted from 1, whose edges wake nobody: Held makes
	// them itself. 0: none.
	held  atomic.Int32
	edges []*edge.Watcher
}

// settle is how long a column takes to rise by its pull-up, 50 kΩ into the wires'
// some hundred picofarads, and then some.
const settle = 50 * time.Microsecond

// NewPins makes Wires of GPIO lines with pull-ups on the columns. One
// goroutine per column waits for edges.
func NewPins(rows, cols []gpio.PinIO) (Wires, error) {
	p := &pins{rows: rows, cols: cols, low: make([]bool, len(rows)), moved: make(chan struct{}, 1)}
	for _, r := range rows {
		if err := r.In(gpio.PullUp, gpio.NoEdge); err != nil {
			return nil, errors.Join(fmt.Errorf("row %s: %w", r.Name(), err), p.free())
		}
	}
	for _, c := range cols {
		if err := c.In(gpio.PullUp, gpio.BothEdges); err != nil {
			return nil, errors.Join(fmt.Errorf("column %s: %w", c.Name(), err), p.free())
		}
	}
	for i, c := range cols {
		p.edges = append(p.edges, edge.Watch(func(seen bool) {
			if !seen || p.held.Load() == int32(i+1) { // at most 32
				return
			}
			select {
			case p.moved <- struct{}{}:
			default:
			}
		}, c))
	}
	return p, nil
}

func (p *pins) Rest() error {
	for i := range p.rows {
		if err := p.pull(i, true); err != nil {
			return err
		}
	}
	return nil
}

func (p *pins) pull(row int, low bool) (err error) {
	if p.low[row] == low {
		return nil
	}
	if low {
		err = p.rows[row].Out(gpio.Low)
	} else {
		err = p.rows[row].In(gpio.PullUp, gpio.NoEdge)
	}
	if err == nil {
		p.low[row] = low
	}
	return err
}

func (p *pins) Scan(row int) (uint32, error) {
	for i := range p.rows {
		if i != row {
			if err := p.pull(i, false); err != nil {
				return 0, err
			}
		}
	}
	if err := p.pull(row, true); err != nil {
		return 0, err
	}
	var columns uint32
	for i := range p.cols {
		if p.isLow(i) {
			columns |= 1 << i
		}
	}
	return columns, nil
}

// isLow reads a column. One that is low may be on its way up from the row before.
func (p *pins) isLow(col int) bool {
	if p.cols[col].Read() == gpio.High {
		return false
	}
	time.Sleep(settle)
	return p.cols[col].Read() == gpio.Low
}

// Held lets the key's row float for a moment: its column is high then, unless
// another key of the column is down.
func (p *pins) Held(row, col int, stop <-chan struct{}, d time.Duration) (bool, error) {
	p.held.Store(int32(col + 1)) // at most 32; a scan moves that column as well
	if err := p.Rest(); err != nil {
		return false, err
	}
	if p.wait(stop, d) || p.cols[col].Read() == gpio.High {
		return true, nil
	}
	if err := p.pull(row, false); err != nil {
		return false, err
	}
	return p.isLow(col), nil
}

func (p *pins) Wait(stop <-chan struct{}, d time.Duration) error {
	p.held.Store(0)
	p.wait(stop, d)
	return nil
}

// wait says whether a column moved.
func (p *pins) wait(stop <-chan struct{}, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-p.moved:
		return true
	case <-t.C:
	case <-stop:
	}
	return false
}

// Close ends the watchers and leaves every line an input.
func (p *pins) Close() error {
	for _, e := range p.edges {
		e.Close()
	}
	return p.free()
}

func (p *pins) free() error {
	var errs []error
	for _, l := range slices.Concat(p.rows, p.cols) {
		errs = append(errs, l.In(gpio.PullUp, gpio.NoEdge))
	}
	return errors.Join(errs...)
}
