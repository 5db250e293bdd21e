package check

import "time"

// Window is a span of the local day, in minutes after midnight; To at or before From
// is on the next day. The zero Window is the whole day.
type Window struct{ From, To int }

// IsZero says that there is no window: any time will do.
func (w Window) IsZero() bool { return w == Window{} }

// span is one window of one day.
type span struct{ start, end time.Time }

// latest leaves what is begun in the window's last part time to end in it.
const latest = 30 * time.Minute

// last is when something may be begun in it at the latest.
func (s span) last() time.Time {
	return s.end.Add(-min(latest, s.end.Sub(s.start)/2))
}

// next is the first span that a moment in which something may be begun, at or after t,
// is in. Where clocks are changed it is the shorter: a night that has no such time has
// no window, and of an hour that comes twice only what is surely in it counts.
func (w Window) next(t time.Time, zone *time.Location) span {
	local := t.In(zone)
	for day := -1; ; day++ { // yesterday's may reach into today
		over := 0 // midnight
		if w.To <= w.From {
			over = 1
		}
		s := span{shown(local, day, w.From, zone, false), shown(local, day+over, w.To, zone, true)}
		if s.end.After(s.start) && !s.last().Before(t) {
			return s
		}
	}
}

// slot is when a phone begins: it has a place of its own in the window (0 to 1), so
// that not all of a house begin at its first second. Who comes later begins at once.
func (w Window) slot(t time.Time, zone *time.Location, place float64) time.Time {
	s := w.next(t, zone)
	at := s.start.Add(time.Duration(place * float64(s.last().Sub(s.start))))
	if at.Before(t) {
		return t
	}
	return at
}

// shown is when the clocks show so many minutes after midnight of the day that is so
// many days after t's: of two such moments of one night the second, or with first the
// first; where they skip it, when they next show more.
func shown(t time.Time, days, minutes int, zone *time.Location, first bool) time.Time {
	y, m, d := t.Date()
	wanted := time.Duration(minutes) * time.Minute
	clocks := func(at time.Time) time.Duration { // after that midnight
		y2, m2, d2 := at.Date()
		return time.Date(y2, m2, d2, at.Hour(), at.Minute(), 0, 0, time.UTC).Sub(time.Date(y, m, d+days, 0, 0, 0, 0, time.UTC))
	}
	at := time.Date(y, m, d+days, 0, minutes, 0, 0, zone)
	for _, back := range []time.Duration{30 * time.Minute, time.Hour} { // by so much clocks are put back
		if first {
			back = -back
		}
		if twin := at.Add(back); clocks(twin) == wanted {
			return twin
		}
	}
	return at.Add(max(0, wanted-clocks(at)))
}
