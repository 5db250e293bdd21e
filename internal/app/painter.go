package app

import (
	"image"
	"slices"
	"time"

	"phoned/phone"
	"phoned/ui"
)

// Renderer draws a screen and says which parts changed; *lcd.Renderer and
// *lcd.Mono are. The image is valid until the next call. One with a method
// SoftWidth says how many characters its soft keys have room for.
type Renderer interface {
	Draw(ui.Screen) (*image.RGBA, []image.Rectangle)
}

// dimmed is the most that is left of the brightness while nobody is there, in
// percent.
const dimmed = 15

// startPainter keeps the panels and the mirror as the view wants them. All
// drawing is on one goroutine.
func (p *Phone) startPainter() {
	if p.cfg.Renderer == nil {
		return
	}
	changed, cancel := p.loop.Subscribe()
	p.wg.Go(func() {
		defer cancel()
		p.paint(changed)
	})
}

func (p *Phone) paint(changed <-chan phone.View) {
	v := p.loop.View()
	light := -1 // nothing is lit yet
	tick := make(chan struct{}, 1)
	logo := logoOf(p.cfg.Logo)
	for {
		env := ui.EnvOf(v, p.clock.Now())
		env.Logo = logo
		if n, ok := p.cfg.Renderer.(interface{ SoftWidth() int }); ok {
			env.SoftWidth = n.SoftWidth()
		}
		screen := ui.Build(v, env)
		was := light
		light = brightness(v)
		p.draw(v, env, screen, was, light)
		if light == 0 {
			screen.Next = time.Time{}
		}
		if light != was {
			p.backlight(light)
		}
		stop := func() bool { return true }
		if !screen.Next.IsZero() {
			wait := max(screen.Next.Sub(p.clock.Now()), time.Millisecond)
			stop = p.clock.AfterFunc(wait, func() {
				select {
				case tick <- struct{}{}:
				default:
				}
			}).Stop
		}
		select {
		case v = <-changed:
			stop()
		case <-tick:
			v = p.loop.View()
		case <-p.cfg.Logo.Changed():
			stop()
			logo = logoOf(p.cfg.Logo)
		case <-p.ctx.Done():
			stop()
			return
		}
	}
}

// brightness is what the panels are to be lit with, in percent; 0: they sleep.
func brightness(v phone.View) int {
	switch full := v.Settings.Brightness; v.Display {
	case phone.DisplayOff:
		return 0
	case phone.DisplayDim:
		return max(1, min(dimmed, full/2))
	default:
		return full
	}
}

func (p *Phone) backlight(percent int) {
	for _, d := range p.cfg.Board.Panels {
		if err := d.Backlight(percent); err != nil && p.ctx.Err() == nil { // at the end the board goes first
			p.log.Warn("the back-light can't be set", "err", err)
		}
	}
}

// draw shows a screen on the panels and on the mirror, which sleep and wake
// together. While the last letter of a password can be seen on the glass, the
// mirror gets a picture without it.
func (p *Phone) draw(v phone.View, env ui.Env, screen ui.Screen, was, light int) {
	img, dirty := p.cfg.Renderer.Draw(screen)
	whole := []image.Rectangle{img.Rect}
	switch {
	case light == 0 && was != 0: // asleep: nothing is to be read, whatever lights the panel
		dark := image.NewRGBA(img.Rect)
		p.mirror(dark, whole)
		p.show(dark, whole)
		return
	case light == 0:
		return
	case was == 0:
		dirty = whole
	}
	p.mirror(img, slices.Concat(dirty, p.peeked))
	p.peeked = nil
	if v.Form != nil && v.Form.Peek != "" && len(p.cfg.Board.Panels) > 0 {
		env.Peek = true
		img, p.peeked = p.cfg.Renderer.Draw(ui.Build(v, env))
		dirty = slices.Concat(dirty, p.peeked)
	}
	p.show(img, dirty)
}

func (p *Phone) mirror(img *image.RGBA, dirty []image.Rectangle) {
	if len(dirty) > 0 && p.cfg.Mirror != nil {
		p.cfg.Mirror.Show(img, dirty)
	}
}

func (p *Phone) show(img *image.RGBA, dirty []image.Rectangle) {
	for _, d := range p.cfg.Board.Panels {
		for _, r := range dirty {
			if err := d.Draw(img, r); err != nil && p.ctx.Err() == nil {
				p.log.Warn("the display does not take a picture", "err", err)
				break
			}
		}
	}
}
