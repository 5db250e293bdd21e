package netwatch

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// Settle is how long after the last message of the kernel a change is told: a
// new network brings address, routes and the end of the old ones one by one.
const Settle = 300 * time.Millisecond

// groups are the kernel's announcements that matter (rtnetlink(7)).
const groups = unix.RTMGRP_IPV4_IFADDR | unix.RTMGRP_IPV6_IFADDR | unix.RTMGRP_IPV4_ROUTE | 1<<(unix.RTNLGRP_IPV6_ROUTE-1)

// Watch calls changed, on its own goroutine, whenever addresses or routes have
// changed and then stood still for Settle. It returns when ctx ends, or with
// an error where the kernel does not tell.
func Watch(ctx context.Context, changed func()) error {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_ROUTE)
	if err != nil {
		return fmt.Errorf("netlink: %w", err)
	}
	if err := unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: groups}); err != nil {
		_ = unix.Close(fd)
		return fmt.Errorf("netlink: %w", err)
	}
	f := os.NewFile(uintptr(fd), "netlink")
	stop := context.AfterFunc(ctx, func() { _ = f.Close() })
	defer func() {
		if stop() {
			_ = f.Close()
		}
	}()
	return read(ctx, f, changed)
}

// read waits for a message, then for the quiet after it.
func read(ctx context.Context, f *os.File, changed func()) error {
	buf := make([]byte, 64<<10)
	pending := false
	for {
		deadline := time.Time{}
		if pending {
			deadline = time.Now().Add(Settle)
		}
		if err := f.SetReadDeadline(deadline); err != nil && ctx.Err() == nil {
			return fmt.Errorf("netlink: %w", err)
		}
		switch _, err := f.Read(buf); {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, os.ErrDeadlineExceeded):
			pending = false
			changed()
		case err == nil, errors.Is(err, unix.ENOBUFS): // more happened than fits: something changed
			pending = true
		default:
			return fmt.Errorf("netlink: %w", err)
		}
	}
}
