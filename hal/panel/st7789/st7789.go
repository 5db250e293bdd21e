// Package st7789 drives 240×320 panels with a Sitronix ST7789 (and ST7789V) on
// SPI in 16-bit colour. All but its name is package mipi's.
package st7789

import (
	"periph.io/x/conn/v3/physic"
	"periph.io/x/conn/v3/spi"

	"phoned/hal/panel/mipi"
)

// Controller is what sets the ST7789 apart: nothing has to be set up (ST7789V
// datasheet, section 9).
var Controller = mipi.Controller{Name: "st7789", Hz: 40 * physic.MegaHertz}

// New opens a panel; see mipi.New.
func New(port spi.PortCloser, cfg mipi.Config) (*mipi.Panel, error) {
	return mipi.New(port, Controller, cfg)
}
