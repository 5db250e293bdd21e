package phone_test

import (
	"testing"

	"phoned/lab/b2b"
	"phoned/lab/faults"
	"phoned/phone"
)

// inCall is a call with Anna whose slots are known.
func parkable(t *testing.T, s setup) *world {
	t.Helper()
	s.api = true
	w := ready(t, s)
	w.must(w.lab.SecondPhone().Behave(b2b.Behaviour{Echo: true}))
	w.dial("1002")
	w.active()
	return w
}

// The call goes into the slot, its own leg ends by the server's BYE, and
// whoever dials the slot has it back, with sound.
func TestParkAndRetrieve(t *testing.T) {
	t.Parallel()
	w := parkable(t, setup{})
	w.until("the slots are known", func(v phone.View) bool { return len(v.Park.Slots) == 10 })
	m := w.mark()
	if code := w.command("park", `{"slot":"701"}`); code != 202 {
		t.Fatalf("park: %d", code)
	}
	w.event(m, "call-parked", func(d map[string]any) bool {
		return d["parkExtension"] == "701" && d["phoneNumber"] == "1002" && d["parkedBy"] == extension && d["callId"] != nil && d["line"] != nil
	})
	w.labEvent(m, "parked", func(e b2b.Event) bool { return e.Detail == "701 1002" })
	w.gone()
	w.event(m, "park-slots-updated", func(d map[string]any) bool {
		for _, s := range d["slots"].([]map[string]any) {
			if p, _ := s["parkedCall"].(map[string]any); s["extension"] == "701" && s["occupied"] == true {
				return p["phoneNumber"] == "1002" && p["parkedBy"] == extension && p["parkedAt"].(int64) > 0
			}
		}
		return false
	})
	w.hangUp()
	w.until("the phone is at rest", func(v phone.View) bool { return v.Path == phone.PathNone && newest(v).State != phone.Active })
	m = w.mark()
	w.lift()
	if code := w.command("retrieve", `{"slot":"701"}`); code != 202 {
		t.Fatalf("retrieve: %d", code)
	}
	w.active()
	w.labEvent(m, "retrieved", nil)
	w.event(m, "park-retrieved", func(d map[string]any) bool { return d["parkExtension"] == "701" })
	if s := w.lab.Engine.Slots()[1]; s.Party != "" {
		t.Errorf("the slot still holds %+v", s)
	}
	w.hangUp()
	w.gone()
}

// A slot that was taken meanwhile, a server in trouble, one that answers no: the
// call goes on, and why is told.
func TestParkFails(t *testing.T) {
	t.Parallel()
	w := parkable(t, setup{})
	w.until("the slots are known", func(v phone.View) bool { return len(v.Park.Slots) == 10 })
	for _, f := range []faults.HTTP{{Status: 500}, {Status: 404}, {Status: 200, Body: `{"success":false}`}, {Status: 200, Body: `{"succ`}} {
		m := w.mark()
		w.must(w.lab.Faults.SetHTTP("park-call", f))
		w.command("park", `{"slot":"702"}`)
		w.event(m, "call-park-failed", func(d map[string]any) bool { return d["error"] != "" && d["callId"] != nil })
		w.until("nothing is asked any more", func(v phone.View) bool { return !v.Park.Pending })
		if c := newest(w.Phone.View()); c.State != phone.Active {
			t.Fatalf("after %+v the call is %v", f, c.State)
		}
	}
	w.lab.Faults.Clear()
	w.hangUp()
	w.gone()
}

// Without api_url there is nothing to park with; the phone says so and the call
// goes on.
func TestParkWithoutABackend(t *testing.T) {
	t.Parallel()
	w := ready(t, setup{})
	w.dial("9196")
	w.active()
	w.command("park", `{"slot":"701"}`)
	w.command("mute", `{"on":true}`) // in order: the park is over before
	w.until("muted", func(v phone.View) bool { return v.Muted })
	if c := newest(w.Phone.View()); c.State != phone.Active {
		t.Errorf("the call is %v", c.State)
	}
	w.hangUp()
	w.gone()
}

// The numbers of the account are there to choose from, and the chosen one is
// presented.
func TestNumberToPresent(t *testing.T) {
	t.Parallel()
	w := ready(t, setup{api: true})
	w.must(w.lab.Faults.SetHTTP("phone-numbers", faults.HTTP{}))
	m := w.mark()
	w.lift()
	w.command("dial", `{"number":"9100","callerId":"+15550199000"}`)
	w.active()
	w.labEvent(m, "answered", nil)
	if c := w.lastCall(); c.Asserted == "" {
		t.Errorf("nothing is presented: %+v", c)
	}
	if n := w.lab.OAuth.Counts()["phone-numbers"]; n == 0 {
		t.Error("nobody asked for the numbers")
	}
	w.hangUp()
	w.gone()
}
