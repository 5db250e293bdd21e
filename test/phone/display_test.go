package phone_test

import (
	"image"
	"net/http"
	"sync"
	"testing"
	"time"

	"phoned/hal"
	"phoned/internal/app"
	"phoned/lab/b2b"
	"phoned/phone"
)

// glass is a panel that remembers how bright it is and whether it is black.
type glass struct {
	mu    sync.Mutex
	light int
	img   *image.RGBA
	moved chan struct{}
}

func newGlass() *glass {
	return &glass{light: -1, img: image.NewRGBA(image.Rect(0, 0, 320, 240)), moved: make(chan struct{}, 1)}
}

func (g *glass) Bounds() image.Rectangle { return g.img.Rect }
func (g *glass) Close() error            { return nil }

func (g *glass) Draw(img *image.RGBA, r image.Rectangle) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	for y := r.Min.Y; y < r.Max.Y; y++ {
		copy(g.img.Pix[g.img.PixOffset(r.Min.X, y):g.img.PixOffset(r.Max.X, y)], img.Pix[img.PixOffset(r.Min.X, y):])
	}
	g.tell()
	return nil
}

func (g *glass) Backlight(percent int) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.light = percent
	g.tell()
	return nil
}

func (g *glass) tell() {
	select {
	case g.moved <- struct{}{}:
	default:
	}
}

// is waits until the panel is lit so, and has something on it or has not.
func (g *glass) is(w *world, light int, black bool) {
	w.t.Helper()
	ctx, cancel := w.waiting()
	defer cancel()
	for {
		g.mu.Lock()
		dark := true
		for i, b := range g.img.Pix {
			dark = dark && (b == 0 || i%4 == 3)
		}
		now := g.light
		g.mu.Unlock()
		if now == light && dark == black {
			return
		}
		select {
		case <-g.moved:
		case <-ctx.Done():
			w.t.Fatalf("the panel is lit with %d %%, black %v; want %d %%, black %v", now, dark, light, black)
		}
	}
}

// The display dims, sleeps, and wakes for a key, a hand, a call and a command;
// its sleep is published, and nothing of the screen stays to be read meanwhile.
func TestDisplaySleepsAndWakes(t *testing.T) {
	t.Parallel()
	g := newGlass()
	w := ready(t, setup{
		more:  "display_dim = 60000\ndisplay_sleep = 300000\ndisplay_brightness = 70\n",
		sound: func(o *app.Options) { o.Board.Panels = []hal.Panel{g} },
	})
	g.is(w, 70, false)
	w.leapUntil("dimmed", time.Minute, func(v phone.View) bool { return v.Display == phone.DisplayDim })
	g.is(w, 15, false)
	m := w.mark()
	w.leapUntil("asleep", 5*time.Minute, func(v phone.View) bool { return v.Display == phone.DisplayOff })
	w.event(m, "widget-closed", nil)
	g.is(w, 0, true)

	m = w.mark()
	w.press("sk4") // what it would do can't be read
	w.event(m, "widget-opened", nil)
	g.is(w, 70, false)
	if v := w.Phone.View(); v.Screen == phone.ScreenMenu {
		t.Errorf("the key that woke the display also opened the menu")
	}
	w.registered() // the leap cost the connection
	w.screen(phone.ScreenIdle)
	m = w.mark()
	w.display("sleep", "")
	g.is(w, 0, true)
	w.lift()
	w.screen(phone.ScreenDialtone)
	g.is(w, 70, false)
	w.display("sleep", "") // not while it is in use
	w.event(m, "dialer-error", nil)
	w.hangUp()
	w.screen(phone.ScreenIdle)
	w.display("toggle", "")
	g.is(w, 0, true)

	w.anna(b2b.Behaviour{})
	w.screen(phone.ScreenIncoming)
	g.is(w, 70, false)
	w.lift()
	w.active()
	w.hangUp()
	w.gone()
	w.display("setTheme", `{"theme":"light"}`)
	w.until("light", func(v phone.View) bool { return v.Settings.Theme == "light" })
}

// display is one of the display's commands over HTTP.
func (w *world) display(command, body string) {
	w.t.Helper()
	if code := w.command(command, body); code != http.StatusAccepted {
		w.t.Fatalf("%s: %d", command, code)
	}
}
