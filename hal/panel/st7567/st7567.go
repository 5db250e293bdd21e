// Package st7567 is what sets the Sitronix ST7567 apart, the controller of
// 128×64 LCD modules on SPI (also called ST7565 and JLX12864). All else is
// package pages'.
package st7567

import "phoned/hal/panel/pages"

// Controller is the ST7567 (datasheet, section 8). The contrast is a matter of
// the glass: modules want between 20 and 45 of 63.
var Controller = pages.Controller{
	Name: "st7567", Columns: 132,
	Reset: []byte{0xe2},
	Setup: []byte{
		0xa2, // bias 1/9
		0x2f, // booster, regulator and follower on
		0x25, // regulation ratio 5.5
		0x40, // starts with line 0
	},
	RowsDown: true, Contrast: 32, MostContrast: 63,
	Asleep: []byte{0xa5}, // with the display off: power save
}
