package keypad

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"periph.io/x/conn/v3/gpio"
)

// pins are Wires of GPIO lines. Rows float as inputs unless selected, so that
// two keys of one column never drive two rows against each other.
type pins struct {
	rows  []gpio.PinIO
	cols  []gpio.PinIO
	moved chan struct{}
	stop  chan struct{}
	wg    sync.WaitGroup
}

// edgeWait bounds each wait for an edge: -1 ("for ever") returns at once with
// the character-device driver, so it is never used.
const edgeWait = 400 * time.Millisecond

// NewPins makes Wires of GPIO lines with pull-ups on the columns. One
// goroutine per column waits for edges.
func NewPins(rows, cols []gpio.PinIO) (Wires, error) {
	p := &pins{rows: rows, cols: cols, moved: make(chan struct{}, 1), stop: make(chan struct{})}
	for _, r := range rows {
		if err := r.In(gpio.PullUp, gpio.NoEdge); err != nil {
			return nil, fmt.Errorf("row %s: %w", r.Name(), err)
		}
	}
	for _, c := range cols {
		if err := c.In(gpio.PullUp, gpio.BothEdges); err != nil {
			return nil, fmt.Errorf("column %s: %w", c.Name(), err)
		}
	}
	for _, c := range cols {
		p.wg.Go(func() { p.watch(c) })
	}
	return p, nil
}

func (p *pins) watch(c gpio.PinIO) {
	for {
		edge := c.WaitForEdge(edgeWait)
		select {
		case <-p.stop:
			return
		default:
		}
		if edge {
			select {
			case p.moved <- struct{}{}:
			default:
			}
		}
	}
}

func (p *pins) Rest() error {
	var errs []error
	for _, r := range p.rows {
		errs = append(errs, r.Out(gpio.Low))
	}
	return errors.Join(errs...)
}

func (p *pins) Scan(row int) (uint32, error) {
	for i, r := range p.rows {
		if i != row {
			if err := r.In(gpio.PullUp, gpio.NoEdge); err != nil {
				return 0, err
			}
		}
	}
	if err := p.rows[row].Out(gpio.Low); err != nil {
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

func (p *pins) Wait(d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-p.moved:
	case <-t.C:
	case <-p.stop:
	}
	return nil
}

// Close ends the watchers and leaves every line an input.
func (p *pins) Close() error {
	close(p.stop)
	p.wg.Wait()
	var errs []error
	for _, l := range append(append([]gpio.PinIO(nil), p.rows...), p.cols...) {
		errs = append(errs, l.In(gpio.PullUp, gpio.NoEdge), l.Halt())
	}
	return errors.Join(errs...)
}
