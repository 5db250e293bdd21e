package b2b

import (
	"strings"

	"phoned/lab/sipmsg"
)

// Refer asks the phone to call someone else (RFC 3515): target is a number of
// the lab's domain or a whole URI. The answer is the event refer-answered, each
// NOTIFY is a sipfrag with its status line.
func (p *SecondPhone) Refer(target string) error {
	return p.with(func(o *local, l *leg) error {
		if !strings.Contains(target, ":") {
			target = "sip:" + target + "@" + p.e.cfg.Domain
		}
		l.seq++
		m := l.request("REFER")
		m.Add("Refer-To", "<"+target+">")
		m.Add("Referred-By", "<sip:"+SecondExtension+"@"+p.e.cfg.Domain+">")
		p.e.start(l.flow, m, func(r *sipmsg.Message) {
			if r.Status >= 200 {
				p.e.Record.event(Event{Kind: "refer-answered", User: l.user, CallID: l.callID, Code: r.Status})
			}
		})
		return nil
	})
}

// Replace sends the phone an INVITE that takes the place of its call with the
// second phone (RFC 3891), as an attended transfer at the far end does. It
// gives the new call's Call-ID.
func (p *SecondPhone) Replace(number, display string) (string, error) {
	var id string
	err := p.with(func(_ *local, l *leg) error {
		b := p.e.bindings.Of(l.user, p.e.cfg.Clock.Now())
		if len(b) == 0 {
			return ErrNotRegistered
		}
		o := p.end()
		from := sipmsg.Quote(display) + " <sip:" + number + "@" + p.e.cfg.Domain + ">"
		n := p.e.inviteMedia(b[len(b)-1], from, o, o, func(code int) { o.over(itoa(code)) })
		n.extra = append(n.extra, sipmsg.Header{Name: "Replaces", Value: l.callID + ";to-tag=" + l.theirs + ";from-tag=" + l.tag})
		p.e.newCall(number, l.user, "").add(n)
		n.call.event("invite", n, l.user)
		id = n.callID
		return nil
	})
	return id, err
}

// fragment is the first line of a NOTIFY's body.
func fragment(body []byte) string {
	first, _, _ := strings.Cut(string(body), "\n")
	return strings.TrimSpace(first)
}
