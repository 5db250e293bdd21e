// Package netnstest lets a test change the addresses of a machine: in a process with
// a network namespace of its own. Only tests import it.
package netnstest

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

const inside = "PHONED_TEST_NETNS"

// Own runs this test again in a network namespace of its own and ends as that run
// ended; true: this is that run. Where no namespace can be made the test is skipped.
func Own(t *testing.T) bool {
	t.Helper()
	return again(t, &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	})
}

// OwnAsRoot is Own with all of this machine's users, for programs that change theirs:
// where the test does not run as root it is skipped.
func OwnAsRoot(t *testing.T) bool {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("only root can make a network for a program that changes its user")
	}
	return again(t, &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET})
}

func again(t *testing.T, attr *syscall.SysProcAttr) bool {
	t.Helper()
	if os.Getenv(inside) != "" {
		return true
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), inside+"=1")
	cmd.SysProcAttr = attr
	out, err := cmd.CombinedOutput()
	switch {
	case err != nil && len(out) == 0:
		t.Skip("no network namespace can be made here: ", err)
	case err != nil:
		t.Errorf("%v\n%s", err, out)
	case strings.Contains(string(out), "--- SKIP"):
		t.Skip(string(out))
	}
	return false
}

// IP runs ip(8) with the words of args. A kernel that can't do it skips the test.
func IP(t *testing.T, args string) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), "ip", strings.Fields(args)...).CombinedOutput(); err != nil {
		t.Skipf("ip %s: %v %s", args, err, out)
	}
}
