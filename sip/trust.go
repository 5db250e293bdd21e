package sip

import gosip "github.com/emiago/sipgo/sip"

// admitted says whether a request may be looked at: it came by a flow that a
// REGISTER of ours was answered on. WebSocket, TLS and TCP flows lead to the
// server we dialled; a UDP flow hears only the server's address. Who is not
// admitted gets no answer: a phone that answers strangers is found by scanners
// and rung by them.
func (k *link) admitted(req *gosip.Request) bool {
	if k.trusted {
		return true
	}
	if g := k.a.dialogs[requestDialog(req)]; g != nil && g.line == k.line {
		return true
	}
	k.a.counters.untrusted.Add(1)
	return false
}
