package daemon_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"phoned/lab"
)

// figures are the real program's, measured when PHONED_FIGURES is set; else
// each is done once, so that the way of measuring stays right.
func rounds(n int) int {
	if os.Getenv("PHONED_FIGURES") == "" {
		return 1
	}
	return n
}

func told(t *testing.T, what string, all []time.Duration) {
	t.Helper()
	slices.Sort(all)
	t.Logf("FIGURE %s: median %v, %v to %v, n = %d", what, all[len(all)/2].Round(time.Millisecond), all[0].Round(time.Millisecond), all[len(all)-1].Round(time.Millisecond), len(all))
	if load, err := os.ReadFile("/proc/loadavg"); err == nil {
		t.Logf("FIGURE load of the machine %s", strings.Fields(string(load))[0])
	}
}

// TestFigureStart is from exec to the registration: with the sign-in kept, the
// server asked for the session over TLS, the line over secure WebSocket; and a
// classic line over UDP.
func TestFigureStart(t *testing.T) {
	for name, doc := range map[string]func(*lab.Exchange) string{"OAuth, TLS and WSS": session, "UDP": classic} {
		t.Run(name, func(t *testing.T) {
			var all []time.Duration
			x := newExchange(t, doc)
			for range rounds(20) {
				begin := time.Now()
				d := x.start(t)
				d.await("sip-registered", nil)
				all = append(all, time.Since(begin))
				d.kill()
			}
			told(t, "exec to registered, "+name, all)
		})
	}
}

// TestFigureBackInService is from the end of a line's connection, without a
// good-bye, to its next registration: back-off, dialling, TLS, two REGISTERs.
func TestFigureBackInService(t *testing.T) {
	var all []time.Duration
	x := newExchange(t, session)
	for range rounds(12) {
		// A new process each time: a second loss within a minute waits longer.
		d := x.start(t)
		d.await("sip-registered", nil)
		begin := time.Now()
		if err := x.Engine.DropSockets(); err != nil {
			t.Fatal(err)
		}
		d.await("sip-registered", nil)
		all = append(all, time.Since(begin))
		d.kill()
	}
	told(t, "connection cut to registered", all)
}

// TestFigureCall is what an Opus call over DTLS-SRTP takes of the processor, in
// seconds a minute, and of the memory at its end.
func TestFigureCall(t *testing.T) {
	long := 2 * time.Second
	if os.Getenv("PHONED_FIGURES") != "" {
		long = 20 * time.Second
	}
	x := newExchange(t, session)
	var cpu, rss []float64
	for range rounds(5) {
		d := x.start(t)
		d.await("sip-registered", nil)
		d.pause(long / 2) // the start is over
		if err := d.post("commands/dial", `{"number":"9196"}`); err != nil {
			t.Fatal(err)
		}
		d.await("call-answered", nil)
		for !d.mediaUp() {
			d.pause(10 * time.Millisecond)
		}
		used, begin := d.processor(), time.Now()
		d.pause(long)
		cpu = append(cpu, (d.processor()-used)*60/time.Since(begin).Seconds())
		rss = append(rss, float64(d.figures(false).rss)/1024)
		if err := d.post("commands/end", "{}"); err != nil {
			t.Fatal(err)
		}
		d.kill()
	}
	for what, v := range map[string][]float64{"processor, s a minute": cpu, "resident memory, MiB": rss} {
		slices.Sort(v)
		t.Logf("FIGURE a DTLS-SRTP call, %s: median %.2f, %.2f to %.2f, n = %d", what, v[len(v)/2], v[0], v[len(v)-1], len(v))
	}
}

// processor is the time that the process's living threads have used, in seconds.
func (d *daemon) processor() (sum float64) {
	d.t.Helper()
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", d.cmd.Process.Pid))
	if err != nil || len(files) == 0 {
		d.t.Skip("no /proc: the processor's time can't be read")
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			continue // that thread has ended
		}
		var ns float64
		if _, err := fmt.Sscan(string(b), &ns); err != nil {
			d.t.Fatal(err)
		}
		sum += ns / 1e9
	}
	return sum
}
