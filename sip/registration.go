package sip

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	gosip "github.com/emiago/sipgo/sip"
)

const (
	// minRefresh keeps a registrar that grants seconds from being flooded.
	minRefresh = 5 * time.Second
	// maxPause bounds what a Retry-After can ask.
	maxPause = time.Hour
	// unregisterTimeout is how long leaving waits for the registrar.
	unregisterTimeout = 2 * time.Second
)

// registration is a line's binding at the registrar (RFC 3261 §10, RFC 5626).
type registration struct {
	line    *line
	callID  string
	tag     string
	cseq    uint32
	expires time.Duration // what we ask for
	until   time.Time     // when the binding ends if nobody refreshes it
	refresh *timer
	expiry  *timer
	route   []string // Service-Route (RFC 3608)
	gruu    string   // pub-gruu (RFC 5627), "" if none
	bound   string   // the Contact that was granted last
	busy    bool     // a REGISTER is on its way
}

func (r *registration) stop() {
	r.refresh.stop()
	r.busy = false
}

// register makes or refreshes the binding.
func (r *registration) register(k *link) {
	if r.busy {
		return
	}
	r.refresh.stop()
	r.busy = true
	r.send(k, r.expires, &authState{}, nil, func(res *gosip.Response, err error) {
		r.busy = false
		if r.line.link == k && !r.line.left {
			r.answered(k, res, err)
		}
	})
}

// unregister removes the binding and calls done in the end, whatever comes.
func (r *registration) unregister(k *link, done func()) {
	r.stop()
	r.expiry.stop()
	var once bool
	finish := func() {
		if !once {
			once = true
			done()
		}
	}
	t := r.line.a.after(unregisterTimeout, finish)
	r.send(k, 0, &authState{}, nil, func(*gosip.Response, error) {
		t.stop()
		finish()
	})
}

// send builds a REGISTER, answers challenges, and hands on what is final.
func (r *registration) send(k *link, expires time.Duration, auth *authState, prev *gosip.Request, done func(*gosip.Response, error)) {
	req := prev
	if req == nil {
		req = r.build(k, r.line.contactURI(k), expires)
	}
	k.send(req, func(res *gosip.Response, err error) {
		switch {
		case err != nil:
			done(nil, err)
		case res.StatusCode < 200:
		case res.StatusCode == 401 || res.StatusCode == 407:
			r.cseq++
			again := repeat(req, k, r.cseq)
			if err := auth.answer(again, res, &r.line.cfg); err != nil {
				done(res, err)
				return
			}
			r.send(k, expires, auth, again, done)
		default:
			done(res, nil)
		}
	})
}

func (r *registration) build(k *link, contact string, expires time.Duration) *gosip.Request {
	l := r.line
	r.cseq++
	req := l.newRequest(k, gosip.REGISTER, gosip.Uri{Scheme: "sip", Host: l.cfg.Domain})
	if k.info.Transport == "UDP" {
		req.Via().Params.Add("keep", "")
	}
	from, to := l.aor(), l.aor()
	from.Params.Add("tag", r.tag)
	req.AppendHeader(&from)
	req.AppendHeader(&gosip.ToHeader{DisplayName: to.DisplayName, Address: to.Address})
	appendIDs(req, r.callID, r.cseq)
	req.AppendHeader(gosip.NewHeader("Contact", fmt.Sprintf(`<%s>;+sip.instance="<%s>";reg-id=1`, contact, l.a.cfg.InstanceID)))
	req.AppendHeader(gosip.NewHeader("Expires", strconv.Itoa(int(expires/time.Second))))
	req.AppendHeader(gosip.NewHeader("Supported", "path, outbound, gruu"))
	req.AppendHeader(gosip.NewHeader("Allow", allow))
	req.SetBody(nil)
	return req
}

func (r *registration) answered(k *link, res *gosip.Response, err error) {
	l := r.line
	code := 0
	if res != nil {
		code = res.StatusCode
	}
	pause := min(retryAfter(res), maxPause)
	switch {
	case res == nil:
		// No answer: the server is there but does not work, or is gone.
		l.serverFailed(0, fmt.Errorf("REGISTER: %w", err), 0)
	case err != nil:
		r.failed(LineChanged{Code: code, Err: fmt.Errorf("REGISTER: %w", err)}, slowRetry)
	case code < 300:
		r.granted(k, res)
	case code == 423:
		r.tooBrief(k, res)
	case code == 403:
		r.failed(LineChanged{Code: code, Err: fmt.Errorf("REGISTER: %w", ErrForbidden)}, slowRetry)
	case (code >= 500 && code < 600 || code == 408) && l.busy():
		// A registrar in trouble is no reason to drop the flow under a call.
		l.retryIn(max(pause, l.pause()), LineChanged{State: Failed, Code: code, Err: fmt.Errorf("REGISTER: %d %s: %w", code, res.Reason, ErrRefused)})
	case code >= 500 && code < 600 || code == 408:
		l.serverFailed(code, fmt.Errorf("REGISTER: %d %s: %w", code, res.Reason, ErrRefused), pause)
	default:
		r.failed(LineChanged{Code: code, Err: fmt.Errorf("REGISTER: %d %s: %w", code, res.Reason, ErrRefused)}, max(pause, l.pause()))
	}
}

// failed keeps the flow and tries again after about d.
func (r *registration) failed(why LineChanged, d time.Duration) {
	l := r.line
	if l.link != nil {
		l.link.trusted = false
	}
	r.expiry.stop()
	why.State = Failed
	if d == slowRetry {
		d += time.Duration((l.a.rand() - 0.5) * float64(d))
	}
	l.retryIn(d, why)
}

// tooBrief asks again for as long as the registrar wants (RFC 3261 §10.2.8).
func (r *registration) tooBrief(k *link, res *gosip.Response) {
	h := res.GetHeader("Min-Expires")
	if h != nil {
		if s, err := strconv.ParseUint(strings.TrimSpace(h.Value()), 10, 32); err == nil && time.Duration(s)*time.Second > r.expires {
			r.expires = time.Duration(s) * time.Second
			r.register(k)
			return
		}
	}
	r.failed(LineChanged{Code: 423, Err: fmt.Errorf("REGISTER: 423 without a usable Min-Expires: %w", ErrRefused)}, r.line.pause())
}

func (r *registration) granted(k *link, res *gosip.Response) {
	l := r.line
	d := r.expiresOf(k, res)
	r.until = l.a.clock.Now().Add(d)
	r.route = headerList(res, "Service-Route")
	wait := max(minRefresh, time.Duration((0.5+0.4*l.a.rand())*float64(d)))
	r.refresh.stop()
	r.refresh = l.a.after(wait, func() {
		if l.link == k {
			r.register(k)
		}
	})
	r.expiry.stop()
	r.expiry = l.a.after(d, func() {
		if l.link == nil || !l.link.trusted || l.a.clock.Now().Before(r.until) {
			l.report(LineChanged{State: Unregistered, Expired: true, Err: l.state.Err, Next: l.state.Next})
		}
	})
	k.keepBySTUN(res)
	r.rebound(k, res)
	l.registered(k)
}

// expiresOf reads what was granted to our Contact (RFC 3261 §10.2.4), and the
// GRUU that came with it.
func (r *registration) expiresOf(k *link, res *gosip.Response) time.Duration {
	granted := r.expires
	if h := res.GetHeader("Expires"); h != nil {
		if s, err := strconv.ParseUint(strings.TrimSpace(h.Value()), 10, 31); err == nil && s > 0 {
			granted = time.Duration(s) * time.Second
		}
	}
	r.gruu = ""
	for _, h := range res.GetHeaders("Contact") {
		c, ok := h.(*gosip.ContactHeader)
		if !ok || !strings.Contains(r.line.contactURI(k), "@"+hostOf(&c.Address)) {
			continue
		}
		if v, ok := c.Params.Get("expires"); ok {
			if s, err := strconv.ParseUint(v, 10, 31); err == nil && s > 0 {
				granted = time.Duration(s) * time.Second
			}
		}
		r.gruu = publicGRUU(h.Value())
	}
	return granted
}

// publicGRUU finds pub-gruu in a Contact (RFC 5627 §5.2). It is a quoted URI with
// parameters of its own, at whose semicolons sipgo would cut it; without its
// "gr" it would be the AOR, and nothing sent there would reach this phone.
func publicGRUU(contact string) string {
	_, params, _ := strings.Cut(contact, ">")
	for in, rest := false, params; rest != ""; rest = rest[1:] {
		if rest[0] == '"' {
			in = !in
		}
		if in || rest[0] != ';' {
			continue
		}
		name, value, ok := strings.Cut(rest[1:], "=")
		if !ok || !strings.EqualFold(strings.TrimSpace(name), "pub-gruu") {
			continue
		}
		uri, _, closed := strings.Cut(strings.TrimPrefix(strings.TrimSpace(value), `"`), `"`)
		if scheme, _, _ := strings.Cut(uri, ":"); closed && (scheme == "sip" || scheme == "sips") && strings.Contains(uri, ";gr") && !strings.ContainsAny(uri, "<> \t") {
			return uri
		}
	}
	return ""
}

// retryAfter reads Retry-After (RFC 3261 §20.33), 0 if there is none.
func retryAfter(res *gosip.Response) time.Duration {
	if res == nil {
		return 0
	}
	h := res.GetHeader("Retry-After")
	if h == nil {
		return 0
	}
	digits, _, _ := strings.Cut(strings.TrimSpace(h.Value()), " ")
	digits, _, _ = strings.Cut(digits, ";")
	digits, _, _ = strings.Cut(digits, "(")
	s, err := strconv.ParseUint(digits, 10, 31)
	if err != nil {
		return 0
	}
	return time.Duration(s) * time.Second
}
