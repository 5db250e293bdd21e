package phone_test

import (
	"testing"
	"time"

	"phoned/lab"
	"phoned/lab/b2b"
	"phoned/lab/faults"
	"phoned/phone"
)

// An exchange that takes no dialog subscriptions: the lamp of a park key follows the
// backend's slots, looked at once a minute.
func TestParkLampWithoutSubscription(t *testing.T) {
	t.Parallel()
	w := ready(t, setup{api: true, more: "program_keys = [\"park:701\"]\n", before: refuseSubscriptions})
	lamp := func(s phone.WatchState) func(phone.View) bool {
		return func(v phone.View) bool { return len(v.Keys) > 0 && v.Keys[0].State == s }
	}
	w.until("the slot is free", lamp(phone.WatchIdle))
	m := w.mark()
	w.must(w.lab.SecondPhone().Behave(b2b.Behaviour{Echo: true}))
	w.dial("1002")
	w.active()
	w.command("park", `{"slot":"701"}`)
	w.event(m, "call-parked", nil)
	w.gone()
	w.hangUp()
	w.until("a call is in the slot", lamp(phone.WatchBusy))
	if k := w.Phone.View().Keys[0]; k.Remote.Number != "1002" {
		t.Errorf("the key says %+v", k)
	}
	// Nothing watches any more but the lamp: somebody else changes the slot.
	w.must(w.lab.Faults.SetHTTP("park-slots", faults.HTTP{Status: 200, Body: `[{"extension":"701","label":"Park 1","occupied":false}]`}))
	w.clock.leap(80 * time.Second)
	w.until("the slot is free again", lamp(phone.WatchIdle))
}

// With subscriptions nobody polls for lamps.
func TestParkLampBySubscription(t *testing.T) {
	t.Parallel()
	w := ready(t, setup{api: true, more: "program_keys = [\"park:701\"]\n"})
	w.until("the slot is free", func(v phone.View) bool { return len(v.Keys) > 0 && v.Keys[0].State == phone.WatchIdle })
	if n := w.lab.OAuth.Counts()["park-slots"]; n != 0 {
		t.Errorf("the slots were asked for %d times", n)
	}
}

func refuseSubscriptions(ex *lab.Exchange) { ex.Faults.SetSIP(faults.SIP{SubscribeStatus: 489}) }
