package app

import (
	"bytes"
	"image"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"phoned/hal"
	"phoned/phone"
	"phoned/ui"
)

// shownPanel keeps what was drawn on it.
type shownPanel struct {
	img   *image.RGBA
	light int
}

func (p *shownPanel) Bounds() image.Rectangle { return p.img.Rect }
func (p *shownPanel) Draw(img *image.RGBA, r image.Rectangle) error {
	if r == p.img.Rect {
		copy(p.img.Pix, img.Pix)
	}
	return nil
}
func (p *shownPanel) Backlight(percent int) error { p.light = percent; return nil }
func (p *shownPanel) Close() error                { return nil }

// The first picture is that of what was kept, in the language and the colours of the
// last time; what is kept and can't be read is that of a new phone.
func TestShowStarting(t *testing.T) {
	dir, log := t.TempDir(), slog.New(slog.DiscardHandler)
	show := func() *shownPanel {
		p := &shownPanel{img: image.NewRGBA(image.Rect(0, 0, 320, 240)), light: -1}
		ShowStarting(dir, []hal.Panel{p}, log)
		return p
	}
	is := func(what string, p *shownPanel, s phone.Settings, env ui.Env, light int) {
		t.Helper()
		r, err := rendererFor(p.img.Rect.Size())
		if err != nil {
			t.Fatal(err)
		}
		want, _ := r.Draw(ui.Starting(s, env))
		if !bytes.Equal(p.img.Pix, want.Pix) || p.light != light {
			t.Errorf("%s: another picture, or light %d", what, p.light)
		}
	}
	is("a new phone", show(), phone.Settings{}, ui.Env{}, startingBrightness)
	s := phone.Settings{PhoneName: "Front desk", BrandName: "Example", Locale: "de", Theme: "light", Brightness: 40}
	keepStarting(dir, s, log)
	is("a phone", show(), s, ui.Env{Locale: "de", Theme: ui.Light}, 40)
	if err := os.WriteFile(filepath.Join(dir, startingName), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	is("a damaged file", show(), phone.Settings{}, ui.Env{}, startingBrightness)
	if err := os.WriteFile(filepath.Join(dir, startingName), []byte(`{"locale":"xx","theme":"loud","primary":"no colour","brightness":-3}`), 0o600); err != nil {
		t.Fatal(err)
	}
	is("nonsense", show(), phone.Settings{}, ui.Env{}, startingBrightness)
}
