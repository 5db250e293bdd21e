package phone_test

import (
	"strings"
	"testing"
	"time"

	"phoned/lab/b2b"
	"phoned/phone"
)

// talking is a call from Anna, whose tone is 440 Hz; ours is 700 Hz.
func talking(t *testing.T, s setup) *world {
	t.Helper()
	w := ready(t, s)
	w.bench.say(&sine{hz: 700})
	w.anna(b2b.Behaviour{ToneHz: 440})
	w.lift()
	w.active()
	return w
}

// target opens the screen that asks to whom, and enters a number.
func (w *world) target(number string) {
	w.t.Helper()
	w.press("transfer")
	w.screen(phone.ScreenXferDial)
	w.press(strings.Split(number, "")...)
}

// dialogOf is the SIP Call-ID of the exchange's newest call of ours with from
// or to this number.
func (w *world) dialogOf(number string) string {
	w.t.Helper()
	calls := w.lab.Calls()
	for i := len(calls) - 1; i >= 0; i-- {
		if c := calls[i]; (c.From == number || c.To == number) && len(c.Legs) > 0 {
			return c.Legs[0].CallID
		}
	}
	w.t.Fatalf("the exchange has no call with %s", number)
	return ""
}

// paged presses a soft key on whatever page it is.
func (w *world) paged(a phone.Action) {
	w.t.Helper()
	for range 6 {
		was := w.Phone.View().SoftKeys
		if keyOf(w.Phone.View(), a) != "" {
			break
		}
		w.softKey(phone.ActMore)
		w.until("the next page", func(v phone.View) bool { return v.SoftKeys != was })
	}
	w.softKey(a)
}

// A blind transfer to a busy number gives the caller back, heard and hearing as
// before (C12 6). Meanwhile he hears nothing of us.
func TestBlindTransferToBusyReturnsTheCaller(t *testing.T) {
	t.Parallel()
	w := talking(t, setup{})
	w.hearsTone(440)
	w.legHears(w.dialogOf("1002"), 700)
	m := w.mark()
	w.target("9486")
	w.farSilent()
	w.softKey(phone.ActBlind)
	w.labEvent(m, "refer", func(e b2b.Event) bool { return !strings.Contains(e.Detail, "Replaces") })
	w.event(m, "transfer-failed", func(d map[string]any) bool { return d["reason"] == "busy" && d["recovered"] == true })
	w.until("the caller is back", func(v phone.View) bool {
		c := newest(v)
		return c.State == phone.Active && !c.OnHold && v.Plan.Mic == c.ID
	})
	w.hearsTone(440)
	w.legHears(w.dialogOf("1002"), 700)
	w.hangUp()
	w.gone()
}

// A blind transfer to somebody who answers leaves us out of it.
func TestBlindTransfer(t *testing.T) {
	t.Parallel()
	w := talking(t, setup{})
	m := w.mark()
	w.target("9196")
	w.softKey(phone.ActBlind)
	w.event(m, "call-transferred", nil)
	w.labEvent(m, "transferred", nil)
	w.gone()
	w.hangUp()
}

// An attended transfer names the consultation's dialog with the tags as the
// exchange sees them (C12 7): otherwise it would not find it. The two of whom
// one is another phone then hear each other.
func TestAttendedTransfer(t *testing.T) {
	t.Parallel()
	w := talking(t, setup{})
	third := ready(t, setup{external: w.lab, user: "1003"})
	m := w.mark()
	w.target("1003#")
	third.screen(phone.ScreenIncoming)
	third.lift()
	third.active()
	w.screen(phone.ScreenXferConsult)
	w.active()
	third.hearsTone(700)
	w.softKey(phone.ActTransfer)
	w.labEvent(m, "refer", func(e b2b.Event) bool { return strings.Contains(e.Detail, "Replaces=") })
	w.event(m, "call-transferred", nil)
	w.labEvent(m, "transferred", nil)
	w.gone()
	third.hearsTone(440)
	third.hangUp()
	w.hangUp()
}

// A consultation that nobody answers yet is cancelled before the caller is
// handed on, and the one he is handed to rings anew (C12 8).
func TestSemiAttendedTransfer(t *testing.T) {
	t.Parallel()
	w := talking(t, setup{})
	third := ready(t, setup{external: w.lab, user: "1003"})
	m := w.mark()
	w.target("1003#")
	third.screen(phone.ScreenIncoming)
	w.screen(phone.ScreenXferRinging)
	w.softKey(phone.ActTransfer)
	cancel := w.labEvent(m, "cancel", nil)
	refer := w.labEvent(m, "refer", func(e b2b.Event) bool { return !strings.Contains(e.Detail, "Replaces") })
	if refer.N < cancel.N {
		t.Error("the REFER was before the CANCEL")
	}
	third.until("a missed call and a new one", func(v phone.View) bool {
		return v.Missed == 1 && newest(v).State == phone.Incoming
	})
	third.lift()
	third.active()
	w.event(m, "call-transferred", nil)
	w.gone()
	third.hearsTone(440)
	third.hangUp()
	w.hangUp()
}

// The handset put down in a consultation hands the caller on; put down before a
// number was entered it drops nobody (C12 9).
func TestHangingUpInATransfer(t *testing.T) {
	t.Parallel()
	w := talking(t, setup{})
	w.press("transfer")
	w.screen(phone.ScreenXferDial)
	w.hangUp()
	v := w.until("on hold, the path closed", func(v phone.View) bool { return v.Path == phone.PathNone && newest(v).OnHold })
	if newest(v).State != phone.Active {
		t.Fatalf("the caller was dropped: %+v", newest(v))
	}
	w.until("the recall rings", func(v phone.View) bool {
		w.clock.leap(time.Second)
		return v.Plan.Ring.On
	})
	w.lift()
	w.until("taken back", func(v phone.View) bool { return !newest(v).OnHold })
	w.hearsTone(440)

	m := w.mark()
	w.target("9197#")
	w.screen(phone.ScreenXferConsult)
	w.active()
	w.hearsTone(b2b.ToneHz)
	w.hangUp()
	w.labEvent(m, "refer", func(e b2b.Event) bool { return strings.Contains(e.Detail, "Replaces=") })
	w.event(m, "call-transferred", nil)
	w.gone()
}

// The far end sends us elsewhere: by the usual policy we follow within the own
// domain, and it is told how that went.
func TestBeingTransferred(t *testing.T) {
	t.Parallel()
	w := talking(t, setup{})
	m := w.mark()
	w.must(w.lab.SecondPhone().Refer("9197"))
	w.labEvent(m, "refer-answered", func(e b2b.Event) bool { return e.Code == 202 })
	w.labEvent(m, "sipfrag", func(e b2b.Event) bool { return strings.Contains(e.Detail, "200") })
	w.until("we talk to whom they named", func(v phone.View) bool {
		c := newest(v)
		return c.Party.Number == "9197" && c.State == phone.Active && v.Plan.Mic == c.ID
	})
	w.hearsTone(b2b.ToneHz)
	w.hangUp()
}

// About a number of another domain the person is asked; refused, the call goes
// on as it was.
func TestBeingTransferredOutsideIsAsked(t *testing.T) {
	t.Parallel()
	w := talking(t, setup{})
	m := w.mark()
	w.must(w.lab.SecondPhone().Refer("sip:900@premium.example"))
	w.screen(phone.ScreenXferAsked)
	w.softKey(phone.ActReject)
	w.labEvent(m, "refer-answered", func(e b2b.Event) bool { return e.Code == 603 })
	w.screen(phone.ScreenActive)
	w.hearsTone(440)
	w.legHears(w.dialogOf("1002"), 700)
	w.hangUp()
	w.gone()
}

// A phone that never follows says so, and nobody is called.
func TestBeingTransferredIsRefused(t *testing.T) {
	t.Parallel()
	w := talking(t, setup{more: "transfers = \"refuse\"\n"})
	m := w.mark()
	w.must(w.lab.SecondPhone().Refer("9197"))
	w.labEvent(m, "refer-answered", func(e b2b.Event) bool { return e.Code == 603 })
	w.hearsTone(440)
	if n := len(w.Phone.View().Calls); n != 1 {
		t.Errorf("there are %d calls", n)
	}
	w.hangUp()
	w.gone()
}

// An INVITE with Replaces puts someone else in the place of who we talk to,
// without a ring and without a finger.
func TestReplacedCallGoesOn(t *testing.T) {
	t.Parallel()
	w := talking(t, setup{})
	w.hearsTone(440)
	old := w.dialogOf("1002")
	m := w.mark()
	w.must(w.lab.SecondPhone().Behave(b2b.Behaviour{ToneHz: 1500}))
	id, err := w.lab.SecondPhone().Replace("1004", "Bob")
	w.must(err)
	w.labEvent(m, "bye", func(e b2b.Event) bool { return e.CallID == old })
	w.until("Bob is there", func(v phone.View) bool {
		c := newest(v)
		if v.Plan.Ring.On {
			t.Error("it rings")
		}
		return c.Party.Number == "1004" && c.State == phone.Active && v.Plan.Mic == c.ID
	})
	w.hearsTone(1500)
	w.legHears(id, 700)
	w.hangUp()
	w.gone()
}

// Each of three hears both others and not themselves; on hold nobody hears us;
// dropping the last one leaves the first.
func TestConference(t *testing.T) {
	t.Parallel()
	w := talking(t, setup{})
	w.paged(phone.ActConf)
	w.press(strings.Split("9197", "")...)
	w.softKey(phone.ActCall)
	w.screen(phone.ScreenXferConsult)
	w.active()
	w.softKey(phone.ActJoin)
	w.until("a conference", func(v phone.View) bool { return v.Plan.Conference && len(v.Plan.Listen) == 2 })
	w.screen(phone.ScreenConference)
	first, last := w.dialogOf("1002"), w.dialogOf("9197")
	w.hearsTones(440, b2b.ToneHz)
	w.legHears(first, 700, b2b.ToneHz)
	w.legHearsNot(first, 440)
	w.legHears(last, 700, 440)
	w.legHearsNot(last, b2b.ToneHz)
	w.paged(phone.ActDrop)
	w.until("the first alone", func(v phone.View) bool { return !v.Plan.Conference && len(v.Plan.Listen) == 1 })
	w.hearsTone(440)
	w.legHears(first, 700)
	w.legHearsNot(first, b2b.ToneHz)
	w.hangUp()
	w.gone()
}

// Who was parked is heard and hears again once he is retrieved.
func TestParkedCallerIsHeardAgain(t *testing.T) {
	t.Parallel()
	w := talking(t, setup{api: true})
	w.until("the slots are known", func(v phone.View) bool { return len(v.Park.Slots) == 10 })
	m := w.mark()
	w.paged(phone.ActPark)
	w.screen(phone.ScreenParkPick)
	w.softKey(phone.ActPark)
	slot, _ := w.event(m, "call-parked", nil).Detail["parkExtension"].(string)
	w.gone()
	w.hangUp()
	w.until("at rest", func(v phone.View) bool { return v.Path == phone.PathNone })
	m = w.mark()
	w.dial(slot)
	w.active()
	w.event(m, "park-retrieved", nil)
	w.hearsTone(440)
	w.legHears(w.dialogOf(slot), 700)
	w.hangUp()
	w.gone()
}

// A redirection is followed, or offered where the person does not want that.
func TestRedirection(t *testing.T) {
	t.Parallel()
	for _, follow := range []bool{true, false} {
		s := setup{}
		if !follow {
			s.more = "follow_redirects = false\n"
		}
		w := ready(t, s)
		w.bench.say(&sine{hz: 700})
		w.dial("9302")
		if !follow {
			w.until("told to go elsewhere", func(v phone.View) bool { return newest(v).Cause == phone.CauseRedirected })
			w.softKey(phone.ActCall)
		}
		if c := w.active(); c.Forwarded.Number != "9196" && c.Party.Number != "9196" {
			t.Errorf("followed = %v: connected with %+v", follow, c)
		}
		w.hearsTone(700)
		w.hangUp()
		w.gone()
	}
}

// Swap holds one and takes the other back; each hears us only while it is not
// on hold.
func TestSwapIsHeard(t *testing.T) {
	t.Parallel()
	w := talking(t, setup{})
	w.paged(phone.ActNew)
	w.press(strings.Split("9197#", "")...)
	w.active()
	w.hearsTone(b2b.ToneHz)
	w.legHears(w.dialogOf("9197"), 700)
	w.softKey(phone.ActSwap)
	w.hearsTone(440)
	w.legHears(w.dialogOf("1002"), 700)
	w.softKey(phone.ActSwap)
	w.hearsTone(b2b.ToneHz)
	w.softKey(phone.ActEnd)
	w.screen(phone.ScreenHeld)
	w.softKey(phone.ActResume)
	w.hearsTone(440)
	w.hangUp()
	w.gone()
}
