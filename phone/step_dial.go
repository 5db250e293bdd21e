package phone

import "strings"

// openDialtone opens a path and waits for digits (C5, off-hook dialling).
func (t *turn) openDialtone(p Path, cause string) {
	t.dismiss()
	t.closePage()
	t.clearStation()
	t.dropPending()
	t.setPath(p, cause)
	t.station = stationDialtone
	if !t.incomingFocused() {
		t.focus = 0
	}
	if t.service() {
		t.startHotLine()
		t.start(Timer{Kind: TimerFirstDigit}, t.settings.Timers.FirstDigit)
	} else {
		t.start(Timer{Kind: TimerReorder}, t.settings.Timers.Reorder)
	}
}

func (t *turn) incomingFocused() bool {
	c := t.call(t.focus)
	return c != nil && c.State == Incoming
}

// clearStation forgets what was being dialled and stops its tones and timers.
func (t *turn) clearStation() {
	t.stopKinds(TimerFirstDigit, TimerReorder, TimerHowler, TimerInterDigit, TimerPredial, TimerTone, TimerDialtone, TimerHotLine)
	t.station, t.input, t.tone, t.dialLine, t.bootLifted, t.choice = stationNone, Input{}, ToneNone, "", false, 0
}

// quiet keeps a path open with nothing going on. After a while it howls.
func (t *turn) quiet(howl bool) {
	t.clearStation()
	t.station = stationQuiet
	if howl {
		t.start(Timer{Kind: TimerReorder}, t.settings.Timers.Howler)
	}
}

// maxDigits is more than any number has.
const maxDigits = 64

// dialDigit takes a digit for a number that is being entered.
func (t *turn) dialDigit(d byte) {
	if t.station == stationTransfer {
		t.transferDigit(d)
		return
	}
	if t.path == PathNone {
		t.predialDigit(d)
		return
	}
	t.dismiss()
	t.closePage()
	if d == '#' && t.hashSends() {
		t.sendInput(t.path, "key")
		return
	}
	if t.station != stationDialing && t.station != stationDialtone {
		line := t.dialLine
		t.clearStation()
		t.dialLine = line
	}
	if !t.insert(d) {
		return
	}
	t.station = stationDialing
	t.focus = 0
	t.stopKinds(TimerFirstDigit, TimerReorder, TimerHowler, TimerTone, TimerDialtone, TimerHotLine)
	t.tone = ToneNone
	t.emit(PlayDigit{d})
	t.consultMap()
}

// hashSends: # is "send now", unless the map or a setting makes it a digit.
func (t *turn) hashSends() bool {
	text := t.input.Text
	if text == "" || t.settings.SendHash {
		return false
	}
	if text[0] == '*' || text[0] == '#' {
		return t.digits.Match(text+"#").Kind == MatchNone
	}
	return true
}

// insert puts d at the cursor.
func (t *turn) insert(d byte) bool {
	if len(t.input.Text) >= maxDigits {
		t.blip()
		return false
	}
	i := t.input.Cursor
	t.choice = 0
	t.input = Input{Text: t.input.Text[:i] + string(rune(d)) + t.input.Text[i:], Cursor: i + 1}
	return true
}

// consultMap decides after each digit whether to send, to wait or to refuse.
func (t *turn) consultMap() {
	text := t.input.Text
	if t.isEmergency(text) {
		t.sendInput(t.path, "key")
		return
	}
	m := t.digits.Match(text)
	wait := t.settings.Timers.InterDigitLong
	switch m.Kind {
	case MatchFull:
		t.sendInput(t.path, "key")
		return
	case MatchTimed:
		wait = t.settings.Timers.InterDigitShort
	case MatchNone:
		switch t.settings.NoMatch {
		case NoMatchSend:
			t.sendInput(t.path, "key")
			return
		case NoMatchReject:
			t.refuseNumber()
			return
		}
	}
	if m.Tone {
		t.tone = ToneDial
	}
	t.start(Timer{Kind: TimerInterDigit}, wait)
}

// interDigit: nobody dialled for 3 or 10 s.
func (t *turn) interDigit() {
	if t.settings.NoMatch == NoMatchReject && t.digits.Match(t.input.Text).Rule < 0 {
		t.refuseNumber()
		return
	}
	t.sendInput(t.path, "timeout")
}

// refuseNumber: "Number not allowed" and reorder.
func (t *turn) refuseNumber() {
	t.say(ToastNotAllowed, t.input.Text, true)
	if t.path == PathNone {
		t.blip()
		return
	}
	t.reorder()
}

// reorder is "Hang up and try again".
func (t *turn) reorder() {
	t.dismiss()
	t.clearStation()
	t.station, t.tone = stationReorder, ToneReorder
	t.start(Timer{Kind: TimerReorder}, t.settings.Timers.Reorder)
}

// stationTimer moves dial tone to reorder to howler to silence.
func (t *turn) stationTimer(k TimerKind) {
	switch k {
	case TimerFirstDigit:
		if t.station == stationDialtone {
			t.reorder()
		}
	case TimerReorder:
		t.dismiss()
		t.clearStation()
		t.station, t.tone = stationHowler, ToneHowler
		t.start(Timer{Kind: TimerHowler}, t.settings.Timers.Howler)
	case TimerHowler, TimerTone:
		t.tone = ToneNone
	case TimerInterDigit:
		switch t.station {
		case stationDialing:
			t.interDigit()
		case stationTransfer:
			t.consult()
		}
	case TimerPredial:
		switch {
		case t.station != stationPredial:
		case t.settings.PredialSends && t.input.Text != "" && !t.anyLive():
			t.sendInput(t.freePath(), "timeout")
		default:
			t.clearStation()
		}
	case TimerHotLine:
		if t.station == stationDialtone {
			t.dialNumber(t.settings.HotLine, t.dialLine)
		}
	case TimerDialtone:
		if t.path != PathNone && !t.anyLive() {
			t.openDialtone(t.path, "end")
		}
	}
}

// predialDigit opens or continues en-bloc dialling: nothing is sent by itself.
func (t *turn) predialDigit(d byte) {
	t.dismiss()
	t.closePage()
	if d == '#' && t.hashSends() {
		t.sendInput(t.freePath(), "key")
		return
	}
	if !t.insert(d) {
		return
	}
	t.station = stationPredial
	t.focus = 0
	t.emit(PlayDigit{d})
	if (t.locked() || !t.service()) && t.isEmergency(t.input.Text) { // nothing longer could be called
		t.sendInput(t.freePath(), "key")
		return
	}
	t.start(Timer{Kind: TimerPredial}, t.settings.Timers.Predial)
}

// longZero puts a + where 0 would have been.
func (t *turn) longZero() {
	if t.page.form != nil {
		t.formDigit('+')
		return
	}
	t.dialDigit('+')
}

// deleteDigit removes the digit before the cursor.
func (t *turn) deleteDigit() bool {
	i := t.input.Cursor
	if i == 0 {
		return false
	}
	t.input = Input{Text: t.input.Text[:i-1] + t.input.Text[i:], Cursor: i - 1}
	t.choice = 0
	switch {
	case t.station == stationTransfer:
		t.xfer.index = 0
		t.stop(Timer{Kind: TimerInterDigit})
	case t.input.Text != "" && t.station == stationDialing:
		t.start(Timer{Kind: TimerInterDigit}, t.settings.Timers.InterDigitLong)
	case t.input.Text != "":
		t.start(Timer{Kind: TimerPredial}, t.settings.Timers.Predial)
	case t.station == stationDialing:
		line := t.dialLine
		t.openDialtone(t.path, "delete")
		t.dialLine = line
	default:
		t.clearStation()
	}
	return true
}

func (t *turn) moveCursor(by int) {
	n := t.input.Cursor + by
	if n < 0 || n > len(t.input.Text) {
		t.blip()
		return
	}
	t.input.Cursor = n
	if t.station == stationPredial {
		t.start(Timer{Kind: TimerPredial}, t.settings.Timers.Predial)
	}
}

// cancelDialling is the way out of every dial screen.
func (t *turn) cancelDialling() {
	switch {
	case t.station == stationTransfer:
		t.cancelTransfer()
	case t.station == stationPredial:
		t.clearStation()
	case t.onHandset() && (t.station == stationDialtone):
		t.quiet(true)
	case t.onHandset():
		t.openDialtone(t.path, "cancel")
	default:
		t.closePath("cancel")
	}
}

// sendInput sends what was entered, over path p.
func (t *turn) sendInput(p Path, cause string) {
	text := t.input.Text
	if n := t.suggested(); n != "" {
		text = cleanNumber(n)
	}
	if text == "" {
		t.blip()
		return
	}
	number, blocked := t.digits.Rewrite(text)
	if blocked && !t.isEmergency(text) {
		t.refuseNumber()
		return
	}
	t.place(order{typed: text, number: number, line: t.dialLine, path: p, cause: cause})
}

// dialCommand is Dial of the API and of the panel.
func (t *turn) dialCommand(d Dial) {
	number := cleanNumber(d.Number)
	if number == "" {
		if t.path == PathNone && t.talking() == nil {
			t.dismiss()
			t.closePage()
			t.clearStation()
			t.station, t.dialLine, t.focus = stationPredial, d.Line, 0
			t.start(Timer{Kind: TimerPredial}, t.settings.Timers.Predial)
		} else if t.talking() != nil {
			t.newFromCall()
		}
		return
	}
	sent := number
	if dialable(number) {
		var blocked bool
		if sent, blocked = t.digits.Rewrite(number); blocked && !t.isEmergency(number) {
			t.say(ToastNotAllowed, number, true)
			t.complain(0, "number not allowed")
			return
		}
	}
	t.place(order{typed: number, number: sent, line: d.Line, identity: d.Identity, private: d.Private, cause: "api"})
}

// newFromCall is the New key: hold the call in progress and give dial tone.
func (t *turn) newFromCall() {
	if c := t.talking(); c != nil {
		if c.State != Active || c.emergency {
			t.blip()
			return
		}
		t.hold(c)
	}
	t.openDialtone(t.freePath(), "new")
}

// cleanNumber drops what people write between digits; addresses stay.
func cleanNumber(n string) string {
	n = strings.TrimSpace(n)
	if strings.ContainsAny(n, "@:") {
		return n
	}
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(" -()./\u00a0", r) {
			return -1
		}
		return r
	}, n)
}

func dialable(n string) bool {
	for i := range len(n) {
		if symbolBit(n[i]) == 0 {
			return false
		}
	}
	return true
}
