package phone

import "time"

// lettersTime is how long the soft keys stay the letters A to D.
const lettersTime = 10 * time.Second

// letterRow are the soft keys while they are the letters that the keypad does
// not have (C5).
var letterRow = [4]Action{ActA, ActB, ActC, ActD}

// letter is the DTMF digit of a soft key.
func letter(a Action) (d byte, ok bool) {
	for i, x := range letterRow {
		if x == a {
			return 'A' + byte(i), true
		}
	}
	return 0, false
}

// openLetters makes the soft keys letters for a while; Back ends that.
func (t *turn) openLetters() {
	t.letters, t.morePage = true, 0
	t.start(Timer{Kind: TimerLetters}, lettersTime)
}

func (t *turn) closeLetters() {
	t.letters = false
	t.stop(Timer{Kind: TimerLetters})
}

// sendLetter sends A to D in the call in progress.
func (t *turn) sendLetter(c *call, d byte) {
	if !c.takesDigits() {
		t.blip()
		return
	}
	t.sendDigit(c, d)
	t.openLetters()
}

// Hook flash (C0.1): the cradle pressed for 200 to 700 ms.
const (
	flashLeast = 200 * time.Millisecond
	flashMost  = 700 * time.Millisecond
)

// onHookTime is how long the handset must be down before that ends a call.
func (s *State) onHookTime() time.Duration {
	if s.settings.HookFlash && s.talking() != nil {
		return max(flashMost, s.settings.Timers.OnHook)
	}
	return s.settings.Timers.OnHook
}

// flash does what an exchange does for a simple telephone: it answers who
// waits, changes between two calls, or holds.
func (t *turn) flash() {
	a, w := t.talking(), t.incoming()
	switch {
	case a == nil || a.State != Active || a.emergency || t.xfer.underway():
		t.blip()
	case w != nil:
		t.answer(w, t.path, "flash")
	case t.held() != nil && len(t.conf) == 0:
		t.swap()
	default:
		t.hold(a)
	}
}

// settleMuteReminder beeps for whoever forgot that nobody hears him, where that
// is wanted.
func (t *turn) settleMuteReminder() {
	tm := Timer{Kind: TimerMuteRemind}
	c := t.talking()
	want := t.muted && t.settings.MuteReminder > 0 && c != nil && c.State == Active
	if want == t.running(tm) {
		return
	}
	if want {
		t.start(tm, t.settings.MuteReminder)
		return
	}
	t.stop(tm)
}

func (t *turn) muteReminderDue() {
	t.emit(PlayBeep{BeepConfirm})
	t.say(ToastMuted, "", true)
}
