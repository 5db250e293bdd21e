package lab_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/icholy/digest"

	"phoned/lab"
)

// rawPhone is a SIP client made of text: it proves the exchange without any
// code that the exchange or the phone uses.
type rawPhone struct {
	t      *testing.T
	ex     *lab.Exchange
	ws     *websocket.Conn
	user   string
	in     chan string // requests and responses, as text
	closed chan struct{}
}

var serial atomic.Int64

func token() string { return fmt.Sprintf("x%d", serial.Add(1)) }

func startLab(t *testing.T, cfg lab.Config) *lab.Exchange {
	t.Helper()
	t.Cleanup(func() { checkLeaks(t) })
	ex, err := lab.Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := ex.Close(); err != nil {
			t.Error(err)
		}
	})
	return ex
}

// checkLeaks waits until no goroutine of the lab or of its media is left.
func checkLeaks(t *testing.T) {
	t.Helper()
	var left string
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); runtime.Gosched() {
		left = ""
		buf := make([]byte, 4<<20)
		for _, g := range strings.Split(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
			if !strings.Contains(g, "_test.") && (strings.Contains(g, "phoned/lab") || strings.Contains(g, "pion/")) {
				left += g + "\n\n"
			}
		}
		if left == "" {
			return
		}
	}
	t.Errorf("goroutines left:\n%s", left)
}

func httpClient(ex *lab.Exchange) *http.Client {
	return &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: ex.CertPool()}, DisableKeepAlives: true}}
}

func dial(t *testing.T, ex *lab.Exchange, user string) *rawPhone {
	t.Helper()
	c, _, err := websocket.Dial(t.Context(), ex.WSSURL(), &websocket.DialOptions{HTTPClient: httpClient(ex), Subprotocols: []string{"sip"}})
	if err != nil {
		t.Fatal(err)
	}
	p := &rawPhone{t: t, ex: ex, ws: c, user: user, in: make(chan string, 100), closed: make(chan struct{})}
	go func() {
		defer close(p.closed)
		for {
			_, b, err := c.Read(context.Background())
			if err != nil {
				return
			}
			p.in <- string(b)
		}
	}()
	t.Cleanup(func() { _ = c.CloseNow(); <-p.closed })
	return p
}

func (p *rawPhone) send(lines ...string) {
	p.t.Helper()
	if err := p.ws.Write(p.t.Context(), websocket.MessageText, []byte(strings.Join(lines, "\r\n"))); err != nil {
		p.t.Fatal(err)
	}
}

// expect gives the next message that starts with prefix; others but 100 fail.
func (p *rawPhone) expect(prefix string) string {
	p.t.Helper()
	deadline := time.After(15 * time.Second)
	for {
		select {
		case m := <-p.in:
			if strings.HasPrefix(m, prefix) {
				return m
			}
			if !strings.HasPrefix(m, "SIP/2.0 100") {
				p.t.Fatalf("%s got\n%s\nwant %s", p.user, m, prefix)
			}
		case <-deadline:
			p.t.Fatalf("%s: no %q", p.user, prefix)
		}
	}
}

func header(m, name string) string {
	for _, l := range strings.Split(m, "\r\n") {
		if n, v, ok := strings.Cut(l, ":"); ok && strings.EqualFold(n, name) {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

func sdpOf(m string) string { _, b, _ := strings.Cut(m, "\r\n\r\n"); return b }

// dialog is what a phone remembers of one call.
type dialog struct {
	p              *rawPhone
	id, from, to   string // From and To of requests of ours, with tags
	target, branch string
	seq            int
}

func (d *dialog) request(method string, extra []string, body string) {
	d.p.t.Helper()
	if method != "ACK" && method != "CANCEL" {
		d.branch = "z9hG4bK" + token()
	}
	l := []string{method + " " + d.target + " SIP/2.0", "Via: SIP/2.0/WSS raw.invalid;branch=" + d.branch + ";rport",
		"Max-Forwards: 70", "From: " + d.from, "To: " + d.to, "Call-ID: " + d.id, fmt.Sprintf("CSeq: %d %s", d.seq, method),
		"Contact: <sip:" + d.p.user + "@raw.invalid;transport=ws>"}
	l = append(l, extra...)
	if strings.HasPrefix(body, "v=0") {
		l = append(l, "Content-Type: application/sdp")
	}
	d.p.send(append(l, fmt.Sprintf("Content-Length: %d", len(body)), "", body)...)
}

// authorized sends a request and once more with credentials.
func (d *dialog) authorized(method string, extra []string, body, password string) {
	d.p.t.Helper()
	d.request(method, extra, body)
	var m string
	for m == "" || strings.HasPrefix(m, "SIP/2.0 100") {
		m = d.p.expect("SIP/2.0 ")
	}
	if method == "INVITE" {
		to := d.to
		d.to = header(m, "To")
		d.request("ACK", nil, "")
		d.to = to
	}
	d.seq++
	d.request(method, append(extra, d.credentials(method, m, password)), body)
}

// credentials answers a challenge with a header line.
func (d *dialog) credentials(method, challenge, password string) string {
	d.p.t.Helper()
	give, ask := "Proxy-Authorization", header(challenge, "Proxy-Authenticate")
	if ask == "" {
		give, ask = "Authorization", header(challenge, "WWW-Authenticate")
	}
	chal, err := digest.ParseChallenge(ask)
	if err != nil {
		d.p.t.Fatalf("%v in\n%s", err, challenge)
	}
	cred, err := digest.Digest(chal, digest.Options{Method: method, URI: d.target, Username: d.p.user, Password: password})
	if err != nil {
		d.p.t.Fatal(err)
	}
	return give + ": " + cred.String()
}

func (p *rawPhone) password() string {
	n := int(p.user[3] - '1')
	return fmt.Sprintf("%d@%s", 123+n, p.ex.Domain())
}

func (p *rawPhone) aor() string { return "<sip:" + p.user + "@" + p.ex.Domain() + ">" }

func (p *rawPhone) register(expires int) string {
	p.t.Helper()
	d := &dialog{p: p, id: token(), from: p.aor() + ";tag=" + token(), to: p.aor(), target: "sip:" + p.ex.Domain(), seq: 1}
	d.authorized("REGISTER", []string{fmt.Sprintf("Expires: %d", expires), "Supported: path, outbound"}, "", p.password())
	return p.expect("SIP/2.0 200")
}

// invite starts a call and leaves the responses to the caller.
func (p *rawPhone) invite(number, sdp string) *dialog {
	p.t.Helper()
	uri := "sip:" + number + "@" + p.ex.Domain()
	d := &dialog{p: p, id: token(), from: p.aor() + ";tag=" + token(), to: "<" + uri + ">", target: uri, seq: 1}
	d.authorized("INVITE", nil, sdp, p.password())
	return d
}

// ack takes the dialog from a 2xx and acknowledges it.
func (d *dialog) ack(res string) {
	d.p.t.Helper()
	d.to = header(res, "To")
	d.target = strings.Trim(header(res, "Contact"), "<>")
	d.branch = "z9hG4bK" + token()
	d.request("ACK", nil, "")
}

func (d *dialog) bye() {
	d.p.t.Helper()
	d.seq++
	d.request("BYE", nil, "")
	d.p.expect("SIP/2.0 200")
}

// respond answers a request with copied headers.
func (p *rawPhone) respond(req string, code int, tag, sdp string) {
	p.t.Helper()
	l := []string{fmt.Sprintf("SIP/2.0 %d X", code)}
	for _, n := range []string{"Via", "From", "To", "Call-ID", "CSeq"} {
		v := header(req, n)
		if n == "To" && tag != "" && !strings.Contains(v, ";tag=") {
			v += ";tag=" + tag
		}
		l = append(l, n+": "+v)
	}
	l = append(l, "Contact: <sip:"+p.user+"@raw.invalid;transport=ws>")
	if sdp != "" {
		l = append(l, "Content-Type: application/sdp")
	}
	p.send(append(l, fmt.Sprintf("Content-Length: %d", len(sdp)), "", sdp)...)
}
