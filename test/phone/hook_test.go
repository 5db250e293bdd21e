package phone_test

import (
	"strings"
	"testing"
	"time"

	"phoned/lab/b2b"
	"phoned/phone"
)

// Hook and keys move a call between the paths: only the handset put down on its
// own call, or the speaker's key, ends it (C12 2, 3, 4, 17).
func TestHookAndPaths(t *testing.T) {
	t.Parallel()
	w := ready(t, setup{})
	path := func(p phone.Path) {
		t.Helper()
		w.until("path "+p.String(), func(v phone.View) bool { return v.Path == p })
	}
	up := func() {
		t.Helper()
		if v := w.Phone.View(); newest(v).State != phone.Active {
			t.Fatalf("the call is %s", newest(v).State)
		}
	}
	w.dial("9196")
	w.active()
	w.press("speaker")
	path(phone.PathSpeaker)
	w.hangUp()
	w.leapUntil("the handset is down for long", time.Second, func(v phone.View) bool { return !v.OffHook })
	up()
	w.lift()
	path(phone.PathHandset)
	m := w.mark()
	w.hangUp()
	w.labEvent(m, "bye", nil)
	w.gone()
	w.leapUntil("idle", time.Second, func(v phone.View) bool { return v.Screen == phone.ScreenIdle })

	// A waiting call rings when the handset goes down on the other one.
	w.dial("9196")
	w.active()
	w.must(w.lab.SecondPhone().Behave(b2b.Behaviour{ToneHz: 440}))
	_, err := w.lab.SecondPhone().Call(extension)
	w.must(err)
	w.until("waits", func(v phone.View) bool { return v.Screen == phone.ScreenWaiting && !v.Plan.Ring.On })
	w.hangUp()
	w.until("rings", func(v phone.View) bool { return v.Screen == phone.ScreenIncoming && v.Plan.Ring.On })
	w.lift()
	w.active()
	w.hearsTone(440)

	// The headset's plug is pulled: the speaker takes over, muted.
	w.press("headset")
	path(phone.PathHeadset)
	w.Phone.Post(phone.HeadsetPlugged{})
	w.until("on the speaker, muted", func(v phone.View) bool {
		return v.Path == phone.PathSpeaker && v.Muted && v.Toast != nil && v.Toast.Code == phone.ToastHeadsetRemoved
	})
	w.hangUp()
	up()
	w.press("speaker")
	w.gone()
}

// The digit map decides when a number goes out; # and Call send it at once, and
// on hook nothing goes out by itself. A handset that is forgotten howls (C12
// 12, 13, 14, 22).
func TestDialling(t *testing.T) {
	t.Parallel()
	w := ready(t, setup{more: "digit_map = \"919[0-6]|94x.T\"\nno_match = \"reject\"\n"})
	digits := func(s string) { w.press(strings.Split(s, "")...) }
	idle := func() {
		t.Helper()
		w.hangUp()
		w.gone()
		w.leapUntil("idle", time.Second, func(v phone.View) bool { return v.Screen == phone.ScreenIdle && v.Path == phone.PathNone })
	}
	w.lift()
	digits("9196") // complete, and nothing longer possible
	w.active()
	idle()

	w.lift()
	digits("9404") // could go on: after three seconds
	v := w.until("collects", func(v phone.View) bool { return v.Input.Text == "9404" })
	if len(v.Calls) != 0 {
		t.Errorf("sent too early: %+v", v.Calls)
	}
	w.leapUntil("sent", time.Second, func(v phone.View) bool { return newest(v).Party.Number == "9404" })
	idle()

	w.lift()
	digits("7") // impossible
	w.until("refused", func(v phone.View) bool { return v.Plan.Tone == phone.ToneReorder && len(v.Calls) == 0 })
	idle()

	digits("9196") // on hook: waits for a hand
	w.until("entered", func(v phone.View) bool { return v.Screen == phone.ScreenPredial && v.Input.Text == "9196" })
	w.clock.leap(20 * time.Second)
	m := w.mark()
	if v := w.Phone.View(); len(v.Calls) != 0 {
		t.Errorf("on hook it was sent by itself: %+v", v.Calls)
	}
	w.press("#")
	w.labEvent(m, "invite", func(e b2b.Event) bool { return e.Detail == "9196" })
	w.active()
	w.press("speaker")
	w.gone()
	w.leapUntil("idle", time.Second, func(v phone.View) bool { return v.Screen == phone.ScreenIdle })

	w.lift()
	w.until("dial tone", func(v phone.View) bool { return v.Plan.Tone == phone.ToneDial })
	w.leapUntil("reorder", 5*time.Second, func(v phone.View) bool { return v.Plan.Tone == phone.ToneReorder })
	w.leapUntil("howler", 5*time.Second, func(v phone.View) bool { return v.Plan.Tone == phone.ToneHowler })
	w.leapUntil("silence", 5*time.Second, func(v phone.View) bool { return v.Plan.Tone == phone.ToneNone })
	w.hangUp()
}
