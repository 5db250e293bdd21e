package app

import (
	"cmp"
	"slices"

	"phoned/media"
	"phoned/phone"
	"phoned/sip"
)

// MediaKind says how a line's media travel.
type MediaKind string

const (
	MediaWebRTC MediaKind = "webrtc" // ICE and DTLS-SRTP
	MediaRTP    MediaKind = "rtp"    // RTP/AVP
	MediaSRTP   MediaKind = "srtp"   // RTP/SAVP with SDES
)

// DTMFMode is how a line sends digits.
type DTMFMode string

const (
	DTMFAuto    DTMFMode = ""        // session lines: INFO; classic: RFC 4733, else INFO
	DTMFInfo    DTMFMode = "info"    // application/dtmf-relay
	DTMFRFC4733 DTMFMode = "rfc4733" // telephone-event
)

// Line is everything about a line: signalling, media and its looks.
type Line struct {
	SIP     sip.Line
	Label   string
	Media   MediaKind
	Codecs  []string
	DTMF    DTMFMode
	Session bool // it came from the OAuth session
	// RecordingSilent: this exchange never reports a recording's state.
	RecordingSilent bool
}

type line struct {
	cfg Line
	app *Phone
}

func (l *line) newSession() (media.Session, error) { return l.app.cfg.Session(l.cfg) }

// rfc4733 says whether digits go as telephone-events (contract §3).
func (l *line) rfc4733() bool {
	switch l.cfg.DTMF {
	case DTMFInfo:
		return false
	case DTMFRFC4733:
		return true
	}
	return !l.cfg.Session
}

func (p *Phone) line(id string) *line {
	p.linesMu.Lock()
	defer p.linesMu.Unlock()
	if id == "" && len(p.lines) == 1 {
		for _, l := range p.lines {
			return l
		}
	}
	return p.lines[id]
}

// applyLines tells core and agent what lines there are. A call on a line that
// is gone keeps its own copy and goes on.
func (p *Phone) applyLines() {
	p.linesMu.Lock()
	all := append(slices.Clone(p.cfg.Lines), p.sessionL...)
	p.lines = map[string]*line{}
	var infos []phone.LineInfo
	for _, l := range all {
		p.lines[l.SIP.ID] = &line{cfg: l, app: p}
		infos = append(infos, phone.LineInfo{
			ID: phone.LineID(l.SIP.ID), Label: cmp.Or(l.Label, l.SIP.DisplayName), Number: l.SIP.User, Domain: l.SIP.Domain,
		})
	}
	p.firstLine = ""
	if len(all) > 0 {
		p.firstLine = all[0].SIP.ID
	}
	p.linesMu.Unlock()
	p.loop.Post(phone.LinesConfigured{Lines: infos})
	p.setAgentLines()
	p.watchLines()
	p.parking.settle()
}

func (p *Phone) onLine(e sip.LineChanged) {
	detail := ""
	if e.Err != nil {
		detail = e.Err.Error()
	}
	cause := phone.CauseNone
	switch {
	case e.Code >= 300:
		cause = phone.CauseOf(e.Code)
	case e.Err != nil:
		cause = causeOf(e.Err)
	}
	p.log.Info("line", "line", e.Line, "state", string(e.State), "code", e.Code, "err", detail)
	if e.Line == spareID { // only there for a call, which says how it goes
		return
	}
	p.loop.Post(phone.LineChanged{
		Line: phone.LineID(e.Line), State: phone.LineState(e.State), Cause: cause, Detail: detail, Next: e.Next,
	})
	p.lineProblem(e)
	if e.State == sip.Registered {
		p.tellDevice() // there is a network
		p.keepEmergency(e.Line)
	}
	p.history.line(e)
	if p.line(e.Line) == nil && (e.State == sip.Off || e.State == sip.Unregistered) {
		// The core has forgotten the line of a sign-in that is over.
		p.event("sip-unregistered", map[string]any{"line": e.Line, "expired": e.Expired})
	}
}
