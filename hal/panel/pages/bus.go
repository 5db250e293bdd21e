package pages

import (
	"errors"
	"fmt"

	"periph.io/x/conn/v3/gpio"
	"periph.io/x/conn/v3/i2c"
	"periph.io/x/conn/v3/physic"
	"periph.io/x/conn/v3/spi"
)

// Clock is what these controllers take on SPI (SSD1306 datasheet, table 13-4:
// 100 ns a bit).
const Clock = 10 * physic.MegaHertz

// OverSPI is the four-wire bus; hz 0 is Clock. A page is shorter than what
// spidev takes at once.
func OverSPI(port spi.PortCloser, dc gpio.PinOut, hz physic.Frequency) (Bus, error) {
	if dc == nil {
		return nil, errors.New("the D/C line is missing")
	}
	if hz == 0 {
		hz = Clock
	}
	c, err := port.Connect(hz, spi.Mode0, 8)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", port, err)
	}
	return &serial{port, c, dc}, nil
}

type serial struct {
	port spi.PortCloser
	conn spi.Conn
	dc   gpio.PinOut
}

func (s *serial) Command(b []byte) error { return s.send(gpio.Low, b) }
func (s *serial) Data(b []byte) error    { return s.send(gpio.High, b) }
func (s *serial) Close() error           { return s.port.Close() }

func (s *serial) send(level gpio.Level, b []byte) error {
	if err := s.dc.Out(level); err != nil {
		return fmt.Errorf("D/C: %w", err)
	}
	return s.conn.Tx(b, nil)
}

// Address is the usual one of these displays on I²C; the other is 0x3d.
const Address = 0x3c

// Control bytes in front of what follows (SSD1306 datasheet, section 8.1.5.2).
const (
	commandsFollow = 0x00
	dataFollow     = 0x40
)

// OverI2C is the two-wire bus; the clock is the kernel's (config.txt).
// Address 0 is Address.
func OverI2C(bus i2c.BusCloser, address uint16) Bus {
	if address == 0 {
		address = Address
	}
	return &twoWire{bus: bus, address: address}
}

type twoWire struct {
	bus     i2c.BusCloser
	address uint16
	buf     []byte
}

func (w *twoWire) Command(b []byte) error { return w.send(commandsFollow, b) }
func (w *twoWire) Data(b []byte) error    { return w.send(dataFollow, b) }
func (w *twoWire) Close() error           { return w.bus.Close() }

func (w *twoWire) send(control byte, b []byte) error {
	w.buf = append(append(w.buf[:0], control), b...)
	return w.bus.Tx(w.address, w.buf, nil)
}
