package daemon_test

import (
	"os"
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
