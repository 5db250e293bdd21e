package phone_test

import (
	"strings"
	"testing"
	"time"

	"phoned/lab"
	"phoned/lab/b2b"
	"phoned/lab/faults"
	"phoned/lab/sdptext"
	"phoned/media/mediatest"
	"phoned/media/mediatest/sentence"
	"phoned/phone"
	"phoned/ui"
)

// A call is dialled key by key, speech comes back, hanging up is seen within a
// second, and the phone takes its leave of the exchange at the end.
func TestEchoIsHeard(t *testing.T) {
	t.Parallel()
	w := ready(t, setup{})
	for _, codec := range []string{"pcmu", "opus"} {
		w.lab.Faults.SetSIP(faults.SIP{Codecs: []string{codec}})
		m := w.mark()
		w.dial("9196")
		w.event(m, "call-started", nil)
		w.event(m, "call-answered", nil)
		w.active()
		if stats := w.Phone.MediaStats(); len(stats) != 1 || !stats[0].Secure || !strings.EqualFold(stats[0].Codec, codec) {
			t.Fatalf("wanted a secure call in %s: %+v", codec, stats)
		}
		w.bench.say(sentence.NewSpeaker(true))
		w.hearsItself(codec)
		w.bench.say(nil)
		hungUp := time.Now()
		w.hangUp()
		bye := w.labEvent(m, "bye", nil)
		if d := bye.At.Sub(hungUp); d > time.Second {
			t.Errorf("the BYE came %v after hanging up", d)
		}
		w.gone()
		if c := w.lastCall(); !c.ByeSeen || !c.AckSeen {
			t.Errorf("the exchange saw no proper end: %+v", c)
		}
	}
	m := w.mark()
	w.end()
	w.labEvent(m, "unregistered", nil)
	for _, x := range w.lab.Engine.Record.Messages() {
		if !x.Sent && strings.HasPrefix(x.Text, "REGISTER") && strings.Contains(x.Text, "\r\nExpires: 0\r\n") {
			return
		}
	}
	t.Error("no REGISTER with Expires: 0 was seen")
}

// hearsItself waits until what comes back is like what was said: a machine that
// is too busy for a while makes gaps, which are no fault of the phone.
func (w *world) hearsItself(codec string) {
	w.t.Helper()
	ctx, cancel := w.waiting()
	defer cancel()
	for {
		sent, heard, err := w.bench.listen(ctx, 3)
		c := mediatest.EnvelopeCorrelation(sent, heard)
		if c >= 0.8 {
			w.t.Logf("%s: %.2f", codec, c)
			return
		}
		if err != nil {
			w.t.Fatalf("%s: what comes back is like what was said by %.2f only", codec, c)
		}
	}
}

// anna makes the second phone call us.
func (w *world) anna(b b2b.Behaviour) {
	w.t.Helper()
	w.must(w.lab.SecondPhone().Behave(b))
	_, err := w.lab.SecondPhone().Call(extension)
	w.must(err)
	v := w.until("Anna rings", func(v phone.View) bool { return newest(v).State == phone.Incoming })
	if c := newest(v); c.Party.Name != "Anna" || c.Party.Number != "1002" {
		w.t.Errorf("the caller is shown as %+v", c.Party)
	}
}

func TestIncomingIsAnswered(t *testing.T) {
	t.Parallel()
	w := ready(t, setup{})
	for _, c := range []struct {
		by   string
		do   func()
		path phone.Path
	}{
		{"hook", func() { w.lift() }, phone.PathHandset},
		{"speaker", func() { w.press("speaker") }, phone.PathSpeaker},
		{"soft key", func() { w.softKey(phone.ActAnswer) }, phone.PathSpeaker},
		{"command", func() {
			if code := w.command("answer", "{}"); code != 202 {
				t.Fatalf("answer gave %d", code)
			}
		}, phone.PathSpeaker},
	} {
		m := w.mark()
		w.anna(b2b.Behaviour{ToneHz: 440})
		if v := w.Phone.View(); !v.Plan.Ring.On {
			t.Errorf("%s: it does not ring", c.by)
		}
		c.do()
		w.active()
		w.hearsTone(440)
		v := w.Phone.View()
		if v.Path != c.path {
			t.Errorf("%s: the sound is on %s", c.by, v.Path)
		}
		if v.OffHook {
			w.hangUp()
		} else {
			w.softKey(phone.ActEnd)
		}
		w.labEvent(m, "bye", nil)
		w.labEvent(m, "ended", nil)
		w.gone()
	}
}

func TestIncomingIsNotAnswered(t *testing.T) {
	t.Parallel()
	w := ready(t, setup{})
	m := w.mark()
	w.anna(b2b.Behaviour{})
	w.softKey(phone.ActReject)
	if e := w.labEvent(m, "ended", nil); e.Code != 486 {
		t.Errorf("rejected with %d", e.Code)
	}
	if v := w.gone(); v.Missed != 0 {
		t.Error("a rejected call counts as missed")
	}
	for i := range 2 {
		w.anna(b2b.Behaviour{})
		w.must(w.lab.SecondPhone().HangUp())
		v := w.until("missed", func(v phone.View) bool { return v.Missed == i+1 })
		if v.Recent[0].Outcome != phone.CauseMissed || v.Recent[0].Party.Name != "Anna" {
			t.Errorf("in the list: %+v", v.Recent[0])
		}
		if l := phone.Lamps(v); len(l) == 0 {
			t.Error("no lamp tells of it")
		}
		w.gone()
	}
	screen := ui.Build(w.Phone.View(), ui.EnvOf(w.Phone.View(), w.clock.Now()))
	if s := words(screen); !strings.Contains(s, "2") || !strings.Contains(strings.ToLower(s), "missed") {
		t.Errorf("the screen has no badge: %s", s)
	}
}

// Two phones ring for one number; the one that does not answer has missed
// nothing.
func TestAnsweredElsewhere(t *testing.T) {
	t.Parallel()
	a := ready(t, setup{})
	b := ready(t, setup{external: a.lab})
	caller := ready(t, setup{external: a.lab, user: "1003"})
	if code := caller.command("dial", `{"number":"1001"}`); code != 202 {
		t.Fatal(code)
	}
	a.screen(phone.ScreenIncoming)
	b.screen(phone.ScreenIncoming)
	a.lift()
	a.active()
	caller.active()
	v := b.gone()
	if v.Missed != 0 || len(v.Recent) == 0 || v.Recent[0].Outcome != phone.CauseElsewhere {
		t.Errorf("the other phone says %d missed, %+v", v.Missed, v.Recent)
	}
	caller.bench.say(&sine{hz: 440})
	a.hearsTone(440)
	a.hangUp()
	caller.gone()
}

// Each refusal has its own sentence.
func TestRefusals(t *testing.T) {
	t.Parallel()
	w := ready(t, setup{})
	for _, c := range []struct {
		number string
		refuse int // by Anna
		cause  phone.Cause
		says   string
	}{
		{"9486", 0, phone.CauseBusy, "Busy"},
		{"9404", 0, phone.CauseNotFound, "Number not found"},
		{"9603", 0, phone.CauseNotAllowed, "Not allowed"},
		{"9503", 0, phone.CauseNoConnection, "No connection"},
		{"1005", 0, phone.CauseNotAvailable, "Not available"},
		{"1002", 403, phone.CauseNotAllowed, "Not allowed"},
		{"1002", 488, phone.CauseNotCompatible, "Phones do not match"},
		{"1002", 500, phone.CauseServer, "Exchange fault"},
	} {
		w.must(w.lab.SecondPhone().Behave(b2b.Behaviour{Refuse: c.refuse}))
		m := w.mark()
		w.dial(c.number)
		e := w.event(m, "call-failed", nil)
		v := w.until("the reason "+string(c.cause), func(v phone.View) bool { return newest(v).State == phone.Ended })
		if got := newest(v).Cause; got != c.cause {
			t.Errorf("%s (%d): cause %q, %v", c.number, c.refuse, got, e.Detail)
		}
		if s := words(ui.Build(v, ui.EnvOf(v, w.clock.Now()))); !strings.Contains(s, c.says) {
			t.Errorf("%s (%d): the screen says %s", c.number, c.refuse, s)
		}
		w.hangUp()
		w.until("put away", func(v phone.View) bool { return len(v.Calls) == 0 || newest(v).State == phone.Ended })
	}
	m := w.mark()
	w.dial("9480")
	w.screen(phone.ScreenRingback)
	w.clock.leap(181 * time.Second)
	w.labEvent(m, "cancel", nil)
	v := w.gone()
	if s := words(ui.Build(v, ui.EnvOf(v, w.clock.Now()))); newest(v).Cause != phone.CauseNoAnswer || !strings.Contains(s, "No answer") {
		t.Errorf("nobody answers: %q, %s", newest(v).Cause, s)
	}
	w.hangUp()
}

func TestHoldAndMute(t *testing.T) {
	t.Parallel()
	w := ready(t, setup{})
	w.bench.say(&sine{hz: 440})
	m := w.mark()
	w.dial("9196")
	w.active()
	w.farHears(true)
	w.press("hold")
	w.screen(phone.ScreenHeld)
	w.event(m, "sip-call-hold", func(d map[string]any) bool { return d["onHold"] == true })
	w.labEvent(m, "reinvite", nil)
	w.farSilent()
	m = w.mark()
	w.press("hold")
	w.event(m, "sip-call-hold", func(d map[string]any) bool { return d["onHold"] == false })
	w.screen(phone.ScreenActive)
	w.farHears(true)
	w.hearsTone(440)
	w.press("mute")
	w.until("muted", func(v phone.View) bool { return v.Muted })
	w.farHears(false)
	w.press("mute")
	w.farHears(true)
	w.hangUp()
	w.gone()
}

// farSilent waits until the far end has heard nothing, or no packets at all,
// for a while of the sound card's time.
func (w *world) farSilent() {
	w.t.Helper()
	ctx, cancel := w.waiting()
	defer cancel()
	last, still := uint64(0), 0
	err := w.bench.until(ctx, func() bool {
		n := w.lastCall().Media.PacketsIn
		if n != last {
			last, still = n, 0
		} else {
			still++
		}
		return still > 30 || w.farLevel() < quietDB
	})
	if err != nil {
		w.t.Fatal("the far end still hears us on hold")
	}
}

func TestRemoteHold(t *testing.T) {
	t.Parallel()
	w := ready(t, setup{})
	w.anna(b2b.Behaviour{ToneHz: 440})
	w.lift()
	w.active()
	w.hearsTone(440)
	for _, on := range []bool{true, false} {
		m := w.mark()
		ctx, cancel := w.waiting()
		w.must(w.lab.SecondPhone().Hold(ctx, on))
		cancel()
		w.event(m, "remote-hold", func(d map[string]any) bool { return d["onHold"] == on })
		w.until("shown", func(v phone.View) bool { return newest(v).RemoteHold == on })
	}
	w.hearsTone(440)
	w.must(w.lab.SecondPhone().HangUp())
	w.until("they hung up", func(v phone.View) bool { return newest(v).Cause == phone.CauseRemote })
}

// farHolds has the second phone hold or resume. The phone's own re-INVITE may still
// be on its way: glare, and another try after a wait (RFC 3261 §14.1).
func (w *world) farHolds(on bool) {
	w.t.Helper()
	err := w.lab.SecondPhone().Hold(w.ctx, on)
	for tries := 0; tries < 10 && err != nil && strings.Contains(err.Error(), "491"); tries++ {
		time.Sleep(500 * time.Millisecond)
		err = w.lab.SecondPhone().Hold(w.ctx, on)
	}
	w.must(err)
}

// A far end that holds by its answer to our offer, as it may do whose own offer met
// ours, is seen on hold like any other.
func TestRemoteHoldByAnAnswer(t *testing.T) {
	t.Parallel()
	w := ready(t, setup{api: true})
	w.must(w.lab.SecondPhone().Behave(b2b.Behaviour{Holds: true}))
	w.dial("1002")
	w.active()
	m := w.mark()
	w.command("hold", `{"on":true}`)
	w.event(m, "sip-call-hold", func(d map[string]any) bool { return d["onHold"] == true })
	w.command("hold", `{"on":false}`)
	w.event(m, "remote-hold", func(d map[string]any) bool { return d["onHold"] == true })
	w.until("shown", func(v phone.View) bool { return newest(v).RemoteHold && !newest(v).OnHold })
	w.farHolds(false)
	w.event(m, "remote-hold", func(d map[string]any) bool { return d["onHold"] == false })
	w.hangUp()
}

func TestDigitsAndRecording(t *testing.T) {
	t.Parallel()
	w := ready(t, setup{lab: lab.Config{RecordInfo: true}})
	const digits = "1590*#2468"
	m := w.mark()
	w.dial("9300")
	w.active()
	w.press(strings.Split(digits, "")...)
	w.labEvent(m, "digit", func(e b2b.Event) bool { return w.lastCall().Digits == digits })
	for _, x := range w.lab.Engine.Record.Messages() {
		if !x.Sent && strings.HasPrefix(x.Text, "INFO") && !strings.Contains(x.Text, "application/dtmf-relay") {
			t.Errorf("a digit came by\n%s", x.Text)
		}
	}
	if v := newest(w.Phone.View()); v.Digits != digits {
		t.Errorf("the screen has %q", v.Digits)
	}
	recording := func(r phone.Recording) {
		w.until("recording "+r.String(), func(v phone.View) bool { return newest(v).Recording == r })
	}
	for _, on := range []bool{true, false} {
		m := w.mark()
		w.command("record", `{}`)
		w.event(m, "recording", nil)
		if on {
			recording(phone.RecordingOn) // the exchange said so by its own INFO
			if !w.lastCall().Recording {
				t.Error("the exchange does not record")
			}
		} else {
			recording(phone.RecordingOff)
		}
	}
	w.hangUp()
	w.gone()
}

// An exchange that answers INFO with 200 but never reports has only been
// asked; one that does not answer leaves it unconfirmed.
func TestRecordingIsOnlyAsked(t *testing.T) {
	t.Parallel()
	w := ready(t, setup{})
	w.dial("9196")
	w.active()
	w.command("record", `{"on":true}`)
	w.until("asked", func(v phone.View) bool { return newest(v).Recording == phone.RecordingAsked })
	m := w.mark()
	w.command("record", `{"on":false}`)
	w.event(m, "recording", func(d map[string]any) bool { return d["state"] == "off" })
	w.lab.Faults.SetSIP(faults.SIP{IgnoreINFO: 1})
	w.command("record", `{"on":true}`)
	w.until("unconfirmed", func(v phone.View) bool { return newest(v).Recording == phone.RecordingUnconfirmed })
	w.lab.Faults.SetSIP(faults.SIP{RefuseINFO: 415})
	w.command("record", `{"on":true}`)
	w.until("refused", func(v phone.View) bool { return newest(v).Recording == phone.RecordingRefused })
	w.hangUp()
	w.gone()
}

func TestTwoCalls(t *testing.T) {
	t.Parallel()
	w := ready(t, setup{})
	w.dial("9197") // 1004 Hz
	w.active()
	w.hearsTone(1004)
	w.must(w.lab.SecondPhone().Behave(b2b.Behaviour{ToneHz: 440}))
	_, err := w.lab.SecondPhone().Call(extension)
	w.must(err)
	v := w.until("call waiting", func(v phone.View) bool { return v.Screen == phone.ScreenWaiting })
	if v.Plan.Tone != phone.ToneCallWaiting || v.Plan.Ring.On && !v.Plan.Ring.Soft {
		t.Errorf("a second call is told by %q, %+v", v.Plan.Tone, v.Plan.Ring)
	}
	m := w.mark()
	w.softKey(phone.ActAnswer)
	w.until("the first held, the second active", func(v phone.View) bool {
		return len(v.Calls) == 2 && v.Calls[0].OnHold && v.Calls[1].State == phone.Active && v.Calls[1].MediaUp
	})
	w.labEvent(m, "reinvite", nil)
	w.hearsTone(440)
	w.softKey(phone.ActSwap)
	w.until("swapped", func(v phone.View) bool {
		return len(v.Calls) == 2 && !v.Calls[0].OnHold && v.Calls[1].OnHold
	})
	w.hearsTone(1004)
	w.softKey(phone.ActEnd)
	w.until("one left", func(v phone.View) bool {
		live := 0
		for _, c := range v.Calls {
			if c.State != phone.Ended {
				live++
			}
		}
		return live == 1
	})
	w.command("end", "{}")
	w.gone()
}

func TestTheFarEndHangsUp(t *testing.T) {
	t.Parallel()
	w := ready(t, setup{})
	w.dial("9199")
	w.active()
	v := w.until("over", func(v phone.View) bool { return newest(v).State == phone.Ended })
	if c := newest(v); c.Cause != phone.CauseRemote {
		t.Errorf("cause %q", c.Cause)
	}
	if s := words(ui.Build(v, ui.EnvOf(v, w.clock.Now()))); !strings.Contains(s, "They hung up") {
		t.Errorf("the screen says %s", s)
	}
}

func TestEarlyMedia(t *testing.T) {
	t.Parallel()
	w := ready(t, setup{})
	m := w.mark()
	w.dial("9183")
	e := w.event(m, "call-ringing", nil)
	if e.Detail["earlyMedia"] != true {
		t.Errorf("ringing without early media: %v", e.Detail)
	}
	v := w.until("early media without our ringback", func(v phone.View) bool {
		return newest(v).State == phone.Alerting && len(v.Plan.Listen) == 1
	})
	if v.Plan.Tone != phone.ToneNone {
		t.Errorf("our own %q is over it", v.Plan.Tone)
	}
	w.active()
	w.bench.say(&sine{hz: 440})
	w.hearsTone(440)
	w.hangUp()
	w.gone()
}

// The exchange's own way to write descriptions does not matter, in either
// direction of calling.
func TestStyles(t *testing.T) {
	t.Parallel()
	for _, style := range []sdptext.Style{sdptext.FreeSWITCH, sdptext.Asterisk, sdptext.RTPEngine} {
		t.Run(string(style), func(t *testing.T) {
			t.Parallel()
			w := ready(t, setup{lab: lab.Config{Style: style}})
			w.bench.say(&sine{hz: 440})
			w.dial("9196")
			w.active()
			w.hearsTone(440)
			w.hangUp()
			w.gone()
			w.bench.say(&sine{hz: 620})
			w.anna(b2b.Behaviour{Echo: true})
			w.lift()
			w.active()
			w.hearsTone(620)
			w.hangUp()
			w.gone()
		})
	}
}

// A classic line: UDP, RTP/AVP, digits as telephone-events.
func TestClassicLine(t *testing.T) {
	t.Parallel()
	ex := newLab(t, lab.Config{})
	w := ready(t, setup{external: ex, config: classic(ex)})
	w.bench.say(&sine{hz: 440})
	m := w.mark()
	w.dial("9196")
	w.active()
	w.hearsTone(440)
	if s := w.Phone.MediaStats(); len(s) != 1 || s[0].Secure {
		t.Errorf("wanted plain RTP: %+v", s)
	}
	w.hangUp()
	w.labEvent(m, "bye", nil)
	w.gone()
	w.bench.say(nil)
	w.dial("9300")
	w.active()
	w.press("7", "3", "1")
	w.labEvent(m, "digit", func(e b2b.Event) bool { return w.lastCall().Digits == "731" })
	for _, x := range ex.Engine.Record.Messages() {
		if strings.HasPrefix(x.Text, "INFO") {
			t.Error("a digit came by INFO")
		}
	}
	w.hangUp()
	w.gone()
}

// Answered, but nothing comes through: the phone says so and hangs up.
func TestNoMedia(t *testing.T) {
	t.Parallel()
	w := ready(t, setup{before: func(ex *lab.Exchange) { ex.Faults.SetSIP(faults.SIP{DeafDTLSMS: 600_000}) }})
	m := w.mark()
	w.dial("9196")
	w.event(m, "call-answered", nil)
	w.clock.leap(15 * time.Second)
	v := w.until("given up", func(v phone.View) bool { return newest(v).State == phone.Ended })
	if newest(v).Cause != phone.CauseNoMedia {
		t.Errorf("cause %q", newest(v).Cause)
	}
	if s := words(ui.Build(v, ui.EnvOf(v, w.clock.Now()))); !strings.Contains(s, "No sound") {
		t.Errorf("the screen says %s", s)
	}
	w.labEvent(m, "bye", nil)
	w.hangUp()
}

// The exchange is deaf to DTLS for a while after its answer; media are up soon
// after it hears.
func TestDeafDTLS(t *testing.T) {
	t.Parallel()
	const deaf = 1200 * time.Millisecond
	w := ready(t, setup{before: func(ex *lab.Exchange) { ex.Faults.SetSIP(faults.SIP{DeafDTLSMS: int(deaf.Milliseconds())}) }})
	best := time.Hour
	for try := 0; try < 5 && best > 300*time.Millisecond; try++ { // a busy machine may be late, the phone may not
		m := w.mark()
		w.dial("9196")
		answered := w.labEvent(m, "answered", nil)
		w.active()
		best = min(best, time.Since(answered.At)-deaf)
		w.hangUp()
		w.gone()
	}
	t.Logf("media were up %v after the exchange heard", best.Round(time.Millisecond))
	if best > 300*time.Millisecond {
		t.Errorf("media were up %v after the exchange heard", best)
	}
}
