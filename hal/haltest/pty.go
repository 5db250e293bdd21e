package haltest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// Pty is a serial device made of a pseudo-terminal under a path that stays the
// same when it is unplugged and plugged in again, as udev's by-id links do.
type Pty struct {
	Path string
	t    testing.TB
	mu   sync.Mutex
	far  *os.File
}

// NewPty plugs a serial device in.
func NewPty(t testing.TB) *Pty {
	t.Helper()
	p := &Pty{Path: filepath.Join(t.TempDir(), "usb-device-if00"), t: t}
	p.Plug()
	t.Cleanup(p.Unplug)
	return p
}

// Plug makes the device; it is raw, as a serial port is.
func (p *Pty) Plug() {
	p.t.Helper()
	far, near, err := openPty()
	if err != nil {
		p.t.Fatal(err)
	}
	if err := os.Symlink(near, p.Path); err != nil {
		p.t.Fatal(err)
	}
	p.mu.Lock()
	p.far = far
	p.mu.Unlock()
}

func openPty() (*os.File, string, error) {
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, "", fmt.Errorf("/dev/ptmx: %w", err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	var t *unix.Termios
	if err == nil {
		t, err = unix.IoctlGetTermios(fd, unix.TCGETS)
	}
	if err == nil {
		t.Iflag, t.Oflag, t.Lflag = 0, 0, 0
		err = unix.IoctlSetTermios(fd, unix.TCSETS, t)
	}
	if err != nil {
		return nil, "", errors.Join(err, unix.Close(fd))
	}
	return os.NewFile(uintptr(fd), "ptmx"), fmt.Sprintf("/dev/pts/%d", n), nil
}

// Unplug takes the device away: its reader hangs up and its path is gone.
func (p *Pty) Unplug() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.far == nil {
		return
	}
	_ = os.Remove(p.Path)
	_ = p.far.Close()
	p.far = nil
}

// Type sends bytes as the device does. It fails the test when the reader takes
// none of them.
func (p *Pty) Type(b []byte) {
	p.t.Helper()
	p.mu.Lock()
	far := p.far
	p.mu.Unlock()
	if _, err := far.Write(b); err != nil {
		p.t.Errorf("the serial device: %v", err)
	}
}

// Read reads what the driver sent to the device.
func (p *Pty) Read(b []byte) (int, error) {
	p.mu.Lock()
	far := p.far
	p.mu.Unlock()
	return far.Read(b)
}
