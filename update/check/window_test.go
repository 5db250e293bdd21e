package check

import (
	"testing"
	"time"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func TestWindow(t *testing.T) {
	night, early, gap := Window{120, 300}, Window{22 * 60, 5 * 60}, Window{120, 180}
	for _, c := range []struct {
		name        string
		w           Window
		zone, now   string
		start, last string // in UTC
		end         string
	}{
		{"by day", night, "Europe/Berlin", "2026-11-30T12:00:00Z", "2026-12-01T01:00:00Z", "2026-12-01T03:30:00Z", "2026-12-01T04:00:00Z"},
		{"before it", night, "Europe/Berlin", "2026-11-30T00:59:00Z", "2026-11-30T01:00:00Z", "2026-11-30T03:30:00Z", "2026-11-30T04:00:00Z"},
		{"in it", night, "Europe/Berlin", "2026-11-30T03:30:00Z", "2026-11-30T01:00:00Z", "2026-11-30T03:30:00Z", "2026-11-30T04:00:00Z"},
		{"too late in it", night, "Europe/Berlin", "2026-11-30T03:31:00Z", "2026-12-01T01:00:00Z", "2026-12-01T03:30:00Z", "2026-12-01T04:00:00Z"},
		{"over midnight, before", early, "UTC", "2026-11-30T12:00:00Z", "2026-11-30T22:00:00Z", "2026-12-01T04:30:00Z", "2026-12-01T05:00:00Z"},
		{"over midnight, after", early, "UTC", "2026-11-30T02:00:00Z", "2026-11-29T22:00:00Z", "2026-11-30T04:30:00Z", "2026-11-30T05:00:00Z"},
		{"to midnight", Window{23 * 60, 24 * 60}, "UTC", "2026-11-30T23:10:00Z", "2026-11-30T23:00:00Z", "2026-11-30T23:30:00Z", "2026-12-01T00:00:00Z"},
		// Europe/Berlin: on 29 March 2026 the clocks go from 02:00 to 03:00, on 25 October from 03:00 to 02:00.
		{"in spring one hour less", night, "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z", "2026-03-29T02:30:00Z", "2026-03-29T03:00:00Z"},
		{"in spring none at all", gap, "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-30T00:00:00Z", "2026-03-30T00:30:00Z", "2026-03-30T01:00:00Z"},
		{"in autumn from the second two o'clock", night, "Europe/Berlin", "2026-10-24T12:00:00Z", "2026-10-25T01:00:00Z", "2026-10-25T03:30:00Z", "2026-10-25T04:00:00Z"},
		{"over midnight in spring", early, "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-28T21:00:00Z", "2026-03-29T02:30:00Z", "2026-03-29T03:00:00Z"},
		{"in autumn to the first half past two", Window{60, 150}, "Europe/Berlin", "2026-10-24T12:00:00Z", "2026-10-24T23:00:00Z", "2026-10-25T00:00:00Z", "2026-10-25T00:30:00Z"},
		{"over midnight in autumn", early, "Europe/Berlin", "2026-10-24T12:00:00Z", "2026-10-24T20:00:00Z", "2026-10-25T03:30:00Z", "2026-10-25T04:00:00Z"},
		// In Beirut midnight itself is skipped: on 29 March 2026 the day begins at 01:00.
		{"a midnight that is not there", Window{0, 120}, "Asia/Beirut", "2026-03-28T12:00:00Z", "2026-03-28T22:00:00Z", "2026-03-28T22:30:00Z", "2026-03-28T23:00:00Z"},
		{"a short one", Window{120, 121}, "UTC", "2026-11-30T02:00:30Z", "2026-11-30T02:00:00Z", "2026-11-30T02:00:30Z", "2026-11-30T02:01:00Z"},
	} {
		now, _ := time.Parse(time.RFC3339, c.now)
		z := zone(t, c.zone)
		s := c.w.next(now, z)
		for what, pair := range map[string][2]string{"start": {s.start.UTC().Format(time.RFC3339), c.start}, "last": {s.last().UTC().Format(time.RFC3339), c.last}, "end": {s.end.UTC().Format(time.RFC3339), c.end}} {
			if pair[0] != pair[1] {
				t.Errorf("%s: the %s is %s, expected %s", c.name, what, pair[0], pair[1])
			}
		}
		for _, place := range []float64{0, 0.5, 0.999} {
			at := c.w.slot(now, z, place)
			if at.Before(now) || at.Before(s.start) || at.After(s.last()) {
				t.Errorf("%s: a phone at %v begins at %v", c.name, place, at)
			}
		}
	}
}

// All of a year, in zones that change their clocks in several ways: what a phone
// is told begins in the window by the clock on the wall, and within two days.
func TestWindowOfAYear(t *testing.T) {
	for _, name := range []string{"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Beirut", "America/Santiago", "Pacific/Apia", "UTC"} {
		z := zone(t, name)
		for _, w := range []Window{{120, 300}, {22 * 60, 5 * 60}, {0, 60}, {23*60 + 30, 24 * 60}} {
			for now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC); now.Year() == 2026; now = now.Add(97 * time.Minute) {
				at := w.slot(now, z, 0.3)
				minute := at.In(z).Hour()*60 + at.In(z).Minute()
				in := minute >= w.From && minute < w.To
				if w.To <= w.From {
					in = minute >= w.From || minute < w.To
				}
				if !in || at.Sub(now) < 0 || at.Sub(now) > 49*time.Hour {
					t.Fatalf("%s, %+v: at %v it is to begin at %v", name, w, now.In(z), at.In(z))
				}
			}
		}
	}
}
