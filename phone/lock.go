package phone

import (
	"strconv"
	"time"
)

// PIN is the code of the key lock. It prints as bullets.
type PIN string

// String hides it.
func (PIN) String() string { return "••••" }

// GoString hides it.
func (PIN) GoString() string { return "••••" }

// What the lock needs of the world. The PIN itself is never part of the State
// but while it is being typed.
type (
	// CheckPIN asks whether this is the PIN. Result: PINChecked.
	CheckPIN struct{ PIN PIN }
	// SavePIN keeps a new one; "" takes the lock away. Result: PINSaved.
	SavePIN struct{ PIN PIN }
	// PINChecked is the result of CheckPIN.
	PINChecked struct{ OK bool }
	// PINSaved is the result of SavePIN: only then is there a lock, or none.
	PINSaved struct{ OK bool }
)

func (CheckPIN) effect() {}
func (SavePIN) effect()  {}
func (PINChecked) what() {}
func (PINSaved) what()   {}

// LockView is the key lock as it is now.
type LockView struct {
	PINSet bool
	// Until is when the next PIN may be tried after wrong ones; zero: now.
	Until time.Time
}

// Of a PIN, and of wrong ones: the first three cost nothing, then the wait
// doubles up to lockOutMax.
const (
	pinShort     = 4
	pinLong      = 12
	lockFree     = 3
	lockOutFirst = 30 * time.Second
	lockOutMax   = 15 * time.Minute
)

func lockOut(failures int) time.Duration {
	if failures < lockFree {
		return 0
	}
	d := lockOutFirst
	for range failures - lockFree {
		if d *= 2; d >= lockOutMax {
			return lockOutMax
		}
	}
	return d
}

// lockKey is * held down, or a key set up for it: it locks; without a PIN it
// asks for one first.
func (t *turn) lockKey() {
	switch {
	case t.settings.Locked:
		t.openUnlock()
	case t.settings.PINSet:
		t.lock()
	default:
		t.openForm(newForm("pin_new", "lock", FormPIN, ""))
	}
}

func (t *turn) lock() {
	t.closePage()
	t.changeSwitch(SetLocked, true)
	t.publish("lock", "", detail{"locked": true})
}

// openUnlock asks for the PIN, unless wrong ones have to be waited out.
func (t *turn) openUnlock() {
	if t.lockedOut() {
		t.blip()
		t.say(ToastLockedOut, strconv.Itoa(int(t.lockUntil.Sub(t.at)/time.Second)+1), true)
		return
	}
	t.openForm(newForm("unlock", "", FormPIN, ""))
}

func (s *State) lockedOut() bool { return s.at.Before(s.lockUntil) }

// pinChecked unlocks, or counts a wrong PIN. The count outlives a power cut.
func (t *turn) pinChecked(e PINChecked) {
	asked := t.pinFor
	t.pinFor = ""
	if asked == "" {
		return
	}
	if !e.OK {
		n := t.settings.LockFailures + 1
		t.change(SetLockFailures, strconv.Itoa(n))
		t.waitLockedOut(n)
		if t.lockedOut() {
			t.closePage()
			t.say(ToastLockedOut, strconv.Itoa(int(lockOut(n)/time.Second)), true)
			t.blip()
		} else if t.page.form != nil {
			t.wrong("form.wrong_pin")
		}
		return
	}
	if t.settings.LockFailures != 0 {
		t.change(SetLockFailures, "0")
	}
	switch asked {
	case "unlock":
		t.closePage()
		t.changeSwitch(SetLocked, false)
		t.publish("lock", "", detail{"locked": false})
	case "pin_old":
		t.replaceForm(newForm("pin_new", "", FormPIN, ""))
	case "pin_off":
		t.savePIN("")
	case "reset":
		t.replacePage(page{screen: ScreenConfirm, menu: confirmReset})
	case "web_forget":
		t.replacePage(page{screen: ScreenConfirm, menu: confirmForget, parent: true})
	}
}

func (t *turn) waitLockedOut(failures int) {
	t.lockUntil = time.Time{}
	if d := lockOut(failures); d > 0 {
		t.lockUntil = t.at.Add(d)
		t.start(Timer{Kind: TimerLockOut}, d)
	}
}

// askPIN hands a PIN to be checked; what for is remembered until the answer.
func askPIN(t *turn, f *form, text string) {
	if t.lockedOut() {
		t.closePage()
		t.openUnlock()
		return
	}
	if len(text) < pinShort {
		t.wrong("form.wrong_pin")
		return
	}
	t.pinFor = f.id
	t.emit(CheckPIN{PIN(text)})
}

// newPIN takes a PIN for the first time, then again.
func newPIN(t *turn, f *form, text string) {
	if len(text) < pinShort || len(text) > pinLong {
		t.wrong("form.pin_length")
		return
	}
	t.replaceForm(newForm("pin_again", f.arg+"\x00"+text, FormPIN, ""))
}

func againPIN(t *turn, f *form, text string) {
	then, pin := cutNul(f.arg)
	if text != pin {
		t.replaceForm(newForm("pin_new", then, FormPIN, ""))
		t.wrong("form.pin_differs")
		return
	}
	t.lockNext = t.lockNext || then == "lock"
	t.savePIN(PIN(text))
}

// savePIN has a PIN kept. The lock changes when it is on disk: one that could
// not be kept would shut the phone for good, or open to everybody.
func (t *turn) savePIN(p PIN) {
	if t.pinSaving != 0 {
		t.blip()
		return
	}
	t.pinSaving = pinRemoved
	if p != "" {
		t.pinSaving = pinKept
	}
	t.pageBack()
	t.emit(SavePIN{p})
}

// What a SavePIN is on its way for.
type pinSave int

const (
	pinKept pinSave = iota + 1
	pinRemoved
)

func (t *turn) pinSaved(e PINSaved) {
	asked, then := t.pinSaving, t.lockNext
	t.pinSaving, t.lockNext = 0, false
	switch {
	case asked == 0:
	case !e.OK:
		t.blip()
		t.say(ToastNotSaved, "", true)
	case asked == pinRemoved:
		t.changeSwitch(SetPINSet, false)
		if t.settings.Locked { // meanwhile: nothing would open it any more
			t.changeSwitch(SetLocked, false)
			t.publish("lock", "", detail{"locked": false})
		}
		t.say(ToastSaved, "", false)
	case asked == pinKept:
		t.changeSwitch(SetPINSet, true)
		if then {
			t.lock()
			return
		}
		t.say(ToastSaved, "", false)
	}
}

func cutNul(s string) (string, string) {
	for i := range len(s) {
		if s[i] == 0 {
			return s[:i], s[i+1:]
		}
	}
	return s, ""
}

// locked: keys do nothing but answer, end, be loud or quiet, unlock, and dial
// for help.
func (s *State) locked() bool { return s.settings.Locked }

// pageWhileLocked: the page may stay open on a locked phone.
func (s *State) pageWhileLocked() bool {
	switch s.page.screen {
	case "", ScreenEmergency, ScreenWhy:
		return true
	case ScreenForm:
		return s.page.form.id == "unlock"
	}
	return false
}

// openWhileLocked are the keys that a locked phone obeys.
func (s *State) openWhileLocked(k Key) bool {
	if _, ok := k.Digit(); ok {
		return true
	}
	if _, ok := k.Soft(); ok {
		return true
	}
	if i, ok := k.Line(); ok {
		f := s.progKey(i).Function
		return f == KeyLock || f == KeyLine && s.anyLive()
	}
	switch k {
	case KeyRedial, KeyMessage, KeyTransfer:
		return false
	}
	return true
}

// settleAutoLock locks a phone that has been left alone.
func (t *turn) settleAutoLock() {
	tm := Timer{Kind: TimerAutoLock}
	idle := t.settings.PINSet && !t.settings.Locked && t.settings.AutoLock > 0 && !t.anyLive() && t.path == PathNone && t.page.screen == "" && t.station == stationNone
	switch {
	case !idle:
		t.stop(tm)
	case t.hand || !t.running(tm):
		t.start(tm, t.settings.AutoLock)
	}
}

func (t *turn) autoLockDue() {
	if t.settings.PINSet && !t.settings.Locked {
		t.lock()
	}
}

// emergencyReady: there is a line that an emergency call could be tried on.
func (s *State) emergencyReady() bool { return len(s.lines) > 0 || s.spare.ID != "" }

// emergencyAct leads to the numbers for help, while they can be called.
func (s *State) emergencyAct() Action {
	if len(s.settings.Emergency) == 0 || !s.emergencyReady() {
		return ActNone
	}
	return ActEmergency
}
