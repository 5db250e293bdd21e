package phone_test

import (
	"cmp"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"phoned/lab"
	"phoned/lab/b2b"
	"phoned/lab/faults"
	"phoned/phone"
	"phoned/ui"
)

// says checks that a problem is one plain sentence, with advice, and that the
// screen shows it while nobody can call.
func (w *world) says(p phone.ProblemInfo, sentence string) {
	w.t.Helper()
	if !strings.Contains(p.Title, sentence) || p.Advice == "" || p.Detail == "" {
		w.t.Errorf("%s says %q, advice %q, detail %q; wanted %q", p.Code, p.Title, p.Advice, p.Detail, sentence)
	}
}

// onScreen waits until the screen says something.
func (w *world) onScreen(sentence string) {
	w.t.Helper()
	sentence = strings.TrimSuffix(sentence, ".")
	w.until("the screen says "+sentence, func(v phone.View) bool {
		return strings.Contains(words(ui.Build(v, ui.EnvOf(v, w.clock.Now()))), sentence)
	})
}

// shown is what the screen has room for, where it is shorter than the title.
var shown = map[string]string{
	"backend.not_configured": "This phone does not know its server",
	"backend.certificate":    "The server's certificate is not valid",
	"backend.answer":         "The server's answer is not understood",
	"backend.no_lines":       "Your account has no line",
	"backend.sign_in_lost":   "The server signed this phone out",
}

// alive proves that the phone still takes keys.
func (w *world) alive() {
	w.t.Helper()
	if hangs := w.Hanging(patience); hangs != "" {
		w.t.Fatal("it hangs: " + hangs)
	}
	w.lift()
	w.hangUp()
}

// The server has something wrong while the phone signs in: the sentence, a
// phone that lives, and the sign-in by itself when the cause is gone.
func TestSignInTroubles(t *testing.T) {
	t.Parallel()
	session := func(f faults.HTTP) func(*lab.Exchange) {
		return func(ex *lab.Exchange) { _ = ex.Faults.SetHTTP("session", f) }
	}
	token := func(f faults.Token) func(*lab.Exchange) {
		return func(ex *lab.Exchange) { ex.Faults.SetToken(f) }
	}
	for _, c := range []struct {
		name     string
		breaks   func(*lab.Exchange)
		code     string
		sentence string
	}{
		{"no domains", token(faults.Token{SessionShape: "no-domains"}), "backend.no_lines", "Your account has no telephone line."},
		{"garbage", token(faults.Token{SessionShape: "garbage"}), "backend.answer", "The server's answer can't be understood."},
		{"wrong types", token(faults.Token{SessionShape: "wrong-types"}), "backend.answer", "The server's answer can't be understood."},
		{"certificate expired", token(faults.Token{BadCertificate: "expired"}), "backend.certificate", "The server's certificate is expired or not valid yet."},
		{"certificate of another name", token(faults.Token{BadCertificate: "name"}), "backend.certificate", "The server's certificate is for another name."},
		{"certificate of a stranger", token(faults.Token{BadCertificate: "unknown"}), "backend.certificate", "The server's certificate is not trusted."},
		{"forbidden", session(faults.HTTP{Status: 403}), "backend.refused", "The server refuses this phone."},
		{"unauthorized for ever", session(faults.HTTP{Status: 401}), "backend.refused", "The server refuses this phone."},
		{"too many requests", session(faults.HTTP{Status: 429, RetryAfter: 7}), "backend.busy", "The server has trouble."},
		{"unavailable", session(faults.HTTP{Status: 503}), "backend.busy", "The server has trouble."},
		{"not found", session(faults.HTTP{Status: 404}), "backend.failed", "The server does not do what the phone asked."},
		{"garbage with 200", session(faults.HTTP{Status: 200, Body: "<html>"}), "backend.answer", "The server's answer can't be understood."},
		{"cut off", session(faults.HTTP{Lose: true}), "backend.unreachable", "The server can't be reached."},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := start(t, setup{before: c.breaks})
			w.says(w.problem(c.code), c.sentence)
			w.onScreen(cmp.Or(shown[c.code], c.sentence))
			w.alive()
			w.lab.Faults.Clear()
			w.clock.leapAll(2 * time.Minute)
			w.registered()
			w.healed(c.code)
			w.screen(phone.ScreenIdle)
		})
	}
}

func TestSlowServer(t *testing.T) {
	t.Parallel()
	w := start(t, setup{before: func(ex *lab.Exchange) { _ = ex.Faults.SetHTTP("session", faults.HTTP{DelayMS: 800}) }})
	w.screen(phone.ScreenSigningIn)
	w.alive()
	w.registered()
}

func TestUnknownFieldsOfTheSession(t *testing.T) {
	t.Parallel()
	w := ready(t, setup{before: func(ex *lab.Exchange) { ex.Faults.SetToken(faults.Token{SessionShape: "extra"}) }})
	if l := w.Health.List(); len(l) != 0 {
		t.Errorf("unknown fields are no problem: %+v", l)
	}
	if !strings.Contains(w.heard.all()["log"], "colour") {
		t.Error("nobody was warned of the unknown field")
	}
}

// gate is a door to a server that can be shut.
type gate struct {
	addr string
	l    net.Listener
	wg   sync.WaitGroup

	mu    sync.Mutex
	conns []net.Conn
}

func (g *gate) open(t *testing.T, to string) {
	t.Helper()
	l, err := net.Listen("tcp", g.addr)
	if err != nil {
		t.Fatal(err)
	}
	g.l, g.addr = l, l.Addr().String()
	g.wg.Go(func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", to)
			if err != nil {
				in.Close()
				continue
			}
			g.mu.Lock()
			g.conns = append(g.conns, in, out)
			g.mu.Unlock()
			g.wg.Go(func() { _, _ = io.Copy(out, in); out.Close(); in.Close() })
			g.wg.Go(func() { _, _ = io.Copy(in, out); in.Close(); out.Close() })
		}
	})
}

func (g *gate) shut() {
	g.l.Close()
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, c := range g.conns {
		c.Close()
	}
}

func TestUnreachableServer(t *testing.T) {
	t.Parallel()
	ex := newLab(t, labDefault)
	server := strings.TrimPrefix(ex.APIURL(), "https://")
	g := &gate{addr: "127.0.0.1:0"}
	g.open(t, server)
	g.shut()
	access, refresh, _ := ex.Tokens(extension)
	w := start(t, setup{external: ex, config: fmt.Sprintf("oauth_endpoint = \"https://%s/oauth/internal\"\nws_servers = [%q]\naccess_token = %q\nrefresh_token = %q\n", g.addr, ex.WSSURL(), access, refresh)})
	const sentence = "The server can't be reached."
	w.says(w.problem("backend.unreachable"), sentence)
	w.onScreen(sentence)
	w.alive()
	g.open(t, server)
	w.clock.leapAll(2 * time.Minute)
	w.registered()
	w.healed("backend.unreachable")
	w.close(t)
	g.shut()
	g.wg.Wait()
}

// The exchange has something wrong, with the sign-in in order.
func TestRegistrationTroubles(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		sip      faults.SIP
		token    faults.Token
		sentence string
		screen   string
	}{
		{"403", faults.SIP{RegisterStatus: 403}, faults.Token{}, "The exchange does not allow this phone", ""},
		{"503", faults.SIP{RegisterStatus: 503}, faults.Token{}, "The exchange refused to register this phone (503)", ""},
		{"404", faults.SIP{RegisterStatus: 404}, faults.Token{}, "The exchange refused to register this phone (404)", ""},
		{"no WebSocket", faults.SIP{RefuseUpgrade: 503}, faults.Token{}, "The exchange cannot be reached", ""},
		{"certificate expired", faults.SIP{}, faults.Token{BadCertificate: "expired"}, "The exchange's certificate is expired or not valid yet", ""},
		{"certificate of another name", faults.SIP{}, faults.Token{BadCertificate: "name"}, "The exchange's certificate is for another name", ""},
		{"certificate of a stranger", faults.SIP{}, faults.Token{BadCertificate: "unknown"}, "The exchange's certificate is not trusted", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := ready(t, setup{})
			w.lab.Faults.SetSIP(c.sip)
			w.lab.Faults.SetToken(c.token)
			w.must(w.lab.Engine.DropSockets())
			w.clock.leap(2 * time.Second)
			var p phone.ProblemInfo
			w.until("problem: "+c.sentence, func(v phone.View) bool {
				for _, p = range v.Problems {
					if p.Code == "line.unregistered" && strings.Contains(p.Title, c.sentence) {
						return true
					}
				}
				return false
			})
			w.says(p, c.sentence)
			v := w.screen(phone.ScreenNoService)
			if m, ok := ui.Build(v, ui.EnvOf(v, w.clock.Now())).Body.(ui.Message); !ok || m.Title == "" {
				t.Error("the screen has no sentence")
			} else {
				t.Logf("screen: %s / %+v", m.Title, m.Paragraphs)
			}
			w.alive()
			w.lab.Faults.Clear()
			w.clock.leapAll(10 * time.Minute)
			w.registered()
			w.healed("line.unregistered")
			w.screen(phone.ScreenIdle)
		})
	}
}

func TestWrongPassword(t *testing.T) {
	t.Parallel()
	ex := newLab(t, labDefault)
	w := start(t, setup{external: ex, config: strings.Replace(classic(ex), lab.ClassicPassword, "not-the-one", 1)})
	w.says(w.problem("line.unregistered"), "The exchange does not allow this phone")
	w.screen(phone.ScreenNoService)
	w.alive()
	if strings.Contains(strings.Join(mapValues(w.heard.all()), ""), "not-the-one") {
		t.Error("the wrong password was told")
	}
}

func mapValues(m map[string]string) []string {
	var out []string
	for _, v := range m {
		out = append(out, v)
	}
	return out
}

func TestConfigurations(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, doc, code, sentence string }{
		{"none", "theme = \"dark\"\n", "backend.not_configured", "This phone has not been told its server."},
		{"unreadable", "oauth_endpoint = \"https://x", "config.refused", "The configuration can't be read."},
		{"wrong type", "oauth_endpoint = 7\n", "config.refused", "The setting oauth_endpoint of the configuration is wrong."},
		{"wrong list", "ws_servers = [\"wss://a.test\", 3]\n", "config.refused", "of the configuration is wrong."},
		{"no address", "oauth_endpoint = \"phone server\"\n", "config.refused", "The setting oauth_endpoint of the configuration is wrong."},
		{"unknown key", "oauth_endpoint_ = \"x\"\n", "config.passed_over", "The configuration has settings that this phone passes over."},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			ex := newLab(t, lab.Config{})
			w := start(t, setup{external: ex, config: c.doc, bad: true})
			w.says(w.problem(c.code), c.sentence)
			w.screen(phone.ScreenUnprovisioned)
			if c.code != "config.passed_over" {
				w.onScreen(cmp.Or(shown[c.code], c.sentence))
			}
			w.alive()
		})
	}
}

// The access token is dead: one refresh, unseen by the person.
func TestTokenRotation(t *testing.T) {
	t.Parallel()
	w := start(t, setup{before: func(ex *lab.Exchange) { ex.Faults.SetToken(faults.Token{ExpireNow: true}) }})
	w.labEvent(mark{}, "refreshed", func(e b2b.Event) bool { return e.Code == 200 })
	w.lab.Faults.Clear()
	w.clock.leapAll(2 * time.Minute)
	w.registered()
	w.event(mark{}, "token-refreshed", func(d map[string]any) bool {
		for k := range d {
			if k != "user" {
				t.Errorf("the event has %q", k)
			}
		}
		return true
	})
}

// The answer with the new tokens is lost after the server changed them: the
// server then refuses the old one. The phone says so and can be signed in.
func TestRotationWithLostAnswer(t *testing.T) {
	t.Parallel()
	w := start(t, setup{before: func(ex *lab.Exchange) {
		ex.Faults.SetToken(faults.Token{ExpireNow: true})
		_ = ex.Faults.SetHTTP("refresh", faults.HTTP{Lose: true, Times: 1})
	}})
	w.labEvent(mark{}, "http-lost", nil)
	w.clock.leap(2 * time.Minute)
	w.says(w.problem("backend.sign_in_lost"), "The server's answer was lost, and the sign-in with it.")
	w.event(mark{}, "auth-failed", nil)
	// The sentence stands on the screen until the next code does, which may be at once:
	// the problem stays, and the screen shows how to sign in.
	w.until("the screen says why, or how to sign in again", func(v phone.View) bool {
		said := strings.Contains(words(ui.Build(v, ui.EnvOf(v, w.clock.Now()))), shown["backend.sign_in_lost"])
		return said || v.Screen == phone.ScreenSigningIn && v.Session.Code != ""
	})
	w.alive()
}

// The server takes the sign-in away during a call: the call goes on.
func TestRevokedDuringACall(t *testing.T) {
	t.Parallel()
	w := ready(t, setup{api: true})
	w.bench.say(&sine{hz: 440})
	w.dial("9196")
	w.active()
	w.hearsTone(440)
	w.lab.OAuth.Revoke()
	m := w.mark()
	w.must(w.lab.SecondPhone().Behave(b2b.Behaviour{}))
	_, err := w.lab.SecondPhone().Call(extension)
	w.must(err)
	w.screen(phone.ScreenWaiting)
	w.must(w.lab.SecondPhone().HangUp()) // its record is sent, and refused
	w.event(m, "auth-failed", nil)
	w.problem("backend.sign_in_lost")
	w.hearsTone(440)
	w.hangUp()
	w.labEvent(m, "bye", func(e b2b.Event) bool { return e.User == extension })
	w.labEvent(m, "unregistered", nil)
	w.gone()
}

// The socket dies during a call: sound goes on, the registration returns, and
// the end of the call is still told.
func TestSocketsDropDuringACall(t *testing.T) {
	t.Parallel()
	w := ready(t, setup{})
	w.bench.say(&sine{hz: 440})
	w.dial("9196")
	w.active()
	w.hearsTone(440)
	m := w.mark()
	w.must(w.lab.Engine.DropSockets())
	w.labEvent(m, "flow-closed", nil)
	w.hearsTone(440)
	w.labEvent(m, "registered", nil)
	w.registered()
	w.hearsTone(440)
	w.hangUp()
	w.labEvent(m, "bye", nil)
	w.gone()
}

func TestPingWithPayload(t *testing.T) {
	t.Parallel()
	w := ready(t, setup{})
	ctx, cancel := w.waiting()
	defer cancel()
	w.must(w.lab.Engine.PingAll(ctx)) // waits for the pong
	w.dial("9196")
	w.active()
	w.hangUp()
	w.gone()
}
