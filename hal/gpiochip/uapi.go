package gpiochip

import (
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Structures and requests of include/uapi/linux/gpio.h; the layout is the same on all
// machines.

type chipInfo struct {
	name, label [32]byte
	lines       uint32
}

type lineInfo struct {
	name, consumer [32]byte
	offset, _      uint32        // and how many attributes
	_              uint64        // flags
	_              [10][2]uint64 // attributes
	_              [4]uint32
}

type configAttr struct {
	id, _       uint32
	value, mask uint64
}

type lineConfig struct {
	flags    uint64
	numAttrs uint32
	_        [5]uint32
	attrs    [10]configAttr
}

type lineRequest struct {
	offsets     [64]uint32
	consumer    [32]byte
	config      lineConfig
	numLines, _ uint32 // and the size of the buffer for events
	_           [5]uint32
	fd          int32
}

type lineValues struct{ bits, mask uint64 }

// eventSize is struct gpio_v2_line_event's.
const eventSize = 48

const (
	flagInput    uint64 = 1 << 2
	flagOutput   uint64 = 1 << 3
	flagRising   uint64 = 1 << 4
	flagFalling  uint64 = 1 << 5
	flagPullUp   uint64 = 1 << 8
	flagPullDown uint64 = 1 << 9

	attrOutputValues = 2
)

// request is _IOC(direction, 0xb4, number, size): 2 reads, 3 writes and reads.
func request(direction, number, size uintptr) uintptr {
	return direction<<30 | size<<16 | 0xb4<<8 | number
}

var (
	getChipInfo = request(2, 0x01, unsafe.Sizeof(chipInfo{}))
	getLineInfo = request(3, 0x05, unsafe.Sizeof(lineInfo{}))
	getLine     = request(3, 0x07, unsafe.Sizeof(lineRequest{}))
	setConfig   = request(3, 0x0d, unsafe.Sizeof(lineConfig{}))
	getValues   = request(3, 0x0e, unsafe.Sizeof(lineValues{}))
	setValues   = request(3, 0x0f, unsafe.Sizeof(lineValues{}))
)

// control runs a request without taking the file from Go's poller. T is one of the
// structures above.
func control[T any](f *os.File, request uintptr, arg *T) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var e unix.Errno
	err = raw.Control(func(fd uintptr) {
		_, _, e = unix.Syscall(unix.SYS_IOCTL, fd, request, uintptr(unsafe.Pointer(arg)))
	})
	if err == nil && e != 0 {
		err = e
	}
	return err
}
