package ui

import (
	"strconv"
	"strings"
	"time"

	"phoned/phone"
)

// noService says why nobody can call or be called (C0.3): the cause as a
// sentence, since when, and what happens next.
func (b *builder) noService() Message {
	m := Message{Tone: ToneWarn}
	l, ok := b.failingLine()
	m.Title = b.serviceSentence(l, ok)
	if ok {
		m.Paragraphs = append(m.Paragraphs, b.serviceSince(l)...)
		m.Paragraphs = append(m.Paragraphs, b.nextTry(l))
	}
	if p, ok := b.worst(phone.ScreenNoService); ok {
		m.Paragraphs = append(m.Paragraphs, Text{p, ToneMuted})
	}
	m.Strip = b.emergencyStrip()
	return m
}

// emergencyStrip says what one must know before one needs it.
func (b *builder) emergencyStrip() Strip {
	say := "service.emergency"
	switch {
	case b.registered():
		return Strip{}
	case b.v.NoEmergency:
		say = "service.emergency.never"
	case len(b.v.Settings.Emergency) == 0: // it knows no number for them
	case len(b.v.Lines) == 0, b.answered():
		say = "service.emergency.tried"
	}
	return Strip{Icon: IconWarn, Text: b.c.say(say), Tone: ToneWarn, Solid: true}
}

// answered: the exchange is there, though it does not take this phone.
func (b *builder) answered() bool {
	l, ok := b.failingLine()
	return ok && (l.State == phone.LineFailed || l.State == phone.LineUnregistered || l.State == phone.LineOff) && l.Cause != phone.CauseNoConnection
}

// failingLine is the line the explanation is about: the default one if it
// fails, otherwise the first that does.
func (b *builder) failingLine() (phone.LineView, bool) {
	if l, ok := b.line(b.v.Settings.DefaultLine); ok && l.State != phone.LineRegistered {
		return l, true
	}
	for _, l := range b.v.Lines {
		if l.State != phone.LineRegistered {
			return l, true
		}
	}
	return phone.LineView{}, false
}

func (b *builder) serviceSentence(l phone.LineView, ok bool) string {
	switch {
	case b.v.Session.State == phone.SessionLost:
		return b.c.say("service.lost")
	case !ok:
		return b.c.say("service.no_line")
	case l.State == phone.LineOff:
		return b.c.say("service.off")
	}
	if k := "service." + string(l.Cause); l.Cause != phone.CauseNone && b.c.has(k) {
		return b.c.say(k)
	}
	if l.State == phone.LineConnecting {
		return b.c.say("service.connecting")
	}
	return b.c.say("service.unknown")
}

func (b *builder) serviceSince(l phone.LineView) []Text {
	name := Clean(l.Domain)
	if name == "" {
		name = Clean(l.Label)
	}
	if name == "" {
		return nil
	}
	if l.Since.IsZero() || l.Since.Year() < earliestClock {
		return []Text{{name + ".", ToneMuted}}
	}
	return []Text{{b.c.say("service.since", "name", name, "time", b.c.clockTime(b.env.local(l.Since))), ToneMuted}}
}

// farTry is from when on a wait is told by the clock, not in seconds.
const farTry = 2 * time.Minute

func (b *builder) nextTry(l phone.LineView) Text {
	if !l.Next.IsZero() && l.Next.Sub(b.env.Now) > farTry {
		return Text{b.c.say("service.next_at", "time", b.c.clockTime(b.env.local(l.Next))), ToneMuted}
	}
	if n := b.until(l.Next); n > 0 {
		return Text{b.c.say("service.next", "n", strconv.Itoa(n)), ToneMuted}
	}
	if l.State == phone.LineConnecting {
		return Text{b.c.say("service.trying"), ToneMuted}
	}
	return Text{b.c.say("service.help"), ToneMuted}
}

// why is the page behind "Why?": cause, last error, next try.
func (b *builder) why() Message {
	l, ok := b.failingLine()
	m := Message{Icon: IconNoNetwork, Tone: ToneWarn, Title: b.serviceSentence(l, ok)}
	if !ok {
		m.Paragraphs = append(m.Paragraphs, Text{b.c.say("signin.lost.help"), ToneMuted})
		return m
	}
	m.Paragraphs = append(m.Paragraphs, b.serviceSince(l)...)
	m.Paragraphs = append(m.Paragraphs, b.nextTry(l))
	if !b.registered() {
		m.Paragraphs = append(m.Paragraphs, Text{b.c.say("service.until"), ToneMuted})
	}
	if d := Clean(l.Detail); d != "" {
		m.Details, m.DetailsAre = d, b.c.say("service.details")
	}
	if p, ok := b.worst(phone.ScreenWhy); ok {
		m.Paragraphs = append(m.Paragraphs, Text{p, ToneMuted})
	}
	return m
}

// worst words the worst problem that is at least a warning.
func (b *builder) worst(screen phone.Screen) (string, bool) {
	for _, p := range b.v.Problems {
		if p.Severity < 1 || lineProblem(p) {
			continue
		}
		s := b.problem(p)
		if screen == phone.ScreenWhy {
			if a := Clean(p.Advice); a != "" {
				s = strings.TrimSuffix(s, ".") + ". " + a
			}
		}
		return s, true
	}
	return "", false
}

// lineProblem: the sentence of the line itself says it already.
func lineProblem(p phone.ProblemInfo) bool {
	return strings.HasPrefix(p.Code, "line.") || strings.HasPrefix(p.Code, "sip.")
}

// problem words a problem: the catalogue's sentence, otherwise its own title.
func (b *builder) problem(p phone.ProblemInfo) string {
	if k := "problem." + p.Code; b.c.has(k) {
		return b.c.say(k, "subject", Clean(p.Subject), "detail", Clean(p.Detail))
	}
	if t := Clean(p.Title); t != "" {
		return t
	}
	return b.c.say("problem")
}

// signIn is the screen of a phone nobody is signed in on.
func (b *builder) signIn() Body {
	s := b.v.Session
	if s.URL == "" {
		m := Message{Title: b.c.say("signin.start"), Paragraphs: []Text{{b.c.say("signin.start.help"), ToneMuted}}}
		switch {
		case b.v.Screen == phone.ScreenSigningIn || s.State == phone.SessionPending:
			m = Message{Title: b.c.say("signin.wait")}
		case s.State == phone.SessionLost:
			m = Message{Tone: ToneWarn, Title: b.c.say("signin.lost"), Paragraphs: []Text{{b.c.say("signin.lost.help"), ToneMuted}}}
		}
		if p, ok := b.worst(phone.ScreenUnprovisioned); ok {
			m.Paragraphs = append(m.Paragraphs, Text{p, ToneWarn})
		}
		m.Strip = b.emergencyStrip()
		return m
	}
	payload := s.QR
	if payload == "" {
		payload = s.URL
	}
	out := SignIn{Payload: payload, Lead: b.c.say("signin.scan"), Or: b.c.say("signin.or"), URL: readableURL(s.URL),
		AndType: b.c.say("signin.type"), Code: Clean(s.Code), Strip: b.emergencyStrip()}
	if s.Fingerprint != "" {
		out.Compare = b.c.say("signin.page.help")
		for rest := s.Fingerprint; rest != ""; {
			n := min(16, len(rest))
			out.Fingerprint = append(out.Fingerprint, phone.Grouped(rest[:n]))
			rest = rest[n:]
		}
	}
	if n := b.until(s.Until); n > 0 {
		out.Until = Text{b.c.say("signin.until", "time", remaining(n)), ToneMuted}
	}
	return out
}
