package app

import (
	"fmt"
	"testing"
	"time"

	"phoned/internal/health"
	"phoned/provisioning"
	"phoned/update"
	"phoned/update/check"
)

func TestWhatTheScreenTellsOfAnOffer(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, berlin)
	hour := func(h int) time.Time { return time.Date(2026, 11, 30, h, 0, 0, 0, berlin) }
	offer := check.Status{Offered: "2.0", ByItself: true}
	with := func(f func(*check.Status)) check.Status { s := offer; f(&s); return s }
	registry := health.NewRegistry(time.Now)
	for _, c := range []struct {
		name  string
		s     check.Status
		phase update.Phase
		want  string
	}{
		{"nothing", check.Status{}, update.Idle, "[]"},
		{"at once", offer, update.Idle, "[update.planned 2.0]"},
		{"this night", with(func(s *check.Status) { s.From, s.To = hour(26), hour(29) }), update.Idle, "[update.tonight 2.0]"},
		{"this evening", with(func(s *check.Status) { s.From, s.To = hour(22), hour(29) }), update.Idle, "[update.tonight 2.0]"},
		{"by day", with(func(s *check.Status) { s.From, s.To = hour(13), hour(14) }), update.Idle, "[update.planned 2.0]"},
		{"another night", with(func(s *check.Status) { s.From, s.To = hour(50), hour(53) }), update.Idle, "[update.planned 2.0]"},
		{"only told", with(func(s *check.Status) { s.ByItself = false }), update.Idle, "[update.offered 2.0]"},
		{"tried before", with(func(s *check.Status) { s.ByItself, s.Refused = false, update.NotBooted }), update.Idle, "[]"},
		{"under way", offer, update.Fetching, "[]"},
		{"a failure", check.Status{Fails: 1, Failure: "x"}, update.Idle, "[]"},
		{"failures", check.Status{Fails: failuresTold, Failure: "x"}, update.Idle, "[update.check x]"},
		{"healed", check.Status{}, update.Idle, "[]"},
	} {
		showOffer(registry, c.phase, c.s, berlin, now)
		got := []string{}
		for _, p := range registry.List() {
			got = append(got, p.Code+" "+p.Detail)
			if p.Severity != health.Info || p.Title == "" {
				t.Errorf("%s: %+v", c.name, p)
			}
		}
		if fmt.Sprint(got) != c.want {
			t.Errorf("%s: %v, expected %s", c.name, got, c.want)
		}
	}
}

func TestUpdateSettings(t *testing.T) {
	for doc, want := range map[string]check.Settings{
		"": {Every: 24 * time.Hour, Install: true},
		"update_url = \"https://fw.example.net/i\"\nupdate_check = 0\nupdate_mode = \"tell\"\nupdate_window = \"22:00-05:30\"": {URL: "https://fw.example.net/i", Window: check.Window{From: 1320, To: 330}},
	} {
		c, _, err := provisioning.Load(provisioning.Text{From: provisioning.Origin{Layer: provisioning.LayerSite}, Data: []byte(doc)})
		if err != nil {
			t.Fatal(err)
		}
		if got := updateSettings(c); got != want {
			t.Errorf("%s: %+v", doc, got)
		}
	}
}

func TestHowAnUpdateEnded(t *testing.T) {
	at := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	ended := func(r update.Reason) update.State {
		return update.State{Phase: update.Idle, Report: update.Report{Reason: r, At: at}}
	}
	offered := check.Status{Offered: "2.0", ByItself: true, Checked: at.Add(time.Hour)}
	gone := check.Status{Checked: at.Add(time.Hour)}
	for _, c := range []struct {
		name string
		s    update.State
		c    check.Status
		want string
	}{
		{"never", ended(""), check.Status{}, ""},
		{"well", ended(update.Succeeded), check.Status{}, ""},
		{"the same version", ended(update.Same), check.Status{}, ""},
		{"cancelled", ended(update.Cancelled), check.Status{}, ""},
		{"another one runs", update.State{Phase: update.Fetching, Report: update.Report{Reason: update.NotBooted}}, check.Status{}, ""},
		{"no answer", ended(update.Unreachable), check.Status{}, "update.failed warning"},
		{"no answer, before the last question", ended(update.Unreachable), check.Status{Checked: at}, "update.failed warning"},
		{"no answer, and tried again", ended(update.Unreachable), offered, "update.failed info"},
		{"no answer, and taken back", ended(update.Unreachable), gone, ""},
		{"rolled back", ended(update.NotBooted), check.Status{}, "update.rolled_back warning"},
		{"rolled back, another is offered", ended(update.SelfTest), offered, "update.rolled_back warning"},
		{"rolled back, and taken back", ended(update.NotRegistered), gone, "update.rolled_back warning"},
	} {
		got := ""
		if p := howItEnded(c.s, c.c); p.Code != "" {
			got = p.Code + " " + p.Severity.String()
		}
		if got != c.want {
			t.Errorf("%s: %q, expected %q", c.name, got, c.want)
		}
	}
}
