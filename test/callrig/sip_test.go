package main

import (
	"context"
	"strings"
	"testing"
	"time"
)

// The example of RFC 2617 section 3.5.
func TestDigest(t *testing.T) {
	p := parameters(`Digest username="Mufasa", realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", ` +
		`uri="/dir/index.html", qop=auth, nc=00000001, cnonce="0a4f113b", response="6629fae49393a05397450978507c4ef1"`)
	if got := digest(p, "GET", "Circle Of Life"); got != p["response"] {
		t.Errorf("got %s", got)
	}
	if digest(p, "GET", "circle of life") == p["response"] {
		t.Error("any password is good")
	}
}

func FuzzParseMessage(f *testing.F) {
	f.Add([]byte("SIP/2.0 200 OK\r\nv: SIP/2.0/UDP x\r\nm: <sip:a@b>;expires=60\r\n\r\nv=0\r\nc=IN IP4 127.0.0.1\r\nm=audio 9 RTP/AVP 0\r\n"))
	f.Add([]byte("REGISTER sip:x SIP/2.0\r\nAuthorization: Digest a=\"b,c\", d=e\r\n\r\n"))
	f.Add([]byte("SIP/2.0 "))
	f.Fuzz(func(t *testing.T, b []byte) {
		m := parseMessage(b)
		uri(m.get("contact"))
		digest(parameters(m.get("authorization")), m.method(), password)
		if a, err := mediaAddress(m.body); err == nil && !a.IsValid() {
			t.Errorf("%q is no address", a)
		}
		if out := string(m.answer("200 OK", "t", "", "")); !strings.HasPrefix(out, "SIP/2.0 200 OK\r\n") {
			t.Errorf("answer is %q", out)
		}
	})
}

func FuzzParseRTP(f *testing.F) {
	f.Add(appendRTP(nil, 0, true, 1, 2, 3, []byte("voice")))
	f.Add([]byte{0x9f, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 9})
	f.Fuzz(func(t *testing.T, b []byte) {
		if p, ok := parseRTP(arrival{Data: b}, 0); ok && len(p.payload) > len(b)-rtpHeader {
			t.Errorf("%d bytes of voice in %d", len(p.payload), len(b))
		}
	})
}

func TestCallTheYardstick(t *testing.T) {
	x, err := newExchange()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	phone, phoneCtx := make(chan error), ctx
	phoneCtx, hangUp := context.WithCancel(phoneCtx)
	y, err := parseYardstick("device:10:10")
	if err != nil {
		t.Fatal(err)
	}
	go func() { phone <- y.run(phoneCtx, x.port) }()
	select {
	case <-x.registered:
	case <-ctx.Done():
		t.Fatal("not registered")
	}
	v, err := newVoice("pcmu")
	if err != nil {
		t.Fatal(err)
	}
	c, err := x.invite(ctx, description(9, v))
	if err != nil {
		t.Fatal(err)
	}
	if !c.media.Addr().IsLoopback() || c.answered <= 0 {
		t.Errorf("answered after %v from %v", c.answered, c.media)
	}
	if _, err := c.hangUp(ctx); err != nil {
		t.Error(err)
	}
	hangUp()
	if err := <-phone; err != nil {
		t.Error(err)
	}
	if err := x.close(); err != nil {
		t.Error(err)
	}
}

func TestSummary(t *testing.T) {
	r := func(phone string, delay float64, err string) Result {
		return Result{Phone: phone, Scenario: Scenario{Name: "x", Codec: "pcmu"}, Heard: Heard{DelayP50: delay}, Err: err}
	}
	s := summarise([]Result{r("b", 5, ""), r("a", 1, ""), r("a", 9, ""), r("a", 2, ""), r("a", 0, "lost"), r("c", 0, "lost")})
	if len(s) != 3 || s[0]["phone"] != "a" || s[0]["median_of"] != 3 || s[0]["failed"] != 1 || s[0]["loop_delay_p50_ms"] != 2.0 {
		t.Errorf("got %v", s)
	}
	if s[2]["median_of"] != 0 || s[2]["failed"] != 1 {
		t.Errorf("a phone that only failed: %v", s[2])
	}
}
