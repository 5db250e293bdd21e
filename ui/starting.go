package ui

import (
	"cmp"

	"phoned/phone"
)

// ScreenStarting is the picture of a phone that has just been switched on. It is not
// one of the core's: nothing of the phone runs yet.
const ScreenStarting phone.Screen = "starting"

// Starting says whose phone this is, and that it starts. Of the settings it needs the
// names, the language and the colours, as far as they are known so early.
func Starting(s phone.Settings, env Env) Screen {
	c := language(env.Locale)
	m := Message{Lead: Clean(s.BrandName), Title: Clean(s.PhoneName), Paragraphs: []Text{{c.say("starting.text"), ToneMuted}}}
	if m.Title == "" || m.Title == m.Lead {
		m.Lead, m.Title = "", cmp.Or(m.Title, m.Lead, c.say("starting.phone"))
	}
	return Screen{ID: ScreenStarting, Theme: theme(string(env.Theme)), Primary: s.Primary, Accent: s.Accent, Body: m}
}
