// Package ili9341 drives 240×320 panels with an Ilitek ILI9341 on SPI in 16-bit
// colour. All but its voltages and its order of columns is package mipi's.
package ili9341

import (
	"periph.io/x/conn/v3/physic"
	"periph.io/x/conn/v3/spi"

	"phoned/hal/panel/mipi"
)

// Controller is what sets the ILI9341 apart (datasheet, sections 8.3 and 8.4).
// The datasheet allows 10 MHz for writing; modules are run at 32 MHz and more.
var Controller = mipi.Controller{
	Name: "ili9341", Hz: 32 * physic.MegaHertz, Mirrored: true, BGR: true,
	Setup: []mipi.Command{
		{Code: 0xb1, Data: []byte{0x00, 0x1b}},       // FRMCTR1: 70 pictures a second
		{Code: 0xb6, Data: []byte{0x08, 0x82, 0x27}}, // DISCTRL: 320 lines
		{Code: 0xc0, Data: []byte{0x23}},             // PWCTRL1: 4.6 V for greys
		{Code: 0xc1, Data: []byte{0x10}},             // PWCTRL2: step-up factors
		{Code: 0xc5, Data: []byte{0x3e, 0x28}},       // VMCTRL1: VCOM 4.25 V, −1.5 V
		{Code: 0xc7, Data: []byte{0x86}},             // VMCTRL2: VCOM offset
		{Code: 0x26, Data: []byte{0x01}},             // GAMSET: curve 1
	},
}

// New opens a panel; see mipi.New.
func New(port spi.PortCloser, cfg mipi.Config) (*mipi.Panel, error) {
	return mipi.New(port, Controller, cfg)
}
