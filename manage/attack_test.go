package manage

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"phoned/internal/devicecert"
	"phoned/internal/secret"
	"phoned/provisioning"
)

// certs is a vault in memory.
type certs struct {
	mu     sync.Mutex
	values map[string]secret.String
}

func (v *certs) Get(name string) (secret.String, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.values[name], nil
}

func (v *certs) Set(values map[string]secret.String) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.values == nil {
		v.values = map[string]secret.String{}
	}
	for k, s := range values {
		v.values[k] = s
	}
	return nil
}

// castle is a guarded phone on a TLS port and a port that leads there.
type castle struct {
	*guarded
	url, plain string
	addr       string
	client     *http.Client
	roots      *x509.CertPool
}

func newCastle(t *testing.T, change ...func(*Config)) *castle {
	t.Helper()
	v := &certs{}
	keeper, err := devicecert.Open(devicecert.Config{Vault: v, Names: func() devicecert.Names {
		return devicecert.Names{Host: "desk", DNS: []string{"desk.local"}, Addresses: []netip.Addr{netip.MustParseAddr("127.0.0.1")}}
	}})
	if err != nil {
		t.Fatal(err)
	}
	c := &castle{guarded: newGuarded(t, append(change, func(c *Config) { c.Certificate = keeper })...)}
	block, _ := pem.Decode([]byte(v.values["web.certificate"].Reveal()))
	leaf, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	c.roots = x509.NewCertPool()
	c.roots.AddCert(leaf)
	listen := func() net.Listener {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	l, p := listen(), listen()
	c.addr = l.Addr().String()
	c.url, c.plain = "https://"+c.addr, "http://"+p.Addr().String()
	_, port, _ := net.SplitHostPort(c.addr)
	served := make(chan error, 2)
	go func() { served <- c.ServeTLS(Limit(l, nil)) }()
	go func() { served <- c.Redirect(Limit(p, nil), port) }()
	c.client = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: c.roots, MinVersion: tls.VersionTLS12}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	t.Cleanup(func() {
		c.client.CloseIdleConnections()
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := c.Close(ctx); err != nil {
			t.Error(err)
		}
		for range 2 {
			if err := <-served; err != nil {
				t.Error(err)
			}
		}
	})
	return c
}

// ask sends a request and gives status, header and body.
func (c *castle) ask(method, url, body string, header ...string) (int, http.Header, string) {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		if header[i] == "Host" {
			r.Host = header[i+1]
			continue
		}
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := c.client.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		c.t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, string(b)
}

func TestAttackPlainHTTP(t *testing.T) {
	c := newCastle(t)
	status, h, body := c.ask("GET", c.plain+"/a/../b?c=d", "")
	if status != 308 || h.Get("Location") != c.url+"/a/../b?c=d" || body != "" {
		t.Error(status, h, body)
	}
	for _, bad := range []struct{ method, host, header string }{{"POST", "", ""}, {"PUT", "", ""}, {"GET", "evil.example", ""}, {"GET", "", "Bearer x"}} {
		header := []string{}
		if bad.host != "" {
			header = append(header, "Host", bad.host)
		}
		if bad.header != "" {
			header = append(header, "Authorization", bad.header)
		}
		status, h, _ := c.ask(bad.method, c.plain+"/api/v1/access/sign-in", `{"name":"a","password":"b"}`, header...)
		if status < 400 || h.Get("Location") != "" || h.Get("Set-Cookie") != "" {
			t.Errorf("%+v: %d %v", bad, status, h)
		}
	}
	// What speaks no TLS to the TLS port gets no page.
	conn, err := net.Dial("tcp", c.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: "+c.addr+"\r\n\r\n")
	b, _ := io.ReadAll(conn)
	if bytes.Contains(b, []byte("200 OK")) || bytes.Contains(b, []byte("front panel")) {
		t.Errorf("%s", b)
	}
}

func TestAttackRebinding(t *testing.T) {
	c := newCastle(t)
	_, port, _ := net.SplitHostPort(c.addr)
	for _, host := range []string{"evil.example", "evil.example:" + port, "192.0.2.7", "192.0.2.7:" + port, "desk.local.evil.example", "0.0.0.0", "2130706433", "127.1"} {
		if status, _, _ := c.ask("GET", c.url+"/api/v1/access/me", "", "Host", host); status != 421 && status != 400 {
			t.Errorf("%s: %d", host, status)
		}
	}
	for _, host := range []string{"desk.local", "DESK.local:" + port, "desk", c.addr, "localhost"} {
		if status, _, _ := c.ask("GET", c.url+"/api/v1/access/me", "", "Host", host); status != 200 {
			t.Errorf("%s: %d", host, status)
		}
	}
}

func TestAttackCSRF(t *testing.T) {
	c := newCastle(t)
	c.add("root", Administrator)
	cookie := c.signIn("root")
	for _, header := range [][]string{
		{"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"}, {"Origin", "null"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "http://" + c.addr},
		{"Origin", "https://evil.example", "Content-Type", "text/plain"}, {"Origin", c.url + ".evil.example"},
	} {
		for _, op := range c.operations() {
			if op.method == "GET" {
				continue
			}
			status, _, _ := c.ask(op.method, c.url+pathWord.ReplaceAllString(op.path, "x"), `{}`, append(header, "Cookie", cookie)...)
			if status != 403 {
				t.Errorf("%s from %v: %d", op.pattern(), header, status)
			}
		}
	}
	if got := c.phone.take(); len(got) > 0 {
		t.Errorf("posted %#v", got)
	}
	// A preflight allows nothing, and no answer may be read by another site.
	status, h, _ := c.ask("OPTIONS", c.url+"/api/v1/keys", "", "Origin", "https://evil.example", "Access-Control-Request-Method", "POST")
	for name := range h {
		if strings.HasPrefix(name, "Access-Control-") {
			t.Errorf("%d %s", status, name)
		}
	}
}

func TestAttackFixation(t *testing.T) {
	c := newCastle(t)
	c.add("ann", Viewer)
	planted := strings.Repeat("A", 43)
	_, h, _ := c.ask("POST", c.url+"/api/v1/access/sign-in", `{"name":"ann","password":"`+goodPassword+`"}`, "Cookie", cookieName+"="+planted)
	if got := h.Get("Set-Cookie"); got == "" || strings.Contains(got, planted) {
		t.Errorf("%q", got)
	}
	if status, _, _ := c.ask("GET", c.url+"/api/v1/status", "", "Cookie", cookieName+"="+planted); status != 401 {
		t.Errorf("the planted cookie: %d", status)
	}
	// Cookies that other pages of the host could have set are none.
	cookie := strings.TrimPrefix(c.signIn("ann"), cookieName+"=")
	for _, name := range []string{"phone", "__Secure-phone", "__host-phone"} {
		if status, _, _ := c.ask("GET", c.url+"/api/v1/status", "", "Cookie", name+"="+cookie); status != 401 {
			t.Errorf("%s: %d", name, status)
		}
	}
}

func TestAttackTraversal(t *testing.T) {
	c := newCastle(t)
	c.add("root", Administrator)
	cookie := c.signIn("root")
	for _, path := range []string{"/../server.go", "/..%2f..%2fetc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/..%5c..%5cserver.go", "//etc/passwd", "/panel.css/..%2f..%2fgo.mod", "/%00", "/problems/..%2f..%2fetc%2fpasswd", "/api/v1/access/accounts/..%2f..", "/./.git/config", "/web/../go.mod"} {
		status, _, body := c.ask("GET", c.url+path, "", "Cookie", cookie)
		if status == 200 || strings.Contains(body, "root:") || strings.Contains(body, "package manage") {
			t.Errorf("%s: %d %.80s", path, status, body)
		}
	}
}

// injections are texts that somewhere were a command, a query, a header or a page.
var injections = []string{
	"$(reboot)", "`reboot`", "; reboot #", "| nc 10.0.0.1 1", "&& rm -rf /", "\r\nSet-Cookie: a=b", "\r\nContact: <sip:evil@evil>", "' OR '1'='1", "\"; DROP TABLE audit; --",
	"<script>alert(1)</script>", "{{.}}", "%s%n%x", "../../etc/passwd", "\x00", "${jndi:ldap://x}", "\u202eevil", strings.Repeat("A", 5000), "\xff\xfe", "file:///etc/passwd",
}

func TestAttackInjectionInEveryField(t *testing.T) {
	c := newCastle(t, everything)
	c.book.Forget()
	c.add("root", Administrator)
	cookie := c.signIn("root")
	ops := 0
	for _, op := range c.operations() {
		if op.method == "GET" && len(op.params) == 0 || op.outMedia == eventStream {
			continue
		}
		ops++
		for _, evil := range injections {
			for _, body := range bodiesWith(op, evil) {
				path := pathWord.ReplaceAllStringFunc(op.path, func(string) string { return pathEscape(evil) })
				for _, p := range op.params {
					if p.In == "query" {
						path += map[bool]string{true: "&", false: "?"}[strings.Contains(path, "?")] + p.Name + "=" + pathEscape(evil)
					}
				}
				r, err := http.NewRequest(op.method, "https://127.0.0.1"+path, strings.NewReader(body))
				if err != nil {
					continue // the client itself refuses it
				}
				r.RequestURI, r.RemoteAddr, r.Host = path, "192.0.2.200:1", "127.0.0.1"
				r.Header.Set("Cookie", cookie)
				w := httptest.NewRecorder()
				c.Handler().ServeHTTP(w, r)
				if w.Code >= 500 && w.Code != 503 {
					t.Errorf("%s with %.20q: %d %s", op.pattern(), evil, w.Code, w.Body)
				}
				for name, values := range w.Header() {
					if strings.ContainsAny(strings.Join(values, ""), "\r\n") || name == "A" || strings.Contains(name, "Contact") {
						t.Errorf("%s with %.20q: header %q", op.pattern(), evil, name)
					}
				}
				if ct := w.Header().Get("Content-Type"); strings.Contains(w.Body.String(), "<script>") && !strings.Contains(ct, "json") && !strings.Contains(ct, "text/plain") {
					t.Errorf("%s with %.20q: a page of %s", op.pattern(), evil, ct)
				}
				if op.id == "signOutHere" || op.id == "removeAccount" {
					cookie = c.signIn("root")
				}
			}
		}
		c.phone.take()
	}
	if ops < 15 {
		t.Errorf("only %d operations were attacked", ops)
	}
	for _, a := range c.book.Accounts() {
		if strings.ContainsAny(a.Name, "$`;|&<>'\"\r\n\x00 /\\") {
			t.Errorf("an account %q was made", a.Name)
		}
	}
}

func pathEscape(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		fmt.Fprintf(&b, "%%%02x", c)
	}
	return b.String()
}

// bodiesWith are bodies of an operation, one with the text in each string field.
func bodiesWith(op operation, evil string) []string {
	if op.in == nil {
		return []string{""}
	}
	plain, err := json.Marshal(op.in)
	if err != nil {
		return []string{""}
	}
	var fields map[string]any
	if json.Unmarshal(plain, &fields) != nil {
		return []string{""}
	}
	var out []string
	for name, value := range fields {
		if _, text := value.(string); !text && value != nil {
			continue
		}
		mine := map[string]any{}
		for k, v := range fields {
			mine[k] = v
		}
		mine[name] = evil
		b, err := json.Marshal(mine)
		if err != nil {
			continue
		}
		out = append(out, string(b))
	}
	return append(out, `{"`+evil+`":1}`)
}

// documentsWith are configuration documents by the schema, each with the text in one of
// its string fields, however deep.
func documentsWith(t *testing.T, evil string) map[string]string {
	t.Helper()
	var root schemaNode
	if err := json.Unmarshal(provisioning.Schema(), &root); err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	var walk func(n *schemaNode, path string, wrap func(any) any)
	walk = func(n *schemaNode, path string, wrap func(any) any) {
		switch n.Type {
		case "string":
			b, err := json.Marshal(wrap(evil))
			if err != nil {
				t.Fatal(err)
			}
			out[path] = string(b)
		case "array":
			walk(n.Items, path+"[]", func(v any) any { return wrap([]any{v}) })
		case "object":
			for name, inner := range n.Properties {
				walk(inner, path+"."+name, func(v any) any { return wrap(map[string]any{name: v}) })
			}
		}
	}
	walk(&root, "", func(v any) any { return v })
	return out
}

// schemaNode is what is needed of a JSON Schema.
type schemaNode struct {
	Type       string
	Items      *schemaNode
	Properties map[string]*schemaNode
}

// TestAttackInjectionInDocuments: the same in every field of a configuration, those of
// its lists and tables too: it is refused or taken as a text, and no secret field tells
// what was in it.
func TestAttackInjectionInDocuments(t *testing.T) {
	c := newCastle(t, everything)
	c.book.Forget()
	c.add("root", Administrator)
	cookie := c.signIn("root")
	fields, deep := 0, 0
	for _, evil := range append([]string{"../../etc/shadow", "/dev/zero", "file:///etc/passwd", "http://169.254.169.254/", "redacted"}, injections...) {
		fields, deep = 0, 0
		for field, doc := range documentsWith(t, evil) {
			fields++
			if strings.Contains(field, "[].") {
				deep++
			}
			for _, path := range []string{"/api/v1/config/validate", "/api/v1/config"} {
				r := httptest.NewRequestWithContext(t.Context(), "POST", "https://127.0.0.1"+path, strings.NewReader(doc))
				r.RemoteAddr, r.Host = "192.0.2.200:1", "127.0.0.1"
				r.Header.Set("Cookie", cookie)
				w := httptest.NewRecorder()
				c.Handler().ServeHTTP(w, r)
				if w.Code >= 500 || !strings.Contains(w.Header().Get("Content-Type"), "json") || len(w.Header()["A"]) > 0 {
					t.Errorf("%s at %s with %.20q: %d %s", field, path, evil, w.Code, w.Body)
				}
			}
		}
	}
	if fields < 60 || deep < 15 {
		t.Errorf("only %d fields were attacked, %d of them deep", fields, deep)
	}
}

func TestAttackBodies(t *testing.T) {
	c := newCastle(t)
	c.add("root", Administrator)
	cookie := c.signIn("root")
	if status, _, _ := c.ask("POST", c.url+"/api/v1/commands/dial", `{"number":"`+strings.Repeat("1", 1<<20)+`"}`, "Cookie", cookie); status != 413 {
		t.Errorf("a megabyte of number: %d", status)
	}
	if status, _, _ := c.ask("POST", c.url+"/api/v1/access/sign-in", `{"name":"`+strings.Repeat("1", 1<<20)+`"}`); status != 413 {
		t.Errorf("a megabyte of name: %d", status)
	}
	if status, _, _ := c.ask("POST", c.url+"/api/v1/commands/dial", strings.Repeat("[", 60000), "Cookie", cookie); status != 400 {
		t.Errorf("deep brackets: %d", status)
	}
	// A body that is small on the wire and huge unpacked is not unpacked.
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	for range 64 {
		_, _ = z.Write(make([]byte, 1<<20))
	}
	_ = z.Close()
	before := heap()
	for _, path := range []string{"/api/v1/commands/dial", "/api/v1/access/sign-in", "/api/v1/keys"} {
		if status, _, _ := c.ask("POST", c.url+path, bomb.String(), "Content-Encoding", "gzip", "Cookie", cookie); status != 400 && status != 413 && status != 415 {
			t.Errorf("a bomb at %s: %d", path, status)
		}
	}
	if grown := heap() - before; grown > 16<<20 {
		t.Errorf("%d bytes for a bomb of %d", grown, bomb.Len())
	}
	// A header that never ends.
	r, _ := http.NewRequest("GET", c.url+"/healthz", nil)
	r.Header.Set("X-Long", strings.Repeat("a", 64<<10))
	resp, err := c.client.Do(r)
	if err == nil {
		_ = resp.Body.Close()
		if resp.StatusCode != 431 {
			t.Errorf("a header of 64 KiB: %d", resp.StatusCode)
		}
	}
}

// heap is what is in use, after a collection.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func TestAttackSlowloris(t *testing.T) {
	c := newCastle(t)
	// Connections that send a little and wait: beyond the bound of one address they are
	// closed at once, and somebody else still gets in.
	var conns []net.Conn
	defer func() {
		for _, conn := range conns {
			_ = conn.Close()
		}
	}()
	for range maxPerHost + 40 {
		conn, err := net.Dial("tcp", c.addr)
		if err != nil {
			break
		}
		_, _ = conn.Write([]byte{22, 3, 1}) // the beginning of a handshake
		conns = append(conns, conn)
	}
	shut := 0
	waitFor(t, "the connections beyond the bound to be closed", func() bool {
		shut = 0
		for _, conn := range conns {
			_ = conn.SetReadDeadline(time.Now().Add(time.Millisecond))
			if _, err := conn.Read(make([]byte, 1)); err != nil {
				if ne, ok := err.(net.Error); !ok || !ne.Timeout() { //nolint:errorlint // of this very connection
					shut++
				}
			}
		}
		return shut >= 40
	})
	other := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 77)}}
	conn, err := other.Dial("tcp", c.addr)
	if err != nil {
		t.Fatal(err)
	}
	s := tls.Client(conn, &tls.Config{RootCAs: c.roots, ServerName: "desk.local", MinVersion: tls.VersionTLS12})
	if err := s.Handshake(); err != nil {
		t.Errorf("nobody else gets in: %v", err)
	}
	_ = s.Close()
}

func TestAttackManyStreams(t *testing.T) {
	c := newCastle(t)
	c.add("ann", Viewer)
	cookie := c.signIn("ann")
	before, routines := heap(), runtime.NumGoroutine()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var wg sync.WaitGroup
	var mu sync.Mutex
	counts := map[int]int{}
	for range 200 {
		wg.Go(func() {
			r, _ := http.NewRequestWithContext(ctx, "GET", "https://127.0.0.1/api/v1/events", nil)
			r.RemoteAddr, r.Host = "127.0.0.1:5", "127.0.0.1"
			r.Header.Set("Cookie", cookie)
			w := httptest.NewRecorder()
			c.Handler().ServeHTTP(w, r)
			mu.Lock()
			counts[w.Code]++
			mu.Unlock()
		})
	}
	waitFor(t, "the streams to be refused beyond the bound", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return counts[503] == 200-maxStreams && len(c.streams) == maxStreams
	})
	if grown := heap() - before; grown > 16<<20 {
		t.Errorf("%d bytes for 200 streams", grown)
	}
	if n := runtime.NumGoroutine() - routines; n > 4*maxStreams {
		t.Errorf("%d goroutines", n)
	}
	// The rest of the phone is there for others all the while.
	if status, _, _ := c.ask("GET", c.url+"/api/v1/status", "", "Cookie", cookie); status != 200 {
		t.Errorf("status: %d", status)
	}
	cancel()
	wg.Wait()
	if len(c.streams) != 0 {
		t.Error("streams that ended still count")
	}
}

func TestAttackBruteForceOverHTTP(t *testing.T) {
	c := newCastle(t)
	c.add("root", Administrator)
	judged := 0
	for i := range 300 {
		status, h, body := c.ask("POST", c.url+"/api/v1/access/sign-in", fmt.Sprintf(`{"name":"root","password":"guess number %d"}`, i))
		switch {
		case status == 401:
			judged++
		case status == 429 && h.Get("Retry-After") != "":
		default:
			t.Fatal(status, body)
		}
		if h.Get("Set-Cookie") != "" {
			t.Fatal("a cookie for a guess")
		}
	}
	if judged > 6 {
		t.Errorf("%d guesses were judged without a pause", judged)
	}
	// There is no telling from the answer whether an account exists.
	other := newCastle(t)
	_, _, a := other.ask("POST", other.url+"/api/v1/access/sign-in", `{"name":"nobody","password":"guess number 1"}`)
	_, _, b := newCastleWith(t, "root").ask2(`{"name":"root","password":"guess number 1"}`)
	if a != b {
		t.Errorf("%s\n%s", a, b)
	}
}

func newCastleWith(t *testing.T, name string) *castle {
	c := newCastle(t)
	c.add(name, Viewer)
	return c
}

func (c *castle) ask2(body string) (int, http.Header, string) {
	return c.ask("POST", c.url+"/api/v1/access/sign-in", body)
}

func TestCertificateOverHTTP(t *testing.T) {
	c := newCastle(t)
	c.add("root", Administrator)
	cookie := c.signIn("root")
	status, _, body := c.ask("GET", c.url+"/api/v1/access/certificate", "", "Cookie", cookie)
	var own certificateResource
	if err := json.Unmarshal([]byte(body), &own); err != nil || status != 200 || own.Uploaded || strings.Count(own.Words, "-") != 5 {
		t.Fatal(status, body, err)
	}
	// Another phone's pair is somebody's certificate.
	v := &certs{}
	if _, err := devicecert.Open(devicecert.Config{Vault: v, Names: func() devicecert.Names {
		return devicecert.Names{Host: "site", DNS: []string{"phone.example.net"}, Addresses: []netip.Addr{netip.MustParseAddr("127.0.0.1")}}
	}}); err != nil {
		t.Fatal(err)
	}
	chain, key := v.values["web.certificate"].Reveal(), v.values["web.key"].Reveal()
	order, _ := json.Marshal(certificateUpload{chain, key})
	if status, _, body := c.ask("PUT", c.url+"/api/v1/access/certificate", string(order[:len(order)-80])+`"}`, "Cookie", cookie); status != 422 || strings.Contains(body, key[40:60]) {
		t.Error(status, body)
	}
	if status, _, body := c.ask("PUT", c.url+"/api/v1/access/certificate", string(order), "Cookie", cookie); status != 204 {
		t.Fatal(status, body)
	}
	c.client.CloseIdleConnections()
	if _, err := c.client.Get(c.url + "/healthz"); err == nil {
		t.Error("the old certificate is still in use")
	}
	c.roots.AppendCertsFromPEM([]byte(chain))
	_, h, _ := c.ask("GET", c.url+"/healthz", "", "Host", "phone.example.net")
	if h.Get("Strict-Transport-Security") == "" {
		t.Error("no HSTS with a certificate of the site's")
	}
	if status, _, body := c.ask("DELETE", c.url+"/api/v1/access/certificate", "", "Cookie", cookie, "Origin", c.url); status != 204 {
		t.Error(status, body)
	}
	_, _, body = c.ask("GET", c.url+"/api/v1/access/certificate", "", "Cookie", cookie)
	if !strings.Contains(body, own.Fingerprint) || strings.Contains(body, "PRIVATE") {
		t.Error(body)
	}
}

func TestStrictTransportOnlyWhereItCantLockOut(t *testing.T) {
	c := newCastle(t)
	_, h, _ := c.ask("GET", c.url+"/healthz", "")
	if h.Get("Strict-Transport-Security") != "" {
		t.Error("with the phone's own certificate a browser would offer no way on")
	}
	for _, want := range []string{"X-Content-Type-Options", "Content-Security-Policy", "Referrer-Policy", "Cross-Origin-Resource-Policy", "X-Frame-Options"} {
		if h.Get(want) == "" {
			t.Errorf("no %s", want)
		}
	}
}
