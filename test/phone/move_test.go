package phone_test

import (
	"strings"
	"testing"

	"phoned/internal/netwatch/netnstest"
	"phoned/phone"
)

// The machine's address changes in a call, as from the cable to Wi-Fi, in a
// network namespace of its own: the line registers from the new address, the
// call's media move there, and both sides hear each other again in the same
// call, which then ends properly.
func TestCallFollowsToANewAddress(t *testing.T) {
	if !netnstest.Own(t) {
		return
	}
	ip := func(args string) { t.Helper(); netnstest.IP(t, args) }
	const server = "route replace local 127.0.0.1 dev lo table local src "
	ip("link set lo up")
	ip("link add net0 type veth peer name far0")
	ip("link set far0 up")
	ip("link set net0 up")
	ip("addr add 10.9.0.2/32 dev net0")
	ip(server + "10.9.0.2")
	w := ready(t, setup{realNetwork: true})
	w.bench.say(&sine{hz: 700})
	w.dial("9196")
	w.active()
	w.hearsTone(700)
	if !w.flowFrom("10.9.0.2") {
		t.Fatal("the phone did not come from its first address")
	}
	m := w.mark()
	ip("addr add 10.9.0.3/32 dev net0")
	ip(server + "10.9.0.3")
	ip("addr del 10.9.0.2/32 dev net0")
	w.labEvent(m, "registered", nil)
	w.labEvent(m, "reinvite", nil)
	w.registered()
	w.hearsTone(700)
	w.legHears(w.dialogOf("9196"), 700)
	if v := w.Phone.View(); len(v.Calls) != 1 || newest(v).State != phone.Active || newest(v).OnHold {
		t.Errorf("the call is %+v", v.Calls)
	}
	if n := len(w.lab.Calls()); n != 1 {
		t.Errorf("the exchange had %d calls", n)
	}
	w.hangUp()
	w.labEvent(m, "bye", nil)
	w.gone()
	if !w.flowFrom("10.9.0.3") {
		t.Error("the phone did not come from its second address")
	}
}

// flowFrom: the phone has had a connection from this address.
func (w *world) flowFrom(addr string) bool {
	for _, e := range w.lab.Engine.Record.Events(0) {
		if e.Kind == "flow-open" && strings.Contains(e.Detail, addr+":") {
			return true
		}
	}
	return false
}
