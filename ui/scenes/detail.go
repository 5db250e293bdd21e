package scenes

import (
	"time"

	"phoned/phone"
)

// details are the pages of one call: of the history, and how one sounds.
func details() []Scene {
	now := at(16 * time.Minute)
	record := view(phone.ScreenRecord, keys(phone.ActCall, phone.ActNone, phone.ActNone, phone.ActBack))
	record.Recent = recent(now)
	rec := record.Recent[1]
	rec.Line, rec.EndedAt = "1", rec.AnsweredAt.Add(4*time.Minute+7*time.Second)
	record.Record = &rec
	record.Menu = phone.MenuView{Title: "@record", Items: []phone.MenuItem{
		{ID: "party", Label: "@record.party", Value: "@received"}, {ID: "number", Label: "@record.number"},
		{ID: "outcome", Label: "@record.outcome"}, {ID: "at", Label: "@record.at"},
		{ID: "length", Label: "@record.length"}, {ID: "line", Label: "@record.line"},
	}}
	end := record
	end.Menu.Index = 5
	missed := record
	old := record.Recent[4]
	missed.Record = &old
	missed.Menu.Items = []phone.MenuItem{
		{ID: "party", Label: "@record.party", Value: "@missed"}, {ID: "number", Label: "@record.number"},
		{ID: "outcome", Label: "@record.outcome"}, {ID: "at", Label: "@record.at"},
	}
	sound := calls()[4].View
	sound.Screen, sound.SoftKeys = phone.ScreenQuality, keys(phone.ActNone, phone.ActEnd, phone.ActNone, phone.ActBack)
	sound.Calls = append([]phone.CallView(nil), sound.Calls...)
	sound.Calls[0].Quality = phone.Quality{Word: "fair", RemoteLoss: 5.6, LossPercent: 0.2, Jitter: 9 * time.Millisecond,
		RoundTrip: 84 * time.Millisecond, Delay: 118 * time.Millisecond, BitrateKbps: 63.7}
	sound.Menu = phone.MenuView{Title: "@quality", Items: []phone.MenuItem{
		{ID: "word", Label: "@quality.word"}, {ID: "heard", Label: "@quality.heard"}, {ID: "hear", Label: "@quality.hear"},
		{ID: "delay", Label: "@quality.delay"}, {ID: "round_trip", Label: "@quality.round_trip"},
		{ID: "jitter", Label: "@quality.jitter"}, {ID: "rate", Label: "@quality.rate"},
	}}
	first := sound
	first.Calls = append([]phone.CallView(nil), sound.Calls...)
	first.Calls[0].Quality = phone.Quality{}
	return []Scene{
		{"record", true, now, record},
		{"record-end", false, now, end},
		{"record-missed", false, now, missed},
		{"quality", true, at(3*time.Minute + 13*time.Second), sound},
		{"quality-unknown", false, at(3*time.Minute + 13*time.Second), first},
	}
}
