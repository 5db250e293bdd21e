//go:build linux && (amd64 || arm64 || arm || riscv64)

package datagram

import (
	"errors"
	"syscall"
	"testing"
)

// A full buffer is told; nobody waits until it is empty. The kernel's part is
// played: the loopback interface never fills one.
func TestFullBufferIsTold(t *testing.T) {
	a := open(t, "udp4", "127.0.0.1:0")
	if !a.Prompt() {
		t.Fatal("Send waits")
	}
	a.quick.out.try = func(uintptr) bool { a.quick.out.err = syscall.EAGAIN; return true }
	if err := a.Send([]byte{1}, a.at()); !errors.Is(err, ErrFull) {
		t.Errorf("a full buffer gave %v", err)
	}
	a.quick.out.try = a.quick.trySend
	if err := a.Send([]byte{1}, a.at()); err != nil {
		t.Errorf("after it: %v", err)
	}
}
