//go:build kernel

package kernel

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"phoned/lab"
	"phoned/lab/b2b"
	"phoned/media/mediatest"
)

// The cards of the real daemon are taken away under a call, as by pulling a USB
// plug, and given back.

// platformCard is a sound card that can be pulled out.
type platformCard struct{ driver, device, id string }

var (
	loopCard  = platformCard{"snd_aloop", "snd_aloop.0", "Loopback"}
	dummyCard = platformCard{"snd_dummy", "snd_dummy.0", "Dummy"}
)

func (c platformCard) there(t *testing.T) bool {
	return strings.Contains(read(t, "/proc/asound/cards"), c.id)
}

// pull takes the card away. The kernel returns when its last user has let go,
// which is what plug waits for.
func (c platformCard) pull(t *testing.T) (plug func()) {
	t.Helper()
	gone := make(chan error, 1)
	go func() { gone <- os.WriteFile("/sys/bus/platform/drivers/"+c.driver+"/unbind", []byte(c.device), 0o600) }()
	eventually(t, "the card is gone", func() bool { return !c.there(t) })
	return func() {
		t.Helper()
		select {
		case err := <-gone:
			if err != nil {
				t.Fatal(err)
			}
		case <-time.After(30 * time.Second):
			t.Fatal("the daemon never let go of the card that was pulled out")
		}
		write(t, "/sys/bus/platform/drivers/"+c.driver+"/bind", c.device)
	}
}

// busiest gives the share of a processor that the busiest thread of a process
// takes during a window, and that of all.
func busiest(t *testing.T, pid int, window time.Duration) (thread, all float64) {
	t.Helper()
	before, start := threadTimes(t, pid), time.Now()
	time.Sleep(window)
	after, took := threadTimes(t, pid), time.Since(start).Seconds()
	for id, v := range after {
		share := (v - before[id]) / took
		all += share
		thread = max(thread, share)
	}
	return thread, all
}

// threadTimes are the seconds of processor time of every thread, user and kernel:
// fields 14 and 15 of /proc/PID/task/TID/stat in ticks of 10 ms.
func threadTimes(t *testing.T, pid int) map[string]float64 {
	t.Helper()
	files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	out := map[string]float64{}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			continue // the thread has ended
		}
		_, rest, _ := strings.Cut(string(b), ") ")
		w := strings.Fields(rest)
		if len(w) < 13 {
			continue
		}
		user, _ := strconv.ParseFloat(w[11], 64)
		system, _ := strconv.ParseFloat(w[12], 64)
		out[f] = (user + system) / 100
	}
	if len(out) == 0 {
		t.Fatal("the daemon has no threads: it ended")
	}
	return out
}

// phoneStatus is what the management interface says of calls and path.
type phoneStatus struct {
	Path  string
	Muted bool
	Calls []struct {
		ID      int
		State   string
		MediaUp bool
	}
}

func statusOf(t *testing.T) phoneStatus {
	t.Helper()
	var s phoneStatus
	res, err := http.Get("http://" + webAddr + "/api/v1/status")
	if err != nil {
		return s
	}
	defer res.Body.Close()
	if err := json.NewDecoder(res.Body).Decode(&s); err != nil {
		t.Fatal(err)
	}
	return s
}

// post asks the management interface for something: the keys of the panel are
// another test's, and a machine that is very busy may miss one.
func post(t *testing.T, what, body string) {
	t.Helper()
	res, err := http.Post("http://"+webAddr+"/api/v1/"+what, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode >= 300 {
		t.Fatalf("%s: %s", what, res.Status)
	}
}

func headsetKey(t *testing.T) { t.Helper(); post(t, "keys", `{"key":"headset"}`) }

// callOf is the call as the exchange saw it: its Call-ID, and that it has not
// ended.
type callOf struct {
	ex *lab.Exchange
	id string
}

// inCall calls the exchange's tone on a path: "handset" or "headset".
func inCall(t *testing.T, ex *lab.Exchange, path string) callOf {
	t.Helper()
	await(t, ex, "registered")
	eventually(t, "the phone is idle", func() bool { name, _ := screen(t); return name == "idle" })
	if path == "handset" {
		write(t, panelDir+"hook", 0)
	} else {
		headsetKey(t)
	}
	eventually(t, "the path is open", func() bool { return statusOf(t).Path == path })
	post(t, "commands/dial", `{"number":"9197"}`)
	e := await(t, ex, "answered")
	eventually(t, "media flow", func() bool { s := statusOf(t); return len(s.Calls) == 1 && s.Calls[0].MediaUp })
	return callOf{ex, e.CallID}
}

// goesOn: one call, the one that was there from the start, and the exchange was
// told nothing.
func (c callOf) goesOn(t *testing.T) {
	t.Helper()
	if s := statusOf(t); len(s.Calls) != 1 || s.Calls[0].State != "active" || !s.Calls[0].MediaUp {
		t.Errorf("the call did not go on: %+v", s)
	}
	none, cancel := context.WithCancel(t.Context())
	cancel() // only what has happened already
	if e, err := c.ex.Await(none, 0, func(e b2b.Event) bool { return e.Kind == "bye" }); err == nil {
		t.Errorf("the call was hung up: %+v", e)
	}
	if e, err := c.ex.Await(none, 0, func(e b2b.Event) bool { return e.Kind == "answered" && e.CallID != c.id }); err == nil {
		t.Errorf("another call was made: %+v", e)
	}
}

func (c callOf) hangUp(t *testing.T) {
	t.Helper()
	write(t, panelDir+"hook", 1)
	if e := await(t, c.ex, "bye"); e.CallID != c.id {
		t.Errorf("hung up %q; the call was %q", e.CallID, c.id)
	}
}

// farTone: the exchange's tone comes out of the card. On a busy machine a second of
// it may have holes, and another one is taken.
func farTone(t *testing.T) {
	t.Helper()
	var hz, share, level float64
	for range 10 {
		heard := record(t, 1)
		level = mediatest.RMS(heard)
		if hz, share = mediatest.Strongest(heard, rate); hz > 950 && hz < 1050 && share > 0.3 {
			return
		}
	}
	t.Errorf("the card carried %.0f Hz (%.0f %% of the power) at %.1f dBFS, not the exchange's tone", hz, share*100, level)
}

// spinning: miniaudio's thread takes a whole processor when its card is gone; a
// call takes a small part of one.
const spinning = 0.5

// loopOpened is what the daemon logs when it uses the card.
const loopOpened = `msg="loudspeaker opened" dev=plughw:Loopback,0,0`

// testPhoneUnplug: three times the card is pulled out in a call and comes back. It
// is used again soon (the log says after how long), no thread spins meanwhile, and the call is the same one.
func testPhoneUnplug(t *testing.T) {
	write(t, panelDir+"hook", 1)
	d := startDaemonOn(t, board)
	call := inCall(t, d.ex, "handset")
	eventually(t, "the microphone is open", func() bool { return d.logged(t, "microphone opened") > 0 })
	farTone(t)
	best := time.Hour
	for round := range 3 {
		opened := d.logged(t, loopOpened)
		plug := loopCard.pull(t)
		eventually(t, "the daemon notices", func() bool { return d.logged(t, "loudspeaker lost") > round })
		thread, all := busiest(t, d.pid, 3*time.Second)
		plug()
		back := time.Now()
		eventually(t, "the card is used again", func() bool { return d.logged(t, loopOpened) > opened })
		took := time.Since(back)
		best = min(best, took)
		t.Logf("round %d: busiest thread %.0f %%, all %.0f %% of a processor without the card; used again %d ms after it was back", round, thread*100, all*100, took.Milliseconds())
		if thread > spinning {
			t.Errorf("a thread spins: %.0f %% of a processor", thread*100)
		}
		farTone(t)
		call.goesOn(t)
	}
	if best > 10*time.Second { // two seconds are the goal; a busy machine has taken three
		t.Errorf("the card was used again after %v at best", best)
	}
	if thread, _ := busiest(t, d.pid, 3*time.Second); thread > spinning {
		t.Errorf("afterwards a thread spins: %.0f %%", thread*100)
	}
	call.hangUp(t)
}

// testPhoneHeadset: the headset is pulled out in a call: the loudspeaker takes
// over, muted, and the call goes on; plugged in again the headset key works.
func testPhoneHeadset(t *testing.T) {
	write(t, panelDir+"hook", 1)
	b, err := os.ReadFile(board)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "board.toml")
	text := string(b) + "\n[audio.headset]\nspeaker = \"plughw:Dummy\"\nmicrophone = \"plughw:Dummy\"\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	d := startDaemonOn(t, file)
	call := inCall(t, d.ex, "headset")
	eventually(t, "the headset talks", func() bool { return statusOf(t).Path == "headset" })
	plug := dummyCard.pull(t)
	eventually(t, "the loudspeaker takes over, muted", func() bool { s := statusOf(t); return s.Path == "speaker" && s.Muted })
	if thread, all := busiest(t, d.pid, 3*time.Second); thread > spinning {
		t.Errorf("a thread spins: %.0f %% of a processor", thread*100)
	} else {
		t.Logf("busiest thread %.0f %%, all %.0f %% of a processor", thread*100, all*100)
	}
	farTone(t)
	call.goesOn(t)
	headsetKey(t)
	time.Sleep(300 * time.Millisecond) // nothing is to happen
	if p := statusOf(t).Path; p != "speaker" {
		t.Errorf("a headset that is not there was taken: %q", p)
	}
	plug()
	eventually(t, "the headset is known again", func() bool { return d.logged(t, "msg=headset state=\"plugged in\"") > 0 })
	headsetKey(t)
	eventually(t, "the headset talks again", func() bool { return statusOf(t).Path == "headset" })
	call.goesOn(t)
	headsetKey(t) // the handset is down: this ends the call
	if e := await(t, d.ex, "bye"); e.CallID != call.id {
		t.Errorf("hung up %q; the call was %q", e.CallID, call.id)
	}
}
