package sip_test

import (
	"context"
	"crypto/x509"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"phoned/sip"
	"phoned/sip/siptest"
)

func TestKeepAlives(t *testing.T) {
	t.Run("WebSocket ping with a payload", func(t *testing.T) {
		_, _, peer := registered(t, "wss")
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		for range 3 { // the library puts a payload into each
			if err := peer.WS.Ping(ctx); err != nil {
				t.Fatal(err)
			}
		}
		peer.Alive("sip:1001@x.invalid") // the stream did not shift
	})
	for _, transport := range []string{"wss", "tcp", "tls"} {
		t.Run("double CRLF over "+transport, func(t *testing.T) {
			_, _, peer := registered(t, transport)
			peer.Send("\r\n\r\n")
			for {
				// Our own double CRLF may come first.
				if got := peer.KeepAlive(); got == "\r\n" {
					break
				}
			}
			peer.Alive("sip:1001@x.invalid")
		})
	}
	t.Run("ours over tcp", func(t *testing.T) {
		x := siptest.New(t, "tcp", testRegistrar())
		p := newPhone(t, nil)
		l := testLine(x)
		l.KeepAlive = time.Millisecond
		p.SetLines([]sip.Line{l})
		peer := x.Peer()
		peer.Registered()
		peer.KeepAlive()
	})
}

func TestFragmentedAndBinaryFrames(t *testing.T) {
	_, _, peer := registered(t, "ws")
	options := func(id string) string {
		return peer.Request("OPTIONS", "sip:1001@x.invalid", id, "b", "", 1, "")
	}
	if err := peer.WS.Write(t.Context(), websocket.MessageBinary, []byte(options("binary"))); err != nil {
		t.Fatal(err)
	}
	if m := peer.Expect("SIP/2.0 200"); m.Get("Call-ID") != "binary" {
		t.Error(m.Raw)
	}
	w, err := peer.WS.Writer(t.Context(), websocket.MessageText)
	if err != nil {
		t.Fatal(err)
	}
	for text := options("pieces"); text != ""; {
		n := min(len(text), 17)
		if _, err := w.Write([]byte(text[:n])); err != nil {
			t.Fatal(err)
		}
		text = text[n:]
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if m := peer.Expect("SIP/2.0 200"); m.Get("Call-ID") != "pieces" {
		t.Error(m.Raw)
	}
}

func TestOversizedMessageEndsTheFlow(t *testing.T) {
	for _, transport := range []string{"ws", "tcp"} {
		t.Run(transport, func(t *testing.T) {
			_, x, peer := registered(t, transport)
			peer.Send("OPTIONS sip:a SIP/2.0\r\nX: " + strings.Repeat("x", 70<<10) + "\r\n\r\n")
			peer.Gone()
			x.Peer().Registered() // and back again
		})
	}
}

func TestDeadPeerIsNoticed(t *testing.T) {
	x := siptest.New(t, "ws", testRegistrar())
	p := newPhone(t, nil)
	l := testLine(x)
	l.KeepAlive, l.Pong = 10*time.Millisecond, 10*time.Millisecond
	x.NoPong.Store(true)
	p.SetLines([]sip.Line{l})
	peer := x.Peer()
	for {
		c := p.line(sip.Connecting)
		if c.Err != nil {
			if !errors.Is(c.Err, sip.ErrFlowDown) || c.Next.IsZero() {
				t.Errorf("%+v", c)
			}
			break
		}
	}
	peer.Gone()
}

func TestCertificateIsChecked(t *testing.T) {
	x := siptest.New(t, "wss", testRegistrar())
	for name, edit := range map[string]func(*sip.Line){
		"nobody vouches":   func(l *sip.Line) { l.Roots = nil },
		"other roots":      func(l *sip.Line) { l.Roots = x509.NewCertPool() },
		"another's name":   func(l *sip.Line) { l.ServerName = "other.example.org" },
		"name of the line": func(l *sip.Line) { l.ServerName = "prod-registration" },
	} {
		t.Run(name, func(t *testing.T) {
			p := newPhone(t, nil)
			l := testLine(x)
			edit(&l)
			p.SetLines([]sip.Line{l})
			for {
				if c := p.line(sip.Connecting); c.Err != nil {
					if !errors.Is(c.Err, sip.ErrCertificate) {
						t.Errorf("%+v", c)
					}
					return
				}
			}
		})
	}
	t.Run("the server's name", func(t *testing.T) {
		p := newPhone(t, nil)
		l := testLine(x)
		l.ServerName = "example.com" // the certificate has it as well
		p.SetLines([]sip.Line{l})
		p.line(sip.Registered)
	})
}

func TestUpgradeCarriesHeadersAndSubProtocol(t *testing.T) {
	x := siptest.New(t, "ws", testRegistrar())
	p := newPhone(t, nil)
	l := testLine(x)
	l.Headers = http.Header{"Origin": {"https://phone.example"}}
	p.SetLines([]sip.Line{l})
	p.line(sip.Registered)
	if h := <-x.Upgrades; h.Get("Origin") != "https://phone.example" || h.Get("Sec-Websocket-Protocol") != "sip" {
		t.Errorf("%v", h)
	}
}

func TestUnreachableServer(t *testing.T) {
	p := newPhone(t, nil)
	p.SetLines([]sip.Line{{ID: "l", User: "1", Domain: "d", Servers: []string{"ws://127.0.0.1:1/", "gopher://127.0.0.1"}}})
	for {
		if c := p.line(sip.Connecting); c.Err != nil {
			if !errors.Is(c.Err, sip.ErrUnreachable) || c.Next.IsZero() {
				t.Errorf("%+v", c)
			}
			return
		}
	}
}
