package sip_test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"phoned/sip"
	"phoned/sip/siptest"
)

// tortureFiles are the messages of RFC 4475 and RFC 5118.
func tortureFiles(t testing.TB) []string {
	files, err := filepath.Glob("testdata/torture/*/*.dat")
	if err != nil || len(files) != 62 {
		t.Fatalf("%d torture messages, %v", len(files), err)
	}
	return files
}

// outcome tells what a message has led to. A NOTIFY of ours marks the end of
// its events.
func outcome(p *phone, peer *siptest.Peer, replies []string) string {
	peer.Send(peer.Request("NOTIFY", "sip:1001@x.invalid", "outcome", "o", "", 1, "Messages-Waiting: no\r\n", "Event: message-summary"))
	rang := false
	for marked := false; !marked; {
		switch (<-p.events).(type) {
		case sip.LegArrived:
			rang = true
		case sip.MessageWaiting:
			marked = true
		}
	}
	s := strings.Join(replies, " ")
	if rang {
		s += " rings"
	}
	if s == "" {
		s = "-"
	}
	return s
}

// TestTorture sends each message from the registered peer, looks at what comes
// back, and asks whether the phone still lives.
func TestTorture(t *testing.T) {
	for _, transport := range []string{"ws", "udp"} {
		for _, f := range tortureFiles(t) {
			t.Run(transport+"/"+filepath.Base(f), func(t *testing.T) {
				b, err := os.ReadFile(f)
				if err != nil {
					t.Fatal(err)
				}
				p, _, peer := registered(t, transport)
				peer.Send(string(b))
				var replies []string
				for _, m := range peer.Alive("sip:1001@x.invalid") {
					replies = append(replies, strings.Fields(m.Start)[1])
				}
				peer.Alive("sip:1001@x.invalid")
				got := outcome(p, peer, replies)
				want, ok := tortured[strings.TrimSuffix(filepath.Base(f), ".dat")]
				if !ok || got != want {
					t.Errorf("%q: %q, want %q", strings.TrimSuffix(filepath.Base(f), ".dat"), got, want)
				}
			})
		}
	}
}

// TestTortureFromStranger: whoever is not the server is not heard at all.
func TestTortureFromStranger(t *testing.T) {
	p, _, peer := registered(t, "udp")
	c, err := net.Dial("udp", peer.Addr.String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	files := tortureFiles(t)
	for i, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Write(b); err != nil {
			t.Fatal(err)
		}
		if others := peer.Alive("sip:1001@x.invalid"); len(others) != 0 {
			t.Errorf("%s was answered: %s", f, others[0].Start)
		}
		if n := p.Counters().Stranger; n != uint64(i+1) {
			t.Fatalf("%d packets of %d were counted", n, i+1)
		}
	}
	invite := fmt.Sprintf("INVITE sip:1001@x SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bKs;rport\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:1001@x>\r\nCall-ID: s\r\nCSeq: 1 INVITE\r\nContact: <sip:a@b>\r\nContent-Length: 0\r\n\r\n", c.LocalAddr())
	if _, err := c.Write([]byte(invite)); err != nil {
		t.Fatal(err)
	}
	peer.Alive("sip:1001@x.invalid")
	if got := outcome(p, peer, nil); got != "-" {
		t.Errorf("a stranger's call: %s", got)
	}
}
