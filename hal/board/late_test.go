package board

import (
	"errors"
	"fmt"
	"image"
	"image/draw"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"periph.io/x/conn/v3/gpio"

	"phoned/hal"
	"phoned/hal/haltest"
	"phoned/hal/hook"
	"phoned/hal/keypad"
	"phoned/hal/lamp"
	"phoned/hal/panel/mipi"
	"phoned/hal/panel/st7789"
	"phoned/internal/clock"
)

// bench is a board under test: what it tells, and a device that comes and goes.
type bench struct {
	*site
	mu    sync.Mutex
	told  []string
	fails error // why the device can't be opened; nil: it can
	opens int
}

// opened is when a keypad has looked which keys are down already.
const opened = 10 * time.Millisecond

var errNotYet = errors.New("permission denied")

func newBench(t *testing.T, fails error) *bench {
	b := &bench{fails: fails}
	b.site = newSite(clock.Real{}, func(m Missing) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.told = append(b.told, fmt.Sprintf("%s %v", m.Part, m.Err))
	})
	t.Cleanup(b.close)
	return b
}

func (b *bench) open() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.opens++
	return b.fails
}

// set says whether the device can be opened; nobody notices by itself.
func (b *bench) set(fails error) { b.mu.Lock(); defer b.mu.Unlock(); b.fails = fails }

// tries counts how often the device was looked for.
func (b *bench) tries() int { b.mu.Lock(); defer b.mu.Unlock(); return b.opens }

// complains says whether anything was told, and forgets it.
func (b *bench) complains() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	told := len(b.told) > 0
	b.told = nil
	return told
}

// plug lets the device come, or fail, and has it noticed.
func (b *bench) plug(fails error) {
	b.set(fails)
	b.changed()
	time.Sleep(opened)
}

func (b *bench) says(t *testing.T, want ...string) {
	t.Helper()
	synctest.Wait()
	b.mu.Lock()
	defer b.mu.Unlock()
	if !slices.Equal(b.told, want) {
		t.Errorf("told %q, want %q", b.told, want)
	}
	b.told = nil
}

func layout(rows, cols int) (l keypad.Layout) {
	for r := range rows {
		l = append(l, nil)
		for c := range cols {
			l[r] = append(l[r], hal.Key(fmt.Sprintf("%d/%d", r, c)))
		}
	}
	return l
}

func (b *bench) keypad(m *haltest.Matrix) *lateKeypad {
	return newLateKeypad(b.site, noKeypad, func() (hal.Keypad, error) {
		if err := b.open(); err != nil {
			return nil, err
		}
		w, err := keypad.NewPins(haltest.IO(m.Rows), haltest.IO(m.Cols))
		if err != nil {
			return nil, err
		}
		return keypad.New(keypad.Config{Layout: layout(5, 6), Now: time.Now}, w)
	})
}

// What waits for a part is as good as the part.
func TestLateConformance(t *testing.T) {
	t.Run("keypad", func(t *testing.T) {
		haltest.Keypad(t, haltest.Virtual, func(t *testing.T) haltest.KeypadRig {
			b, m := newBench(t, nil), haltest.NewMatrix(5, 6)
			return haltest.KeypadRig{Keypad: b.keypad(m), Keys: slices.Concat(layout(5, 6)...), Move: func(key hal.Key, down bool) {
				var r, c int
				_, _ = fmt.Sscanf(string(key), "%d/%d", &r, &c)
				time.Sleep(opened)
				m.Key(r, c, down)
				time.Sleep(keypad.Debounce * 2)
			}}
		})
	})
	t.Run("hook", func(t *testing.T) {
		haltest.Hook(t, haltest.Virtual, func(t *testing.T) haltest.HookRig {
			b, c := newBench(t, nil), haltest.NewCircuit()
			p := c.Pin("HOOK")
			c.Drive(p, gpio.High)
			return haltest.HookRig{Hook: b.hook(p, nil), Move: func(offHook bool) { c.Drive(p, gpio.Level(!offHook)); time.Sleep(50 * time.Millisecond) }}
		})
	})
	t.Run("lamps", func(t *testing.T) {
		haltest.Lamps(t, haltest.Virtual, func(t *testing.T) haltest.LampsRig {
			b, c := newBench(t, nil), haltest.NewCircuit()
			p := c.Pin("LED")
			l := lateLamps{"strip": b.lamp(p)}
			time.Sleep(opened)
			return haltest.LampsRig{Lamps: l, IDs: []hal.LampID{"strip"}, Lit: func(hal.LampID) bool { synctest.Wait(); return bool(p.Level()) }}
		})
	})
	t.Run("panel", func(t *testing.T) {
		haltest.Panel(t, haltest.Virtual, func(t *testing.T) haltest.PanelRig {
			b, g := newBench(t, nil), haltest.NewGlass()
			p, light := b.panel(g)
			time.Sleep(time.Second) // a display wakes up
			return haltest.PanelRig{Panel: p, Seen: func() *image.RGBA { return g.Seen(90) }, Dark: func() bool { return g.Dark() || light.Percent() == 0 }}
		})
	})
}

func (b *bench) hook(p gpio.PinIO, lost <-chan struct{}) *lateHook {
	return newLateHook(b.site, noHook, func() (openedHook, error) {
		if err := b.open(); err != nil {
			return openedHook{}, err
		}
		h, err := hook.New(p, false, time.Now)
		return openedHook{h, lost}, err
	})
}

func (b *bench) lamp(p gpio.PinOut) *lateLamp {
	return newLateLamp(b.site, "strip", noLamp("strip"), func() (hal.Lamps, error) {
		if err := b.open(); err != nil {
			return nil, err
		}
		return lamp.New(map[hal.LampID][]lamp.Pin{"strip": {{Out: p}}}, nil), nil
	})
}

// again is a port that can be opened again after Close.
type again struct{ *haltest.Glass }

func (again) Close() error { return nil }

func (b *bench) panel(g *haltest.Glass) (*latePanel, *haltest.Light) {
	light := &haltest.Light{}
	return newLatePanel(b.site, image.Pt(320, 240), noPanel, func(func(Missing)) (hal.Panel, error) {
		if err := b.open(); err != nil {
			return nil, err
		}
		return mipi.New(again{g}, st7789.Controller, mipi.Config{Width: 320, Height: 240, Rotation: 90, DC: g.DC, Light: light})
	}), light
}

// A part that comes while the board has its time was never missing.
func TestLateWithinPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, m := newBench(t, errNotYet), haltest.NewMatrix(5, 6)
		k := b.keypad(m)
		time.Sleep(patience - time.Second)
		b.says(t)
		b.plug(nil)
		b.says(t, "keypad <nil>")
		m.Key(1, 2, true)
		if e := <-k.Events(); e.Key != "1/2" || !e.Down {
			t.Errorf("%+v", e)
		}
		time.Sleep(patience)
		b.says(t)
		if err := k.Close(); err != nil {
			t.Error(err)
		}
	})
}

// A part that does not come is told once, and taken whenever it comes; how often it is
// looked for while nothing changes is bounded.
func TestLateAfterPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, c := newBench(t, errNotYet), haltest.NewCircuit()
		p := c.Pin("HOOK")
		c.Drive(p, gpio.Low)
		h := b.hook(p, nil)
		time.Sleep(patience + time.Millisecond)
		b.says(t, "hook permission denied")
		time.Sleep(time.Hour)
		b.says(t)
		if n := b.tries(); n < 100 || n > 200 {
			t.Errorf("looked for %d times in an hour", n)
		}
		b.plug(errors.New("busy")) // another cause is news
		b.says(t, "hook busy")
		b.plug(nil)
		b.says(t, "hook <nil>")
		if e := <-h.Events(); !e.OffHook {
			t.Error("the handset is in its place")
		}
		_ = h.Close()
	})
}

// A keypad that goes lets its keys go, and is taken again; nothing spins.
func TestKeypadGoesAndComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, m := newBench(t, nil), haltest.NewMatrix(5, 6)
		k := b.keypad(m)
		time.Sleep(patience + time.Millisecond)
		b.says(t, "keypad <nil>")
		m.Key(0, 0, true)
		<-k.Events()
		m.Fail(errors.New("no such device"))
		b.set(errNotYet)
		if e := <-k.Events(); e.Key != "0/0" || e.Down {
			t.Errorf("%+v", e)
		}
		time.Sleep(time.Second)
		if !b.complains() {
			t.Error("nobody was told")
		}
		before := b.tries()
		time.Sleep(10 * time.Second)
		if n := b.tries() - before; n > 10 {
			t.Errorf("%d tries in 10 s", n)
		}
		m.Key(0, 0, false)
		m.Fail(nil)
		b.plug(nil)
		b.says(t, "keypad <nil>")
		m.Key(4, 5, true)
		if e := <-k.Events(); e.Key != "4/5" || !e.Down {
			t.Errorf("%+v", e)
		}
		_ = k.Close()
	})
}

// The hook's line goes with its chip; the handset did not move meanwhile.
func TestHookGoesAndComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, c := newBench(t, nil), haltest.NewCircuit()
		p := c.Pin("HOOK")
		c.Drive(p, gpio.Low)
		lost := make(chan struct{})
		h := b.hook(p, lost)
		if e := <-h.Events(); !e.OffHook {
			t.Error("on hook")
		}
		b.plug(errNotYet)
		close(lost)
		time.Sleep(patience)
		b.says(t, "hook <nil>", "hook permission denied")
		b.set(nil)
		time.Sleep(slowLook * 2) // found without any change among the files; gone at once, for lost is closed
		c.Drive(p, gpio.High)
		_ = h.Close()
		for e := range h.Events() {
			if e.OffHook {
				t.Error("the handset was lifted twice")
			}
		}
	})
}

// The display shows what was drawn before it was there, and after it was gone.
func TestPanelGoesAndComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, g, c := newBench(t, errNotYet), haltest.NewGlass(), haltest.NewCircuit()
		g.DC = c.Pin("DC")
		p, light := b.panel(g)
		img := haltest.TestPicture(p.Bounds())
		shown := func(when string) {
			t.Helper()
			time.Sleep(2 * time.Second)
			if g.Dark() || light.Percent() != 60 {
				t.Errorf("%s: dark %v, light %d", when, g.Dark(), light.Percent())
			}
			seen := g.Seen(90)
			for y := range 240 {
				for x := range 320 {
					if got, want := haltest.In16(seen.RGBAAt(x, y)), haltest.In16(img.RGBAAt(x, y)); got != want {
						t.Fatalf("%s: pixel %d,%d is %v, want %v", when, x, y, got, want)
					}
				}
			}
		}
		if err := errors.Join(p.Draw(img, img.Rect), p.Backlight(60)); err != nil {
			t.Fatal(err)
		}
		b.plug(nil)
		shown("drawn before")
		time.Sleep(patience)
		b.says(t, "panel <nil>")

		c.Fail(errors.New("input/output error"))
		part := image.Rect(10, 10, 50, 50)
		draw.Draw(img, part, image.White, image.Point{}, draw.Src)
		if err := p.Draw(img, part); err != nil {
			t.Errorf("a display that goes is told, not returned: %v", err)
		}
		time.Sleep(time.Minute)
		if !b.complains() {
			t.Error("nobody was told")
		}
		c.Fail(nil)
		b.changed()
		time.Sleep(time.Minute)
		shown("back again")
		b.says(t, "panel <nil>")
		_ = p.Close()
		if err := p.Draw(img, img.Rect); !errors.Is(err, ErrClosed) {
			t.Errorf("drawn after Close: %v", err)
		}
	})
}

// What a driver says of a display while it is opened counts, though the bus is there.
func TestWordsDuringOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		mute := Missing{Part: partPanel, Title: "The display does not answer.", Err: errors.New("no answer")}
		g := haltest.NewGlass()
		p := newLatePanel(b.site, image.Pt(320, 240), noPanel, func(tell func(Missing)) (hal.Panel, error) {
			tell(mute)
			return mipi.New(g, st7789.Controller, mipi.Config{Width: 320, Height: 240, Rotation: 90, DC: g.DC})
		})
		time.Sleep(patience)
		b.says(t, "panel <nil>", "panel no answer")
		_ = p.Close()
	})
}

// A stuck key is told at once: it is not late.
func TestStuckKeyIsToldAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		b.tell(Missing{Part: partKey, Subject: "1", Err: ErrStuck})
		b.says(t, "key "+ErrStuck.Error())
	})
}

// A board of nothing that this machine has: each part is told once, in a sentence, and
// everything ends.
func TestStartWithoutHardware(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &File{
			Keypad: &Keypad{Rows: []string{"NO-SUCH-LINE"}, Columns: []string{"NO-SUCH-COLUMN"}, Keys: [][]hal.Key{{"1"}}},
			Hook:   &Hook{Line: "NO-SUCH-HOOK", OffHook: "low"},
			Panel:  &Panel{Driver: "st7789", DC: "NO-SUCH-DC", Width: 320, Height: 240},
			Lamps:  []Lamp{{ID: "strip", Line: "NO-SUCH-LAMP", Active: "high"}},
		}
		var mu sync.Mutex
		var parts []string
		s := newSite(clock.Real{}, func(m Missing) {
			mu.Lock()
			defer mu.Unlock()
			if m.Title == "" || m.Err == nil {
				t.Errorf("%+v", m)
			}
			parts = append(parts, m.Part)
		})
		d, wrong := startOn(s, f)
		if len(wrong) > 0 || len(d.Keypads) != 1 || d.Hook == nil || len(d.Panels) != 1 || d.Lamps == nil || d.Panels[0].Bounds() != image.Rect(0, 0, 320, 240) {
			t.Errorf("%+v, %+v", d, wrong)
		}
		time.Sleep(patience + time.Second)
		mu.Lock()
		slices.Sort(parts)
		if !slices.Equal(parts, []string{"hook", "keypad", "lamp", "panel"}) {
			t.Errorf("told %q", parts)
		}
		mu.Unlock()
		if err := d.Close(); err != nil {
			t.Error(err)
		}
		for _, c := range []interface{ Close() error }{d.Keypads[0], d.Hook, d.Panels[0], d.Lamps} { // who took them
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		}
	})
}
