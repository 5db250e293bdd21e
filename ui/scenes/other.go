package scenes

import (
	"strings"
	"time"

	"phoned/phone"
)

// service are the screens of a phone that cannot call.
func service() []Scene {
	now := at(9 * time.Minute)
	out := view(phone.ScreenUnprovisioned, keys(phone.ActSignIn, phone.ActScan, phone.ActNetwork, phone.ActMenu))
	out.Lines = nil
	out.Settings = phone.Settings{BrandName: "Acme", PhoneName: "phone 3F-A2"}
	out.Session = phone.SessionInfo{State: phone.SessionOut}
	code := out
	code.Screen, code.SoftKeys = phone.ScreenSigningIn, keys(phone.ActNone, phone.ActTypeIn, phone.ActNone, phone.ActCancel)
	code.Session = phone.SessionInfo{State: phone.SessionPending, URL: "https://acme.example/phone?code=KXTQ-7F", Code: "KXTQ-7F", Until: now.Add(9*time.Minute + 41*time.Second)}
	own := code
	own.Screen = phone.ScreenSigningIn
	own.SoftKeys = keys(phone.ActNone, phone.ActTypeIn, phone.ActCertificate, phone.ActCancel)
	own.Session.URL = "https://192.168.100.124:8443/enrol"
	own.Session.Code, own.Session.QR = "KXTQ-7FBM", "https://192.168.100.124:8443/enrol#KXTQ7FBM"
	own.Session.Fingerprint = "A70C5B19E4D38F2266C1B0D94E8A7F3512C8D6A09B7E41F35D2C8E6A10F94B73"
	print := own
	print.Screen, print.SoftKeys = phone.ScreenCertificate, keys(phone.ActNone, phone.ActNone, phone.ActNone, phone.ActBack)
	print.Menu = phone.MenuView{Title: "@certificate", Items: []phone.MenuItem{
		{ID: "1", Label: "A70C 5B19 E4D3 8F22"}, {ID: "2", Label: "66C1 B0D9 4E8A 7F35"}, {ID: "3", Label: "12C8 D6A0 9B7E 41F3"}, {ID: "4", Label: "5D2C 8E6A 10F9 4B73"},
	}}
	wait := code
	wait.SoftKeys, wait.Session = keys(phone.ActNone, phone.ActNone, phone.ActNone, phone.ActCancel), phone.SessionInfo{State: phone.SessionPending}
	lost := out
	lost.Session.State = phone.SessionLost

	none := view(phone.ScreenNoService, keys(phone.ActWhy, phone.ActContacts, phone.ActRetry, phone.ActMenu))
	none.Lines = []phone.LineView{{
		LineInfo: none.Lines[0].LineInfo, State: phone.LineUnregistered, Cause: phone.CauseNoConnection,
		Detail: "dial tcp 192.0.2.7:443: i/o timeout", Since: at(-time.Minute + 9*time.Minute), Next: now.Add(12 * time.Second),
	}}
	refused := none
	refused.Lines = []phone.LineView{none.Lines[0]}
	refused.Lines[0].Cause, refused.Lines[0].State, refused.Lines[0].Next = phone.CauseNotAllowed, phone.LineFailed, time.Time{}
	why := none
	why.Screen = phone.ScreenWhy
	why.SoftKeys = keys(phone.ActRetry, phone.ActNone, phone.ActNetwork, phone.ActBack)
	hang := view(phone.ScreenHangUp, keys(phone.ActNone, phone.ActNone, phone.ActNone, phone.ActCancel))
	hang.OffHook = true
	return []Scene{
		{"sign-in", true, now, code},
		{"sign-in-own-page", true, now, own},
		{"certificate", true, now, print},
		{"unprovisioned", true, now, out},
		{"signing-in", false, now, wait},
		{"signed-out", false, now, lost},
		{"no-service", true, now, none},
		{"no-service-refused", false, now, refused},
		{"why", true, now, why},
		{"hang-up", true, now, hang},
	}
}

func dialing() []Scene {
	now := at(10 * time.Minute)
	tone := view(phone.ScreenDialtone, keys(phone.ActRedial, phone.ActContacts, phone.ActPark, phone.ActCancel))
	tone.Path, tone.OffHook = phone.PathHandset, true
	number := view(phone.ScreenDialing, keys(phone.ActCall, phone.ActDelete, phone.ActContacts, phone.ActCancel))
	number.Path = phone.PathSpeaker
	number.Input = phone.Input{Text: "0301 90", Cursor: 7}
	pre := view(phone.ScreenPredial, keys(phone.ActCall, phone.ActDelete, phone.ActSave, phone.ActCancel))
	pre.Input = phone.Input{Text: "030190", Cursor: 4}
	pre.Menu = phone.MenuView{Items: []phone.MenuItem{
		{ID: "1", Label: "Warehouse Berlin", Value: "030 190 18 20"},
		{ID: "2", Label: "Office supplies", Value: "0301 904 4"},
	}}
	long := pre
	long.Menu = phone.MenuView{}
	long.Input = phone.Input{Text: "+49 30 9018 2044 117", Cursor: 20}
	endless := long
	endless.Input = phone.Input{Text: strings.Repeat("0123456789", 50), Cursor: 250}
	return []Scene{
		{"dialtone", true, now, tone},
		{"dialing", false, now, number},
		{"predial", true, now, pre},
		{"predial-long", false, now, long},
		{"predial-endless", false, now, endless},
	}
}

func lists() []Scene {
	now := at(12 * time.Minute)
	menu := view(phone.ScreenMenu, keys(phone.ActSelect, phone.ActNone, phone.ActNone, phone.ActBack))
	menu.Menu = phone.MenuView{Title: "@menu", Index: 1, Items: []phone.MenuItem{
		{ID: "status", Label: "@status"}, {ID: "history", Label: "@history"}, {ID: "contacts", Label: "@contacts"},
		{ID: "language", Label: "@language", Value: "English"}, {ID: "theme", Label: "@theme", Value: "@theme.dark"},
		{ID: "reset", Label: "@reset"},
	}}
	end := menu
	end.Menu.Index = 5
	history := view(phone.ScreenHistory, keys(phone.ActCall, phone.ActOpen, phone.ActSave, phone.ActBack))
	history.Recent = recent(now)
	history.Menu = phone.MenuView{Items: []phone.MenuItem{
		{ID: "1003", Label: "Workshop", Value: "@missed"}, {ID: mara.Number, Label: "Mara Jakobsen", Value: "@received"},
		{ID: "+44 20 7946 0018", Label: "+44 20 7946 0018", Value: "@placed"},
		{ID: "1002", Label: "Warehouse", Value: "@rejected"}, {ID: "1800", Label: "Hotline", Value: "@missed"},
	}}
	older := history
	older.Menu.Index = 4
	empty := view(phone.ScreenHistory, keys(phone.ActNone, phone.ActNone, phone.ActNone, phone.ActBack))
	status := view(phone.ScreenStatus, keys(phone.ActNone, phone.ActNone, phone.ActNone, phone.ActBack))
	status.Lines = append(status.Lines, phone.LineView{LineInfo: phone.LineInfo{ID: "2", Label: "Hotline", Number: "1800"}, State: phone.LineFailed, Cause: phone.CauseNotAllowed})
	return []Scene{
		{"menu", true, now, menu},
		{"menu-end", false, now, end},
		{"history", true, now, history},
		{"history-end", false, now, older},
		{"history-empty", false, now, empty},
		{"status", true, now, status},
		{"status-well", false, now, view(phone.ScreenStatus, keys(phone.ActNone, phone.ActNone, phone.ActNone, phone.ActBack))},
	}
}

// recent are the calls of the history.
func recent(now time.Time) []phone.CallRecord {
	call := func(p phone.Party, d phone.Direction, outcome phone.Cause, ago time.Duration, answered bool) phone.CallRecord {
		r := phone.CallRecord{Direction: d, Party: p, Outcome: outcome, StartedAt: now.Add(-ago)}
		if answered {
			r.AnsweredAt = r.StartedAt.Add(5 * time.Second)
		}
		return r
	}
	return []phone.CallRecord{
		call(workshop, phone.Inbound, phone.CauseMissed, 24*time.Minute, false),
		call(mara, phone.Inbound, phone.CauseRemote, 95*time.Minute, true),
		call(phone.Party{Number: "+44 20 7946 0018"}, phone.Outbound, phone.CauseHungUp, 18*time.Hour, true),
		call(warehouse, phone.Inbound, phone.CauseRejected, 66*time.Hour, false),
		call(phone.Party{Name: "Hotline", Number: "1800"}, phone.Inbound, phone.CauseMissed, 11*24*time.Hour, false),
	}
}

func overlays() []Scene {
	now := at(14 * time.Minute)
	missed := idle()[0].View
	missed.Missed = 3
	missed.Recent = recent(now)
	missed.Toast = &phone.Toast{Code: "missed", Arg: "Workshop", Since: now.Add(-time.Second)}
	removed := calls()[4].View
	removed.Path, removed.Muted = phone.PathSpeaker, true
	removed.Toast = &phone.Toast{Code: "headset_removed", Since: now.Add(-time.Second), Bad: true}
	loud := calls()[4].View
	loud.Volume = &phone.VolumeOverlay{Path: phone.PathHandset, Percent: 60}
	ring := idle()[1].View
	ring.Volume = &phone.VolumeOverlay{Ringer: true, Percent: 0}
	return []Scene{
		{"toast-missed", true, now, missed},
		{"toast-headset", false, at(3*time.Minute + 13*time.Second), removed},
		{"volume", true, at(3*time.Minute + 13*time.Second), loud},
		{"volume-ringer", false, now, ring},
	}
}

// hostile are texts that no screen may give way to.
func hostile() []Scene {
	now := at(3*time.Minute + 13*time.Second)
	with := func(p phone.Party) phone.View {
		v := calls()[4].View
		v.Calls = []phone.CallView{v.Calls[0]}
		v.Calls[0].Party = p
		return v
	}
	return []Scene{
		{"name-long", true, now, with(phone.Party{Name: "Donaudampfschifffahrtsgesellschaft Regensburg", Number: "+49 941 2091 6612 4471"})},
		{"name-bytes", false, now, with(phone.Party{Name: strings.Repeat("Ünïcode \u202e🎉\u0301 ", 700), Number: strings.Repeat("9", 500)})},
		{"name-bidi", false, now, with(phone.Party{Name: "Bank\u202e\u2066 0001", Number: "1003"})},
		{"name-emoji", false, now, with(phone.Party{Name: "Kim 🎉👩‍🚀 Lee", Number: "1003"})},
		{"name-script", false, now, with(phone.Party{Name: "東京支店", Number: "+81 3 5555 0101"})},
		{"name-hangul", false, now, with(phone.Party{Name: "김민수 (서울)", Number: "+82 2 555 0101"})},
		{"name-rtl", false, now, with(phone.Party{Name: "שלום", Number: "+972 3 555 0101"})},
		{"name-greek", false, now, with(phone.Party{Name: "Ελένη Жуковская Ưng", Number: "1044"})},
	}
}
