//go:build image

package image_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// pid is the daemon's.
func (m *machine) pid() string {
	m.t.Helper()
	return m.must("systemctl show --value -p MainPID phoned")
}

func (m *machine) limitFiles(pid string, n int) {
	m.t.Helper()
	m.must(fmt.Sprintf("prlimit --pid %s --nofile=%d:4096", pid, n))
}

// TestDaemon does to the daemon what a bad day does, one thing after the other on one
// machine: each time it must be a phone again by itself.
func TestDaemon(t *testing.T) {
	m := ready(t)
	for _, c := range []struct {
		name    string
		harm    func(t *testing.T, pid string)
		another bool // another process than before: true must be, false must not
	}{
		{"kill -9", func(_ *testing.T, pid string) { m.must("kill -9 " + pid) }, true},
		// Only the watchdog helps.
		{"SIGSTOP", func(_ *testing.T, pid string) { m.must("kill -STOP " + pid) }, true},
		{"memory", func(t *testing.T, _ string) {
			// In a unit of its own: systemd ends the unit of which the kernel has killed a process.
			out := m.must("systemd-run -q --wait --collect sh -c 'head -c 700M /dev/zero | tail | head -c 1 >/dev/null'; dmesg | grep -i 'killed process' | tail -n 1; grep full /proc/pressure/memory")
			t.Logf("FIGURE memory: %s", out) // total: how long everything stood still, in µs
			if !strings.Contains(out, "(tail)") {
				t.Error("the memory was not used up")
			}
		}, false},
		{"files", func(t *testing.T, pid string) {
			m.limitFiles(pid, 8) // it has more: every new one is refused
			out, _ := m.sh("for i in 1 2 3; do busybox timeout 4 busybox wget -q -O /dev/null http://127.0.0.1:8480/api/v1/lines || echo refused; done")
			t.Logf("asked three times: %q", out)
			if !strings.Contains(out, "refused") {
				t.Error("it still had files")
			}
			m.limitFiles(pid, 1024)
		}, false},
		// It can take no call: the watchdog helps, if nobody telephones.
		{"files, for good", func(_ *testing.T, pid string) { m.limitFiles(pid, 8) }, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			pid := m.pid()
			began := time.Now()
			c.harm(t, pid)
			if c.another {
				m.until("another process", func() bool {
					p, _ := m.sh("systemctl show --value -p MainPID phoned")
					return p != pid && p != "0" && p != ""
				})
			}
			m.awaitRegistered()
			t.Logf("FIGURE %s: registered %.0f s after", c.name, time.Since(began).Seconds())
			if now := m.pid(); (now != pid) != c.another {
				t.Errorf("process %s before, %s after\n%s", pid, now, m.journal())
			}
			if ok, said := m.saves(c.name); !ok {
				t.Errorf("it keeps nothing: %s", said)
			}
			if out := m.must("systemctl --failed --no-legend --plain"); out != "" {
				t.Errorf("%s", out)
			}
		})
	}
	if s := m.slot(); s != "A" || m.must("cut -d. -f1 /proc/uptime") == "" {
		t.Errorf("slot %s", s)
	}
}
