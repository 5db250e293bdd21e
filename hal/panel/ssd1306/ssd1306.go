// Package ssd1306 is what sets the Solomon Systech SSD1306 apart, the controller
// of most 128×64 OLED modules, on I²C or SPI. All else is package pages'.
package ssd1306

import "phoned/hal/panel/pages"

// Controller is the SSD1306 with 64 rows (datasheet, sections 9 and 10 and the
// application note on the charge pump). It has no reset by command.
var Controller = pages.Controller{
	Name: "ssd1306", Columns: 128,
	Setup: []byte{
		0xd5, 0x80, // clock: 370 kHz, undivided
		0xa8, 0x3f, // 64 rows
		0xd3, 0x00, // no vertical offset
		0x40,       // starts with line 0
		0x8d, 0x14, // charge pump on: modules have 3.3 V only
		0x20, 0x02, // addressed by page
		0xda, 0x12, // COM pins: alternating
		0xd9, 0xf1, // pre-charge for the charge pump
		0xdb, 0x20, // VCOMH 0.77 × VCC
		0x2e, // no scrolling
	},
	ColumnsDown: true, RowsDown: true, Contrast: 0xcf, MostContrast: 0xff, Brightness: true,
	Asleep: []byte{0x8d, 0x10}, // charge pump off
}
