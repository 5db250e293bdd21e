package sip

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	gosip "github.com/emiago/sipgo/sip"
)

func FuzzFramer(f *testing.F) {
	f.Add([]byte("OPTIONS sip:a SIP/2.0\r\nContent-Length: 2\r\n\r\nhi\r\n\r\n"), 3)
	f.Add([]byte("\r\n\r\n\r\nX: y\r\nl: 99999999999\r\n\r\n"), 1)
	f.Fuzz(func(t *testing.T, b []byte, step int) {
		step = max(1, step%64)
		cut := func(n int) (out [][]byte, failed bool) {
			var fr framer
			for i := 0; i < len(b); i += n {
				fr.feed(b[i:min(i+n, len(b))])
				for {
					m, kind, err := fr.next()
					if err != nil {
						return out, true
					}
					if m == nil && kind == message {
						break
					}
					if len(m) > maxMessage {
						t.Fatalf("a message of %d bytes", len(m))
					}
					if m != nil {
						out = append(out, m)
					}
				}
			}
			return out, false
		}
		whole, e1 := cut(len(b) + 1)
		pieces, e2 := cut(step)
		if e1 != e2 || len(whole) != len(pieces) {
			t.Fatalf("%d messages at once, %d in pieces of %d", len(whole), len(pieces), step)
		}
		for i := range whole {
			if !bytes.Equal(whole[i], pieces[i]) {
				t.Fatalf("%q and %q", whole[i], pieces[i])
			}
		}
	})
}

// FuzzIdentity covers every header parser of ours through one request.
func FuzzIdentity(f *testing.F) {
	for _, s := range []string{
		`"A \"B\"" <sip:%2B1@d>;privacy=full, <tel:+1;x=y>`, `<sip:a@b>;reason=x;cause=1`, `SIP;cause=200;text="a;b\""`,
		`<http://x/y/z>;info=ring;x-line-id=0`, `info=alert-autoanswer;delay=0`, `<urn:alert:source:internal>`, `"`, `<`, `%`, `1800;refresher=uas`,
		`cid;to-tag=a;from-tag=b`, `120 (x);duration=1`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, v string) {
		req := gosip.NewRequest(gosip.INVITE, gosip.Uri{Scheme: "sip", Host: "x"})
		for _, n := range []string{"P-Asserted-Identity", "Diversion", "History-Info", "Alert-Info", "Call-Info", "Answer-Mode", "Reason", "Privacy", "Require", "Accept", "Session-Expires", "Replaces"} {
			req.AppendHeader(gosip.NewHeader(n, v))
		}
		id := identify(req, nil)
		for _, s := range []string{id.User, id.Host, id.Display, divertedFrom(req), reasonOf(req).text} {
			if strings.ContainsAny(s, "\r\n\x00") {
				t.Fatalf("control characters in %q", s)
			}
		}
		if _, melody := alertOf(req); strings.ContainsAny(melody, "\r\n") {
			t.Fatalf("melody %q", melody)
		}
		if d, _ := sessionExpires(req); d < 0 {
			t.Fatal(d)
		}
		unknownOptions(req)
		acceptsSDP(req)
		if r, ok := parseReplaces(v); ok {
			if back, ok := parseReplaces(r.header()); !ok || back != r {
				t.Fatalf("%+v came back as %+v", r, back)
			}
		}
		if _, reason := parseFragment([]byte(v)); strings.ContainsAny(reason, "\r\n") {
			t.Fatalf("reason %q", reason)
		}
		if target, _, ok := parseReferTo(v); ok && strings.ContainsAny(target, "\r\n<>") {
			t.Fatalf("target %q", target)
		}
		if h := assertedIdentity(Identity{User: v, Display: v}, "d"); strings.ContainsAny(h, "\r\n") {
			t.Fatalf("header %q", h)
		}
	})
}

func FuzzMessageSummary(f *testing.F) {
	f.Add("Messages-Waiting: yes\r\nMessage-Account: sip:a@b\r\nVoice-Message: 2/8 (0/2)\r\n")
	f.Fuzz(func(t *testing.T, s string) {
		if m, _ := parseMessageSummary(s); m.New < 0 || m.Old < 0 {
			t.Fatal(m)
		}
	})
}

func FuzzDialogInfo(f *testing.F) {
	f.Add([]byte(`<?xml version="1.0"?><dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" version="0" state="full" entity="sip:a@b"><dialog id="1" call-id="c" local-tag="a" remote-tag="b" direction="recipient"><state>early</state><remote><identity display="X">sip:1@b</identity><target uri="sip:1@c"><param pname="+sip.rendering" pvalue="no"/></target></remote></dialog></dialog-info>`))
	f.Add([]byte(`<?xml version="1.0" encoding="ISO-8859-1"?><!DOCTYPE a [<!ENTITY x "y">]><dialog-info state="partial" version="4294967295"/>`))
	f.Fuzz(func(t *testing.T, b []byte) {
		doc, err := parseDialogInfo(b)
		if err != nil {
			return
		}
		var w watched
		for range 3 {
			w.take(doc)
			i := w.info()
			if len(w.dialogs) > maxDialogs || i.State == DialogUnknown {
				t.Fatalf("%d dialogs, %+v", len(w.dialogs), i)
			}
			for _, s := range []string{i.Remote.User, i.Remote.Display, i.Target} {
				if strings.ContainsAny(s, "\r\n\x00") {
					t.Fatalf("control characters in %q", s)
				}
			}
			if i.Pickup != nil && strings.ContainsAny(i.Pickup.header(), "\r\n") {
				t.Fatalf("header %q", i.Pickup.header())
			}
			doc.version++
		}
	})
}

func FuzzBody(f *testing.F) {
	f.Add("multipart/mixed;boundary=x", []byte("--x\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n--x--"))
	f.Fuzz(func(t *testing.T, kind string, b []byte) {
		if sdp, _ := findSDP(kind, b); len(sdp) > len(b) {
			t.Fatal("more than there was")
		}
	})
}

func FuzzRedact(f *testing.F) {
	f.Add(`username="a", response="0123456789abcdef"`)
	f.Add(`response = 0123456789abcdef ,x`)
	f.Fuzz(func(t *testing.T, v string) {
		const key = "fedcba9876543210"
		out := redact("Proxy-Authorization: Digest " + strings.NewReplacer("\r", "", "\n", "").Replace(v) + `,response="` + key + `"` + "\r\n\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" + key + "|2^31\r\na=ice-pwd:" + key + "\r\n")
		if strings.Contains(out, "inline:"+key) {
			t.Fatalf("%s", out)
		}
	})
}

func FuzzChallenge(f *testing.F) {
	f.Add(`Digest realm="r", nonce="n", qop="auth, auth-int", algorithm=SHA-256`)
	f.Fuzz(func(t *testing.T, v string) {
		req := gosip.NewRequest(gosip.REGISTER, gosip.Uri{Scheme: "sip", Host: "x"})
		res := gosip.NewResponse(401, "x")
		res.AppendHeader(gosip.NewHeader("WWW-Authenticate", v))
		var s authState
		first := s.answer(req, res, &Line{AuthUser: "u"})
		if second := s.answer(req, res, &Line{AuthUser: "u"}); first == nil && second == nil {
			t.Fatal("the same nonce was answered twice")
		}
	})
}

// FuzzReceive gives a line any message at all, as its exchange would.
func FuzzReceive(f *testing.F) {
	files, _ := filepath.Glob("testdata/torture/*/*.dat")
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := parse(b)
		if err != nil {
			return
		}
		a, err := New(Config{InstanceID: "urn:uuid:x", Events: func(Event) {}})
		if err != nil {
			t.Fatal(err)
		}
		flow := &deadEnd{done: make(chan struct{})}
		a.wait(func() {
			l := newLine(a, Line{ID: "l", User: "1001", Domain: "d"})
			a.lines["l"] = l
			l.link = newLink(a, l, flow, flowInfo{"WSS", "127.0.0.1:1", "127.0.0.1:2", 1})
			l.link.trusted = true
			l.link.receive(m)
			l.dropLink()
		})
		_ = a.Close(t.Context())
		if n := a.Counters().Panics; n != 0 {
			t.Fatalf("%d panics on %q", n, b)
		}
	})
}

// deadEnd is a flow that takes everything and gives nothing.
type deadEnd struct{ done chan struct{} }

func (d *deadEnd) Send([]byte) error { return nil }
func (d *deadEnd) Recv() ([]byte, error) {
	<-d.done
	return nil, ErrFlowDown
}
func (d *deadEnd) Close() error          { close(d.done); return nil }
func (d *deadEnd) Done() <-chan struct{} { return d.done }
