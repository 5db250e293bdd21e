package phone_test

import (
	"maps"
	"slices"
	"testing"

	"phoned/lab"
	"phoned/lab/b2b"
	"phoned/phone"
)

// eventDetails are the details of contract §7 that every event of a name has;
// events of a call carry callId and line as well.
var eventDetails = map[string][]string{
	"sip-connecting":   {"line"},
	"sip-registered":   {"line"},
	"sip-unregistered": {"line", "expired"},
	"incoming-call":    {"callId", "line", "phoneNumber"},
	"call-started":     {"callId", "line", "phoneNumber", "direction"},
	"call-ringing":     {"callId", "line"},
	"call-answered":    {"callId", "line"},
	"call-ended":       {"callId", "line", "phoneNumber", "duration"},
	"call-failed":      {"callId", "line", "error"},
	"state-change":     {"oldState", "newState"},
	"sip-call-mute":    {"muted"},
	"sip-call-hold":    {"callId", "line", "onHold"},
	"remote-hold":      {"callId", "line", "onHold"},
	"dtmf-sent":        {"callId", "line", "digit"},
	"recording":        {"callId", "line", "state"},
	"history-updated":  {"history"},
	"mwi":              {"count"},
	"hook":             {"offHook"},
	"path-changed":     {"from", "to", "cause"},
}

// One phone lives through a day; each event was published, with every detail.
func TestEventsCarryTheirDetails(t *testing.T) {
	t.Parallel()
	w := ready(t, setup{api: true, lab: lab.Config{RecordInfo: true}})
	w.must(w.lab.Engine.SetMailbox(extension, b2b.Mailbox{New: 2}))
	w.event(mark{}, "mwi", nil)
	w.must(w.lab.SecondPhone().Behave(b2b.Behaviour{}))
	w.dial("1002")
	w.active()
	m := w.mark()
	w.command("mute", `{"on":true}`)
	w.event(m, "sip-call-mute", func(d map[string]any) bool { return d["muted"] == true })
	w.command("dtmf", `{"digits":"5"}`)
	w.event(m, "dtmf-sent", nil)
	w.command("record", `{"on":true}`)
	w.event(m, "recording", nil)
	w.command("hold", `{"on":true}`)
	w.event(m, "sip-call-hold", func(d map[string]any) bool { return d["onHold"] == true })
	w.command("hold", `{"on":false}`)
	w.event(m, "sip-call-hold", func(d map[string]any) bool { return d["onHold"] == false })
	w.farHolds(true)
	w.event(m, "remote-hold", nil)
	w.command("end", "{}")
	w.gone()
	w.labEvent(m, "ended", nil)
	w.hangUp()
	w.event(m, "call-ended", nil)
	w.anna(b2b.Behaviour{})
	w.must(w.lab.SecondPhone().HangUp())
	w.until("missed", func(v phone.View) bool { return v.Missed == 1 })
	m = w.mark()
	w.dial("9404")
	w.event(m, "call-failed", nil)
	w.hangUp()
	w.order(202, "POST", "/api/v1/lines/off", "")
	w.event(m, "sip-unregistered", nil)

	missing := maps.Clone(eventDetails)
	list, _ := w.Bus.After(0)
	for _, e := range list {
		delete(missing, e.Name)
		for _, k := range eventDetails[e.Name] {
			if _, there := e.Detail[k]; !there {
				t.Errorf("%s has no %q: %v", e.Name, k, e.Detail)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(missing)) {
		t.Errorf("%s was never published", name)
	}
}
