package phone_test

import (
	"testing"

	"phoned/lab/b2b"
	"phoned/phone"
)

// A call that the exchange marks as intercom answers itself on the loudspeaker, with
// the microphone shut until MUTE; the dialects of the field are understood, and a
// phone that allows none of it rings.
func TestIntercom(t *testing.T) {
	t.Parallel()
	w := ready(t, setup{})
	for _, header := range [][2]string{
		{"Alert-Info", "<http://example.test>;info=alert-autoanswer;delay=0"},
		{"Call-Info", "<sip:prod-registration>;answer-after=0"},
		{"Answer-Mode", "Auto"},
	} {
		m := w.mark()
		w.must(w.lab.SecondPhone().Behave(b2b.Behaviour{ToneHz: 440, CallHeader: header}))
		_, err := w.lab.SecondPhone().Call(extension)
		w.must(err)
		w.until(header[0]+": answered by itself, muted", func(v phone.View) bool {
			c := newest(v)
			return c.State == phone.Active && v.Path == phone.PathSpeaker && v.Muted && v.Toast != nil && v.Toast.Code == phone.ToastIntercom
		})
		w.event(m, "call-answered", nil)
		w.hearsTone(440)
		w.farSilent()
		w.press("mute")
		w.until("the microphone is open", func(v phone.View) bool { return !v.Muted && v.Plan.Mic != 0 })
		w.press("speaker")
		w.labEvent(m, "bye", nil)
		w.gone()
	}
}

func TestIntercomIsNotAllowed(t *testing.T) {
	t.Parallel()
	w := ready(t, setup{more: "auto_answer = \"off\"\n"})
	w.anna(b2b.Behaviour{CallHeader: [2]string{"Alert-Info", "<http://example.test>;info=alert-autoanswer"}})
	w.until("it rings", func(v phone.View) bool { return v.Screen == phone.ScreenIncoming && v.Plan.Ring.On })
	w.softKey(phone.ActReject)
	w.gone()
}
