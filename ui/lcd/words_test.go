package lcd

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"phoned/phone"
	"phoned/ui"
)

var wordsNow = time.Date(2026, time.September, 30, 22, 48, 0, 0, time.UTC) // the longest day: Wednesday, 30 September

// base is the view of a scene to put words in.
func base(t *testing.T, name string) phone.View {
	v := scene(t, name).View
	v.Calls = append([]phone.CallView(nil), v.Calls...)
	v.Lines = append([]phone.LineView(nil), v.Lines...)
	return v
}

// wordy are views that together say every fixed text there is.
func wordy(t *testing.T) map[string]phone.View {
	out := map[string]phone.View{}
	for _, c := range []phone.Cause{phone.CauseNone, phone.CauseHungUp, phone.CauseRemote, phone.CauseCancelled, phone.CauseMissed,
		phone.CauseElsewhere, phone.CauseRejected, phone.CauseDND, phone.CauseBusy, phone.CauseNotFound, phone.CauseNotAllowed,
		phone.CauseNotAvailable, phone.CauseNoAnswer, phone.CauseNoConnection, phone.CauseNoMedia, phone.CauseNotCompatible,
		phone.CauseServer, phone.CauseNoService, phone.CauseUnknown} {
		for _, s := range []string{"failed-busy", "ended"} {
			v := base(t, s)
			v.Calls[0].Cause = c
			out[s+" "+string(c)] = v
		}
		for _, s := range []string{"no-service", "why"} {
			v := base(t, s)
			v.Lines[0].Cause = c
			out[s+" "+string(c)] = v
			v.Lines = append([]phone.LineView(nil), v.Lines...)
			v.Lines[0].State, v.Lines[0].Next = phone.LineConnecting, time.Time{}
			out[s+" connecting "+string(c)] = v
		}
		v := base(t, "idle")
		v.Toast = &phone.Toast{Code: string(c), Arg: "1003"}
		out["toast "+string(c)] = v
		v.Toast = &phone.Toast{Code: "no_service", Arg: string(c)}
		out["toast no_service "+string(c)] = v
	}
	for _, q := range []string{"excellent", "good", "fair", "poor"} {
		for _, a := range []string{"uplink_loss", "downlink_loss", "loss", "jitter", "delay", "no_audio", "mic_silent", "poor"} {
			for _, s := range []string{"active", "active-held-advice"} {
				v := base(t, s)
				v.Muted = true
				for i := range v.Calls {
					v.Calls[i].Quality = phone.Quality{Word: q, Advice: a, LossPercent: 100, RoundTrip: 1800 * time.Millisecond}
				}
				out[s+" "+q+" "+a] = v
			}
		}
		for p := phone.PathHandset; p <= phone.PathGroup; p++ {
			v := base(t, "active")
			v.Path = p
			v.Calls[0].Quality.Word = q
			out["active "+q+" "+p.String()] = v
			v.Volume = &phone.VolumeOverlay{Path: p, Percent: 100}
			out["volume "+p.String()] = v
			d := base(t, "dialtone")
			d.Path = p
			out["dialtone "+p.String()] = d
		}
	}
	for _, state := range []phone.LineState{phone.LineOff, phone.LineConnecting, phone.LineRegistered, phone.LineUnregistered, phone.LineFailed} {
		v := base(t, "status")
		v.Lines[0].State = state
		out["status "+string(state)] = v
		n := base(t, "no-service")
		n.Lines[0].State, n.Lines[0].Cause = state, phone.CauseNone
		out["no-service "+string(state)] = n
	}
	for _, c := range toastCodes {
		v := base(t, "idle")
		v.Toast = &phone.Toast{Code: c, Arg: "1003", Bad: true}
		out["toast "+c] = v
	}
	return out
}

// toastCodes of package phone.
var toastCodes = []string{"missed", "headset_removed", "no_headset", "no_service", "number_not_allowed", "hold_failed", "resume_failed",
	"hold_recall", "intercom", "no_emergency", "off_hook", "dnd_on", "dnd_off", "digit_failed", "recording_refused",
	"recording_unconfirmed", "retrying", "on_call", "call_limit", "nothing_dialled"}

// TestWordsFit: nothing of the catalogue is cut in any language, on the
// screens that say it.
func TestWordsFit(t *testing.T) {
	r := renderer(t)
	for name, v := range wordy(t) {
		for _, locale := range ui.Locales() {
			env := ui.Env{Now: wordsNow, Locale: locale, Location: time.UTC}
			items := lay(r, ui.Build(v, env))
			for i := range items {
				if items[i].words && items[i].cut {
					t.Errorf("%s %s: %q is cut", locale, name, items[i].text)
				}
			}
			if locale == "de" {
				for _, p := range check(r, items) {
					t.Errorf("%s %s: %s", locale, name, p)
				}
			}
		}
	}
}

// TestSoftLabelsFit: every label fits every column, and the longest day fits
// its line.
func TestSoftLabelsFit(t *testing.T) {
	r := renderer(t)
	for _, locale := range ui.Locales() {
		for _, a := range softActions {
			for i := 0; i < keys; i++ {
				v := base(t, "active")
				v.SoftKeys = [4]phone.Action{}
				v.SoftKeys[i] = a
				s := ui.Build(v, ui.Env{Now: wordsNow, Locale: locale})
				items := lay(r, s)
				last := items[len(items)-1]
				if i < keys-1 {
					for j := range items {
						if items[j].part == partBar && items[j].kind == kindText {
							last = items[j]
						}
					}
				}
				if last.text != s.Keys[i].Label || last.cut {
					t.Errorf("%s: %s in column %d shows %q", locale, a, i+1, last.text)
				}
			}
		}
		for day := 0; day < 366; day++ {
			s := ui.Build(base(t, "idle-quiet"), ui.Env{Now: wordsNow.AddDate(0, 0, day), Locale: locale})
			for _, it := range lay(r, s) {
				if it.words && it.cut {
					t.Errorf("%s: %q is cut", locale, it.text)
				}
			}
		}
	}
}

var softActions = []phone.Action{phone.ActCall, phone.ActDelete, phone.ActSave, phone.ActCancel, phone.ActRedial, phone.ActContacts,
	phone.ActHistory, phone.ActPark, phone.ActMenu, phone.ActMore, phone.ActEnd, phone.ActAnswer, phone.ActReject, phone.ActSilence,
	phone.ActForward, phone.ActEndAnswer, phone.ActHold, phone.ActResume, phone.ActSwap, phone.ActTransfer, phone.ActConf, phone.ActRecord,
	phone.ActNew, phone.ActMute, phone.ActUnmute, phone.ActQuality, phone.ActKeypad, phone.ActSpeaker, phone.ActVolume, phone.ActWhy,
	phone.ActRetry, phone.ActSignIn, phone.ActScan, phone.ActNetwork, phone.ActReport, phone.ActCallback, phone.ActOK, phone.ActBack, phone.ActSelect}

// TestMenuWordsFit: rows that the core writes with words of the catalogue.
func TestMenuWordsFit(t *testing.T) {
	r := renderer(t)
	rows := []string{"status|", "history|", "dnd|on", "dnd|off", "theme|dark", "theme|light", "sign_in|", "sign_out|", "phone_name|", "signed_in_as|",
		"contacts|", "settings|", "network|", "audio|", "display|", "language|", "about|", "reset|", "volume|", "reconnect|", "version|"}
	states := []string{"registered", "connecting", "unregistered", "failed", "off", "placed", "received", "missed", "rejected", "dnd", "elsewhere", "forwarded", "blocked", "anonymous"}
	for _, w := range states {
		rows = append(rows, "Front desk|"+w)
	}
	for _, locale := range ui.Locales() {
		for _, row := range rows {
			for _, screen := range []string{"menu", "history", "status"} {
				label, value, _ := strings.Cut(row, "|")
				if screen == "menu" && strings.Contains(label, " ") {
					continue
				}
				it := phone.MenuItem{Label: "@" + label}
				if strings.Contains(label, " ") {
					it.Label = label
				}
				if value != "" {
					it.Value = "@" + value
				}
				v := base(t, screen)
				v.Menu = phone.MenuView{Title: "@" + screen, Items: []phone.MenuItem{it}}
				for _, i := range lay(r, ui.Build(v, ui.Env{Now: wordsNow, Locale: locale})) {
					if i.cut {
						t.Errorf("%s %s: %s", locale, screen, fmt.Sprintf("%q of %q is cut", i.text, row))
					}
				}
			}
		}
	}
}
