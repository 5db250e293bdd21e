package ui

import (
	"strings"
	"time"

	"phoned/phone"
)

// A toast slides up by slideWay pixels in slideTime, in steps of slideStep.
const (
	slideWay  = 8
	slideStep = 40 * time.Millisecond
	slideTime = 160 * time.Millisecond
)

// toast words the line above the soft keys.
func (b *builder) toast() *Toast {
	t := b.v.Toast
	if t == nil {
		return nil
	}
	code := strings.TrimPrefix(t.Code, "@")
	arg := b.toastArg(t.Arg)
	var text string
	switch {
	case code == "no_service" && b.c.has("service."+t.Arg):
		text = b.c.say("service." + t.Arg)
	case b.c.has("toast." + code):
		text = b.c.say("toast."+code, "arg", arg, "who", b.number(t.Who), "why", b.toastArg(string(t.Why)))
	case b.c.has("cause." + code):
		text = b.c.say("cause." + code)
		if arg != "" {
			text = b.c.say("toast.reason", "name", text, "arg", arg)
		}
	case b.c.has(code):
		text = b.c.say(code, "arg", arg)
	default:
		text = b.c.say(code)
	}
	out := &Toast{Text: strings.TrimSuffix(strings.TrimSpace(text), ":"), Tone: ToneText, Icon: IconInfo}
	if code == phone.ToastMissed {
		out.Icon, out.Tone = IconMissed, ToneStop
		out.Text += " · " + b.when(b.missedAt(t))
	}
	if t.Bad {
		out.Tone, out.Icon = ToneWarn, IconWarn
	}
	if age := b.env.Now.Sub(t.Since); !b.env.ReducedMotion && age >= 0 && age < slideTime {
		out.Rise = slideWay - int(slideWay*(age/slideStep)/(slideTime/slideStep))
		b.at(b.env.Now.Add(slideStep - age%slideStep))
	}
	return out
}

// toastArg is a literal, a catalogue key or a cause.
func (b *builder) toastArg(s string) string {
	if strings.HasPrefix(s, "@") {
		return b.literal(s)
	}
	if k := "cause." + s; s != "" && b.c.has(k) {
		return b.c.say(k)
	}
	if s != "" && phone.Anonymous(s) {
		return b.c.say("call.anonymous")
	}
	return Clean(s)
}

// volume words the volume overlay.
func (b *builder) volume() *Volume {
	v := b.v.Volume
	if v == nil {
		return nil
	}
	p := min(max(v.Percent, 0), 100)
	out := &Volume{Percent: p, Value: b.c.percent(p)}
	switch {
	case v.Ringer:
		out.Label, out.Icon = b.c.say("path.ringer"), IconBell
	case v.Path == phone.PathHandset:
		out.Label, out.Icon = b.c.say("path.handset"), IconHandset
	case v.Path == phone.PathHeadset:
		out.Label, out.Icon = b.c.say("path.headset"), IconHeadset
	default:
		out.Label, out.Icon = b.c.say("path.speaker"), IconSpeaker
	}
	return out
}
