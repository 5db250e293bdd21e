package sip

import (
	"fmt"
	"time"

	gosip "github.com/emiago/sipgo/sip"
)

const (
	// emergencyTime is how long an emergency call waits for a flow.
	emergencyTime = time.Minute
	// emergencyRetry is the wait between rounds of servers meanwhile.
	emergencyRetry = time.Second
)

// inviteWhenUp makes an emergency call's leg on a line without a flow; the
// line is dialled at once, whatever it was waiting for.
func (l *line) inviteWhenUp(uri gosip.Uri, o InviteOptions) *leg {
	g := l.a.newLeg(l, calling, newCallID())
	g.sdp, g.emergency, g.waiting = o.Offer, true, true
	g.first = func(k *link) { g.firstInvite(k, uri, o, nil) }
	g.guard = l.a.after(emergencyTime, func() {
		g.waiting = false
		g.finish(LegEnded{Err: fmt.Errorf("no server takes the emergency call: %w", ErrUnreachable)})
	})
	if l.cancelDial == nil {
		l.server, l.target = 0, 0
		l.connect()
	}
	return g
}

// emergency is the emergency call that waits for a flow, nil: none does.
func (l *line) emergency() *leg {
	if g := l.waiting(); g != nil && g.emergency {
		return g
	}
	return nil
}

// begin is what a new flow is for: an emergency call first, then registering.
func (l *line) begin(k *link) {
	if g := l.emergency(); g != nil {
		g.resume(k)
	}
	if l.cfg.CallsOnly {
		l.back.Reset()
		k.watch()
		l.report(LineChanged{State: Unregistered})
		return
	}
	l.reg.register(k)
}
