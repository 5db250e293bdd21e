package lcd

import (
	"runtime"
	"testing"
	"time"

	"phoned/ui"
	"phoned/ui/scenes"
)

// BenchmarkThemes draws the dearest screen of each theme whole, and a second
// of a timer on it.
func BenchmarkThemes(b *testing.B) {
	for _, theme := range ui.Themes() {
		s := scene(b, "incoming")
		env := s.Env(theme, "en")
		b.Run(string(theme)+"/whole", func(b *testing.B) {
			r := renderer(b)
			for b.Loop() {
				r.Invalidate()
				r.Draw(ui.Build(s.View, env))
			}
		})
		talk := scene(b, "active")
		env = talk.Env(theme, "en")
		b.Run(string(theme)+"/tick", func(b *testing.B) {
			r := renderer(b)
			for b.Loop() {
				env.Now = env.Now.Add(time.Second)
				r.Draw(ui.Build(talk.View, env))
			}
		})
	}
}

// BenchmarkMemory reports what a renderer keeps after it has drawn every
// screen in every theme and language.
func BenchmarkMemory(b *testing.B) {
	var before, after runtime.MemStats
	for b.Loop() {
		runtime.GC()
		runtime.ReadMemStats(&before)
		r := renderer(b)
		for _, theme := range ui.Themes() {
			for _, locale := range ui.Locales() {
				for _, s := range scenes.All() {
					r.Draw(ui.Build(s.View, s.Env(theme, locale)))
				}
			}
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		runtime.KeepAlive(r)
		b.ReportMetric(float64(int64(after.HeapAlloc)-int64(before.HeapAlloc))/1024, "KiB-kept")
	}
}
