package sip

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	gosip "github.com/emiago/sipgo/sip"
)

// minSE is the shortest session interval we agree to (RFC 4028 §4).
const minSE = 90 * time.Second

// sessionTimer keeps a session alive, or ends it, as RFC 4028 says. We never
// ask for a timer; we take part when the other side does.
type sessionTimer struct {
	leg      *leg
	interval time.Duration // 0: none
	we       bool          // we refresh
	update   bool          // they understand UPDATE
	uac      bool          // we are the UAC of the request that set it
	t        *timer
}

// sessionExpires reads Session-Expires or its compact form.
func sessionExpires(m gosip.Message) (d time.Duration, refresher string) {
	h := m.GetHeaders("Session-Expires")
	if len(h) == 0 {
		h = m.GetHeaders("x")
	}
	if len(h) == 0 {
		return 0, ""
	}
	value, params, _ := strings.Cut(h[0].Value(), ";")
	n, err := strconv.ParseUint(strings.TrimSpace(value), 10, 31)
	if err != nil {
		return 0, ""
	}
	for p := range strings.SplitSeq(params, ";") {
		if k, v, _ := strings.Cut(strings.TrimSpace(p), "="); strings.EqualFold(k, "refresher") {
			refresher = strings.ToLower(v)
		}
	}
	return time.Duration(n) * time.Second, refresher
}

// asked takes the terms of a request of theirs. It reports false when it has
// refused them (422, RFC 4028 §9).
func (s *sessionTimer) asked(tx *serverTx) bool {
	d, refresher := sessionExpires(tx.req)
	if d == 0 {
		s.interval = 0
		return true
	}
	if d < minSE {
		tx.respond(422, "Session Interval Too Small", nil, func(res *gosip.Response) {
			res.AppendHeader(gosip.NewHeader("Min-SE", strconv.Itoa(int(minSE/time.Second))))
		})
		return false
	}
	s.interval, s.uac = d, false
	// Who does not know the extension cannot refresh (§9, table 2).
	s.we = refresher == "uas" || !hasToken(tx.req, "timer", "Supported", "k")
	s.update = allows(tx.req)
	return true
}

// answer adds our side to a 2xx.
func (s *sessionTimer) answer(res *gosip.Response) {
	if s.interval == 0 {
		return
	}
	who := "uac"
	if s.we {
		who = "uas"
	} else {
		res.AppendHeader(gosip.NewHeader("Require", "timer"))
	}
	res.AppendHeader(gosip.NewHeader("Session-Expires", fmt.Sprintf("%d;refresher=%s", int(s.interval/time.Second), who)))
}

// agreed takes what a 2xx to our request says.
func (s *sessionTimer) agreed(res *gosip.Response, initial bool) {
	d, refresher := sessionExpires(res)
	if d == 0 && !initial {
		s.interval = 0
		s.t.stop()
		return
	}
	s.interval, s.uac = d, true
	s.we = refresher != "uas"
	if initial || res.GetHeader("Allow") != nil {
		s.update = allows(res)
	}
	if !initial {
		s.start()
	}
}

// request repeats the terms in a refresh of ours.
func (s *sessionTimer) request(req *gosip.Request) {
	if s.interval == 0 {
		return
	}
	who := "uas"
	if s.we {
		who = "uac"
	}
	req.AppendHeader(gosip.NewHeader("Session-Expires", fmt.Sprintf("%d;refresher=%s", int(s.interval/time.Second), who)))
}

// start counts from now (§10).
func (s *sessionTimer) start() {
	s.t.stop()
	if s.interval == 0 {
		return
	}
	if s.we {
		s.t = s.leg.a.after(s.interval/2, s.refresh)
		return
	}
	s.t = s.leg.a.after(s.interval-min(32*time.Second, s.interval/3), func() {
		g := s.leg
		if g.state == confirmed {
			g.bye("session timer expired")
			g.finish(LegEnded{Err: fmt.Errorf("the session was not refreshed: %w", ErrTimeout)})
		}
	})
}

func (s *sessionTimer) refresh() {
	g := s.leg
	if g.state != confirmed {
		return
	}
	if g.line.link == nil || g.exchange.ours || g.exchange.their != nil {
		s.t = g.a.after(5*time.Second, s.refresh)
		return
	}
	if !s.update {
		if len(g.sdp) > 0 {
			g.exchange.offer(g.sdp, true, func([]byte, error) { g.exchange.ours = false })
		}
		return
	}
	g.send(g.d, gosip.UPDATE, s.request, nil, func(res *gosip.Response, err error) {
		switch {
		case res != nil && res.StatusCode < 200 || g.state != confirmed:
		case res != nil && res.StatusCode < 300:
			g.d.refresh(res)
			s.agreed(res, false)
		case res != nil && (res.StatusCode == 481 || res.StatusCode == 408):
			g.lost(res.StatusCode, res.Reason)
		case errors.Is(err, ErrTimeout):
			g.lost(408, "Request Timeout")
		default:
			s.t = g.a.after(5*time.Second, s.refresh)
		}
	})
}

func (s *sessionTimer) stop() { s.t.stop() }

func allows(m gosip.Message) bool { return hasToken(m, "UPDATE", "Allow") }

// hasToken looks for an option tag or method in the headers named.
func hasToken(m gosip.Message, token string, headers ...string) bool {
	for _, name := range headers {
		for _, v := range headerList(m, name) {
			if strings.EqualFold(v, token) {
				return true
			}
		}
	}
	return false
}
