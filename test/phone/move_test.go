package phone_test

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"phoned/phone"
)

const inNamespace = "PHONED_TEST_NAMESPACE"

// The machine's address changes in a call, as from the cable to Wi-Fi, in a
// network namespace of its own: the line registers from the new address, the
// call's media move there, and both sides hear each other again in the same
// call, which then ends properly.
func TestCallFollowsToANewAddress(t *testing.T) {
	if os.Getenv(inNamespace) == "" {
		inItsOwnNetwork(t)
		return
	}
	ip := func(args string) {
		t.Helper()
		if out, err := exec.CommandContext(t.Context(), "ip", strings.Fields(args)...).CombinedOutput(); err != nil {
			t.Skipf("ip %s: %v %s", args, err, out)
		}
	}
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

// inItsOwnNetwork runs this test again in a process with a network namespace of
// its own, where addresses can be changed.
func inItsOwnNetwork(t *testing.T) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), inNamespace+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	out, err := cmd.CombinedOutput()
	switch {
	case err != nil && len(out) == 0:
		t.Skip("no network namespace can be made here: ", err)
	case err != nil:
		t.Errorf("%v\n%s", err, out)
	case strings.Contains(string(out), "--- SKIP"):
		t.Skip(string(out))
	}
}
