package sip

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	gosip "github.com/emiago/sipgo/sip"
)

const (
	// redirectTime is how long a redirected call waits for Redirect or End.
	redirectTime = 60 * time.Second
	// maxRedirects bounds how often one call may be sent on.
	maxRedirects = 5
	// maxContacts bounds the choices that one answer may offer.
	maxContacts = 10
)

// ErrRedirectLoop: everything a 3xx names was tried already, or the call was
// sent on too often.
var ErrRedirectLoop = errors.New("the call is forwarded in a circle")

// LegRedirected: a 3xx to our INVITE names others to call. Nobody is called
// before the core agrees: Redirect goes on with one of them on the same leg,
// End gives up, and so does the agent after 60 s; both end in LegEnded with
// Code.
type LegRedirected struct {
	Leg      LegID
	Code     int
	Contacts []Contact // best first (RFC 3261 §20.10), never empty
}

// Contact is one choice of a LegRedirected.
type Contact struct {
	URI     string // what Redirect takes
	User    string // extension or number, to be shown
	Host    string
	Display string
	// Local: at the line's own SIP domain. Anything else leaves the exchange's
	// own numbering and should be asked about.
	Local bool
	Q     float64 // 0 to 1, the server's preference
}

func (LegRedirected) event() {}

// redirection is what a call remembers of the servers that sent it on.
type redirection struct {
	count    int
	code     int
	reason   string
	tried    map[string]bool
	contacts []Contact
	history  []string // History-Info entries so far, the oldest first
	// said are Diversion values that came with the 3xx (RFC 5806 §6).
	said []string
}

// redirected handles a 3xx; it reports false where there is nobody to go on to.
func (g *leg) redirected(res *gosip.Response) bool {
	r := &g.redirect
	if g.unwanted || g.state != calling || res.StatusCode == 305 || res.StatusCode == 380 {
		return false // RFC 3261 §21.3.4: a proxy is the configuration's to name
	}
	if r.tried == nil {
		r.tried = map[string]bool{}
	}
	r.tried[addressKey(g.inviteReq.Recipient)] = true
	all := contactsOf(res, g.line.cfg.Domain)
	left := slices.DeleteFunc(slices.Clone(all), func(c Contact) bool { return r.tried[c.key()] })
	switch {
	case len(all) == 0:
		return false
	case len(left) == 0 || r.count >= maxRedirects:
		g.forgetEarly(nil)
		g.finish(LegEnded{Code: res.StatusCode, Remote: true, Reason: res.Reason, Targets: uris(all), Err: ErrRedirectLoop})
		return true
	}
	r.code, r.reason, r.contacts, r.said = res.StatusCode, res.Reason, left, headerList(res, "Diversion")
	g.forgetEarly(nil)
	g.d, g.earlyDialogs, g.rseqs, g.invite, g.auth, g.rung = nil, nil, nil, nil, authState{}, false
	g.state = redirected
	g.guard = g.a.after(redirectTime, func() { g.redirectOver() })
	g.a.log.Info("call is redirected", "call", g.callID, "line", g.line.cfg.ID, "code", res.StatusCode)
	g.a.emit(LegRedirected{Leg: g.id, Code: res.StatusCode, Contacts: left})
	return true
}

// redirectOver ends a call whose redirection nobody wants to follow.
func (g *leg) redirectOver() {
	r := &g.redirect
	g.finish(LegEnded{Code: r.code, Remote: true, Reason: r.reason, Targets: uris(r.contacts)})
}

// Redirect implements UserAgent.
func (a *Agent) Redirect(id LegID, target string) error {
	return a.onLeg(id, func(g *leg) error {
		k := g.line.link
		switch {
		case g.state != redirected:
			return fmt.Errorf("follow a redirection: %w", ErrState)
		case k == nil:
			return fmt.Errorf("follow a redirection: %w", ErrFlowDown)
		}
		uri, err := g.line.targetURI(target)
		if err != nil {
			return err
		}
		why := divertedBy(uri, g.redirect.code)
		uri.Headers = nil
		g.guard.stop()
		g.state = calling
		g.redirect.count++
		g.redirect.tried[addressKey(uri)] = true
		g.sendInvite(k, g.again(k, uri, why))
		return nil
	})
}

// again is the INVITE to the next target: the same call, with the next number
// (RFC 3261 §8.1.3.4), and word of whom it was for (RFC 5806, RFC 7044).
func (g *leg) again(k *link, uri gosip.Uri, why DivertReason) *gosip.Request {
	was := g.inviteReq.Recipient
	req := repeat(g.inviteReq, k, g.inviteReq.CSeq().SeqNo+1)
	req.Recipient = uri
	for _, name := range []string{"Authorization", "Proxy-Authorization", "Route", "Contact", "Diversion", "History-Info"} {
		for req.RemoveHeader(name) {
		}
	}
	for _, r := range g.line.reg.route {
		req.AppendHeader(gosip.NewHeader("Route", r))
	}
	req.AppendHeader(g.contact(k))
	r := &g.redirect
	said := r.said
	if len(said) == 0 {
		said = append([]string{diversion(was, why, r.count)}, headerList(g.inviteReq, "Diversion")...)
	}
	for _, d := range said {
		req.AppendHeader(gosip.NewHeader("Diversion", printable(d)))
	}
	if len(r.history) == 0 {
		r.history = []string{"<" + bare(was) + ">;index=1"}
	}
	last := len(r.history) - 1
	r.history[last] = strings.Replace(r.history[last], ">", "?Reason=SIP%3Bcause%3D"+strconv.Itoa(r.code)+">", 1)
	index := "1" + strings.Repeat(".1", r.count)
	r.history = append(r.history, "<"+bare(uri)+">;index="+index)
	req.AppendHeader(gosip.NewHeader("History-Info", strings.Join(r.history, ", ")))
	return req
}

// bare is a URI as it may be quoted in another header: no parameters that
// belong to a hop, no headers.
func bare(u gosip.Uri) string {
	scheme := u.Scheme
	if scheme == "tel" {
		return u.String()
	}
	return scheme + ":" + u.User + "@" + hostOf(&u)
}

func addressKey(u gosip.Uri) string { return strings.ToLower(bare(u)) }

func (c Contact) key() string {
	var u gosip.Uri
	if gosip.ParseUri(c.URI, &u) != nil {
		return c.URI
	}
	return addressKey(u)
}

func uris(list []Contact) []string {
	var out []string
	for _, c := range list {
		out = append(out, c.URI)
	}
	return out
}

// contactsOf reads whom a 3xx names, the preferred first. Only what this phone
// can call is taken: sip, sips and tel.
func contactsOf(res *gosip.Response, domain string) []Contact {
	var list []Contact
	for _, v := range headerList(res, "Contact") {
		id, params, ok := parseNameAddr(v)
		uri := v
		if open, end := strings.IndexByte(v, '<'), strings.IndexByte(v, '>'); open >= 0 && end > open {
			uri = v[open+1 : end]
		} else {
			uri, _, _ = strings.Cut(uri, ";")
		}
		scheme, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(uri)), ":")
		if !ok || id.User == "" || scheme != "sip" && scheme != "sips" && scheme != "tel" || len(list) == maxContacts {
			continue
		}
		c := Contact{
			URI: printable(strings.TrimSpace(uri)), User: printable(id.User), Host: printable(id.Host), Display: printable(id.Display), Q: 1,
			Local: scheme == "tel" || strings.EqualFold(id.Host, domain),
		}
		if q, err := strconv.ParseFloat(params["q"], 64); err == nil && q >= 0 && q <= 1 {
			c.Q = q
		}
		list = append(list, c)
	}
	slices.SortStableFunc(list, func(a, b Contact) int { return cmp.Compare(b.Q, a.Q) })
	return list
}

// DivertReason says why a call is forwarded, in the words of RFC 5806 §4.
type DivertReason string

const (
	DivertUnknown       DivertReason = "unknown"
	DivertUnconditional DivertReason = "unconditional"
	DivertBusy          DivertReason = "user-busy"
	DivertNoAnswer      DivertReason = "no-answer"
	DivertUnavailable   DivertReason = "unavailable"
	DivertDND           DivertReason = "do-not-disturb"
	DivertDeflection    DivertReason = "deflection" // by hand, while it rang
)

// divertedBy reads the cause parameter of a redirection's target (RFC 4458
// §2), and failing that the status.
func divertedBy(target gosip.Uri, code int) DivertReason {
	cause := ""
	if v, ok := target.UriParams.Get("cause"); ok {
		cause = v
	}
	switch cause {
	case "486":
		return DivertBusy
	case "408":
		return DivertNoAnswer
	case "302":
		return DivertUnconditional
	case "480", "487":
		return DivertDeflection
	case "503":
		return DivertUnavailable
	}
	if code == 301 {
		return DivertUnconditional
	}
	return DivertUnknown
}

// diversion writes one Diversion value.
func diversion(from gosip.Uri, why DivertReason, counter int) string {
	return fmt.Sprintf("<%s>;reason=%s;counter=%d", bare(from), why, counter)
}

// Divert implements UserAgent.
func (a *Agent) Divert(id LegID, target string, why DivertReason) error {
	return a.onLeg(id, func(g *leg) error {
		if g.state != incoming {
			return fmt.Errorf("forward: %w", ErrState)
		}
		// The host must be the SIP domain: some exchanges treat only a name of
		// their own as a transfer.
		u, err := g.line.targetURI(target)
		if err != nil {
			return err
		}
		we := gosip.Uri{Scheme: "sip", User: escapeUser(g.line.cfg.User), Host: g.line.cfg.Domain}
		if why == "" {
			why = DivertUnknown
		}
		g.tx.respond(302, reasonPhrase(302), nil, func(res *gosip.Response) {
			res.AppendHeader(gosip.NewHeader("Contact", "<"+u.String()+">"))
			res.AppendHeader(gosip.NewHeader("Diversion", diversion(we, why, 1)))
			for _, d := range headerList(g.tx.req, "Diversion") {
				res.AppendHeader(gosip.NewHeader("Diversion", printable(d)))
			}
		})
		g.release(g.d)
		g.finish(LegEnded{Code: 302, Reason: reasonPhrase(302)})
		return nil
	})
}

// diversions counts how often a call was sent on before it came here: the sum
// of Diversion's counters, or the entries of History-Info less one.
func diversions(m gosip.Message) int {
	n := 0
	for _, v := range headerList(m, "Diversion") {
		_, params, ok := parseNameAddr(v)
		if !ok {
			continue
		}
		c, err := strconv.Atoi(params["counter"])
		if err != nil || c < 1 {
			c = 1
		}
		n += min(c, 100)
	}
	if n > 0 {
		return n
	}
	return max(0, len(headerList(m, "History-Info"))-1)
}
