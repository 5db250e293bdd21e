//go:build linux

package device

import (
	"encoding/binary"
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"phoned/media/audio"
)

// kernelPace takes its time from a timer of the kernel that is set once for all
// frames. A timer of package time is set anew for each, and each setting wakes the
// thread that waits for the network: a third of what a card's clock costs.
type kernelPace struct {
	file *os.File
	raw  syscall.RawConn
	try  func(fd uintptr) bool
	due  uint64 // what try found
}

// newKernelPace gives package time's pace where there is no such timer.
func newKernelPace() pace {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return newTimerPace()
	}
	each := unix.NsecToTimespec(int64(audio.FrameTime))
	if err := unix.TimerfdSettime(fd, 0, &unix.ItimerSpec{Interval: each, Value: each}, nil); err != nil {
		_ = unix.Close(fd)
		return newTimerPace()
	}
	p := &kernelPace{file: os.NewFile(uintptr(fd), "card clock")}
	p.try = p.tryRead
	if p.raw, err = p.file.SyscallConn(); err != nil {
		p.file.Close()
		return newTimerPace()
	}
	return p
}

func (p *kernelPace) wait() int {
	if p.raw.Read(p.try) != nil || p.due == 0 {
		return 0
	}
	return int(min(p.due, 1<<30))
}

// tryRead is false while no frame is due. The call never blocks, so the scheduler
// need not know of it (see package datagram).
func (p *kernelPace) tryRead(fd uintptr) bool {
	var b [8]byte
	n, _, err := syscall.RawSyscall(syscall.SYS_READ, fd, uintptr(unsafe.Pointer(&b)), uintptr(len(b)))
	if err == syscall.EAGAIN || err == syscall.EINTR {
		return false
	}
	p.due = 0
	if err == 0 && n == uintptr(len(b)) {
		p.due = binary.NativeEndian.Uint64(b[:])
	}
	return true
}

func (p *kernelPace) stop() { p.file.Close() }
