package phone_test

import (
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"phoned/media"
	"phoned/phone"
)

// figures of this process.
type figures struct {
	goroutines, sockets int
	heapKB              uint64
}

func measure(t testing.TB) figures {
	t.Helper()
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	fds, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("no /proc: open sockets can't be counted")
	}
	return figures{runtime.NumGoroutine(), len(fds), m.HeapAlloc / 1024}
}

// callOnce is one answered call from dialling to its end.
func (w *world) callOnce() {
	w.t.Helper()
	m := w.mark()
	if code := w.command("dial", `{"number":"9196"}`); code != 202 {
		w.t.Fatalf("dial gave %d", code)
	}
	w.event(m, "call-answered", nil)
	w.active()
	w.command("end", "{}")
	w.labEvent(m, "ended", nil)
	w.gone()
	w.until("put away", func(v phone.View) bool { return len(w.Phone.MediaStats()) == 0 })
}

// ownKB is what the phone's own packages hold: the exchange and what this test has
// heard are in the same heap. A figure of samples, good for comparing.
func (w *world) ownKB() int64 {
	for range eventsRing { // so that the ring holds the same at every measurement
		w.Bus.Publish(time.Now(), "nothing", nil)
	}
	runtime.GC()
	runtime.GC()
	var records []runtime.MemProfileRecord
	for n, ok := runtime.MemProfile(nil, false); !ok; {
		records = make([]runtime.MemProfileRecord, n+500)
		if n, ok = runtime.MemProfile(records, false); ok {
			records = records[:n]
		}
	}
	sum := int64(0)
	for i := range records {
		if ofThePhone(records[i].Stack()) {
			sum += records[i].InUseBytes()
		}
	}
	return sum / 1024
}

// eventsRing is at least as many as the phone keeps of its published events.
const eventsRing = 1000

// ofThePhone: the stack goes through the phone and through nothing of a test's.
func ofThePhone(stack []uintptr) bool {
	frames, own := runtime.CallersFrames(stack), false
	for more := true; more; {
		var f runtime.Frame
		f, more = frames.Next()
		switch {
		case strings.HasPrefix(f.Function, "phoned/lab"), strings.HasPrefix(f.Function, "phoned/test"):
			return false
		case strings.HasPrefix(f.Function, "phoned/"):
			own = true
		}
	}
	return own
}

// A hundred calls leave nothing behind: no goroutine, no socket, no memory. It
// is not parallel, so that the figures are its own.
func TestHundredCallsLeaveNothing(t *testing.T) {
	defer func(rate int) { runtime.MemProfileRate = rate }(runtime.MemProfileRate)
	runtime.MemProfileRate = 1024
	w := ready(t, setup{})
	for range 10 { // pools and caches fill
		w.callOnce()
	}
	w.newFlow()
	before, own := w.settled(figures{}), w.ownKB()
	calls := 100
	if testing.Short() {
		calls = 20
	}
	for range calls {
		w.callOnce()
	}
	w.newFlow()
	after := w.settled(before)
	left := w.ownKB() - own
	t.Logf("%d calls: goroutines %d → %d, open files %d → %d, heap with the exchange %d → %d KiB, the phone's own %d KiB more", calls,
		before.goroutines, after.goroutines, before.sockets, after.sockets, before.heapKB, after.heapKB, left)
	if after.goroutines > before.goroutines+3 || after.sockets > before.sockets+2 {
		buf := make([]byte, 1<<20)
		t.Errorf("something stayed behind: %+v, then %+v\n%s", before, after, buf[:runtime.Stack(buf, true)])
	}
	// Transactions wait 32 s for repetitions: a few KiB for each call.
	if perCall := left / int64(calls); perCall > 15 {
		t.Errorf("%d KiB of the phone's stay behind after each call", perCall)
	}
}

// newFlow ends the transactions of the calls that are over at once: they would
// wait 32 s for repetitions of the 200 (RFC 6026, timer M).
func (w *world) newFlow() {
	w.t.Helper()
	m := w.mark()
	w.must(w.lab.Engine.DropSockets())
	w.labEvent(m, "flow-closed", nil)
	w.until("the loss is seen", func(v phone.View) bool { return v.Lines[0].State != phone.LineRegistered })
	w.clock.leap(time.Minute) // the wait before the next try
	w.labEvent(m, "registered", nil)
	w.registered()
}

// settled measures when the ends of the last call have had their time: when
// the figures are down to the limit, at the latest after a while of the sound
// card's own clock.
func (w *world) settled(limit figures) figures {
	w.t.Helper()
	ctx, cancel := w.waiting()
	defer cancel()
	var f figures
	frames := 0
	w.must(w.Engine.Apply(media.Plan{Path: media.PathSpeaker})) // keeps the card's clock running
	w.must(w.bench.until(ctx, func() bool {
		if frames++; frames%50 == 0 {
			f = measure(w.t)
			return limit.goroutines > 0 && f.goroutines <= limit.goroutines && f.sockets <= limit.sockets || frames >= 300
		}
		return false
	}))
	return f
}
