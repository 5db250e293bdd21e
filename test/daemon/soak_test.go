package daemon_test

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"phoned/lab"
	"phoned/lab/b2b"
)

// soakCalls is the variable that asks for the long run: how many calls.
const soakCalls = "PHONED_CALLS"

// Calls one after the other leave the process as it was: goroutines, open files
// and memory. PHONED_CALLS=1000 and more also holds the memory to 5 %.
func TestManyCalls(t *testing.T) {
	calls, long := 40, false
	if n, err := strconv.Atoi(os.Getenv(soakCalls)); err == nil && n > 0 {
		calls, long = n, true
	}
	for name, doc := range map[string]func(*lab.Exchange) string{"WebRTC": session, "UDP": classic} {
		t.Run(name, func(t *testing.T) {
			x := newExchange(t, doc)
			d := x.start(t)
			d.await("sip-registered", nil)
			warm := 10
			if long { // pools and rings fill, and there are as many transactions of the last 32 s as there will be
				warm = 1500
			}
			d.calls(warm)
			before := d.figures(long)
			began := time.Now()
			d.calls(calls)
			took := time.Since(began)
			after := d.settled(before, long)
			t.Logf("FIGURE %s: %d calls in %v: goroutines %d → %d, open files %d → %d, RSS %d → %d KiB",
				name, calls, took.Round(time.Second), before.goroutines, after.goroutines, before.files, after.files, before.rss, after.rss)
			if after.goroutines > before.goroutines+before.goroutines/20 || after.files > before.files+2 {
				t.Errorf("something stayed behind: %+v, then %+v", before, after)
			}
			if long && after.rss > before.rss+before.rss/20 {
				t.Errorf("the memory grew by more than 5 %%: %d → %d KiB", before.rss, after.rss)
			}
		})
	}
}

func (d *daemon) calls(n int) {
	d.t.Helper()
	for i := range n {
		if _, err := d.call(true); err != nil {
			d.t.Fatalf("call %d: %v; %v\n%s", i, err, d.get("calls"), d.log)
		}
	}
}

type figures struct{ goroutines, files, rss int }

// figures are the process's now. rested waits until the transactions of the last
// calls are over, 32 s after them (RFC 3261 §17, timers B and H).
func (d *daemon) figures(rested bool) figures {
	d.t.Helper()
	if rested {
		rest := time.NewTimer(40 * time.Second)
		defer rest.Stop()
		select {
		case <-rest.C:
		case <-d.exited:
			d.t.Fatalf("phoned ended: %v\n%s", d.err, d.log)
		}
	}
	counters := d.get("status")["phone"].(map[string]any)["counters"].(map[string]any)
	f := figures{goroutines: int(counters["goroutines"].(float64))}
	proc := fmt.Sprintf("/proc/%d/", d.cmd.Process.Pid)
	fds, err := os.ReadDir(proc + "fd")
	if err != nil {
		d.t.Skip("no /proc: what the process holds can't be counted")
	}
	f.files = len(fds)
	status, err := os.ReadFile(proc + "status")
	if err != nil {
		d.t.Fatal(err)
	}
	for l := range strings.Lines(string(status)) {
		if v, ok := strings.CutPrefix(l, "VmRSS:"); ok {
			f.rss, err = strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(v), "kB")))
		}
	}
	if err != nil {
		d.t.Fatal(err)
	}
	return f
}

// settled measures when the figures are back, at the latest after patience.
func (d *daemon) settled(before figures, long bool) figures {
	d.t.Helper()
	f := d.figures(long)
	for limit := time.Now().Add(patience); f.goroutines > before.goroutines && time.Now().Before(limit); {
		d.pause(100 * time.Millisecond)
		f = d.figures(false)
	}
	return f
}

// awaitHistory waits until the backend got another call after its event n.
func (x exchange) awaitHistory(t *testing.T, n int, d *daemon) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	e, err := x.Await(ctx, n, func(e b2b.Event) bool { return e.Kind == "history" })
	if err != nil {
		t.Fatalf("calls that were kept never reached the backend: %v\n%s", err, d.log)
	}
	return e.N
}
