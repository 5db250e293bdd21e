// Package spilog reads what the recording SPI host of the test kernel has seen and
// rebuilds from it the picture a display would show. It owns no goroutine and never
// writes to the bus.
package spilog

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// headerSize is the size of a record's header: struct record in kmod/spi-phonetest.c.
const headerSize = 16

// maxTransfer bounds a record's length; the recorder's queue holds no more.
const maxTransfer = 8 << 20

// ErrRecord is returned for bytes that are not a record.
var ErrRecord = errors.New("spilog: not a record of the SPI host")

// Transfer is one transfer on the bus.
type Transfer struct {
	Hz      uint32 // clock in hertz
	Mode    uint16 // SPI mode bits as in linux/spi/spi.h
	Bits    uint8  // bits per word
	CS      uint8  // chip select
	Data    bool   // level of the data/command line: false while a command byte is sent
	Last    bool   // the chip select is released after it
	Dropped uint16 // transfers lost before this one, the recorder's queue having been full
	Bytes   []byte
}

// Read reads one transfer. It returns io.EOF at a clean end and io.ErrUnexpectedEOF
// in the middle of a record.
func Read(r io.Reader) (Transfer, error) {
	var h [headerSize]byte
	if _, err := io.ReadFull(r, h[:]); err != nil {
		return Transfer{}, err
	}
	le := binary.LittleEndian
	n := le.Uint32(h[0:])
	if n > maxTransfer || h[12] > 1 || h[13] > 1 {
		return Transfer{}, fmt.Errorf("%w: % x", ErrRecord, h)
	}
	t := Transfer{
		Hz: le.Uint32(h[4:]), Mode: le.Uint16(h[8:]), Bits: h[10], CS: h[11],
		Data: h[12] == 1, Last: h[13] == 1, Dropped: le.Uint16(h[14:]), Bytes: make([]byte, n),
	}
	if _, err := io.ReadFull(r, t.Bytes); err != nil {
		return Transfer{}, io.ErrUnexpectedEOF
	}
	return t, nil
}

// ReadAll reads transfers to the end of r.
func ReadAll(r io.Reader) ([]Transfer, error) {
	var all []Transfer
	for {
		t, err := Read(r)
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return all, err
		}
		all = append(all, t)
	}
}
