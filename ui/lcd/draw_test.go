package lcd

import (
	"bytes"
	"image"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"phoned/phone"
	"phoned/ui"
	"phoned/ui/scenes"
)

// TestIncremental: whatever came before, drawing only what changed gives the
// same picture as drawing everything, and nothing outside the rectangles
// changes.
func TestIncremental(t *testing.T) {
	all := scenes.All()
	rng := rand.New(rand.NewPCG(1, 2))
	r, full := renderer(t), renderer(t)
	before := image.NewRGBA(panel)
	for i := 0; i < 250; i++ {
		s := all[rng.IntN(len(all))]
		s.Now = s.Now.Add(time.Duration(rng.IntN(5)) * 500 * time.Millisecond)
		theme := []ui.Theme{ui.Dark, ui.Light}[rng.IntN(20)/19]
		sc := ui.Build(s.View, s.Env(theme, ui.Locales()[rng.IntN(len(ui.Locales()))]))
		copy(before.Pix, r.img.Pix)
		img, dirty := r.Draw(sc)
		full.Invalidate()
		fresh, _ := full.Draw(sc)
		if !bytes.Equal(img.Pix, fresh.Pix) {
			t.Fatalf("step %d, %s: differs from a full drawing", i, s.Name)
		}
		for _, d := range dirty {
			if !d.In(panel) || d.Empty() {
				t.Fatalf("step %d: dirty rectangle %v", i, d)
			}
		}
		for y := 0; y < panel.Max.Y; y++ {
			for x := 0; x < panel.Max.X; x++ {
				if img.RGBAAt(x, y) != before.RGBAAt(x, y) && !anyContains(dirty, image.Pt(x, y)) {
					t.Fatalf("step %d, %s: %d,%d changed outside %v", i, s.Name, x, y, dirty)
				}
			}
		}
	}
}

func anyContains(rs []image.Rectangle, p image.Point) bool {
	for _, r := range rs {
		if p.In(r) {
			return true
		}
	}
	return false
}

// TestTickIsSmall: a second of a timer repaints the timer alone, and the same
// screen again nothing.
func TestTickIsSmall(t *testing.T) {
	r := renderer(t)
	s := scene(t, "active")
	r.Draw(ui.Build(s.View, s.Env(ui.Dark, "en")))
	if _, d := r.Draw(ui.Build(s.View, s.Env(ui.Dark, "en"))); len(d) != 0 {
		t.Errorf("the same screen again: %v", d)
	}
	s.Now = s.Now.Add(time.Second)
	_, d := r.Draw(ui.Build(s.View, s.Env(ui.Dark, "en")))
	total := 0
	for _, x := range d {
		total += area(x)
	}
	if len(d) != 1 || total > area(panel)/12 {
		t.Errorf("a second repaints %v", d)
	}
}

func scene(t testing.TB, name string) scenes.Scene {
	t.Helper()
	for _, s := range scenes.All() {
		if s.Name == name {
			return s
		}
	}
	t.Fatalf("no scene %s", name)
	return scenes.Scene{}
}

func TestSmallPanelIsRefused(t *testing.T) {
	for _, b := range []image.Rectangle{image.Rect(0, 0, 128, 64), image.Rect(1, 0, 321, 240), {}} {
		if _, err := New(b); err == nil {
			t.Errorf("New(%v) gave no error", b)
		}
	}
}

// FuzzDraw: no text of outside origin makes a screen panic or reach beyond
// its slots.
func FuzzDraw(f *testing.F) {
	f.Add("Workshop", "1003", "0301 90", "i/o timeout", 3, uint8(4), int64(0))
	f.Add(strings.Repeat("W", 300), strings.Repeat("9", 500), strings.Repeat("1", 200), "\u202e\u2066x", -1, uint8(9), int64(-5))
	f.Add("🎉👩‍🚀", "\x00\xff", "é́́́", "\n\n", 1<<40, uint8(200), int64(1<<60))
	screens := scenes.All()
	r := renderer(f) // its caches make the fuzzing worth the while
	f.Fuzz(func(t *testing.T, name, number, input, detail string, cursor int, which uint8, ahead int64) {
		s := screens[int(which)%len(screens)]
		v := s.View
		v.Calls = append([]phone.CallView(nil), v.Calls...)
		for i := range v.Calls {
			v.Calls[i].Party = phone.Party{Name: name, Number: number}
			v.Calls[i].Via, v.Calls[i].Digits = detail, input
		}
		v.Lines = append([]phone.LineView(nil), v.Lines...)
		for i := range v.Lines {
			v.Lines[i].Label, v.Lines[i].Number, v.Lines[i].Detail, v.Lines[i].Domain = name, number, detail, detail
		}
		v.Settings.PhoneName, v.Settings.Primary = name, detail
		v.Input = phone.Input{Text: input, Cursor: cursor}
		v.Menu.Items = append([]phone.MenuItem(nil), v.Menu.Items...)
		for i := range v.Menu.Items {
			v.Menu.Items[i].Label, v.Menu.Items[i].Value = name, number
		}
		v.Menu.Index = cursor
		v.Menu.Title = detail
		if v.Session.URL != "" {
			v.Session.URL, v.Session.Code = input, detail
		}
		if v.Toast != nil {
			v.Toast = &phone.Toast{Code: detail, Arg: name, Since: v.Toast.Since}
		}
		s.Now = s.Now.Add(time.Duration(ahead))
		for _, theme := range ui.Themes() {
			sc := ui.Build(v, s.Env(theme, "de"))
			for i, it := range lay(r, sc) {
				if !it.seen().In(panel) {
					t.Fatalf("item %d, %q: %v beyond the panel", i, it.text, it.slot)
				}
				if it.kind != kindText {
					continue
				}
				if ink := r.p.ink(&it); !ink.Empty() && (ink.Min.X < it.slot.Min.X-2 || ink.Max.X > it.slot.Max.X+2) {
					t.Fatalf("item %d, %q: ink %v beyond %v", i, it.text, ink, it.slot)
				}
			}
			r.Draw(sc)
		}
	})
}

func BenchmarkFull(b *testing.B) {
	for _, name := range []string{"idle", "incoming", "active", "menu", "sign-in"} {
		b.Run(name, func(b *testing.B) {
			r := renderer(b)
			s := scene(b, name)
			env := s.Env(ui.Dark, "en")
			for b.Loop() {
				r.Invalidate()
				r.Draw(ui.Build(s.View, env))
			}
		})
	}
}

func BenchmarkTick(b *testing.B) {
	r := renderer(b)
	s := scene(b, "active")
	env := s.Env(ui.Dark, "en")
	for b.Loop() {
		env.Now = env.Now.Add(time.Second)
		r.Draw(ui.Build(s.View, env))
	}
}
