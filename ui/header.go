package ui

import (
	"fmt"
	"strconv"
	"time"

	"phoned/phone"
)

// header words the top line (C0.4). Every screen has it, so it also notes the
// change of the minute.
func (b *builder) header() Header {
	now := b.env.local(b.env.Now)
	b.at(now.Truncate(time.Minute).Add(time.Minute))
	h := Header{Time: b.c.clockTime(now), Title: b.title(), Index: b.index(), Badges: b.badges(), Right: b.identity()}
	if b.bigClock {
		h.Time = ""
	}
	return h
}

// title is what the screen is about where it is not the phone itself.
func (b *builder) title() string {
	switch b.v.Screen {
	case phone.ScreenUnprovisioned, phone.ScreenSigningIn:
		return b.c.say("signin.title")
	case phone.ScreenWhy:
		return b.c.say("why.title")
	case phone.ScreenPredial, phone.ScreenDialtone, phone.ScreenDialing:
		return b.c.say("dial.title")
	case phone.ScreenXferDial, phone.ScreenXferRinging, phone.ScreenXferConsult, phone.ScreenXferPending:
		return b.transferTitle()
	case phone.ScreenParkPick, phone.ScreenParking:
		return b.c.say("park.title")
	case phone.ScreenParkList, phone.ScreenParkAsk:
		return b.c.say("park.list")
	case phone.ScreenRecord, phone.ScreenQuality:
		return b.menuTitle(string(b.v.Screen))
	case phone.ScreenHistory:
		return b.menuTitle("history.title")
	case phone.ScreenStatus:
		return b.menuTitle("status.title")
	case phone.ScreenMenu:
		return b.menuTitle("menu.title")
	}
	if t := b.deskTitle(); t != "" {
		return t
	}
	if n := Clean(b.v.Settings.PhoneName); n != "" {
		return n
	}
	if l, ok := b.mainLine(); ok && l.Label != "" {
		return Clean(l.Label)
	}
	return Clean(b.v.Settings.BrandName)
}

// index is "2/2": which call has the focus.
func (b *builder) index() string {
	if len(b.v.Calls) < 2 || !callScreen(b.v.Screen) {
		return ""
	}
	for i, c := range b.v.Calls {
		if c.ID == b.v.Focus {
			return fmt.Sprintf("%d/%d", i+1, len(b.v.Calls))
		}
	}
	return fmt.Sprintf("%d/%d", len(b.v.Calls), len(b.v.Calls))
}

func callScreen(s phone.Screen) bool {
	switch s {
	case phone.ScreenCalling, phone.ScreenRingback, phone.ScreenIncoming, phone.ScreenWaiting, phone.ScreenActive,
		phone.ScreenActiveHeld, phone.ScreenHeld, phone.ScreenRemoteHeld, phone.ScreenEnded, phone.ScreenFailed,
		phone.ScreenXferRinging, phone.ScreenXferConsult, phone.ScreenConference:
		return true
	}
	return false
}

func (b *builder) badges() []Badge {
	var out []Badge
	add := func(on bool, i Icon, t Tone, text string) {
		if on {
			out = append(out, Badge{i, t, text})
		}
	}
	c, inCall := b.focus()
	inCall = inCall && callScreen(b.v.Screen) && c.State == phone.Active
	add(inCall && c.Recording == phone.RecordingOn, IconRecord, ToneStop, "REC")
	add(inCall && (c.Recording == phone.RecordingAsked || c.Recording == phone.RecordingUnconfirmed), IconRecord, ToneMuted, "REC?")
	add(b.v.Muted && !b.saysMuted(), IconMicOff, ToneStop, "")
	add(b.v.Headset, IconHeadset, ToneText, "")
	add(b.v.DND, IconMoon, ToneWarn, "")
	add(b.v.Settings.Forward.Any(), IconForward, ToneAccent, "")
	add(b.v.Locked, IconKeyLock, ToneMuted, "")
	add(b.v.Remote != (phone.RemoteControl{}), IconRemote, ToneWarn, "")
	if m := b.v.MWI; m.New > 0 && b.v.Screen != phone.ScreenIdle {
		n := strconv.Itoa(min(m.New, 99))
		add(m.Known, IconMail, ToneAccent, n)
		add(!m.Known, IconMail, ToneMuted, n)
	}
	add(inCall && c.Secure, IconLock, ToneGo, "")
	if b.registered() && !inCall {
		add(true, IconDot, ToneGo, "")
	}
	return out
}

// identity is what stands at the right: the own extension, or that there is
// no service.
func (b *builder) identity() Text {
	switch b.v.Screen {
	case phone.ScreenUnprovisioned, phone.ScreenSigningIn:
		return Text{Clean(b.v.Settings.PhoneName), ToneMuted}
	}
	if !b.registered() {
		return Text{b.c.say("service.none"), ToneWarn}
	}
	l, _ := b.mainLine()
	if c, ok := b.focus(); ok && callScreen(b.v.Screen) {
		if cl, ok := b.line(c.Line); ok {
			l = cl
		}
	}
	return Text{cleanNumber(l.Number), ToneMuted}
}
