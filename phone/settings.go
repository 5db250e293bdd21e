package phone

import (
	"maps"
	"slices"
	"time"
)

// DefaultDigitMap collects any number and sends it by time-out only. Maps of
// one country are never shipped as a default (C5).
const DefaultDigitMap = "*x.T|x.T"

// Defaults fills every setting that was left at its zero value. The result
// shares nothing with the argument.
func Defaults(s Settings) Settings {
	fill(&s.Theme, "dark")
	fill(&s.Locale, "en")
	fill(&s.TimeZone, "UTC")
	fill(&s.BrandName, "phoned")
	fill(&s.MaxCalls, 4)
	fill(&s.RejectCode, 486)
	fill(&s.Brightness, 80)
	fill(&s.DigitMap, DefaultDigitMap)
	s.Locked = s.Locked && s.PINSet // a lock without a key would never open
	fill(&s.Forward.NoAnswerAfter, 20*time.Second)
	s.Emergency = slices.Clone(s.Emergency)
	s.Keys, s.VIP, s.Blocked = slices.Clone(s.Keys[:min(len(s.Keys), progKeys)]), slices.Clone(s.VIP), slices.Clone(s.Blocked)
	if len(s.Locales) == 0 {
		s.Locales = []string{"en", "de"}
	}
	s.Volumes = maps.Clone(s.Volumes)
	if s.Volumes == nil {
		s.Volumes = make(map[Path]int, 5)
	}
	for p := PathNone; p <= PathGroup; p++ {
		if _, ok := s.Volumes[p]; !ok {
			s.Volumes[p] = 60
		}
	}
	t := &s.Timers
	fill(&t.FirstDigit, 30*time.Second)
	fill(&t.Reorder, 40*time.Second)
	fill(&t.Howler, 60*time.Second)
	fill(&t.InterDigitShort, 3*time.Second)
	fill(&t.InterDigitLong, 10*time.Second)
	fill(&t.NoAnswer, 180*time.Second)
	fill(&t.Ring, 120*time.Second)
	fill(&t.Ended, 3*time.Second)
	fill(&t.Menu, 60*time.Second)
	fill(&t.OnHook, 200*time.Millisecond)
	fill(&t.LongPress, 800*time.Millisecond)
	fill(&t.Settle, 300*time.Millisecond)
	fill(&t.Media, 8*time.Second)
	fill(&t.HoldRemindFirst, 45*time.Second)
	fill(&t.HoldRemind, 30*time.Second)
	fill(&t.HoldRecall, 5*time.Second)
	fill(&t.HoldRecallIdle, 120*time.Second)
	fill(&t.Toast, 4*time.Second)
	fill(&t.Predial, 60*time.Second)
	fill(&t.HoldWait, 500*time.Millisecond)
	fill(&t.Ending, 5*time.Second)
	fill(&t.Transfer, 32*time.Second)
	fill(&t.Banner, 10*time.Second)
	return s
}

func fill[T comparable](v *T, d T) {
	var zero T
	if *v == zero {
		*v = d
	}
}
