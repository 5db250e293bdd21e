//go:build image

package image_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"phoned/test/image/bench"
)

// standing is what the API says of the configuration's trial.
type standing struct {
	Trial *struct{ Name string }
	Last  *struct{ Confirmed bool }
}

func (m *machine) standing() (s standing) {
	m.t.Helper()
	_ = json.Unmarshal([]byte(m.get("config")), &s) // while the phone starts anew there is none
	return s
}

// apply gives the phone a document, as its administrator does.
func (m *machine) apply(lines ...string) {
	m.t.Helper()
	body := "version = 1\n" + strings.Join(lines, "\n") + "\n"
	a, err := m.link.Ask(bench.Order{Post: api + "config", Type: "application/toml", Body: body}, answerTime)
	if err != nil || a.Code != 200 || !strings.Contains(a.Out, `"ok":true`) {
		m.t.Fatalf("%q: %d %s %s %v", lines, a.Code, a.Out, a.Err, err)
	}
}

// addresses are what the wired port has.
func (m *machine) addresses() string {
	out, _ := m.sh("ip -o -4 addr show scope global; ip route show default")
	return out
}

// TestNetworkSettings: an administrator gives the phone a fixed address, name and time
// servers and a time zone, which are put in force by the unit beside the phone and proved
// by a registration; then an address at which there is no exchange: it is taken back.
func TestNetworkSettings(t *testing.T) {
	m := ready(t)
	began := time.Now()
	fixed := []string{`ipv4_address = "10.0.2.77/24"`, `ipv4_gateway = "10.0.2.2"`, `dns_servers = ["10.0.2.3"]`, `ntp_servers = ["10.0.2.2"]`, `time_zone = "Europe/Berlin"`}
	m.apply(fixed...)
	m.until("the fixed address is kept", func() bool { s := m.standing(); return s.Trial == nil && s.Last != nil && s.Last.Confirmed })
	t.Logf("FIGURE fixed address given to kept: %.0f s", time.Since(began).Seconds())
	is := func(address string) {
		t.Helper()
		if out := m.addresses(); !strings.Contains(out, address) || strings.Count(out, " inet ") != 1 || !strings.Contains(out, "default via 10.0.2.2") {
			t.Errorf("addresses: %s", out)
		}
		m.awaitRegistered()
		for command, want := range map[string]string{
			"resolvectl dns": "10.0.2.3",
			"timedatectl show-timesync -p LinkNTPServers":     "10.0.2.2",
			"readlink /etc/localtime":                         "Europe/Berlin",
			"systemctl --failed --no-legend --plain; echo ok": "ok",
		} {
			if out := m.must(command); !strings.HasSuffix(out, want) {
				t.Errorf("%s: %s\n%s", command, out, m.journal())
			}
		}
	}
	is(" 10.0.2.77/24 ")
	began = time.Now()
	m.apply(append([]string{`ipv4_address = "192.0.2.77/24"`, `ipv4_gateway = "192.0.2.1"`}, fixed[2:]...)...)
	m.until("the other address is tried", func() bool { return strings.Contains(m.addresses(), "192.0.2.77") })
	m.until("it is taken back", func() bool { s := m.standing(); return s.Trial == nil && s.Last != nil && !s.Last.Confirmed })
	m.until("the address before is there", func() bool { return strings.Contains(m.addresses(), "10.0.2.77") })
	is(" 10.0.2.77/24 ")
	t.Logf("FIGURE useless address given to registered again: %.0f s", time.Since(began).Seconds())
	// A restart begins with the system's own settings and ends with the phone's.
	m.must("sync")
	m.cut()
	m.on()
	m.up()
	m.until("the fixed address is there after a power cut", func() bool { return strings.Contains(m.addresses(), "10.0.2.77") })
	is(" 10.0.2.77/24 ")
}
