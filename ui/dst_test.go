package ui

import (
	"testing"
	"time"

	"phoned/phone"
)

// TestDaylightSaving: the clock, the day of a call and the next change of the
// picture are right on both sides of the shift, in two zones that shift at
// different hours (2026: Berlin on 29 March and 25 October at 01:00 UTC, New York
// on 8 March at 07:00 and 1 November at 06:00 UTC).
func TestDaylightSaving(t *testing.T) {
	utc := func(m time.Month, d, h, min int) time.Time { return time.Date(2026, m, d, h, min, 0, 0, time.UTC) }
	for _, x := range []struct {
		zone        string
		now         time.Time
		clock       string
		next        string // a minute later
		then        time.Time
		when, exact string
	}{
		{"Europe/Berlin", utc(time.March, 29, 0, 59), "01:59", "03:00", utc(time.March, 28, 23, 30), "00:30", "Today, 00:30"},
		{"Europe/Berlin", utc(time.March, 29, 22, 30), "00:30", "00:31", utc(time.March, 29, 0, 30), "Yesterday", "Yesterday, 01:30"},
		{"Europe/Berlin", utc(time.October, 25, 0, 59), "02:59", "02:00", utc(time.October, 24, 22, 30), "00:30", "Today, 00:30"},
		{"Europe/Berlin", utc(time.October, 25, 23, 30), "00:30", "00:31", utc(time.October, 25, 1, 30), "Yesterday", "Yesterday, 02:30"},
		{"Europe/Berlin", utc(time.October, 25, 22, 59), "23:59", "00:00", utc(time.October, 24, 22, 0), "00:00", "Today, 00:00"},
		{"America/New_York", utc(time.March, 8, 6, 59), "01:59", "03:00", utc(time.March, 8, 4, 59), "Yesterday", "Yesterday, 23:59"},
		{"America/New_York", utc(time.March, 9, 3, 59), "23:59", "00:00", utc(time.March, 8, 5, 0), "00:00", "Today, 00:00"},
		{"America/New_York", utc(time.November, 1, 5, 59), "01:59", "01:00", utc(time.November, 1, 3, 59), "Yesterday", "Yesterday, 23:59"},
		{"America/New_York", utc(time.November, 2, 4, 59), "23:59", "00:00", utc(time.November, 1, 4, 0), "00:00", "Today, 00:00"},
		{"America/New_York", utc(time.November, 7, 17, 0), "12:00", "12:01", utc(time.November, 1, 5, 30), "Sunday", "Sunday, 01:30"},
	} {
		v := phone.View{Screen: phone.ScreenIdle, Settings: phone.Settings{TimeZone: x.zone, Locale: "en"},
			Lines: []phone.LineView{{LineInfo: phone.LineInfo{ID: "1", Number: "1001"}, State: phone.LineRegistered}}}
		s := Build(v, EnvOf(v, x.now))
		c, ok := s.Body.(Clock)
		if !ok || c.Time != x.clock {
			t.Errorf("%s %v: the clock says %q, want %q", x.zone, x.now, c.Time, x.clock)
		}
		if want := x.now.Add(time.Minute); !s.Next.Equal(want) {
			t.Errorf("%s %v: it changes at %v, want %v", x.zone, x.now, s.Next, want)
		}
		if c, _ := Build(v, EnvOf(v, s.Next)).Body.(Clock); c.Time != x.next {
			t.Errorf("%s %v: then the clock says %q, want %q", x.zone, s.Next, c.Time, x.next)
		}
		rec := phone.CallRecord{Direction: phone.Inbound, Party: phone.Party{Number: "1003"}, StartedAt: x.then}
		v.Screen, v.Recent = phone.ScreenHistory, []phone.CallRecord{rec}
		v.Menu.Items = []phone.MenuItem{{ID: "1003", Label: "1003", Value: "@missed"}}
		if l := Build(v, EnvOf(v, x.now)).Body.(List); l.Rows[0].Value.S != x.when {
			t.Errorf("%s %v: a call of %v was %q, want %q", x.zone, x.now, x.then, l.Rows[0].Value.S, x.when)
		}
		v.Screen, v.Record, v.Menu.Items = phone.ScreenRecord, &rec, []phone.MenuItem{{ID: "party", Value: "@missed"}, {ID: "at"}}
		if l := Build(v, EnvOf(v, x.now)).Body.(List); l.Rows[1].Value.S != x.exact {
			t.Errorf("%s %v: in full a call of %v was %q, want %q", x.zone, x.now, x.then, l.Rows[1].Value.S, x.exact)
		}
	}
}

// TestDecimals: figures have the language's sign, and what is no number is said so.
func TestDecimals(t *testing.T) {
	for _, x := range []struct {
		locale string
		v      float64
		want   string
	}{{"en", 5.6, "5.6"}, {"de", 5.6, "5,6"}, {"de-CH", 0.04, "0"}, {"en", 12, "12"}, {"de", 99.96, "100"}} {
		if got := language(x.locale).decimal(x.v); got != x.want {
			t.Errorf("%s %v: %q, want %q", x.locale, x.v, got, x.want)
		}
	}
}
