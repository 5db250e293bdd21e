package sip

import (
	"fmt"
	"time"

	gosip "github.com/emiago/sipgo/sip"
)

// moveTime is how long a call waits for another server to register with.
const moveTime = 15 * time.Second

// LegMoved: the server could not take our call, with the status in Code or 0
// if its flow broke, and the call is being tried once at the line's next
// server (RFC 3263 §4.3). What follows is as after Invite.
type LegMoved struct {
	Leg  LegID
	Code int
}

func (LegMoved) event() {}

// movable: there is somewhere else to go, nobody answered yet, and no other
// call of the line would lose its flow.
func (g *leg) movable() bool {
	l := g.line
	if g.moved || g.unwanted || g.state != calling || l.left || l.a.closing || len(l.cfg.Servers) < 2 && l.targets < 2 && !l.rehoming && !g.emergency {
		return false
	}
	for _, o := range l.a.legs {
		if o != g && o.line == l {
			return false
		}
	}
	return true
}

// move takes the call out of the flow until there is another.
func (g *leg) move(code int) {
	g.moved, g.waiting, g.rung = true, true, false
	g.forgetEarly(nil)
	g.d, g.earlyDialogs, g.rseqs, g.agreed, g.invite, g.auth = nil, nil, nil, nil, nil, authState{}
	g.guard = g.a.after(moveTime, func() {
		g.waiting = false
		g.finish(LegEnded{Code: code, Remote: code != 0, Err: fmt.Errorf("no other server takes the call: %w", ErrUnreachable)})
	})
	g.a.log.Info("call goes to the next server", "call", g.callID, "line", g.line.cfg.ID, "code", code)
	g.a.emit(LegMoved{Leg: g.id, Code: code})
}

// resume sends the INVITE over the new flow.
func (g *leg) resume(k *link) {
	g.waiting = false
	g.guard.stop()
	if first := g.first; first != nil {
		g.first = nil
		first(k)
		return
	}
	req := repeat(g.inviteReq, k, g.inviteReq.CSeq().SeqNo+1)
	for _, name := range []string{"Authorization", "Proxy-Authorization", "Route"} {
		for req.RemoveHeader(name) {
		}
	}
	for _, r := range g.line.reg.route {
		req.AppendHeader(gosip.NewHeader("Route", r))
	}
	for req.RemoveHeader("Contact") {
	}
	req.AppendHeader(g.contact(k))
	g.sendInvite(k, req)
}

// waiting finds the leg of the line that waits for another server.
func (l *line) waiting() *leg {
	for _, g := range l.a.legs {
		if g.line == l && g.waiting {
			return g
		}
	}
	return nil
}
