package phone

import (
	"strings"
	"time"
)

// digitLength is how long a DTMF digit lasts on the wire (contract §3).
const digitLength = 160 * time.Millisecond

// sendDigit sends one digit in a call and echoes it.
func (t *turn) sendDigit(c *call, d byte) {
	c.Digits += string(rune(d))
	t.emit(PlayDigit{d})
	t.emit(SendDigit{Call: c.ref(), Digit: d, Duration: digitLength})
}

func (t *turn) digitSent(e DigitSent) {
	c := t.of(e.Call)
	if c == nil {
		return
	}
	if !e.OK {
		t.say(ToastDigitFailed, string(rune(e.Digit)), true)
		return
	}
	t.publishCall("dtmf-sent", c, detail{"digit": string(rune(e.Digit))})
}

// digitsCommand sends digits of the API in the call in progress.
func (t *turn) digitsCommand(e Digits) {
	c := t.pick(e.Call, (*call).takesDigits)
	if c == nil {
		t.complain(e.Call, "no call to send digits in")
		return
	}
	digits := strings.ToUpper(e.Digits)
	for i := range len(digits) {
		if !strings.ContainsRune("0123456789*#ABCD", rune(digits[i])) {
			t.complain(c.ID, "not a DTMF digit")
			return
		}
	}
	for i := range len(digits) {
		t.sendDigit(c, digits[i])
	}
}

// toggleRecording asks the server; it shows as recorded when the server says so.
func (t *turn) toggleRecording(c *call, on Toggle) {
	now := c.Recording == RecordingOn || c.Recording == RecordingAsked
	want := on.Of(now)
	if want == now {
		return
	}
	if want {
		t.setRecording(c, RecordingAsked)
	}
	t.emit(AskRecording{Call: c.ref(), On: want})
}

func (t *turn) setRecording(c *call, r Recording) {
	if r < RecordingOff || r > RecordingUnconfirmed {
		return
	}
	c.Recording = r
	t.publishCall("recording", c, detail{"state": r.String()})
}

func (t *turn) recordingReported(e RecordingReported) {
	c := t.of(e.Call)
	if c == nil {
		return
	}
	t.setRecording(c, e.State)
	switch e.State {
	case RecordingRefused:
		t.say(ToastRecordRefused, "", true)
	case RecordingUnconfirmed:
		t.say(ToastRecordUnsure, "", true)
	}
}

func (t *turn) recordCommand(e Record) {
	c := t.pick(e.Call, func(c *call) bool { return c.State == Active })
	if c == nil {
		t.complain(e.Call, "no call to record")
		return
	}
	t.toggleRecording(c, e.On)
}
