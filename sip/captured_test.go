package sip_test

import (
	"os"
	"strings"
	"testing"

	"phoned/sip"
	"phoned/sip/siptest"
)

// captured returns what the exchange wrote in a recorded dialogue, in order.
func captured(t testing.TB, name string) []siptest.Message {
	t.Helper()
	b, err := os.ReadFile("testdata/captured/" + name)
	if err != nil {
		t.Fatal(err)
	}
	var list []siptest.Message
	for _, block := range strings.Split(strings.ReplaceAll(string(b), "\r\n", "\n"), "<<<\n")[1:] {
		head, rest, _ := strings.Cut(block, "\n\n")
		m := siptest.Parse(strings.ReplaceAll(head, "\n", "\r\n") + "\r\n\r\n")
		if !strings.HasSuffix(m.Get("Content-Type"), "xml") { // which comes with bare line feeds
			rest = strings.ReplaceAll(rest, "\n", "\r\n")
		}
		n := 0
		for _, c := range m.Get("Content-Length") {
			n = n*10 + int(c-'0')
		}
		if n > len(rest) {
			t.Fatalf("%s: a body of %d bytes is cut short", name, n)
		}
		list = append(list, siptest.Parse(m.Raw+rest[:n]))
	}
	return list
}

// as puts the headers that tie a captured message to our call into it.
func as(m siptest.Message, headers map[string]string) string {
	head, body, _ := strings.Cut(m.Raw, "\r\n\r\n")
	lines := strings.Split(head, "\r\n")
	for i, l := range lines {
		k, _, _ := strings.Cut(l, ":")
		if v, ok := headers[k]; ok && i > 0 {
			lines[i] = k + ": " + v
		}
	}
	return strings.Join(lines, "\r\n") + "\r\n\r\n" + body
}

func TestCapturedIncomingCalls(t *testing.T) {
	for _, name := range []string{"asterisk-22.10.1-inbound.txt", "freeswitch-1.11.1-inbound.txt"} {
		t.Run(name, func(t *testing.T) {
			p, _, peer := registered(t, "wss")
			var leg sip.LegID
			var to string
			seen := map[string]bool{}
			for _, m := range captured(t, name) {
				if strings.HasPrefix(m.Start, "SIP/2.0") {
					continue
				}
				seen[m.Method()] = true
				switch m.Method() {
				case "NOTIFY": // unsolicited, to our Contact or to our address (interop 17)
					peer.Send(m.Raw)
					peer.Expect("SIP/2.0 200")
					want[sip.MessageWaiting](p)
				case "INVITE":
					peer.Send(m.Raw)
					peer.Expect("SIP/2.0 100")
					e := want[sip.LegArrived](p)
					if string(e.Offer) != m.Body || e.CallID != m.Get("Call-ID") || e.From.User == "" {
						t.Errorf("%+v", e)
					}
					leg = e.Leg
					if err := p.Answer(leg, []byte(sdpAnswer)); err != nil {
						t.Fatal(err)
					}
					to = peer.Expect("SIP/2.0 200").Get("To")
				case "ACK":
					peer.Send(as(m, map[string]string{"To": to}))
					want[sip.LegConfirmed](p)
				case "BYE":
					peer.Send(as(m, map[string]string{"To": to}))
					peer.Expect("SIP/2.0 200")
					if e := want[sip.LegEnded](p); e.Leg != leg || !e.Remote {
						t.Errorf("%+v", e)
					}
				}
			}
			if !seen["INVITE"] || !seen["ACK"] || !seen["BYE"] {
				t.Errorf("the recording has %v only", seen)
			}
		})
	}
}

// TestCapturedAnswers: whatever Contact and Record-Route the exchanges write,
// ACK and BYE stay on the flow (interop 10).
func TestCapturedAnswers(t *testing.T) {
	for _, name := range []string{"asterisk-22.10.1-outbound-hold-transfer.txt", "freeswitch-1.11.1-outbound-hold-transfer.txt"} {
		t.Run(name, func(t *testing.T) {
			p, _, peer := registered(t, "wss")
			id, inv := dial(p, peer)
			var first siptest.Message
			for _, m := range captured(t, name) {
				if strings.HasPrefix(m.Start, "SIP/2.0 200") && strings.HasSuffix(m.Get("CSeq"), "INVITE") {
					first = m
					break
				}
			}
			peer.Send(as(first, map[string]string{"Via": inv.Get("Via"), "From": inv.Get("From"), "Call-ID": inv.Get("Call-ID"), "CSeq": inv.Get("CSeq")}))
			if e := want[sip.LegAnswered](p); string(e.SDP) != first.Body {
				t.Errorf("%+v", e)
			}
			if err := p.Ack(id, nil); err != nil {
				t.Fatal(err)
			}
			ack := peer.Expect("ACK " + first.Contact())
			if ack.Tag("To") != first.Tag("To") || !strings.HasPrefix(ack.Get("Via"), "SIP/2.0/WSS ") {
				t.Errorf("ACK:\n%s", ack.Raw)
			}
			_ = p.End(id, "")
			peer.Expect("BYE " + first.Contact())
		})
	}
}
