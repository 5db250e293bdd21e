package sip

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	gosip "github.com/emiago/sipgo/sip"
)

// referSilence is how long a transfer may go without news before it counts as
// failed.
const referSilence = 32 * time.Second

// ReferTo says whom a call is handed to: exactly one field is set.
type ReferTo struct {
	// Target of a blind transfer: an extension, a number or a SIP URI.
	Target string
	// Consult is our confirmed leg to the party that takes the call: an
	// attended transfer (RFC 5589 §7).
	Consult LegID
}

type (
	// TransferProgress: the transferee has said how far it is (a provisional
	// status in a NOTIFY of RFC 3515).
	TransferProgress struct {
		Leg  LegID
		Code int
	}
	// TransferDone is the outcome of Refer, exactly once for each that returned
	// nil, and before the leg's LegEnded. Neither leg is ended by it: when OK,
	// both are the receiver's to End, if they are still there.
	//
	// OK means: a NOTIFY said 2xx; or the transfer was accepted with
	// "Refer-Sub: false"; or it was accepted and the call ended after that.
	// Otherwise Code is the refusal's status, 0 if there was only silence.
	TransferDone struct {
		Leg    LegID
		OK     bool
		Code   int
		Reason string
		// Recovered: it failed and the dialog is alive, to be resumed.
		Recovered bool
		Err       error // why there is no Code
	}
)

func (TransferProgress) event() {}
func (TransferDone) event()     {}

// transfer is a REFER of ours and the subscription that it implies.
type transfer struct {
	leg      *leg
	first    uint32        // CSeq of the first attempt
	accepted bool          // a 2xx or a NOTIFY came
	failing  *TransferDone // told when the leg's end is
	silence  *timer
}

// Refer implements UserAgent.
func (a *Agent) Refer(id LegID, to ReferTo) error {
	return a.onLeg(id, func(g *leg) error {
		if g.state != confirmed || g.transfer != nil {
			return fmt.Errorf("transfer: %w", ErrState)
		}
		if g.line.link == nil {
			return fmt.Errorf("transfer: %w", ErrFlowDown)
		}
		value, err := g.referTo(to)
		if err != nil {
			return err
		}
		g.refer(value)
		return nil
	})
}

// referTo writes the Refer-To. In an attended transfer it is the remote target
// of the consultation (its GRUU, where the other side has one) with a Replaces
// that names that dialog as the other side sees it: the tags are swapped.
func (g *leg) referTo(to ReferTo) (string, error) {
	if to.Consult == "" {
		u, err := g.line.targetURI(to.Target)
		if err != nil {
			return "", err
		}
		u.Headers = nil
		return "<" + u.String() + ">", nil
	}
	c := g.a.legs[to.Consult]
	switch {
	case c == nil:
		return "", fmt.Errorf("transfer to leg %s: %w", to.Consult, ErrNoLeg)
	case c == g || c.state != confirmed || to.Target != "":
		return "", fmt.Errorf("transfer to leg %s: %w", to.Consult, ErrState)
	}
	target := *c.d.target.Clone()
	target.Headers = nil
	r := Replaces{CallID: c.d.callID, ToTag: c.d.remote, FromTag: c.d.local}
	return "<" + target.String() + "?Replaces=" + escapeHeaderValue(r.header()) + ">", nil
}

func (g *leg) refer(referTo string) {
	t := &transfer{leg: g, first: g.d.lseq + 1}
	g.transfer = t
	g.transfers++
	g.a.log.Info("transfer", "call", g.callID, "line", g.line.cfg.ID)
	t.listen()
	by := g.line.aor()
	if g.private {
		by.Address.User, by.Address.Host = "anonymous", "anonymous.invalid"
	}
	g.send(g.d, gosip.REFER, func(req *gosip.Request) {
		req.AppendHeader(gosip.NewHeader("Refer-To", referTo))
		req.AppendHeader(gosip.NewHeader("Referred-By", "<"+by.Address.String()+">"))
	}, nil, t.answered)
}

// listen counts the silence from now.
func (t *transfer) listen() {
	t.silence.stop()
	t.silence = t.leg.a.after(referSilence, func() {
		t.done(TransferDone{Err: fmt.Errorf("transfer: no news for %v: %w", referSilence, ErrTimeout)})
	})
}

// answered handles the final answer to the REFER.
func (t *transfer) answered(res *gosip.Response, err error) {
	switch {
	case err != nil:
		if !t.accepted { // else a NOTIFY has come and more will
			t.done(TransferDone{Err: fmt.Errorf("REFER: %w", err)})
		}
	case res.StatusCode < 200:
	case res.StatusCode < 300:
		t.accepted = true
		if h := res.GetHeader("Refer-Sub"); h != nil && refusesSubscription(h.Value()) {
			t.done(TransferDone{OK: true, Code: res.StatusCode})
		}
	default:
		e := TransferDone{Code: res.StatusCode, Reason: printable(res.Reason)}
		g := t.leg
		if (res.StatusCode == 481 || res.StatusCode == 408) && g.state == confirmed && g.transfer == t {
			t.failing = &e
			g.lost(res.StatusCode, res.Reason)
			return
		}
		t.done(e)
	}
}

// refusesSubscription reads a Refer-Sub header (RFC 4488).
func refusesSubscription(v string) bool {
	v, _, _ = strings.Cut(v, ";")
	return strings.EqualFold(strings.TrimSpace(v), "false")
}

// notified handles a NOTIFY within the leg's dialog.
func (g *leg) notified(tx *serverTx) {
	tx.respond(200, "OK", nil, nil)
	name, id := eventOf(tx.req)
	t := g.transfer
	if name != "refer" || t == nil || g.state != confirmed {
		return
	}
	// An id below our first CSeq belongs to an earlier transfer of this call.
	// Others are taken as they are: what lies between renumbers at times.
	if n, err := strconv.ParseUint(id, 10, 32); err == nil && g.transfers > 1 && uint32(n) < t.first {
		return
	}
	t.accepted = true
	code, reason := parseFragment(tx.req.Body())
	switch {
	case code >= 300:
		t.done(TransferDone{Code: code, Reason: reason})
	case code >= 200:
		t.done(TransferDone{OK: true, Code: code, Reason: reason})
	default:
		t.listen()
		if code > 0 {
			g.a.emit(TransferProgress{Leg: g.id, Code: code})
		}
	}
}

// legEnded tells the outcome when the call is over first. Whoever has accepted
// a transfer and hangs up has carried it out.
func (t *transfer) legEnded(e LegEnded) {
	if t.failing != nil {
		t.done(*t.failing)
		return
	}
	d := TransferDone{OK: t.accepted && e.Err == nil, Code: e.Code, Reason: e.Reason, Err: e.Err}
	if !d.OK && d.Err == nil {
		d.Err = fmt.Errorf("transfer: the call ended first: %w", ErrNoLeg)
	}
	t.done(d)
}

func (t *transfer) done(e TransferDone) {
	g := t.leg
	if g.transfer != t {
		return
	}
	t.silence.stop()
	g.transfer = nil
	e.Leg = g.id
	e.Recovered = !e.OK && g.state == confirmed
	g.a.log.Info("transfer done", "call", g.callID, "line", g.line.cfg.ID, "code", e.Code, "err", e.Err)
	g.a.emit(e)
}

// eventOf reads the Event header: the package and its id (RFC 6665 §8.2.1).
func eventOf(m gosip.Message) (name, id string) {
	h := m.GetHeaders("Event")
	if len(h) == 0 {
		h = m.GetHeaders("o")
	}
	if len(h) == 0 {
		return "", ""
	}
	name, params, _ := strings.Cut(h[0].Value(), ";")
	return strings.ToLower(strings.TrimSpace(name)), headerParam(params, "id")
}

// headerParam finds a parameter among "a=b;c=d".
func headerParam(params, name string) string {
	for _, p := range splitParams(params) {
		if k, v, _ := strings.Cut(p, "="); strings.EqualFold(strings.TrimSpace(k), name) {
			return strings.Trim(strings.TrimSpace(v), `"`)
		}
	}
	return ""
}

// parseFragment reads the status line of a message/sipfrag (RFC 3420), 0 if
// there is none.
func parseFragment(body []byte) (code int, reason string) {
	line, _, _ := strings.Cut(strings.TrimLeft(string(body), " \t\r\n"), "\n")
	fields := strings.SplitN(strings.TrimSpace(line), " ", 3)
	if len(fields) < 2 || !strings.EqualFold(fields[0], "SIP/2.0") || len(fields[1]) != 3 {
		return 0, ""
	}
	n, err := strconv.ParseUint(fields[1], 10, 16)
	if err != nil || n < 100 || n > 699 {
		return 0, ""
	}
	if len(fields) == 3 {
		reason = printable(fields[2])
	}
	return int(n), reason
}
