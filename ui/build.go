package ui

import (
	"time"

	"phoned/phone"
)

// Build words a view: what the screen says at env.Now. It is pure and safe
// for concurrent use; any view gives a Screen, also one that contradicts
// itself.
func Build(v phone.View, env Env) Screen {
	b := &builder{v: v, env: env, c: language(env.Locale)}
	s := Screen{ID: v.Screen, Theme: theme(string(env.Theme)), Primary: v.Settings.Primary, Accent: v.Settings.Accent}
	s.Body = b.body()
	s.Logo = b.logo(s.Body)
	s.Glow = b.glow()
	s.Header = b.header()
	s.Keys = b.softKeys()
	s.Toast = b.toast()
	s.Volume = b.volume()
	s.Next = b.next
	return s
}

// NextChange is when the picture of v changes by itself: Screen.Next of
// Build(v, env). The zero time means never.
func NextChange(v phone.View, env Env) time.Time { return Build(v, env).Next }

// builder carries one Build; it is never kept.
type builder struct {
	v    phone.View
	env  Env
	c    *catalogue
	next time.Time

	bigClock bool // the body is the clock
}

func (b *builder) body() Body {
	switch b.v.Screen {
	case phone.ScreenUnprovisioned, phone.ScreenSigningIn:
		return b.signIn()
	case phone.ScreenNoService:
		return b.noService()
	case phone.ScreenWhy:
		return b.why()
	case phone.ScreenPredial, phone.ScreenDialtone, phone.ScreenDialing:
		return b.entry()
	case phone.ScreenCalling, phone.ScreenRingback, phone.ScreenIncoming, phone.ScreenWaiting, phone.ScreenActive,
		phone.ScreenActiveHeld, phone.ScreenHeld, phone.ScreenRemoteHeld, phone.ScreenEnded:
		if c, ok := b.focus(); ok {
			return b.call(c)
		}
	case phone.ScreenXferRinging, phone.ScreenXferConsult:
		if c, ok := b.focus(); ok {
			return b.call(c)
		}
	case phone.ScreenXferDial:
		return b.transferDial()
	case phone.ScreenXferPending:
		return b.transferPending()
	case phone.ScreenXferAsked:
		return b.transferAsked()
	case phone.ScreenConference:
		return b.conference()
	case phone.ScreenParkPick, phone.ScreenParkList:
		return b.parkList()
	case phone.ScreenParking:
		return b.parking()
	case phone.ScreenParked:
		return b.parked()
	case phone.ScreenParkAsk:
		return b.parkAsk()
	case phone.ScreenFailed:
		return b.failed()
	case phone.ScreenHangUp:
		return Message{Icon: IconHandset, Tone: ToneWarn, Title: b.c.say("hangup.title"),
			Paragraphs: []Text{{b.c.say("hangup.help"), ToneMuted}}}
	case phone.ScreenMenu, phone.ScreenHistory:
		return b.list()
	case phone.ScreenStatus:
		return b.status()
	}
	if body := b.detailBody(); body != nil {
		return body
	}
	if body := b.deskBody(); body != nil {
		return body
	}
	return b.idle()
}

// at notes an instant when the picture changes; past ones are ignored.
func (b *builder) at(t time.Time) {
	if t.After(b.env.Now) && (b.next.IsZero() || t.Before(b.next)) {
		b.next = t
	}
}

// since gives how long ago t was and notes when the next second of it is
// full.
func (b *builder) since(t time.Time) time.Duration {
	if t.IsZero() {
		return 0
	}
	d := max(b.env.Now.Sub(t), 0)
	b.at(b.env.Now.Add(time.Second - d%time.Second))
	return d
}

// until gives the whole seconds till t, rounded up, and notes when they
// change.
func (b *builder) until(t time.Time) int {
	d := t.Sub(b.env.Now)
	if d <= 0 {
		return 0
	}
	n := int((d + time.Second - 1) / time.Second)
	b.at(t.Add(-time.Duration(n-1) * time.Second))
	return n
}

// blinkHalf is half the period of the sign of a held call.
const blinkHalf = 500 * time.Millisecond

// blink reports whether something that blinks since t is in its dark half.
func (b *builder) blink(t time.Time) bool {
	if b.env.ReducedMotion || t.IsZero() {
		return false
	}
	d := max(b.env.Now.Sub(t), 0)
	b.at(b.env.Now.Add(blinkHalf - d%blinkHalf))
	return d/blinkHalf%2 == 1
}

// A list glides to the next rows in frames of glideFrame, fast first.
const (
	glideFrame = 32 * time.Millisecond
	glideTime  = 4 * glideFrame
)

// GlideWhole is List.Glide at the end of the way.
const GlideWhole = 64

// glide is how far a list that was moved at t is on its way; 0: it stands.
func (b *builder) glide(t time.Time) int {
	d := b.env.Now.Sub(t)
	if b.env.ReducedMotion || t.IsZero() || d < 0 || d >= glideTime {
		return 0
	}
	n := d/glideFrame + 1 // the first frame has moved already
	b.at(t.Add(n * glideFrame))
	left := int(glideTime/glideFrame - n)
	whole := int(glideTime / glideFrame)
	return GlideWhole - GlideWhole*left*left*left/(whole*whole*whole)
}

// breath is the period of the ringing ground, in steps of breathStep.
const (
	breath     = 2 * time.Second
	breathStep = 125 * time.Millisecond
	calmGlow   = 14
)

// glowSteps is one breath: a cosine between 11 and GlowMax.
var glowSteps = [breath / breathStep]int{16, 16, 15, 14, 13, 12, 11, 11, 11, 11, 12, 13, 14, 15, 16, 16}

// glow is the strength of the ground: it breathes while a call rings here.
func (b *builder) glow() int {
	if b.v.Screen != phone.ScreenIncoming && b.v.Screen != phone.ScreenWaiting {
		return 0
	}
	c, ok := b.focus()
	if !ok || c.State != phone.Incoming {
		return 0
	}
	if b.env.ReducedMotion || c.StartedAt.IsZero() {
		return calmGlow
	}
	d := max(b.env.Now.Sub(c.StartedAt), 0)
	b.at(b.env.Now.Add(breathStep - d%breathStep))
	return glowSteps[d%breath/breathStep]
}

// focus is the call the screen is about: the one with the focus, otherwise
// the newest.
func (b *builder) focus() (phone.CallView, bool) {
	for _, c := range b.v.Calls {
		if c.ID == b.v.Focus {
			return c, true
		}
	}
	if n := len(b.v.Calls); n > 0 {
		return b.v.Calls[n-1], true
	}
	return phone.CallView{}, false
}

// line finds a line by its name.
func (b *builder) line(id phone.LineID) (phone.LineView, bool) {
	for _, l := range b.v.Lines {
		if l.ID == id {
			return l, true
		}
	}
	return phone.LineView{}, false
}

// mainLine is the line that stands for the phone: the default one, otherwise
// the first that is registered, otherwise the first.
func (b *builder) mainLine() (phone.LineView, bool) {
	if l, ok := b.line(b.v.Settings.DefaultLine); ok {
		return l, true
	}
	for _, l := range b.v.Lines {
		if l.State == phone.LineRegistered {
			return l, true
		}
	}
	if len(b.v.Lines) > 0 {
		return b.v.Lines[0], true
	}
	return phone.LineView{}, false
}

func (b *builder) registered() bool {
	for _, l := range b.v.Lines {
		if l.State == phone.LineRegistered {
			return true
		}
	}
	return false
}
