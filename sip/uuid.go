package sip

import (
	"strings"

	gosip "github.com/emiago/sipgo/sip"
)

// maxUUID bounds what is taken for one.
const maxUUID = 100

// headed is a request or a response.
type headed interface {
	GetHeader(name string) gosip.Header
}

// learnUUID takes the exchange's own name of the call from a message of the
// other side, where the line says in which header it is.
func (g *leg) learnUUID(m headed) {
	name := g.line.cfg.UUIDHeader
	if name == "" {
		return
	}
	if h := m.GetHeader(name); h != nil {
		if v := printable(strings.Trim(strings.TrimSpace(h.Value()), `"`)); v != "" && len(v) <= maxUUID {
			g.uuid = v
		}
	}
}

// UUID implements UserAgent.
func (a *Agent) UUID(id LegID) (uuid string, ok bool) {
	a.wait(func() {
		if g := a.legs[id]; g != nil {
			if uuid, ok = g.uuid, true; uuid == "" {
				uuid = g.callID
			}
		}
	})
	return uuid, ok
}
