// Package scenes holds one view of the phone for every screen there is, with
// the people and numbers of the documentation. The golden images, the layout
// tests and the contact sheets are all made from them. It owns no goroutine
// and is not part of the phone.
package scenes

import (
	"time"

	"phoned/phone"
	"phoned/ui"
)

// Scene is one screen at one instant.
type Scene struct {
	Name  string // file name of its picture
	Sheet bool   // shown on the contact sheet
	Now   time.Time
	View  phone.View
}

// Env gives the surroundings of a scene.
func (s Scene) Env(theme ui.Theme, locale string) ui.Env {
	return ui.Env{Now: s.Now, Location: time.UTC, Locale: locale, Theme: theme}
}

// start is 09:41 on a Monday.
var start = time.Date(2026, time.November, 23, 9, 41, 0, 0, time.UTC)

func at(d time.Duration) time.Time { return start.Add(d) }

// keys are the soft keys of C0.3.
func keys(a ...phone.Action) (out [4]phone.Action) {
	copy(out[:], a)
	return out
}

// view is a signed-in phone with one registered line.
func view(s phone.Screen, k [4]phone.Action) phone.View {
	return phone.View{
		Screen: s, SoftKeys: k,
		Lines: []phone.LineView{{
			LineInfo: phone.LineInfo{ID: "1", Label: "Front desk", Number: "1001", Domain: "sip.example.com"},
			State:    phone.LineRegistered, Since: at(-time.Hour),
		}},
		Session:  phone.SessionInfo{State: phone.SessionIn, User: "anna@example.com"},
		Settings: phone.Settings{PhoneName: "Front desk", DefaultLine: "1"},
	}
}

var (
	workshop  = phone.Party{Name: "Workshop", Number: "1003"}
	warehouse = phone.Party{Name: "Warehouse", Number: "1002"}
	mara      = phone.Party{Name: "Mara Jakobsen", Number: "+49 30 901820"}
)

// All gives every scene, in the order of the contact sheet.
func All() []Scene {
	var out []Scene
	for _, group := range [][]Scene{idle(), calls(), several(), flows(), service(), dialing(), lists(), details(), desk(), deskMore(), overlays(), hostile()} {
		out = append(out, group...)
	}
	return out
}

func idle() []Scene {
	k := keys(phone.ActHistory, phone.ActContacts, phone.ActPark, phone.ActMenu)
	plain := view(phone.ScreenIdle, k)
	chips := plain
	chips.MWI = phone.MWIView{Known: true, New: 3}
	chips.Missed = 2
	dnd := chips
	dnd.DND, dnd.Headset, dnd.Locked = true, true, true
	dnd.MWI.Urgent = 1
	sent := plain
	sent.Settings.Forward = phone.Forward{Always: "1002"}
	unset := plain
	return []Scene{
		{"idle", true, at(0), chips},
		{"idle-quiet", false, at(0), plain},
		{"idle-dnd", true, at(time.Hour), dnd},
		{"idle-forward", false, at(0), sent},
		{"idle-clock-unset", false, time.Date(1970, 1, 1, 0, 0, 30, 0, time.UTC), unset},
	}
}
