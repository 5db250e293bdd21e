package main

import (
	"bufio"
	"fmt"
	"image"
	"image/color"
	"io"
	"slices"
	"strings"

	"phoned/hal"
	"phoned/hal/board"
	"phoned/media/device"
)

// checker proves a board part by part: it asks for a movement and waits for it,
// or shows something and asks whether it was seen. Enter alone skips a wait.
type checker struct {
	out      io.Writer
	cards    device.Driver
	answers  <-chan string
	failures int
}

// answers are the lines that are typed; the channel is closed at their end.
func answers(in io.Reader) <-chan string {
	c := make(chan string)
	go func() {
		defer close(c)
		for s := bufio.NewScanner(in); s.Scan(); {
			c <- strings.ToLower(strings.TrimSpace(s.Text()))
		}
	}()
	return c
}

func (c *checker) say(format string, args ...any) { fmt.Fprintf(c.out, format+"\n", args...) }

func (c *checker) failed(what string) {
	c.failures++
	c.say("  FAILED  %s", what)
}

func (c *checker) passed(what string) { c.say("  ok      %s", what) }

// seen asks a question that is answered by y or n.
func (c *checker) seen(what, question string) {
	c.say("%s [y/n]", question)
	for a := range c.answers {
		switch a {
		case "y", "yes":
			c.passed(what)
			return
		case "n", "no":
			c.failed(what)
			return
		}
		c.say("y or n, please")
	}
	c.failed(what + ": no answer")
}

func (c *checker) all(f *board.File, d board.Devices) {
	c.keys(f, d.Keypads)
	if d.Hook != nil {
		c.hook(d.Hook)
	}
	for _, p := range d.Panels {
		c.panel(p)
	}
	if d.Lamps != nil {
		c.lamps(f, d.Lamps)
	}
	for _, s := range d.Scanners {
		c.scanner(s)
	}
	if c.cards != nil {
		c.sound(f.Audio)
	}
	if err := d.Close(); err != nil {
		c.failed(err.Error())
	}
}

// keys waits until each key of the file has been down and up.
func (c *checker) keys(f *board.File, pads []hal.Keypad) {
	if len(pads) == 0 {
		return
	}
	events := make(chan hal.KeyEvent)
	stop := make(chan struct{})
	for _, p := range pads {
		go func() {
			for e := range p.Events() {
				select {
				case events <- e:
				case <-stop:
				}
			}
		}()
	}
	defer func() {
		close(stop)
		for _, p := range pads {
			if err := p.Close(); err != nil {
				c.failed("keypad: " + err.Error())
			}
		}
	}()
	left := f.KeyNames()
	c.say("\nPress each key: %s", list(left))
	for len(left) > 0 {
		select {
		case e := <-events:
			i := slices.Index(left, e.Key)
			switch {
			case e.Down && i < 0:
				c.say("          %s once more", e.Key)
			case !e.Down && i >= 0:
				left = slices.Delete(left, i, i+1)
				c.say("  ok      %s   (%d left)", e.Key, len(left))
			}
		case a, open := <-c.answers:
			if a == "" || !open {
				for _, k := range left {
					c.failed("key " + string(k) + " never moved")
				}
				return
			}
		}
	}
}

func list(keys []hal.Key) string {
	var b strings.Builder
	for _, k := range keys {
		b.WriteString(string(k) + " ")
	}
	return b.String()
}

func (c *checker) hook(h hal.Hook) {
	defer h.Close()
	for _, off := range []bool{false, true, false} {
		c.say("\n%s", map[bool]string{true: "Lift the handset.", false: "Put the handset into its cradle."}[off])
		for moved := false; !moved; {
			select {
			case e, open := <-h.Events():
				if !open {
					c.failed("hook switch: it has ended")
					return
				}
				moved = e.OffHook == off
			case a, open := <-c.answers:
				if a == "" || !open {
					c.failed("hook switch never moved")
					return
				}
			}
		}
	}
	c.passed("hook switch")
}

func (c *checker) panel(p hal.Panel) {
	defer p.Close()
	if err := p.Draw(testCard(p.Bounds()), p.Bounds()); err != nil {
		c.failed("display: " + err.Error())
		return
	}
	if err := p.Backlight(100); err != nil {
		c.failed("display's light: " + err.Error())
	}
	c.seen("display", "\nThe display has a white frame at its very edges, a red square in the upper left corner, and\nbars of red, green, blue, white, grey, black from the left. Is it so?")
	for _, percent := range []int{10, 0} {
		if err := p.Backlight(percent); err != nil {
			c.failed("display's light: " + err.Error())
		}
	}
	c.seen("display's light", "Has the display's light gone off?")
}

// testCard shows turned, mirrored, shifted and colour-swapped displays.
func testCard(b image.Rectangle) *image.RGBA {
	img := image.NewRGBA(b)
	bars := []color.RGBA{{255, 0, 0, 255}, {0, 255, 0, 255}, {0, 0, 255, 255}, {255, 255, 255, 255}, {128, 128, 128, 255}, {0, 0, 0, 255}}
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			at := color.RGBA{0, 0, 0, 255}
			switch {
			case x == b.Min.X || y == b.Min.Y || x == b.Max.X-1 || y == b.Max.Y-1:
				at = color.RGBA{255, 255, 255, 255}
			case x < b.Min.X+24 && y < b.Min.Y+24:
				at = bars[0]
			case y > b.Min.Y+b.Dy()/4 && y < b.Min.Y+b.Dy()*3/4:
				at = bars[(x-b.Min.X)*len(bars)/b.Dx()]
			}
			img.SetRGBA(x, y, at)
		}
	}
	return img
}

func (c *checker) lamps(f *board.File, l hal.Lamps) {
	defer l.Close()
	for _, id := range f.LampNames() {
		if err := l.Set(id, hal.LampState{Pattern: hal.SlowFlash}); err != nil {
			c.failed(fmt.Sprintf("lamp %s: %v", id, err))
			continue
		}
		c.seen("lamp "+string(id), fmt.Sprintf("\nDoes the lamp %q blink once a second, and no other?", id))
		_ = l.Set(id, hal.LampState{Pattern: hal.Dark})
	}
}

func (c *checker) scanner(s hal.Scanner) {
	c.say("\nShow a code to the scanner.")
	select {
	case code, open := <-s.Codes():
		if !open {
			c.failed("scanner: it has ended")
			return
		}
		c.passed(fmt.Sprintf("scanner: %q", code))
	case <-c.answers:
		c.failed("scanner read nothing")
	}
}
