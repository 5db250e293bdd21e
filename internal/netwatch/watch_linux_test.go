package netwatch

import (
	"context"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// pair is a socket that stands for the kernel's.
func pair(t *testing.T) (kernel int, us *os.File) {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	us = os.NewFile(uintptr(fds[1]), "netlink")
	t.Cleanup(func() { _ = unix.Close(fds[0]); _ = us.Close() })
	return fds[0], us
}

func TestABurstIsToldOnce(t *testing.T) {
	kernel, us := pair(t)
	ctx, cancel := context.WithCancel(t.Context())
	told, done := make(chan struct{}, 100), make(chan error, 1)
	go func() { done <- read(ctx, us, func() { told <- struct{}{} }) }()
	for range 2 {
		for range 10 {
			if _, err := unix.Write(kernel, []byte("changed")); err != nil {
				t.Fatal(err)
			}
		}
		select {
		case <-told:
		case <-time.After(20 * time.Second):
			t.Fatal("not told")
		}
	}
	cancel()
	_ = us.Close()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if n := len(told); n > 18 {
		t.Errorf("told %d times more: bursts are not joined", n)
	}
}

func TestWatchEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- Watch(ctx, func() {}) }()
	cancel()
	select {
	case err := <-done:
		if err != nil {
			t.Skip("no netlink here: ", err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("still watching")
	}
}
