package sip_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"phoned/sip"
	"phoned/sip/siptest"
)

func TestRegisterSaysWhatWeAre(t *testing.T) {
	x := siptest.New(t, "wss", nil)
	p := newPhone(t, nil)
	p.SetLines([]sip.Line{testLine(x)})
	peer := x.Peer()
	r := peer.Expect("REGISTER sip:test.example SIP/2.0")
	for _, want := range []string{
		";transport=wss>", `;+sip.instance="<urn:uuid:00000000-0000-4000-8000-000000000001>"`, ";reg-id=1",
	} {
		if !strings.Contains(r.Get("Contact"), want) {
			t.Errorf("Contact %s lacks %s", r.Get("Contact"), want)
		}
	}
	if r.Get("Supported") != "path, outbound, gruu" || r.Get("Expires") != "600" || r.Get("From") == r.Get("To") {
		t.Errorf("REGISTER:\n%s", r.Raw)
	}
	peer.Send(r.Reply("403 Forbidden", "x", ""))
	if c := p.line(sip.Failed); c.Code != 403 || !errors.Is(c.Err, sip.ErrForbidden) || c.Next.IsZero() {
		t.Errorf("%+v", c)
	}
}

func TestDigest(t *testing.T) {
	const md5 = `WWW-Authenticate: Digest realm="r", nonce="m", algorithm=MD5, qop="auth"`
	for _, alg := range []string{"MD5", "SHA-256"} {
		t.Run(alg, func(t *testing.T) {
			reg := testRegistrar()
			reg.Algorithm = alg
			x := siptest.New(t, "ws", reg)
			p := newPhone(t, nil)
			p.SetLines([]sip.Line{testLine(x)})
			p.line(sip.Registered)
			if reg.Failed() != 0 {
				t.Error("wrong credentials were sent")
			}
		})
	}
	t.Run("strongest of several", func(t *testing.T) {
		x := siptest.New(t, "ws", nil)
		p := newPhone(t, nil)
		p.SetLines([]sip.Line{testLine(x)})
		peer := x.Peer()
		r := peer.Expect("REGISTER")
		peer.Send(r.Reply("401 Unauthorized", "x", "",
			`WWW-Authenticate: Digest realm="r", nonce="u", algorithm=SHA-3-XYZ, qop="auth"`, md5,
			`WWW-Authenticate: Digest realm="r", nonce="s", algorithm=SHA-256, qop="auth, auth-int"`))
		again := peer.Expect("REGISTER")
		if a := again.All("Authorization"); len(a) != 1 || !strings.Contains(a[0], "SHA-256") || again.CSeq() != r.CSeq()+1 {
			t.Errorf("Authorization %q", a)
		}
	})
	t.Run("stale is retried, refusal is not", func(t *testing.T) {
		x := siptest.New(t, "ws", nil)
		p := newPhone(t, nil)
		p.SetLines([]sip.Line{testLine(x)})
		peer := x.Peer()
		peer.Send(peer.Expect("REGISTER").Reply("401 Unauthorized", "x", "", md5))
		peer.Send(peer.Expect("REGISTER").Reply("401 Unauthorized", "x", "", strings.Replace(md5, `"m"`, `"n", stale=true`, 1)))
		r := peer.Expect("REGISTER")
		if !strings.Contains(r.Get("Authorization"), `nonce="n"`) {
			t.Errorf("Authorization %s", r.Get("Authorization"))
		}
		peer.Send(r.Reply("401 Unauthorized", "x", "", strings.Replace(md5, `"m"`, `"o"`, 1)))
		if c := p.line(sip.Failed); !errors.Is(c.Err, sip.ErrCredentials) || c.Code != 401 {
			t.Errorf("%+v", c)
		}
		if len(peer.Registers) != 0 || !peer.Quiet() {
			t.Error("kept guessing")
		}
	})
	t.Run("same nonce again", func(t *testing.T) {
		x := siptest.New(t, "ws", nil)
		p := newPhone(t, nil)
		p.SetLines([]sip.Line{testLine(x)})
		peer := x.Peer()
		stale := strings.Replace(md5, `"m"`, `"m", stale=true`, 1)
		peer.Send(peer.Expect("REGISTER").Reply("401 Unauthorized", "x", "", stale))
		peer.Send(peer.Expect("REGISTER").Reply("401 Unauthorized", "x", "", stale))
		if c := p.line(sip.Failed); !errors.Is(c.Err, sip.ErrCredentials) {
			t.Errorf("%+v", c)
		}
	})
}

func TestRegisterTooBrief(t *testing.T) {
	x := siptest.New(t, "ws", nil)
	p := newPhone(t, nil)
	l := testLine(x)
	l.Expires = 60 * time.Second
	p.SetLines([]sip.Line{l})
	peer := x.Peer()
	peer.Send(peer.Expect("REGISTER").Reply("423 Interval Too Brief", "x", "", "Min-Expires: 1800"))
	if r := peer.Expect("REGISTER"); r.Get("Expires") != "1800" {
		t.Errorf("Expires %s", r.Get("Expires"))
	}
}

func TestRefreshBeforeExpiry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, _, peer := registered(t, "pipe")
		begin := time.Now()
		peer.Registered()
		if d := time.Since(begin); d < 300*time.Second || d > 541*time.Second {
			t.Errorf("refreshed after %v of 600 s", d)
		}
	})
}

func TestRetryAfterIsHonoured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := siptest.New(t, "pipe", nil)
		p := newPhone(t, nil)
		p.patience = time.Hour
		sip.SetDialer(p.Agent, func(string) sip.Flow { return x.Dial() })
		p.SetLines([]sip.Line{testLine(x)})
		peer := x.Peer()
		peer.Send(peer.Expect("REGISTER").Reply("503 Service Unavailable", "x", "", "Retry-After: 120 (busy);duration=3"))
		begin := time.Now()
		c := p.line(sip.Connecting)
		for c.Code != 503 {
			c = p.line(sip.Connecting)
		}
		x.Peer().Expect("REGISTER")
		if d := time.Since(begin); d < 120*time.Second || d > 150*time.Second { // not all phones at once
			t.Errorf("tried again after %v", d)
		}
	})
}

func TestBackOffDoublesAndIsResetByReconnect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPhone(t, nil)
		p.patience = time.Hour
		dialed := make(chan time.Time, 100)
		sip.SetRandom(p.Agent, func() float64 { return 0.5 })
		sip.SetDialer(p.Agent, func(string) sip.Flow { dialed <- time.Now(); return nil })
		p.SetLines([]sip.Line{{ID: "line1", User: "1", Domain: "d", Servers: []string{"tcp://a", "tcp://b"}}})
		last := <-dialed
		for _, want := range []time.Duration{0, 1, 0, 2, 0, 4, 0, 8, 0, 16, 0, 32, 0, 60, 0, 60, 0} {
			at := <-dialed
			if d := at.Sub(last); d != want*time.Second {
				t.Errorf("waited %v, want %v s", d, want)
			}
			last = at
		}
		p.Reconnect("")
		if at := <-dialed; at.Sub(last) != 0 {
			t.Errorf("Reconnect waited %v", at.Sub(last))
		}
		<-dialed
		last = time.Now()
		if at := <-dialed; at.Sub(last) != time.Second {
			t.Errorf("after Reconnect: %v", at.Sub(last))
		}
	})
}

func TestFlowLossIsReportedAndRepaired(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, x, peer := registered(t, "pipe")
		id, _ := p.Invite("line1", "5", sip.InviteOptions{Offer: []byte(sdpOffer)})
		peer.Expect("INVITE")
		peer.Drop()
		if e := want[sip.LegEnded](p); e.Leg != id || !errors.Is(e.Err, sip.ErrFlowDown) {
			t.Errorf("%+v", e)
		}
		if _, err := p.Invite("line1", "5", sip.InviteOptions{}); !errors.Is(err, sip.ErrFlowDown) {
			t.Errorf("Invite without a flow: %v", err)
		}
		begin := time.Now()
		peer = x.Peer()
		if d := time.Since(begin); d < 500*time.Millisecond || d > 1500*time.Millisecond {
			t.Errorf("back after %v", d)
		}
		peer.Registered()
		p.line(sip.Registered)
	})
}

func TestRegisterTimeoutGoesToTheNextServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		deaf, good := siptest.New(t, "pipe", nil), siptest.New(t, "pipe", testRegistrar())
		p := newPhone(t, nil)
		p.patience = time.Hour
		sip.SetDialer(p.Agent, func(s string) sip.Flow {
			if strings.Contains(s, "deaf") {
				return deaf.Dial()
			}
			return good.Dial()
		})
		l := testLine(good)
		l.Servers = []string{"tcp://deaf", "tcp://good"}
		p.SetLines([]sip.Line{l})
		begin := time.Now()
		p.line(sip.Registered)
		if d := time.Since(begin); d != 32*time.Second {
			t.Errorf("registered after %v", d)
		}
		deaf.Peer().Gone()
	})
}

func TestSetLinesLeavesUnchangedLinesAlone(t *testing.T) {
	p, x, peer := registered(t, "ws")
	p.SetLines([]sip.Line{testLine(x)})
	peer.Alive("sip:1001@x.invalid")
	if len(peer.Registers) != 0 || !x.None() {
		t.Error("an unchanged line registered again")
	}
	l := testLine(x)
	l.DisplayName = "Bob"
	p.SetLines([]sip.Line{l})
	if un := peer.Registered(); un.Get("Expires") != "0" {
		t.Errorf("the old binding stays:\n%s", un.Raw)
	}
	if r := x.Peer().Registered(); !strings.HasPrefix(r.Get("From"), `"Bob"`) {
		t.Errorf("From %s", r.Get("From"))
	}
}
