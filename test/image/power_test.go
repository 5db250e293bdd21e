//go:build image

package image_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"phoned/test/image/bench"
)

// TestPowerCuts pulls the plug at random moments of the first boot, of an update being
// fetched and written, of the new system's trial, and of settings being written: every
// boot must come up, and what was acknowledged must be there. PHONED_CUTS rounds (5).
// What the system had not flushed is in this machine's cache and survives: test/kernel
// loses that as well.
func TestPowerCuts(t *testing.T) {
	rounds := 5
	if s := os.Getenv("PHONED_CUTS"); s != "" {
		if _, err := fmt.Sscan(s, &rounds); err != nil {
			t.Fatal(err)
		}
	}
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("PHONED_SEED"); s != "" {
		if _, err := fmt.Sscan(s, &seed); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("PHONED_SEED=%d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	for i := range rounds {
		k := i % len(kinds)
		t.Run(fmt.Sprintf("%d %s", i, kinds[k].name), func(t *testing.T) { kinds[k].round(t, r) })
	}
}

var kinds = []struct {
	name  string
	round func(t *testing.T, r *rand.Rand)
}{
	{"settings", cutSettings}, {"writing", cutWriting}, {"first boot", cutFirstBoot}, {"trial", cutTrial}, {"fetching", cutFetching},
}

// some is a random time up to most.
func some(t *testing.T, r *rand.Rand, most time.Duration) time.Duration {
	d := time.Duration(r.Int64N(int64(most)))
	t.Logf("cut after %s", d)
	return d
}

// comesUp turns the power on again and looks whether it is a phone.
func (m *machine) comesUp() {
	m.t.Helper()
	m.on()
	m.up()
	m.awaitRegistered()
	slot := m.slot()
	m.confirmed(slot)
	if out := m.must("systemctl --failed --no-legend --plain; journalctl -b --no-pager -o cat | grep 'made anew' || true"); out != "" {
		m.t.Errorf("%s\n%s", out, m.journal())
	}
	m.t.Logf("it is up: slot %s, report %s", slot, m.report())
}

// keep notes something on the state partition, durably.
func (m *machine) keep() {
	m.t.Helper()
	m.must("echo kept >/var/lib/phoned/keepsake; sync /var/lib/phoned/keepsake")
}

func (m *machine) kept() {
	m.t.Helper()
	if out := m.must("cat /var/lib/phoned/keepsake"); out != "kept" {
		m.t.Errorf("what was kept is %q", out)
	}
}

func cutFirstBoot(t *testing.T, r *rand.Rand) {
	m := newMachine(t)
	m.on()
	time.Sleep(some(t, r, 2*time.Minute))
	m.cut()
	m.comesUp()
}

func cutFetching(t *testing.T, r *rand.Rand) {
	path := good(t)
	m := ready(t)
	m.keep()
	m.plug(path)
	time.Sleep(some(t, r, 20*time.Second))
	m.cut()
	m.comesUp()
	m.kept()
}

func cutWriting(t *testing.T, r *rand.Rand) {
	path := good(t)
	m := ready(t)
	m.keep()
	m.plug(path)
	m.until("the slot is being written", func() bool {
		_, code := m.sh("[ -s /var/lib/phoned-update/attempt.json ]")
		return code == 0
	})
	time.Sleep(some(t, r, 30*time.Second))
	m.cut()
	m.comesUp()
	m.kept()
}

func cutTrial(t *testing.T, r *rand.Rand) {
	path := good(t)
	m := ready(t)
	m.keep()
	m.plug(path)
	m.until("it is installed", func() bool {
		_, code := m.sh("grep -q '\"written\":true' /var/lib/phoned-update/attempt.json")
		return code == 0
	})
	time.Sleep(some(t, r, 2*time.Minute))
	m.cut()
	m.comesUp()
	m.kept()
	// The power alone is nothing against the new system.
	if s := m.slot(); s != "B" {
		t.Errorf("slot %s", s)
	}
}

// cutSettings writes contacts until the plug is pulled: each that the phone has said to
// be saved must be there afterwards.
func cutSettings(t *testing.T, r *rand.Rand) {
	m := ready(t)
	saved, stop := make(chan int), make(chan struct{})
	link := m.link
	go func() {
		defer close(saved)
		for n := 1; ; n++ {
			body := fmt.Sprintf("BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Kept %d\r\nTEL:%d\r\nEND:VCARD\r\n", n, 10000+n)
			a, err := link.Ask(bench.Order{Post: api + "contacts", Type: "text/vcard", Body: body}, answerTime)
			if err != nil || a.Code != 200 || !strings.Contains(a.Out, `"added":1`) {
				t.Logf("contact %d: %d %s %v", n, a.Code, a.Out, err)
				return
			}
			select {
			case saved <- n:
			case <-stop:
				return
			}
		}
	}()
	last := <-saved
	for cut := time.After(some(t, r, 20*time.Second)); ; {
		select {
		case n, more := <-saved:
			if more {
				last = n
				continue
			}
			t.Fatal("the phone saves no more")
		case <-cut:
		}
		break
	}
	m.cut()
	close(stop)
	for n := range saved {
		last = n
	}
	m.comesUp()
	a, err := m.link.Ask(bench.Order{Get: api + "contacts"}, answerTime)
	if err != nil || a.Code != 200 {
		t.Fatalf("contacts: %d %v", a.Code, err)
	}
	t.Logf("%d contacts were acknowledged, %d are there", last, strings.Count(a.Out, "BEGIN:VCARD"))
	for n := 1; n <= last; n++ {
		if !strings.Contains(a.Out, fmt.Sprintf("FN:Kept %d\r\n", n)) {
			t.Errorf("contact %d of %d is lost", n, last)
		}
	}
}
