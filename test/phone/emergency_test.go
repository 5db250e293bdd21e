package phone_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"phoned/lab"
	"phoned/lab/b2b"
	"phoned/lab/faults"
	"phoned/media/mediatest/sentence"
	"phoned/phone"
)

const emergencyNumbers = "emergency_numbers = [\"112\"]\n"

// help dials 112 and hears itself; the INVITE is what the exchange was told, from m on.
func (w *world) help(m mark) string {
	w.t.Helper()
	w.lift()
	w.press("1", "1", "2")
	if c := w.active(); c.Party.Number != b2b.Emergency {
		w.t.Errorf("called %+v", c.Party)
	}
	w.bench.say(sentence.NewSpeaker(true))
	w.hearsItself("112")
	w.labEvent(m, "invite", func(e b2b.Event) bool { return e.Detail == b2b.Emergency })
	text := w.said("INVITE sip:112@")
	w.hangUp()
	w.gone()
	return text
}

// Signed out, a phone still calls for help: by the line and the proxy that it knew
// last, without a word of the sign-in, also after a restart. Sign-out wiped all else.
func TestEmergencyCallSignedOut(t *testing.T) {
	t.Parallel()
	ex := newLab(t, lab.Config{})
	w := ready(t, setup{external: ex, more: emergencyNumbers})
	m := w.mark()
	w.order(204, "DELETE", "/api/v1/session", "")
	w.labEvent(m, "unregistered", nil)
	v := w.until("signed out", func(v phone.View) bool { return nobody(v) && len(v.Lines) == 0 })
	if v.NoEmergency {
		t.Error("the phone says that it can't call for help")
	}
	w.onScreen("Emergency calls are still tried")

	m = w.mark()
	if text := w.help(m); strings.Contains(text, "Authorization") || !strings.Contains(text, "Priority: emergency") || !strings.Contains(text, "sip:1001@"+ex.Domain()) {
		t.Errorf("the emergency call:\n%s", text)
	}
	w.labEvent(m, "flow-closed", nil)
	for _, e := range ex.Engine.Record.Events(m.lab) {
		if e.Kind == "registered" || e.Kind == "auth-wrong" {
			t.Errorf("signed out, the phone did %+v", e)
		}
	}
	w.dial("9196") // nothing else is called by that line
	w.until("no service", func(v phone.View) bool { return v.Toast != nil && v.Toast.Code == phone.ToastNoService })
	w.hangUp()
	b, err := os.ReadFile(filepath.Join(w.data, "secrets.json"))
	w.must(err)
	for _, secret := range append(ex.OAuth.Issued(), "@"+ex.Domain()+`"`) {
		if strings.Contains(string(b), secret) {
			t.Errorf("what the phone keeps after a sign-out holds %q: %s", secret, b)
		}
	}
	w.close(t)

	again := start(t, setup{external: ex, more: emergencyNumbers, fresh: true, data: w.data})
	again.until("the kept line", func(v phone.View) bool { return nobody(v) && !v.NoEmergency })
	again.help(again.mark())
}

// A phone that never was signed in says plainly that nobody can be reached by it.
func TestEmergencyNobodyReached(t *testing.T) {
	t.Parallel()
	w := start(t, setup{fresh: true, more: emergencyNumbers})
	w.until("said before anyone needs it", func(v phone.View) bool { return v.NoEmergency })
	w.onScreen("This phone cannot reach emergency services")
	w.lift()
	w.press("1", "1", "2")
	w.until("and when it is tried", func(v phone.View) bool { return v.Toast != nil && v.Toast.Code == phone.ToastNoEmergency })
}

// An exchange that refuses to register the phone is asked all the same, and lines
// that a person took out of service are used for this call only.
func TestEmergencyCallWithoutRegistration(t *testing.T) {
	t.Parallel()
	w := ready(t, setup{more: emergencyNumbers})
	m := w.mark()
	w.order(202, "POST", "/api/v1/lines/off", "")
	w.labEvent(m, "unregistered", nil)
	w.until("off", func(v phone.View) bool { return v.Lines[0].State == phone.LineOff })
	m = w.mark()
	w.help(m)
	w.labEvent(m, "flow-closed", nil)

	w.lab.Faults.SetSIP(faults.SIP{RegisterStatus: 403})
	w.order(202, "POST", "/api/v1/lines/on", "")
	w.until("refused", func(v phone.View) bool { return v.Lines[0].State == phone.LineFailed })
	w.onScreen("Emergency calls are still tried")
	w.help(w.mark())
}
