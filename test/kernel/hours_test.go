//go:build kernel

package kernel

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"phoned/lab"
	"phoned/lab/faults"
)

// The exchange grants ten minutes, of which the phone uses between a half and
// nine tenths, drawn anew each time (RFC 5626, section 4.4.1 has such a rule for
// keep-alives).
const (
	minRegisters, maxRegisters = 6, 12
)

// noBoard is a board file that is not there: no keys, no display.
const noBoard = "/nonexistent/board.toml"

// testHours lets hours pass for the real daemon, with the exchange beside it, in
// a kernel whose clock jumps to the next timer when nobody has anything to do:
// it registers again in time and no oftener, gets a new token
// when it needs one and the old has ended, and asks an exchange that refuses it no more than a few times a minute.
func testHours(t *testing.T) {
	begun := time.Now()
	const tokenLife = 10 * time.Minute
	ex := startDaemonWith(t, lab.Config{TokenLife: tokenLife}, noBoard).ex
	count := func(kind string, code int) int {
		n := 0
		for _, e := range ex.Engine.Record.Events(0) {
			if e.Kind == kind && (code == 0 || e.Code == code) {
				n++
			}
		}
		return n
	}
	eventually(t, "registered", func() bool { return count("registered", 0) > 0 })
	first, tokens := count("registered", 0), count("refreshed", 200)

	// Three callers in an hour who give up: each call is reported to the exchange
	// with a token that has ended since the last, but for the first.
	for range 3 {
		if _, err := ex.SecondPhone().Call("1001"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Second)
		if err := ex.SecondPhone().HangUp(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(20*time.Minute - 5*time.Second) // which nobody waits for
	}
	registers, refreshes, reports := count("registered", 0)-first, count("refreshed", 200)-tokens, count("history", 201)
	t.Logf("an hour: %d registrations more, %d calls reported, %d new pairs of tokens", registers, reports, refreshes)
	if registers < minRegisters || registers > maxRegisters {
		t.Errorf("%d registrations in an hour, want %d to %d", registers, minRegisters, maxRegisters)
	}
	if refreshes != 2 || reports != 3 {
		t.Errorf("%d calls of 3 were reported, %d new pairs of tokens for them, want 2: the first token lived still", reports, refreshes)
	}
	if n := count("unregistered", 0) + count("expired", 0); n > 0 {
		t.Errorf("%d times the line was lost in a quiet hour", n)
	}

	// An exchange that refuses for an hour is asked every 30 to 60 s in the end.
	before := len(asked(ex))
	ex.Faults.SetSIP(faults.SIP{RegisterStatus: 503})
	time.Sleep(time.Hour)
	ex.Faults.SetSIP(faults.SIP{})
	times := asked(ex)[before:]
	t.Logf("an hour of 503: %d REGISTERs", len(times))
	for i := 10; i < len(times); i++ {
		if d := times[i].Sub(times[i-1]); d < 20*time.Second {
			t.Errorf("REGISTER %d came %v after the one before", i, d)
		}
	}
	if len(times) < 55 || len(times) > 140 { // pauses of 30 to 60 s in the end
		t.Errorf("%d REGISTERs in an hour of refusals", len(times))
	}
	again := count("registered", 0)
	time.Sleep(10 * time.Minute)
	if count("registered", 0) == again {
		t.Error("it never came back")
	}
	t.Logf("2 h 10 min for the phone, as the clock of this kernel shows: %v", time.Since(begun).Round(time.Second))
}

// testDay is a day of an office phone: a call that nobody answers every ten minutes. What
// it holds of memory and files after the first hours it holds in the evening.
func testDay(t *testing.T) {
	begun := time.Now()
	p := startDaemonWith(t, lab.Config{TokenLife: time.Hour}, noBoard)
	registered := func() bool {
		for _, e := range p.ex.Engine.Record.Events(0) {
			if e.Kind == "registered" {
				return true
			}
		}
		return false
	}
	eventually(t, "registered", registered)
	var rss, files []int
	for hour := range 24 {
		for range 6 {
			if _, err := p.ex.SecondPhone().Call("1001"); err != nil {
				t.Fatalf("in hour %d: %v", hour, err)
			}
			time.Sleep(5 * time.Second)
			if err := p.ex.SecondPhone().HangUp(); err != nil {
				t.Fatalf("in hour %d: %v", hour, err)
			}
			time.Sleep(10*time.Minute - 5*time.Second) // which nobody waits for
		}
		rss, files = append(rss, p.kib(t, "VmRSS:")), append(files, p.files(t))
	}
	t.Logf("FIGURE RSS at the end of each hour of a day, KiB: %v; at most %d; files: %v", rss, p.kib(t, "VmHWM:"), files)
	const settled = 3 // hours until caches are full
	if grown := rss[23] - rss[settled]; grown > 4<<10 {
		t.Errorf("it has %d KiB more in the evening", grown)
	}
	if files[23] > files[settled] {
		t.Errorf("%d open files in the evening, %d after hour %d", files[23], files[settled], settled)
	}
	t.Logf("24 h for the phone, as the clock of this kernel shows: %v", time.Since(begun).Round(time.Second))
}

// kib is a line of the process's status.
func (p process) kib(t *testing.T, line string) int {
	t.Helper()
	for _, l := range strings.Split(read(t, fmt.Sprintf("/proc/%d/status", p.pid)), "\n") {
		if v, ok := strings.CutPrefix(l, line); ok {
			n, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(v), " kB"))
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
	}
	t.Fatalf("the process's status has no %s", line)
	return 0
}

// files counts what the process has open.
func (p process) files(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", p.pid))
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

// asked are the times at which REGISTERs came.
func asked(ex *lab.Exchange) (at []time.Time) {
	for _, m := range ex.Engine.Record.Messages() {
		if !m.Sent && strings.HasPrefix(m.Text, "REGISTER ") {
			at = append(at, m.At)
		}
	}
	return at
}
