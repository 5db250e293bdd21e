package app

import (
	"cmp"
	"sync"

	"phoned/phone"
	"phoned/sip"
	"phoned/store"
)

// spareID names the line that is kept for emergency calls. A name of the
// configuration always has an @ or is chosen by a person; this one is neither.
const spareID = "emergency/kept"

// EmergencyLines keeps who this phone was last, to call for help with when nobody
// is signed in; *store.Secrets is one.
type EmergencyLines interface {
	KeepEmergencyLine(store.EmergencyLine) error
	// EmergencyLine gives it; false: there is none.
	EmergencyLine() (store.EmergencyLine, bool, error)
}

// emergency is what the phone needs to call for help without service. Safe for
// concurrent use.
type emergency struct {
	mu    sync.Mutex
	spare *line                     // nil: no line is kept
	wants map[phone.CallID]sip.Line // the line of each emergency call
	set   sync.Mutex                // one SetLines at a time
}

// loadEmergency makes the kept line known.
func (p *Phone) loadEmergency() {
	if p.cfg.Emergency == nil {
		return
	}
	kept, ok, err := p.cfg.Emergency.EmergencyLine()
	if err != nil {
		p.log.Error("the line for emergency calls can't be read", "err", err)
	}
	if ok {
		p.useSpare(kept)
	}
}

func (p *Phone) useSpare(kept store.EmergencyLine) {
	l := Line{Media: MediaKind(kept.Media), SIP: sip.Line{
		ID: spareID, User: kept.User, Domain: kept.Domain, Servers: kept.Servers, ServerName: kept.ServerName,
	}}
	if p.cfg.LineDefaults != nil {
		p.cfg.LineDefaults(&l)
	}
	p.emergency.mu.Lock()
	p.emergency.spare = &line{cfg: l, app: p}
	p.emergency.mu.Unlock()
	p.loop.Post(phone.EmergencyLineKept{Line: phone.LineInfo{ID: spareID, Number: kept.User, Domain: kept.Domain}})
}

// keepEmergency keeps a line that has just registered, if it is the one that
// stands for the phone. What is kept has no password.
func (p *Phone) keepEmergency(id string) {
	l := p.line(id)
	// The core may not have seen the lines yet, when one of them registers.
	p.linesMu.Lock()
	first := p.firstLine == id
	p.linesMu.Unlock()
	if p.cfg.Emergency == nil || l == nil || !first && string(p.loop.View().Settings.DefaultLine) != id {
		return
	}
	kept := store.EmergencyLine{User: l.cfg.SIP.User, Domain: l.cfg.SIP.Domain, Servers: l.cfg.SIP.Servers,
		Media: string(cmp.Or(l.cfg.Media, MediaWebRTC)), ServerName: l.cfg.SIP.ServerName}
	p.saves.add(func() {
		if err := p.cfg.Emergency.KeepEmergencyLine(kept); err != nil {
			p.log.Error("the line for emergency calls was not kept", "err", err)
		}
		p.useSpare(kept)
	})
}

// lineOf is a line by its name, the kept one as well.
func (p *Phone) lineOf(id string) *line {
	if id != spareID {
		return p.line(id)
	}
	p.emergency.mu.Lock()
	defer p.emergency.mu.Unlock()
	return p.emergency.spare
}

// ready has the agent open the line of an emergency call: the kept one, or one
// that a person took out of service.
func (e *emergency) ready(p *Phone, c *call) {
	l := c.line.cfg.SIP
	l.CallsOnly = true
	e.mu.Lock()
	if e.wants == nil {
		e.wants = map[phone.CallID]sip.Line{}
	}
	e.wants[c.id] = l
	e.mu.Unlock()
	p.setAgentLines()
}

// over lets go of the line, once the call is gone.
func (e *emergency) over(p *Phone, c *call) {
	e.mu.Lock()
	_, had := e.wants[c.id]
	delete(e.wants, c.id)
	e.mu.Unlock()
	if had {
		p.common.add(p.setAgentLines)
	}
}

// setAgentLines tells the agent which lines to have: those that are in service,
// and those of emergency calls.
func (p *Phone) setAgentLines() {
	e := &p.emergency
	e.set.Lock()
	defer e.set.Unlock()
	var all []sip.Line
	has := map[string]bool{}
	p.linesMu.Lock()
	for _, l := range p.lines {
		if !p.off {
			all = append(all, l.cfg.SIP)
			has[l.cfg.SIP.ID] = true
		}
	}
	p.linesMu.Unlock()
	e.mu.Lock()
	for _, l := range e.wants {
		if !has[l.ID] {
			all = append(all, l)
			has[l.ID] = true
		}
	}
	e.mu.Unlock()
	p.agent.SetLines(all)
}
