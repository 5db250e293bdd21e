package hotplug

import (
	"context"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// kernelGroup is the multicast group of the kernel's own messages; group 2 are
// udev's.
const kernelGroup = 1

// Watch calls f for every change until ctx ends, on a goroutine of its own. A
// card that is plugged in makes several changes; the last one comes when its
// devices are there, but their files may get their permissions a little later.
// The error is that of opening the socket.
func Watch(ctx context.Context, f func(Change)) error {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_KOBJECT_UEVENT)
	if err != nil {
		return fmt.Errorf("watch for sound cards: %w", err)
	}
	if err := unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: kernelGroup}); err != nil {
		_ = unix.Close(fd)
		return fmt.Errorf("watch for sound cards: %w", err)
	}
	file := os.NewFile(uintptr(fd), "uevents")
	stop := context.AfterFunc(ctx, func() { file.Close() })
	go func() {
		defer stop()
		defer file.Close()
		listen(file, f)
	}()
	return nil
}

// listen reads messages until the file is closed.
func listen(file *os.File, f func(Change)) {
	buf := make([]byte, 16<<10)
	for {
		n, err := file.Read(buf)
		if err != nil {
			return
		}
		if c, ok := parse(buf[:n]); ok {
			f(c)
		}
	}
}
