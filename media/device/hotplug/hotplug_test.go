package hotplug

import (
	"context"
	"os"
	"strings"
	"syscall"
	"testing"
)

func message(fields ...string) []byte { return []byte(strings.Join(fields, "\x00") + "\x00") }

var plugged = message("add@/devices/usb1/1-1/sound/card1", "ACTION=add", "DEVPATH=/devices/usb1/1-1/sound/card1", "SUBSYSTEM=sound", "SEQNUM=1234")

func TestParse(t *testing.T) {
	c, ok := parse(plugged)
	if !ok || c != (Change{"add", "/devices/usb1/1-1/sound/card1"}) {
		t.Errorf("%+v %v", c, ok)
	}
	for name, m := range map[string][]byte{
		"nothing":       nil,
		"zeros":         {0, 0, 0},
		"a disk":        message("add@/devices/x", "ACTION=add", "DEVPATH=/devices/x", "SUBSYSTEM=block"),
		"udev's":        message("libudev", "ACTION=add", "DEVPATH=/devices/x", "SUBSYSTEM=sound"),
		"no action":     message("add@/devices/x", "DEVPATH=/devices/x", "SUBSYSTEM=sound"),
		"other action":  message("bind@/devices/x", "ACTION=bind", "DEVPATH=/devices/x", "SUBSYSTEM=sound"),
		"no path":       message("add@/devices/x", "ACTION=add", "SUBSYSTEM=sound"),
		"no zero bytes": []byte("add@/devices/x ACTION=add"),
	} {
		if c, ok := parse(m); ok {
			t.Errorf("%s: %+v", name, c)
		}
	}
}

// Messages are read one by one from a datagram socket until it is closed.
func TestListen(t *testing.T) {
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_SEQPACKET, 0)
	if err != nil {
		t.Skip(err)
	}
	in := os.NewFile(uintptr(fds[0]), "in")
	defer syscall.Close(fds[1])
	got := make(chan Change, 10)
	ended := make(chan struct{})
	go func() { listen(in, func(c Change) { got <- c }); close(ended) }()
	for _, m := range [][]byte{[]byte("nonsense"), plugged} {
		if _, err := syscall.Write(fds[1], m); err != nil {
			t.Fatal(err)
		}
	}
	if c := <-got; c.Action != "add" {
		t.Errorf("%+v", c)
	}
	syscall.Shutdown(fds[1], syscall.SHUT_RDWR)
	<-ended
	if len(got) != 0 {
		t.Error("nonsense was reported")
	}
}

func TestWatchOpensAndEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	if err := Watch(ctx, func(Change) {}); err != nil {
		t.Skip(err) // a container may have no uevents
	}
	cancel()
}

func FuzzParse(f *testing.F) {
	f.Add(plugged)
	f.Add([]byte("@/\x00ACTION=add"))
	f.Fuzz(func(t *testing.T, m []byte) {
		if c, ok := parse(m); ok && (c.Device == "" || c.Action == "") {
			t.Errorf("%+v", c)
		}
	})
}
