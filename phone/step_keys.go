package phone

import (
	"slices"
	"time"
)

// Auto-repeat (C0.1).
const (
	repeatFirst  = 400 * time.Millisecond
	repeatNext   = 100 * time.Millisecond
	silenceAfter = time.Second // VOL− held while it rings
)

// heldKey is a key that is down.
type heldKey struct {
	key    Key
	since  time.Time
	volume int // of the ringer, before
}

// keyDown acts at once, except for keys with a long press.
func (t *turn) keyDown(k Key) {
	if !k.Valid() {
		return
	}
	t.stopCallback(true)
	t.stopPreview()
	t.rollOver(k)
	t.releaseKey(k)
	if t.wakeKey(k) {
		return
	}
	t.keys = append(t.keys, heldKey{k, t.at, t.settings.Volumes[PathNone]})
	if t.hasLongPress(k) {
		t.start(Timer{Kind: TimerLongPress, Key: k}, t.settings.Timers.LongPress)
		return
	}
	repeat := t.repeats(k)
	t.press(k)
	if repeat {
		t.start(Timer{Kind: TimerRepeat, Key: k}, repeatFirst)
	}
}

// rollOver: a digit that waits to be a long press is a short one once the next
// key goes down, or fast fingers would dial in the wrong order.
func (t *turn) rollOver(next Key) {
	for _, h := range slices.Clone(t.keys) {
		tm := Timer{Kind: TimerLongPress, Key: h.key}
		if _, digit := h.key.Digit(); digit && h.key != next && t.running(tm) {
			t.stop(tm)
			t.press(h.key)
		}
	}
}

func (t *turn) keyUp(k Key) {
	short := t.running(Timer{Kind: TimerLongPress, Key: k})
	t.releaseKey(k)
	if short {
		t.press(k)
	}
}

func (t *turn) releaseKey(k Key) {
	for i := range t.keys {
		if t.keys[i].key == k {
			t.keys = append(t.keys[:i], t.keys[i+1:]...)
			break
		}
	}
	t.stop(Timer{Kind: TimerLongPress, Key: k})
	t.stop(Timer{Kind: TimerRepeat, Key: k})
}

func (s *State) keyHeld(k Key) (heldKey, bool) {
	for _, h := range s.keys {
		if h.key == k {
			return h, true
		}
	}
	return heldKey{}, false
}

// hasLongPress: digits only before dialling or while it goes on; in a call
// they are DTMF at key-down.
func (s *State) hasLongPress(k Key) bool {
	switch k {
	case "0":
		if f := s.page.form; f != nil {
			return f.kind == FormNumber
		}
		return !s.busyPath() && s.page.screen == "" && !s.ringScreen()
	case "1", "*", "#":
		return s.path == PathNone && s.waitsForDigits()
	case KeyHeadsetButton:
		return s.find(isIncoming) != nil
	case KeySpeaker:
		return (s.path == PathHandset || s.path == PathGroup) && s.talking() != nil
	}
	return false
}

// waitsForDigits: nothing goes on and nothing has been dialled yet.
func (s *State) waitsForDigits() bool {
	switch s.screen() {
	case ScreenIdle, ScreenNoService:
		return true
	case ScreenPredial:
		return s.input.Text == "" && !s.locked()
	}
	return false
}

// ringScreen: the screen belongs to somebody who rings.
func (s *State) ringScreen() bool {
	c := s.call(s.focus)
	return c != nil && c.State == Incoming
}

func (s *State) repeats(k Key) bool {
	switch k {
	case KeyVolUp, KeyVolDown:
		return true
	case KeyArrowUp, KeyArrowDown:
		return s.inList()
	case KeyBack:
		return s.input.Text != "" || s.page.form != nil
	}
	i, ok := k.Soft()
	return ok && s.meant(i) == ActDelete
}

// keyTimer is a key held down.
func (t *turn) keyTimer(tm Timer) {
	h, held := t.keyHeld(tm.Key)
	if !held {
		return
	}
	if tm.Kind == TimerLongPress {
		t.longPress(tm.Key)
		return
	}
	if tm.Key == KeyVolDown && t.find(isRinging) != nil && t.plan.Ring.On {
		if t.at.Sub(h.since) >= silenceAfter {
			if t.volumePath() == PathNone { // it was this call that was too loud, not the ringer
				t.setVolume(PathNone, h.volume)
			}
			t.silenceAll()
			return
		}
	}
	if t.repeats(tm.Key) && t.repeatPress(tm.Key) {
		t.start(tm, repeatNext)
	}
}

// repeatPress reports whether a further repeat could do anything.
func (t *turn) repeatPress(k Key) bool {
	switch k {
	case KeyVolUp:
		return t.turnVolume(volumeStep)
	case KeyVolDown:
		return t.turnVolume(-volumeStep) || t.plan.Ring.On
	case KeyArrowUp:
		return t.moveList(-1)
	case KeyArrowDown:
		return t.moveList(1)
	}
	if t.page.form != nil {
		if t.page.form.cursor > 0 {
			t.editForm((*form).remove)
		}
		return t.page.form.cursor > 0
	}
	return t.deleteDigit() && t.input.Text != ""
}

func (t *turn) longPress(k Key) {
	if !t.hasLongPress(k) { // a call came while the key was down
		t.blip()
		return
	}
	switch k {
	case "0":
		t.longZero()
	case "1":
		t.messageKey()
	case "*":
		t.lockKey()
	case "#":
		t.toggleDND()
	case KeySpeaker:
		t.groupKey()
	case KeyHeadsetButton:
		t.headsetButton(true)
	}
}

// press is the short action of a key.
func (t *turn) press(k Key) {
	if t.locked() && !t.openWhileLocked(k) {
		t.blip()
		t.say(ToastLocked, "", true)
		return
	}
	if d, ok := k.Digit(); ok {
		t.pressDigit(d)
		return
	}
	if i, ok := k.Soft(); ok {
		t.pressSoft(i)
		return
	}
	if i, ok := k.Line(); ok {
		t.progKeyPress(i)
		return
	}
	switch k {
	case KeyArrowUp:
		t.moveUp(-1)
	case KeyArrowDown:
		t.moveUp(1)
	case KeyArrowLeft:
		t.moveSide(-1)
	case KeyArrowRight:
		t.moveSide(1)
	case KeyOK:
		t.pressOK()
	case KeyBack:
		t.pressBack()
	case KeySpeaker:
		t.speakerKey()
	case KeyHeadsetButton:
		t.headsetButton(false)
	case KeyHeadset:
		t.headsetKey()
	case KeyMute:
		t.muteKey()
	case KeyHold:
		t.holdKey()
	case KeyTransfer:
		t.transferKey()
	case KeyRedial:
		t.redialKey()
	case KeyVolUp:
		t.turnVolume(volumeStep)
	case KeyVolDown:
		t.turnVolume(-volumeStep)
	case KeyMessage:
		t.messageKey()
	default:
		t.blip()
	}
}

// pressDigit: a digit is DTMF in a call, a step in a list, otherwise a number.
func (t *turn) pressDigit(d byte) {
	if t.volumeKeys && t.volume != nil && (d == '*' || d == '#') {
		by := volumeStep
		if d == '*' {
			by = -by
		}
		t.turnVolume(by)
		return
	}
	a := t.talking()
	switch {
	case t.pageTakesDigits():
		t.pageDigit(d)
	case t.screen() == ScreenParkPick:
		t.listDigit(d)
	case a != nil && a.takesDigits():
		t.sendDigit(a, d)
	case a != nil, t.pending.kind != pendingNone:
		t.blip()
	case t.page.screen != "":
		t.pageDigit(d)
	case t.ringScreen() && !t.dialScreen():
		// C1: digits are ignored while it rings.
	default:
		t.dialDigit(d)
	}
}

// listDigit steers lists on phones without arrow keys: 2, 8, 4, 6 and 5 are the
// cross, * and # the wheel.
func (t *turn) listDigit(d byte) {
	switch d {
	case '2', '*':
		t.moveUp(-1)
	case '8', '#':
		t.moveUp(1)
	case '4':
		t.pressBack()
	case '5', '6':
		t.pressOK()
	default:
		t.blip()
	}
}

// inList: Up and Down step through a list, not through the calls.
func (s *State) inList() bool {
	switch s.screen() {
	case ScreenXferDial, ScreenParkPick:
		return true
	}
	return s.pageInFront() || s.focus == 0 && s.input.Text != "" && (len(s.order) == 0 || len(s.suggestions()) > 0)
}

func (s *State) pageInFront() bool {
	return s.page.screen != "" && (s.focus == 0 || s.page.call == s.focus)
}

// moveList reports whether the selection of the list moved.
func (t *turn) moveList(by int) bool {
	switch {
	case t.screen() == ScreenXferDial:
		return t.moveTransferRow(by)
	case t.screen() == ScreenParkPick:
		return t.movePark(by)
	case t.pageInFront():
		return t.moveIndex(by)
	}
	return t.moveSuggestion(by)
}

// moveUp steps through a list, or through the calls.
func (t *turn) moveUp(by int) {
	if t.inList() {
		if !t.moveList(by) {
			t.blip()
		}
		return
	}
	var live []CallID
	for i := range t.calls {
		if t.calls[i].live() {
			live = append(live, t.calls[i].ID)
		}
	}
	at := -1
	for i, id := range live {
		if id == t.focus {
			at = i
		}
	}
	switch next := at + by; {
	case len(live) == 0 || at >= 0 && (next < 0 || next >= len(live)):
		t.blip()
	case at < 0 && by < 0:
		t.setFocus(live[len(live)-1])
	case at < 0:
		t.setFocus(live[0])
	default:
		t.setFocus(live[next])
	}
	t.stop(Timer{Kind: TimerBanner, Call: t.focus})
}

func (t *turn) moveSide(by int) {
	switch {
	case t.page.form != nil:
		t.editForm(func(f *form) bool { return f.move(by) })
	case t.station == stationPredial:
		t.moveCursor(by)
	case t.page.screen != "" && by < 0:
		t.pressBack()
	case t.page.screen != "":
		t.pressOK()
	default:
		t.blip()
	}
}

// pressOK does the positive act of the screen.
func (t *turn) pressOK() {
	c := t.call(t.focus)
	switch {
	case t.page.call != 0 && t.page.call == t.focus:
		t.selectItem()
	case c != nil && c.State == Incoming:
		t.answer(c, PathNone, "key")
	case t.moveOK():
	case t.page.screen != "":
		t.selectItem()
	case t.input.Text != "":
		t.sendInput(t.freePath(), "key")
	case c != nil && isHeld(c):
		t.resume(c, PathNone, "key")
	case t.shown != 0:
		t.okEnded()
	default:
		t.blip()
	}
}

// pressBack is the way out.
func (t *turn) pressBack() {
	switch {
	case t.page.form != nil && t.typed.busy:
		t.stopTrying()
	case t.page.form != nil && len(t.page.form.text) > 0:
		t.editForm((*form).remove)
	case t.moveBack():
	case t.letters:
		t.closeLetters()
	case t.page.screen != "":
		t.pageBack()
	case t.input.Text != "":
		if !t.deleteDigit() {
			t.blip()
		}
	case t.dialScreen():
		if c := t.call(t.focus); c != nil && c.State == Incoming {
			t.focus = 0
			return
		}
		t.cancelDialling()
	case t.shown != 0:
		t.okEnded()
	case t.ringScreen() && t.talking() != nil:
		t.setFocus(t.talking().ID)
	default:
		t.blip()
	}
}
