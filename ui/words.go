package ui

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// duration words a length of time as m:ss the way phones do: 02:13, then
// 1:02:13. Negative lengths are zero.
func duration(d time.Duration) string {
	s := int(max(d, 0) / time.Second)
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%02d:%02d", s/60, s%60)
}

// remaining words a countdown of n seconds: 9:41.
func remaining(n int) string { return strings.TrimPrefix(duration(secondsOf(n)), "0") }

// earliestClock is the year before which the clock cannot have been set.
const earliestClock = 2024

// clockTime words the time of day, "--:--" while the clock is not set.
func (c *catalogue) clockTime(t time.Time) string {
	if t.Year() < earliestClock {
		return "--:--"
	}
	if c.Hours == 12 {
		h := t.Hour() % 12
		if h == 0 {
			h = 12
		}
		return fmt.Sprintf("%d:%02d", h, t.Minute())
	}
	return fmt.Sprintf("%02d:%02d", t.Hour(), t.Minute())
}

// date words the day, "" while the clock is not set.
func (c *catalogue) date(t time.Time) string {
	if t.Year() < earliestClock {
		return ""
	}
	return strings.NewReplacer("{weekday}", c.Weekdays[t.Weekday()], "{day}", strconv.Itoa(t.Day()),
		"{month}", c.Months[t.Month()-1]).Replace(c.Date)
}

func (c *catalogue) percent(n int) string {
	return strings.ReplaceAll(c.Percent, "{n}", strconv.Itoa(n))
}
