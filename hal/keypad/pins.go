package keypad

import (
	"errors"
	"fmt"
	"slices"
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
	edges *edge.Watcher
}

// NewPins makes Wires of GPIO lines with pull-ups on the columns. One
// goroutine per column waits for edges.
func NewPins(rows, cols []gpio.PinIO) (Wires, error) {
	p := &pins{rows: rows, cols: cols, low: make([]bool, len(rows)), moved: make(chan struct{}, 1)}
	for _, r := range rows {
		if err := r.In(gpio.PullUp, gpio.NoEdge); err != nil {
			return nil, errors.Join(fmt.Errorf("row %s: %w", r.Name(), err), p.free())
		}
	}
	inputs := make([]gpio.PinIn, 0, len(cols))
	for _, c := range cols {
		if err := c.In(gpio.PullUp, gpio.BothEdges); err != nil {
			return nil, errors.Join(fmt.Errorf("column %s: %w", c.Name(), err), p.free())
		}
		inputs = append(inputs, c)
	}
	p.edges = edge.Watch(func(seen bool) {
		if !seen {
			return
		}
		select {
		case p.moved <- struct{}{}:
		default:
		}
	}, inputs...)
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
	for i, c := range p.cols {
		if c.Read() == gpio.Low {
			columns |= 1 << i
		}
	}
	return columns, nil
}

func (p *pins) Wait(stop <-chan struct{}, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-p.moved:
	case <-t.C:
	case <-stop:
	}
	return nil
}

// Close ends the watchers and leaves every line an input.
func (p *pins) Close() error {
	p.edges.Close()
	return p.free()
}

func (p *pins) free() error {
	var errs []error
	for _, l := range slices.Concat(p.rows, p.cols) {
		errs = append(errs, l.In(gpio.PullUp, gpio.NoEdge))
	}
	return errors.Join(errs...)
}
