package phone_test

import (
	"testing"
	"time"

	"phoned/lab/b2b"
	"phoned/lab/faults"
	"phoned/phone"
)

// Each call reaches the backend exactly once: with a lost answer, with a
// server in trouble, and over a restart of the phone.
func TestHistoryReachesTheBackendOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	w := ready(t, setup{api: true, data: dir})
	ex := w.lab
	w.ownLab = false
	t.Cleanup(func() {
		if err := ex.Close(); err != nil {
			t.Error(err)
		}
	})
	w.event(mark{}, "history-updated", nil) // the GET at registration
	w.must(ex.Faults.SetHTTP("call-history", faults.HTTP{Lose: true, Times: 1}))
	m := w.mark()
	w.dial("9196")
	w.active()
	w.hangUp()
	w.event(m, "history-updated", func(d map[string]any) bool { return len(d["history"].([]map[string]any)) == 1 })
	w.labEvent(m, "http-lost", nil)
	w.problem("history.waiting")
	w.clock.leap(time.Minute)
	w.healed("history.waiting")
	if n := len(ex.OAuth.History()); n != 1 {
		t.Fatalf("the backend has %d calls", n)
	}

	// The server is in trouble, the phone is switched off meanwhile.
	w.must(ex.Faults.SetHTTP("call-history", faults.HTTP{Status: 503}))
	m = w.mark()
	w.anna(b2b.Behaviour{})
	w.must(w.lab.SecondPhone().HangUp())
	w.until("missed", func(v phone.View) bool { return v.Missed == 1 })
	w.labEvent(m, "http-fault", nil)
	w.problem("history.waiting")
	w.close(t)
	w.must(ex.Faults.SetHTTP("call-history", faults.HTTP{}))

	m = w.mark()
	again := ready(t, setup{api: true, data: dir, external: ex, fresh: true})
	again.until("both calls are known", func(v phone.View) bool { return len(v.Recent) == 2 })
	again.labEvent(m, "history", nil)
	again.event(mark{}, "history-updated", nil)
	list := ex.OAuth.History()
	if len(list) != 2 {
		t.Fatalf("the backend has %d calls: %v", len(list), list)
	}
	for i, want := range []map[string]any{
		{"direction": "outbound", "disposition": "answered", "phoneNumber": "9196"},
		{"direction": "inbound", "disposition": "missed", "phoneNumber": "1002"},
	} {
		for k, x := range want {
			if list[i][k] != x {
				t.Errorf("call %d: %s is %v, wanted %v", i, k, list[i][k], x)
			}
		}
		if list[i]["userId"] != "123" || list[i]["sipDomain"] != ex.Domain() {
			t.Errorf("call %d: whose is it? %v", i, list[i])
		}
	}
	// The first was sent twice, because its answer was lost, and counts once.
	if id, _ := list[0]["callId"].(string); ex.OAuth.Posts(id) != 2 {
		t.Errorf("the call whose answer was lost was sent %d times", ex.OAuth.Posts(id))
	}
}

// What the backend knows of other phones appears in the list.
func TestHistoryOfTheBackendIsShown(t *testing.T) {
	t.Parallel()
	ex := newLab(t, labDefault)
	first := ready(t, setup{api: true, external: ex})
	m := first.mark()
	first.dial("9196")
	first.active()
	first.hangUp()
	first.labEvent(m, "history", nil)
	first.close(t)
	other := ready(t, setup{api: true, external: ex})
	v := other.until("the other phone's call is listed", func(v phone.View) bool { return len(v.Recent) == 1 })
	if v.Recent[0].Party.Number != "9196" {
		t.Errorf("%+v", v.Recent[0])
	}
}
