package scenes

import (
	"time"

	"phoned/phone"
)

// deskMore are the lists behind the menu, and what became of calls.
func deskMore() []Scene {
	now := at(13 * time.Minute)
	back := keys(phone.ActNone, phone.ActNone, phone.ActNone, phone.ActBack)
	list := func(s phone.Screen, k [4]phone.Action, title string, index int, items ...phone.MenuItem) phone.View {
		v := view(s, k)
		v.Menu = phone.MenuView{Title: title, Index: index, Items: items}
		return v
	}
	network := list(phone.ScreenNetwork, back, "@network", 0,
		phone.MenuItem{ID: "interface", Label: "@network.interface", Value: "eth0"},
		phone.MenuItem{ID: "address/1", Label: "@network.address", Value: "192.0.2.17"},
		phone.MenuItem{ID: "address/2", Label: "@network.address", Value: "2001:db8::1b:5eff:fe00:42"},
		phone.MenuItem{ID: "mac", Label: "@network.mac", Value: "dc:a6:32:01:02:03"},
		phone.MenuItem{ID: "line/1", Label: "sip.example.com", Value: "@registered"})
	unplugged := list(phone.ScreenNetwork, back, "@network", 0, phone.MenuItem{ID: "interface", Label: "@network.interface", Value: "@network.none"})
	about := list(phone.ScreenAbout, back, "@about", 1,
		phone.MenuItem{ID: "model", Label: "@about.model", Value: "Raspberry Pi 4"}, phone.MenuItem{ID: "version", Label: "@about.version", Value: "1.4.0"},
		phone.MenuItem{ID: "serial", Label: "@about.serial", Value: "4f0c2a1e"}, phone.MenuItem{ID: "licences", Label: "@licences", Value: "55"})
	parts := list(phone.ScreenLicences, keys(phone.ActOpen, phone.ActNone, phone.ActNone, phone.ActBack), "@licences", 2,
		phone.MenuItem{ID: "a", Label: "alsa-lib", Value: "LGPL-2.1-or-later"}, phone.MenuItem{ID: "b", Label: "coder/websocket", Value: "ISC"},
		phone.MenuItem{ID: "c", Label: "emiago/sipgo", Value: "BSD-2-Clause"}, phone.MenuItem{ID: "d", Label: "pion/webrtc/v4", Value: "MIT"},
		phone.MenuItem{ID: "e", Label: "remyoudompheng/bigfft", Value: "BSD-3-Clause"}, phone.MenuItem{ID: "f", Label: "webrtc-audio-processing", Value: "BSD-3-Clause"})
	words := list(phone.ScreenLicence, back, "pion/webrtc/v4", 0)
	words.Text = []string{"MIT License\n", "Copyright (c) 2026 The Pion community <https://pion.ly>\n", "Permission is hereby granted, free of charge, to any person obtaining a copy of",
		"this software and associated documentation files (the \"Software\"), to deal in", "the Software without restriction, including without limitation the rights to",
		"use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of", "the Software, and to permit persons to whom the Software is furnished to do so,", "subject to the following conditions:\n",
		"The above copyright notice and this permission notice shall be included in all", "copies or substantial portions of the Software.\n"}
	boxes := list(phone.ScreenVoicemail, keys(phone.ActCall, phone.ActNone, phone.ActNone, phone.ActBack), "@voicemail", 0,
		phone.MenuItem{ID: "*97", Label: "Front desk", Value: "3"}, phone.MenuItem{ID: "*98", Label: "Hotline"})
	help := list(phone.ScreenEmergency, keys(phone.ActCall, phone.ActNone, phone.ActNone, phone.ActBack), "@emergency", 0,
		phone.MenuItem{ID: "112", Label: "112"}, phone.MenuItem{ID: "110", Label: "110"})
	help.Locked = true
	told := list(phone.ScreenHistory, keys(phone.ActCall, phone.ActOpen, phone.ActNone, phone.ActBack), "@history", 0,
		phone.MenuItem{ID: mara.Number, Label: mara.Name, Value: "@elsewhere"}, phone.MenuItem{ID: workshop.Number, Label: workshop.Name, Value: "@forwarded"},
		phone.MenuItem{ID: "0900 5551", Label: "0900 5551", Value: "@blocked"}, phone.MenuItem{ID: "anonymous", Label: "anonymous", Value: "@anonymous"},
		phone.MenuItem{ID: warehouse.Number, Label: warehouse.Name, Value: "@dnd"})
	tunes := list(phone.ScreenMenu, keys(phone.ActSelect, phone.ActNone, phone.ActNone, phone.ActBack), "@melody", 2)
	for _, m := range []string{"aurora", "chime", "marimba", "lumen", "kalimba", "carillon", "classic", "pulse"} {
		it := phone.MenuItem{ID: "melody/" + m, Label: "@melody." + m}
		if m == "marimba" {
			it.Value = "@chosen"
		}
		tunes.Menu.Items = append(tunes.Menu.Items, it)
	}
	stale := view(phone.ScreenIdle, keys(phone.ActHistory, phone.ActContacts, phone.ActPark, phone.ActMenu))
	stale.MWI = phone.MWIView{New: 3}
	mail := view(phone.ScreenConfirm, keys(phone.ActYes, phone.ActNone, phone.ActNone, phone.ActNo))
	mail.Menu.Title = "@confirm.voicemail"
	return []Scene{
		{"network", true, now, network},
		{"network-none", false, now, unplugged},
		{"about", true, now, about},
		{"licences", true, now, parts},
		{"licence", true, now, words},
		{"voicemail", true, now, boxes},
		{"emergency-numbers", true, now, help},
		{"history-told", true, now, told},
		{"melodies", true, now, tunes},
		{"idle-mail-unknown", false, now, stale},
		{"confirm-voicemail", false, now, mail},
	}
}
