//go:build image

package image_test

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"phoned/test/image/bench"
)

// get asks the phone's API.
func (m *machine) get(what string) string {
	m.t.Helper()
	a, err := m.link.Ask(bench.Order{Get: api + what}, answerTime)
	if err != nil || a.Code != 200 {
		return fmt.Sprintf("%s: %d %s %v", what, a.Code, a.Err, err)
	}
	return a.Out
}

// save asks the phone to keep a contact and says whether it has.
func (m *machine) saves(name string) (bool, string) {
	m.t.Helper()
	body := "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:" + name + "\r\nTEL:4711\r\nEND:VCARD\r\n"
	a, err := m.link.Ask(bench.Order{Post: api + "contacts", Type: "text/vcard", Body: body}, answerTime)
	return err == nil && a.Code == 200 && strings.Contains(a.Out, `"added":1`), fmt.Sprint(a.Code, " ", a.Out, a.Err, " ", err)
}

// TestFullDisk: the state partition is full, an update does not fit, the power goes: it
// stays a phone, says what is wrong, and keeps things again once there is room.
func TestFullDisk(t *testing.T) {
	path := good(t)
	m := ready(t)
	if ok, said := m.saves("Before"); !ok {
		t.Fatalf("with room: %s", said)
	}
	m.must("dd if=/dev/zero of=/state/filler bs=64k 2>/dev/null; sync; true")
	if out := m.must("df -k /state | tail -n 1 | awk '{print $4}'"); out != "0" {
		t.Fatalf("%s KiB are free", out)
	}
	if ok, said := m.saves(strings.Repeat("Full ", 4000)); ok {
		t.Errorf("saved on a full disk: %s", said)
	} else {
		t.Logf("a full disk: %s", said)
	}
	m.plug(path)
	m.until("the update does not fit", func() bool { return strings.Contains(m.get("problems"), "no-space") })
	m.unplug()
	if !m.registered() {
		t.Error("it has lost its service")
	}
	m.cut()
	m.comesUp()
	if out := m.get("problems"); !strings.Contains(out, "store.full") {
		t.Errorf("it does not say that it is full: %s", out)
	}
	if out := m.get("contacts"); !strings.Contains(out, "FN:Before") {
		t.Errorf("what was kept before is lost: %.300s", out)
	}
	m.must("rm /state/filler; sync")
	m.until("it keeps things again", func() bool { ok, _ := m.saves("After"); return ok })
}

// TestReadOnlyDisk: a card that can't be written any more still is a phone, with what
// it was told before.
func TestReadOnlyDisk(t *testing.T) {
	m := newMachine(t)
	m.readonly = true
	m.on()
	m.up()
	m.awaitRegistered()
	if out, code := m.sh("touch /state/x"); code == 0 {
		t.Errorf("the state partition can be written: %s", out)
	}
	if ok, said := m.saves("In memory"); !ok { // kept until the power goes
		t.Errorf("%s", said)
	}
	if out := m.get("problems"); !strings.Contains(out, "store.memory") {
		t.Errorf("it does not say that it forgets: %s", out)
	}
	if out := m.must("systemctl --failed --no-legend --plain"); out != "" {
		t.Errorf("%s\n%s", out, m.must("journalctl -b -u phoned-key.service --no-pager -o cat"))
	}
}

// TestStateIsLost: nothing of the state partition can be read, not even the copies of its
// superblock. It is made anew, and the phone that begins from nothing keeps what it makes:
// over a power cut it has the same certificate.
func TestStateIsLost(t *testing.T) {
	m := newMachine(t)
	from, size := partition(t, "state")
	run(t, "qemu-io", "-c", fmt.Sprintf("write -P 0xa5 %d %d", from, size), m.card)
	first := m.certificate() // the agent is lost with the partition
	m.cut()
	if again := m.certificate(); !bytes.Equal(again, first) {
		t.Error("another certificate: what was made was not kept")
	}
}

// partition is where the card has a partition, in bytes.
func partition(t *testing.T, name string) (from, size int64) {
	t.Helper()
	out, err := exec.Command("sfdisk", "-J", filepath.Join(built, "phoned.img")).Output()
	if err != nil {
		t.Fatal(err)
	}
	var card struct {
		PartitionTable struct {
			Partitions []struct {
				Name        string
				Start, Size int64
			}
		}
	}
	if err := json.Unmarshal(out, &card); err != nil {
		t.Fatal(err)
	}
	for _, p := range card.PartitionTable.Partitions {
		if p.Name == name {
			return p.Start * 512, p.Size * 512
		}
	}
	t.Fatalf("no partition is named %s", name)
	return 0, 0
}

// certificate turns the power on and waits for the one that the phone shows to the network.
func (m *machine) certificate() (raw []byte) {
	m.t.Helper()
	m.on()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		m.t.Fatal(err)
	}
	addr := free.Addr().String()
	free.Close()
	m.human("hostfwd_add net tcp:" + addr + "-:443")
	trust := &tls.Config{InsecureSkipVerify: true} //nolint:gosec // which one it is is the question
	m.until("the phone answers over TLS", func() bool {
		c, err := tls.DialWithDialer(&net.Dialer{Timeout: answerTime}, "tcp", addr, trust)
		if err != nil {
			return false
		}
		defer c.Close()
		raw = c.ConnectionState().PeerCertificates[0].Raw
		return true
	})
	return raw
}

// TestClock1970: the clock chip has no battery.
func TestClock1970(t *testing.T) {
	m := newMachine(t, "-rtc", "base=1970-01-01T00:00:05")
	m.on()
	m.up()
	m.awaitRegistered()
	m.confirmed("A")
	if year := m.must("date +%Y"); year < "2024" {
		t.Errorf("it is %s: systemd was to set the image's date", year)
	}
	if out := m.must("systemctl --failed --no-legend --plain"); out != "" {
		t.Errorf("%s\n%s", out, m.journal())
	}
	t.Logf("problems: %s", m.get("problems"))
}

// cable puts a network cable in, or pulls it.
func (m *machine) cable(card string, in bool) {
	m.t.Helper()
	m.monitor("set_link", map[string]any{"name": card, "up": in})
}

// TestLateNetwork: no cable at boot; then a cable, and a DHCP server that takes its time;
// then the cable is pulled for a while.
func TestLateNetwork(t *testing.T) {
	m := newMachine(t)
	m.on()
	m.cable("nic", false)
	m.up()
	m.until("the phone answers without a network", func() bool { return strings.Contains(m.get("lines"), "1101") })
	if m.registered() {
		t.Fatal("registered without a cable")
	}
	t.Logf("problems: %s", m.get("problems"))
	if out, code := m.sh("systemctl is-active phoned"); code != 0 {
		t.Errorf("phoned is %s", out)
	}
	m.until("a picture on the display", func() bool { m.glass.follow(t); return !m.glass.first.IsZero() })
	// A port without an address is what a phone has whose DHCP server is late.
	m.must("systemctl stop systemd-networkd.socket systemd-networkd") // the kernel would start it by its socket
	m.cable("nic", true)
	m.must("ip link set $(ls /sys/class/net | grep -m 1 '^en\\|^eth') up; sleep 20")
	if m.registered() {
		t.Fatal("registered without an address")
	}
	began := time.Now()
	m.must("systemctl start systemd-networkd.socket systemd-networkd")
	m.awaitRegistered()
	t.Logf("FIGURE address asked for to registered: %.0f s", time.Since(began).Seconds())
	m.cable("nic", false)
	m.until("it notices", func() bool { return !m.registered() })
	began = time.Now()
	m.cable("nic", true)
	m.awaitRegistered()
	t.Logf("FIGURE cable back to registered: %.0f s", time.Since(began).Seconds())
}

// TestTwoRoutes: two ports in the same network, both with a default route; the cable of
// the one that is used is pulled.
func TestTwoRoutes(t *testing.T) {
	m := newMachine(t, "-netdev", "user,id=net2,dhcpstart=10.0.2.40", "-device", "virtio-net-pci,netdev=net2,id=nic2,romfile=,mac=52:54:00:12:34:57")
	m.on()
	m.up()
	m.awaitRegistered()
	m.until("two default routes", func() bool {
		out, _ := m.sh("ip -4 route show default | wc -l")
		return out == "2"
	})
	used := m.must("ip -4 route get 10.0.2.2 | sed -n 's/.* dev \\([^ ]*\\).*/\\1/p'")
	card := "nic"
	if mac := m.must("cat /sys/class/net/" + used + "/address"); strings.HasSuffix(mac, ":57") {
		card = "nic2"
	}
	t.Logf("%s, which is %s, is used", used, card)
	// The contact is another one then: the old registration is worth nothing.
	times := func() string {
		out, _ := m.sh("journalctl -b -u phoned --no-pager | grep -c 'state=registered code=200'")
		return out
	}
	before := times()
	began := time.Now()
	m.cable(card, false)
	m.until("the other way is taken", func() bool {
		out, _ := m.sh("ip -4 route get 10.0.2.2")
		return out != "" && !strings.Contains(out, " dev "+used+" ")
	})
	m.until("registered anew", func() bool { return times() != before && m.registered() })
	t.Logf("FIGURE cable pulled to registered by the other port: %.0f s", time.Since(began).Seconds())
}
