package phone_test

import (
	"strings"
	"testing"

	"phoned/internal/app"
	"phoned/lab/faults"
	"phoned/media"
	"phoned/media/device"
	"phoned/phone"
)

// moreDetails are those of transfers, parking, devices, quality and the sign-in.
var moreDetails = map[string][]string{
	"transfer-started":    {"callId", "line", "phoneNumber"},
	"transfer-consult":    {"callId", "line", "phoneNumber"},
	"transfer-failed":     {"callId", "line", "reason"},
	"call-transferred":    {"callId", "line", "phoneNumber"},
	"quality":             {"callId", "line", "bitrate", "packetLoss", "jitter", "latency", "audioLevel", "quality"},
	"call-parked":         {"callId", "line", "parkExtension", "phoneNumber", "parkedBy"},
	"call-park-failed":    {"callId", "line", "error"},
	"park-retrieved":      {"callId", "line", "parkExtension"},
	"park-slots-updated":  {"slots"},
	"token-refreshed":     {"user"},
	"microphone-changed":  {"id"},
	"speaker-changed":     {"id"},
	"registration-failed": {"line", "cause"},
	"transport-error":     {"line", "error"},
	"auth-failed":         {"error"},
}

// The rest of a phone's day.
func TestMoreEventsCarryTheirDetails(t *testing.T) {
	t.Parallel()
	w := talking(t, setup{api: true})
	m := w.mark()
	w.event(m, "quality", nil)
	w.must(w.lab.Faults.SetHTTP("park-call", faults.HTTP{Status: 500, Times: 1}))
	w.command("park", `{"slot":"703"}`)
	w.event(m, "call-park-failed", nil)
	w.until("nothing is asked any more", func(v phone.View) bool { return !v.Park.Pending })
	w.command("park", `{"slot":"703"}`)
	w.event(m, "call-parked", nil)
	w.gone()
	w.hangUp()
	w.until("at rest", func(v phone.View) bool { return v.Path == phone.PathNone && len(v.Calls) == 0 })
	w.lift()
	w.command("retrieve", `{"slot":"703"}`)
	w.event(m, "park-retrieved", nil)
	w.active()
	w.must(w.Sound.Choose(t.Context(), app.SoundRole{Path: media.PathHandset, Direction: device.Capture}, ""))
	w.must(w.Sound.Choose(t.Context(), app.SoundRole{Path: media.PathHandset, Direction: device.Playback}, ""))
	w.target("9486")
	w.softKey(phone.ActBlind)
	w.event(m, "transfer-failed", nil)
	w.until("the caller is back", func(v phone.View) bool { c := newest(v); return c.State == phone.Active && !c.OnHold })
	w.target("9197#")
	w.screen(phone.ScreenXferConsult)
	w.active()
	w.softKey(phone.ActTransfer)
	w.event(m, "call-transferred", nil)
	w.gone()
	w.hangUp()

	w.lab.OAuth.Expire()
	w.order(204, "POST", "/api/v1/session/refresh", "")
	w.event(m, "token-refreshed", nil)
	w.must(w.lab.Engine.DropSockets())
	w.event(m, "transport-error", nil)
	w.lab.Faults.SetSIP(faults.SIP{RegisterStatus: 403})
	w.command("reconnect", "{}")
	w.event(m, "registration-failed", nil)
	w.lab.Faults.SetSIP(faults.SIP{})
	w.lab.OAuth.Revoke()
	w.order(403, "POST", "/api/v1/session/refresh", "")
	w.event(m, "auth-failed", nil)

	list, _ := w.Bus.After(0)
	seen := map[string]bool{}
	for _, e := range list {
		seen[e.Name] = true
		var lacking []string
		for _, k := range moreDetails[e.Name] {
			if _, there := e.Detail[k]; !there {
				lacking = append(lacking, k)
			}
		}
		if len(lacking) > 0 {
			t.Errorf("%s has no %s: %v", e.Name, strings.Join(lacking, ", "), e.Detail)
		}
	}
	for name := range moreDetails {
		if !seen[name] {
			t.Errorf("%s was never published", name)
		}
	}
}
