//go:build image

package image_test

import (
	"strings"
	"testing"
)

func TestBoot(t *testing.T) {
	m := newMachine(t)
	m.on()
	m.up()
	m.awaitRegistered()
	if s := m.slot(); s != "A" {
		t.Errorf("slot %s", s)
	}
	t.Run("read-only", func(t *testing.T) {
		if out, code := m.sh("touch /usr/x"); code == 0 {
			t.Errorf("the root can be written: %s", out)
		}
	})
	t.Run("no unit failed", func(t *testing.T) {
		if out := m.must("systemctl --failed --no-legend --plain"); out != "" {
			t.Errorf("%s\n%s", out, m.journal())
		}
	})
	t.Run("confirmed", func(t *testing.T) {
		m.until("the slot is confirmed", func() bool {
			out, _ := m.sh("fw_printenv -n BOOT_A_LEFT")
			return out == "3"
		})
	})
	t.Run("figures", func(t *testing.T) {
		t.Logf("FIGURE %s", m.must("systemd-analyze | head -n 1"))
		t.Logf("FIGURE daemon starts: %s", m.must("journalctl -b -u phoned -o short-monotonic --no-pager | head -n 3"))
		t.Logf("FIGURE registered: %s", m.must("journalctl -b -u phoned -o short-monotonic --no-pager | grep -i regist | head -n 1 || true"))
		t.Logf("FIGURE memory: %s", m.must("free -m | head -n 2; systemctl show -p MemoryCurrent phoned; grep VmRSS /proc/$(pidof phoned)/status"))
		t.Logf("FIGURE disk: %s", m.must("df -m / /state | cat"))
	})
	t.Run("rauc", func(t *testing.T) {
		if out := m.must("rauc status"); !strings.Contains(out, "booted") {
			t.Error(out)
		}
	})
}
