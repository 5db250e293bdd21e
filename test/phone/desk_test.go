package phone_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"phoned/hal"
	"phoned/lab"
	"phoned/lab/b2b"
	"phoned/phone"
)

// hold keeps a key down until its long press has acted.
func (w *world) hold(key string, is func(phone.View) bool) {
	w.t.Helper()
	w.must(w.keypad.Move(hal.Key(key), true))
	w.leapUntil("held "+key, time.Second, is)
	w.must(w.keypad.Move(hal.Key(key), false))
}

// leapUntil moves the time on until the view is as wanted: what the leap is to
// make due may not have been started when it comes.
func (w *world) leapUntil(what string, by time.Duration, is func(phone.View) bool) phone.View {
	w.t.Helper()
	ctx, cancel := w.waiting()
	defer cancel()
	views, stop := w.Phone.Subscribe()
	defer stop()
	step := time.NewTicker(50 * time.Millisecond)
	defer step.Stop()
	w.clock.leap(by)
	for {
		select {
		case v, ok := <-views:
			if !ok {
				w.t.Fatalf("%s: the phone stopped", what)
			}
			if is(v) {
				return v
			}
		case <-step.C:
			w.clock.leap(by)
		case <-ctx.Done():
			v := w.Phone.View()
			w.t.Fatalf("never: %s; screen %s, form %+v, menu %+v, toast %+v", what, v.Screen, v.Form, v.Menu, v.Toast)
		}
	}
}

// lamp waits until a lamp shines so.
func (w *world) lamp(name string, want phone.LampState) {
	w.t.Helper()
	w.until(name+" is "+string(want.Pattern)+" "+string(want.Colour), func(v phone.View) bool { return phone.Lamps(v)[name] == want })
}

// said waits for a message of the phone to the exchange.
func (w *world) said(start string, parts ...string) string {
	w.t.Helper()
	ctx, cancel := w.waiting()
	defer cancel()
	for {
		for _, m := range w.lab.Engine.Record.Messages() {
			all := !m.Sent && strings.HasPrefix(m.Text, start)
			for _, p := range parts {
				all = all && strings.Contains(m.Text, p)
			}
			if all {
				return m.Text
			}
		}
		n := 0
		if l := w.lab.Engine.Record.Events(0); len(l) > 0 {
			n = l[len(l)-1].N
		}
		wait, stop := context.WithTimeout(ctx, 200*time.Millisecond)
		_, _ = w.lab.Await(wait, n, func(b2b.Event) bool { return true })
		stop()
		if ctx.Err() != nil {
			w.t.Fatalf("the phone never said %q with %q", start, parts)
		}
	}
}

// type enters digits and saves the form.
func (w *world) enter(digits string, done phone.Action) {
	w.t.Helper()
	w.press(strings.Split(digits, "")...)
	w.until("entered", func(v phone.View) bool { return v.Form != nil && len([]rune(v.Form.Text)) == len(digits) })
	w.softKey(done)
}

// menu opens the menu and goes down the rows of these names.
func (w *world) menu(rows ...string) {
	w.t.Helper()
	w.softKey(phone.ActMenu)
	for _, row := range rows {
		v := w.until("a menu with "+row, func(v phone.View) bool { return rowOf(v, row) >= 0 })
		for n := rowOf(v, row) - v.Menu.Index; n > 0; n-- {
			w.press("down")
		}
		w.until("at "+row, func(v phone.View) bool { return rowOf(v, row) == v.Menu.Index })
		w.press("ok")
	}
}

func rowOf(v phone.View, id string) int {
	for i, it := range v.Menu.Items {
		if it.ID == id {
			return i
		}
	}
	return -1
}

const deskKeys = "voicemail_number = \"*97\"\nemergency_numbers = [\"9196\"]\nprogram_keys = [\"line\", \"blf:1003:Mara\", \"park:701\", \"voicemail\", \"forward\"]\n"

// A key shows what a colleague's phone does, calls it, and takes over the call
// that rings there; the one that was called hears "answered elsewhere".
func TestBusyLampAndPickup(t *testing.T) {
	t.Parallel()
	ex := newLab(t, lab.Config{})
	w := ready(t, setup{external: ex, more: deskKeys})
	w.lamp("k2", phone.LampState{Pattern: phone.LampOn, Colour: phone.LampGreen})
	for _, c := range []struct {
		l    b2b.Lamp
		want phone.LampState
	}{
		{b2b.Lamp{State: "ringing", Remote: "1002"}, phone.LampState{Pattern: phone.LampFast, Colour: phone.LampRed}},
		{b2b.Lamp{State: "confirmed", Remote: "1002"}, phone.LampState{Pattern: phone.LampOn, Colour: phone.LampRed}},
		{b2b.Lamp{State: "confirmed", Remote: "1002", Held: true}, phone.LampState{Pattern: phone.LampSlow, Colour: phone.LampRed}},
		{b2b.Lamp{State: "idle"}, phone.LampState{Pattern: phone.LampOn, Colour: phone.LampGreen}},
	} {
		w.must(ex.Engine.SetLamp("1003", c.l))
		w.lamp("k2", c.want)
	}
	w.must(ex.Engine.SetLamp("1003", b2b.Lamp{}))

	mara := ready(t, setup{external: ex, user: "1003"})
	w.press("k2")
	mara.until("Mara rings", func(v phone.View) bool {
		return newest(v).State == phone.Incoming && newest(v).Party.Number == extension
	})
	w.lamp("k2", phone.LampState{Pattern: phone.LampFast, Colour: phone.LampRed})
	w.softKey(phone.ActEnd)
	w.gone()
	mara.gone()
	w.lamp("k2", phone.LampState{Pattern: phone.LampOn, Colour: phone.LampGreen})
	mara.until("that was missed", func(v phone.View) bool { return v.Missed == 1 })

	w.must(ex.SecondPhone().Behave(b2b.Behaviour{ToneHz: 440}))
	_, err := ex.SecondPhone().Call("1003")
	w.must(err)
	w.lamp("k2", phone.LampState{Pattern: phone.LampFast, Colour: phone.LampRed})
	w.until("the call can be taken over", func(v phone.View) bool { return v.Keys[1].Remote.Number == "1002" })
	w.press("k2")
	w.active()
	w.hearsTone(440)
	v := mara.gone()
	if v.Missed != 1 {
		t.Errorf("Mara missed %d calls: the one that was taken over is none", v.Missed)
	}
	mara.until("answered elsewhere", func(v phone.View) bool { return len(v.Recent) > 0 && v.Recent[0].Outcome == phone.CauseElsewhere })
	w.command("end", "{}")
	w.gone()
}

// The lamp of the mailbox follows the exchange; MESSAGE listens, and then it goes out.
func TestVoicemailLampAndKey(t *testing.T) {
	t.Parallel()
	w := ready(t, setup{more: deskKeys})
	off := phone.LampState{Pattern: phone.LampOff}
	on := phone.LampState{Pattern: phone.LampPulse, Colour: phone.LampRed}
	w.lamp("message", off)
	w.must(w.lab.Engine.SetMailbox(extension, b2b.Mailbox{New: 3, Old: 1}))
	w.until("three messages", func(v phone.View) bool { return v.MWI.Known && v.MWI.New == 3 })
	w.lamp("message", on)
	w.lamp("k4", on)
	m := w.mark()
	w.press("message")
	if c := w.active(); c.Party.Number != "*97" {
		t.Errorf("the mailbox is %+v", c.Party)
	}
	w.event(m, "mwi", func(d map[string]any) bool { return d["count"] == 0 && d["known"] == true })
	w.lamp("message", off)
	w.command("end", "{}")
	w.gone()
}

// Forwarding, switched on by its key, sends callers on; the list says so and
// nothing was missed. Switched off it rings again. What nobody takes goes on
// after its time.
func TestForwarding(t *testing.T) {
	t.Parallel()
	w := ready(t, setup{more: deskKeys})
	w.press("k5")
	w.screen(phone.ScreenForm)
	w.enter("1003", phone.ActSave)
	w.until("forwarding", func(v phone.View) bool { return v.Settings.Forward.Always == "1003" })
	w.lamp("k5", phone.LampState{Pattern: phone.LampOn, Colour: phone.LampRed})
	w.must(w.lab.SecondPhone().Behave(b2b.Behaviour{}))
	_, err := w.lab.SecondPhone().Call(extension)
	w.must(err)
	w.said("SIP/2.0 302", "Contact: <sip:1003@")
	v := w.until("listed", func(v phone.View) bool { return len(v.Recent) == 1 })
	if v.Recent[0].Outcome != phone.CauseForwarded || v.Missed != 0 {
		t.Errorf("%+v, missed %d", v.Recent[0], v.Missed)
	}
	w.press("k5")
	w.until("no forwarding", func(v phone.View) bool { return v.Settings.Forward.Always == "" })

	w.menu("forward", "forward_no_answer")
	w.screen(phone.ScreenForm)
	w.enter("1004", phone.ActSave)
	w.until("forwarding", func(v phone.View) bool { return v.Settings.Forward.NoAnswer == "1004" })
	w.press("back", "back")
	w.screen(phone.ScreenIdle)
	m := w.mark()
	w.anna(b2b.Behaviour{})
	w.leapUntil("sent on", 5*time.Second, func(v phone.View) bool { return len(v.Recent) == 2 })
	w.said("SIP/2.0 302", "Contact: <sip:1004@")
	w.event(m, "history-updated", func(d map[string]any) bool { return len(d["history"].([]map[string]any)) == 2 })
	code, list := w.get("/api/v1/history")
	if code != 200 || strings.Count(list, `"outcome":"forwarded"`) != 2 {
		t.Errorf("%d %s", code, list)
	}
}

// # held down: nobody gets through, the exchange hears busy, and the list has
// the moon, not a missed call.
func TestDoNotDisturb(t *testing.T) {
	t.Parallel()
	w := ready(t, setup{more: deskKeys})
	w.hold("#", func(v phone.View) bool { return v.DND })
	w.must(w.lab.SecondPhone().Behave(b2b.Behaviour{}))
	_, err := w.lab.SecondPhone().Call(extension)
	w.must(err)
	w.said("SIP/2.0 486")
	v := w.until("listed", func(v phone.View) bool { return len(v.Recent) == 1 })
	if v.Recent[0].Outcome != phone.CauseDND || v.Missed != 0 || v.Plan.Ring.On {
		t.Errorf("%+v, missed %d, ring %v", v.Recent[0], v.Missed, v.Plan.Ring.On)
	}
	w.hold("#", func(v phone.View) bool { return !v.DND })
	w.anna(b2b.Behaviour{})
	w.must(w.lab.SecondPhone().HangUp())
	w.until("missed", func(v phone.View) bool { return v.Missed == 1 })
}

// check-sync waits for the end of the call.
func TestCheckSyncWaitsForTheCall(t *testing.T) {
	t.Parallel()
	asked := make(chan bool, 2)
	w := ready(t, setup{check: func(reboot bool) { asked <- reboot }})
	w.dial("9196")
	w.active()
	w.must(w.lab.Engine.CheckSync(extension, true))
	w.said("SIP/2.0 200", "CSeq: ", "NOTIFY")
	select {
	case <-asked:
		t.Error("the configuration was fetched during a call")
	default:
	}
	w.hangUp()
	w.gone()
	w.leapUntil("idle", time.Second, func(v phone.View) bool { return v.Screen == phone.ScreenIdle && len(v.Calls) == 0 })
	select {
	case reboot := <-asked:
		if !reboot {
			t.Error("the phone was not to start anew")
		}
	case <-time.After(patience):
		t.Fatal("the configuration was not fetched")
	}
}

const lockPIN = "47110815"

// A locked phone dials for help and nothing else, opens by its PIN alone, stays
// locked over a restart, and is reset by who knows the PIN. The PIN is in no
// record, log or file.
func TestKeyLock(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ex := newLab(t, lab.Config{})
	w := ready(t, setup{external: ex, data: dir, more: deskKeys})
	w.hold("*", func(v phone.View) bool { return v.Screen == phone.ScreenForm })
	w.enter(lockPIN, phone.ActSave)
	w.until("again", func(v phone.View) bool { return v.Form != nil && v.Form.ID == "pin_again" })
	w.enter(lockPIN, phone.ActSave)
	w.until("locked", func(v phone.View) bool { return v.Locked && v.Screen == phone.ScreenLocked })
	if strings.Contains(string(databaseBytes(t, dir)), lockPIN) {
		t.Error("the PIN is in the database")
	}
	w.press("message", "redial", "k2")
	w.until("refused", func(v phone.View) bool {
		return v.Toast != nil && v.Toast.Code == phone.ToastLocked && len(v.Calls) == 0
	})

	w.dial("9196") // is an emergency number here
	if c := w.active(); c.Party.Number != "9196" {
		t.Errorf("%+v", c.Party)
	}
	w.hangUp()
	w.gone()
	w.close(t)

	again := ready(t, setup{external: ex, data: dir, more: deskKeys})
	again.leapUntil("locked", time.Second, func(v phone.View) bool { return v.Locked && v.Screen == phone.ScreenLocked })
	again.softKey(phone.ActUnlock)
	again.screen(phone.ScreenForm)
	again.enter("47110816", phone.ActUnlock)
	again.until("wrong", func(v phone.View) bool { return v.Form != nil && v.Form.Error == "form.wrong_pin" })
	if !again.Phone.View().Locked {
		t.Error("a wrong PIN opens")
	}
	again.enter(lockPIN, phone.ActUnlock)
	again.until("open", func(v phone.View) bool { return !v.Locked && v.Screen == phone.ScreenIdle })
	for _, x := range []*world{w, again} {
		for where, text := range x.heard.all() {
			if strings.Contains(strings.Map(digitsOnly, text), lockPIN) {
				t.Errorf("the PIN is in the %s", where)
			}
		}
	}
	m := again.mark()
	again.menu("settings", "reset")
	again.screen(phone.ScreenForm)
	again.enter(lockPIN, phone.ActSave)
	again.screen(phone.ScreenConfirm)
	w.wiped, again.wiped = true, true
	again.softKey(phone.ActYes)
	again.labEvent(m, "unregistered", nil)
	<-again.done
	again.over = true
	again.end()
	again.must(again.bench.card.Close())
	if left := databaseBytes(t, dir); len(left) != 0 {
		t.Errorf("%d bytes are left", len(left))
	}
}

func digitsOnly(r rune) rune {
	if r < '0' || r > '9' {
		return -1
	}
	return r
}

// Calls show the number that was chosen among the provisioned ones, or none at
// all for one call.
func TestCallerIDIsChosen(t *testing.T) {
	t.Parallel()
	w := ready(t, setup{api: true})
	w.until("the numbers are known", func(v phone.View) bool { return len(v.CallerIDs) == 2 })
	w.menu("settings", "call_settings", "caller_id", "caller_id/+15550199000")
	w.until("chosen", func(v phone.View) bool { return v.Settings.CallerID == "+15550199000" })
	w.press("back", "back", "back")
	w.screen(phone.ScreenIdle)
	w.dial("9196")
	w.active()
	w.said("INVITE sip:9196@", "+15550199000")
	w.hangUp()
	w.gone()
	w.leapUntil("idle", time.Second, func(v phone.View) bool { return v.Screen == phone.ScreenIdle })
	w.menu("settings", "call_settings", "caller_id", "withhold_next")
	w.until("withheld", func(v phone.View) bool { return v.Withhold })
	w.dial("9197")
	w.active()
	inv := w.said("INVITE sip:9197@", "Privacy: id")
	if strings.Contains(inv, "+15550199000") && !strings.Contains(inv, "P-Asserted-Identity") {
		t.Errorf("the withheld number is in\n%s", inv)
	}
	w.until("the next one is not", func(v phone.View) bool { return !v.Withhold })
	w.hangUp()
	w.gone()
}

// An address book comes over HTTP: its names stand on calls, in the history and
// on what was watched before; it goes out as it came, and twice is once. A name
// that is a page of tricks does no harm.
func TestAddressBook(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ex := newLab(t, lab.Config{})
	w := ready(t, setup{external: ex, data: dir, more: deskKeys})
	tricks := "Eve \u202e\u2066" + strings.Repeat("😀\u200f", 2500)
	book := "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Anna Lindqvist\r\nTEL;TYPE=WORK:10-02\r\nEND:VCARD\r\n" +
		"BEGIN:VCARD\nVERSION:4.0\nUID:echo\nFN:Echo Point\nTEL;VALUE=uri:tel:9196\nX-PHONED-FAVOURITE:true\nEND:VCARD\n" +
		"BEGIN:VCARD\nFN:" + tricks + "\nTEL:9197\nTEL:" + strings.Repeat("9", 500) + "\nEND:VCARD\n"
	for _, want := range []string{`{"added":3,"updated":0,"unchanged":0,"skipped":0}`, `{"added":0,"updated":0,"unchanged":3,"skipped":0}`} {
		if got := strings.TrimSpace(w.order(200, "POST", "/api/v1/contacts", book)); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	w.order(422, "POST", "/api/v1/contacts", "hello")
	out := w.order(200, "GET", "/api/v1/contacts?version=4.0", "")
	for _, want := range []string{"FN:Anna Lindqvist\r\n", "UID:echo\r\n", "X-PHONED-FAVOURITE:true\r\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}
	w.must(w.lab.SecondPhone().Behave(b2b.Behaviour{}))
	_, err := w.lab.SecondPhone().Call(extension)
	w.must(err)
	w.until("Anna rings by her full name", func(v phone.View) bool {
		return newest(v).State == phone.Incoming && newest(v).Party.Name == "Anna Lindqvist"
	})
	w.must(w.lab.SecondPhone().HangUp())
	w.until("missed", func(v phone.View) bool { return v.Missed == 1 })
	w.dial("9196")
	if c := w.active(); c.Party.Name != "Echo Point" {
		t.Errorf("%+v", c.Party)
	}
	w.hangUp()
	w.gone()
	w.leapUntil("idle", time.Second, func(v phone.View) bool { return v.Screen == phone.ScreenIdle })
	w.softKey(phone.ActContacts)
	v := w.screen(phone.ScreenContacts)
	if v.Menu.Items[0].Label != "Echo Point" || len(v.Menu.Items) != 4 {
		t.Errorf("%+v", v.Menu.Items)
	}
	w.close(t)
	again := ready(t, setup{external: ex, data: dir, more: deskKeys})
	again.dial("9197")
	if c := again.active(); !strings.HasPrefix(c.Party.Name, "Eve ") || strings.ContainsAny(c.Party.Name, "\u202e\u2066") {
		t.Errorf("%+v", c.Party)
	}
	again.hangUp()
	again.gone()
}
