package haltest

import (
	"fmt"

	"periph.io/x/conn/v3/gpio"
)

// Matrix is a key matrix without diodes on a Circuit.
type Matrix struct {
	*Circuit
	Rows, Cols []*Pin
}

// NewMatrix wires rows R0 … and columns C0 …
func NewMatrix(rows, cols int) *Matrix {
	m := &Matrix{Circuit: NewCircuit()}
	for i := range rows {
		m.Rows = append(m.Rows, m.Pin(fmt.Sprint("R", i)))
	}
	for i := range cols {
		m.Cols = append(m.Cols, m.Pin(fmt.Sprint("C", i)))
	}
	return m
}

// Key closes or opens the contact of a place.
func (m *Matrix) Key(row, col int, down bool) { m.Join(m.Rows[row], m.Cols[col], down) }

// IO is lines as drivers take them.
func IO(pins []*Pin) []gpio.PinIO {
	out := make([]gpio.PinIO, 0, len(pins))
	for _, p := range pins {
		out = append(out, p)
	}
	return out
}
