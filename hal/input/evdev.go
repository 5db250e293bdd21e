package input

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Requests of linux/input.h.
const (
	eviocgrab = 0x40044590
	maxCode   = 0x2ff
)

// eviocg is a request that reads n bytes: EVIOCGNAME is number 6, EVIOCGKEY 0x18.
func eviocg(number, n uintptr) uintptr { return 2<<30 | n<<16 | 'E'<<8 | number }

// ErrNoDevice: no input device has the name that was asked for.
var ErrNoDevice = errors.New("there is no input device")

// Dir is where the kernel's input devices are.
const Dir = "/dev/input"

// device is an event node.
type device struct {
	f     *os.File
	r     io.Reader
	event [eventSize]byte
}

// eventSize is struct input_event's: two words of time, then 8 bytes.
const eventSize = 2*unsafe.Sizeof(uintptr(0)) + 8

func open(path, name string) (Source, error) {
	if path == "" {
		found, err := find(name)
		if err != nil {
			return nil, err
		}
		path = found
	}
	f, err := os.OpenFile(filepath.Clean(path), os.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	d := &device{f: f, r: f}
	one := [1]byte{1} // any address but nil takes it
	if err := d.control(eviocgrab, unsafe.Pointer(&one)); err != nil {
		return nil, errors.Join(fmt.Errorf("%s is used by another program: %w", path, err), f.Close())
	}
	return d, nil
}

// control runs a request without taking the file from Go's poller, which Close
// needs to interrupt a Read.
func (d *device) control(request uintptr, arg unsafe.Pointer) error {
	raw, err := d.f.SyscallConn()
	if err != nil {
		return err
	}
	var e unix.Errno
	err = raw.Control(func(fd uintptr) { _, _, e = unix.Syscall(unix.SYS_IOCTL, fd, request, uintptr(arg)) })
	if err == nil && e != 0 {
		err = e
	}
	return err
}

// ask runs a request that fills b.
func (d *device) ask(number uintptr, b []byte) error {
	return d.control(eviocg(number, uintptr(len(b))), unsafe.Pointer(&b[0]))
}

// Next implements Source.
func (d *device) Next() (Event, error) {
	if _, err := io.ReadFull(d.r, d.event[:]); err != nil {
		return Event{}, err
	}
	b := d.event[eventSize-8:]
	return Event{binary.NativeEndian.Uint16(b), binary.NativeEndian.Uint16(b[2:]), int32(binary.NativeEndian.Uint32(b[4:]))}, nil
}

// Held implements Source.
func (d *device) Held() ([]uint16, error) {
	bits := make([]byte, maxCode/8+1)
	if err := d.ask(0x18, bits); err != nil {
		return nil, err
	}
	var held []uint16
	for c := range uint16(maxCode) {
		if bits[c/8]>>(c%8)&1 == 1 {
			held = append(held, c)
		}
	}
	return held, nil
}

// Close implements Source.
func (d *device) Close() error { return d.f.Close() }

// Found is an input device of this machine.
type Found struct{ Path, Name string }

// List names the input devices; those that can't be opened have the reason as
// their name.
func List() []Found {
	paths, _ := filepath.Glob(filepath.Join(Dir, "event*"))
	out := make([]Found, 0, len(paths))
	for _, p := range paths {
		out = append(out, Found{p, nameOf(p)})
	}
	return out
}

func nameOf(path string) string {
	f, err := os.Open(filepath.Clean(path))
	if err != nil {
		return err.Error()
	}
	defer f.Close()
	b := make([]byte, 256)
	if err := (&device{f: f}).ask(0x06, b); err != nil {
		return err.Error()
	}
	name, _, _ := bytes.Cut(b, []byte{0})
	return string(name)
}

func find(name string) (string, error) {
	for _, d := range List() {
		if strings.Contains(d.Name, name) {
			return d.Path, nil
		}
	}
	return "", fmt.Errorf("%w called %q", ErrNoDevice, name)
}
