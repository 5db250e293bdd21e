package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"phoned/internal/mdns"
)

func pin(c *x509.Certificate) string {
	sum := sha256.Sum256(c.RawSubjectPublicKeyInfo)
	return hex.EncodeToString(sum[:])
}

// bench is an inventory of phones that answer with h.
type bench struct {
	dir   string
	lines []string
}

func (b *bench) phone(t *testing.T, name string, h http.HandlerFunc, more string) {
	t.Helper()
	s := httptest.NewTLSServer(h)
	t.Cleanup(s.Close)
	if err := os.WriteFile(filepath.Join(b.dir, name+".token"), []byte("secret-"+name+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	b.lines = append(b.lines, fmt.Sprintf("%s %s token=%s.token key=%s %s", name, s.URL, name, pin(s.Certificate()), more))
}

func (b *bench) run(t *testing.T, args ...string) (code int, out, errs string) {
	t.Helper()
	file := filepath.Join(b.dir, "phones")
	if err := os.WriteFile(file, []byte("# the house\n"+strings.Join(b.lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var o, e bytes.Buffer
	code = run(context.Background(), append([]string{"-inventory", file}, args...), &o, &e)
	return code, o.String(), e.String()
}

func healthy(w http.ResponseWriter, r *http.Request) {
	_, _ = fmt.Fprint(w, `{"lines":[{"number":"1001","state":"registered"}],"calls":[{"phoneNumber":"9196","status":"connected"}],"problems":[],"phone":{"version":"1.2"}}`)
}

func TestStatusOfMany(t *testing.T) {
	b := &bench{dir: t.TempDir()}
	b.phone(t, "one", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer secret-one" || r.URL.Path != "/api/v1/status" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		healthy(w, r)
	}, "group=floor1")
	b.phone(t, "two", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusConflict)
		_, _ = fmt.Fprint(w, `{"title":"The phone can't do this now.","detail":"nobody is signed in"}`)
	}, "group=floor2")
	code, out, errs := b.run(t, "-all", "status")
	if code != 1 || errs != "2 phones, 1 failed\n" {
		t.Errorf("status %d, %q", code, errs)
	}
	for _, want := range []string{"one  1/1 lines · connected 9196 · 1.2\n", "two  FAILED  409: The phone can't do this now. nobody is signed in\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in %q", want, out)
		}
	}
	if code, out, _ := b.run(t, "-phones", "floor1", "-json", "status"); code != 0 {
		t.Errorf("the first alone: %d", code)
	} else {
		var line struct {
			Phone string
			OK    bool
			Data  struct{ Phone struct{ Version string } }
		}
		if err := json.Unmarshal([]byte(out), &line); err != nil || line.Phone != "one" || !line.OK || line.Data.Phone.Version != "1.2" {
			t.Errorf("%v: %s", err, out)
		}
	}
}

// Nothing is done to a fleet by accident, and wrong words change nothing.
func TestWords(t *testing.T) {
	b := &bench{dir: t.TempDir()}
	var asked atomic.Int32
	b.phone(t, "one", func(w http.ResponseWriter, r *http.Request) { asked.Add(1); healthy(w, r) }, "")
	for _, args := range [][]string{{"reboot"}, {"-all", "-phones", "one", "reboot"}, {"-phones", "nobody", "reboot"}, {"-all", "fly"}, {"-all", "dial"}, {"-all", "reboot", "soon"}, {"-all", "config", "apply", "/nonexistent"}, {"-all", "update", "http://x"}, {}} {
		if code, _, errs := b.run(t, args...); code != 2 || errs == "" {
			t.Errorf("%v: status %d, %q", args, code, errs)
		}
	}
	if asked.Load() != 0 {
		t.Errorf("%d requests", asked.Load())
	}
}

// What there is about new firmware, and the orders.
func TestUpdate(t *testing.T) {
	b := &bench{dir: t.TempDir()}
	var got []string
	b.phone(t, "one", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = append(got, r.Method+" "+r.URL.Path+" "+string(body))
		if r.Method == http.MethodGet {
			_, _ = fmt.Fprint(w, `{"phase":"idle","version":"1.0","available":"2.0","reason":"not-booted","refused":"not-booted","checkFailed":"no answer"}`)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	}, "")
	if code, out, _ := b.run(t, "-all", "update"); code != 0 || !strings.Contains(out, "1.0 idle 2.0 not-booted not by itself: not-booted · no answer\n") {
		t.Errorf("%d: %q", code, out)
	}
	for _, word := range []string{"check", "install", "https://fw.example.net/x.raucb"} {
		if code, out, errs := b.run(t, "-all", "update", word); code != 0 {
			t.Errorf("%s: %d %s %s", word, code, out, errs)
		}
	}
	want := `GET /api/v1/update |POST /api/v1/update/check {}|POST /api/v1/update {}|POST /api/v1/update {"url":"https://fw.example.net/x.raucb"}`
	if s := strings.Join(got, "|"); s != want {
		t.Errorf("asked for %s", s)
	}
}

// A phone with another key gets neither the token nor the order; a redirect is not
// followed with it either.
func TestOtherKey(t *testing.T) {
	b := &bench{dir: t.TempDir()}
	var asked atomic.Int32
	b.phone(t, "one", func(w http.ResponseWriter, r *http.Request) { asked.Add(1); healthy(w, r) }, "")
	b.lines[0] = strings.Replace(b.lines[0], "key=", "key=00:", 1)
	if code, out, _ := b.run(t, "-all", "reboot"); code != 1 || !strings.Contains(out, errKey.Error()) || asked.Load() != 0 {
		t.Errorf("status %d, %d requests: %s", code, asked.Load(), out)
	}
	other := &bench{dir: t.TempDir()}
	other.phone(t, "two", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://127.0.0.1:1/", http.StatusFound)
	}, "")
	if code, out, _ := other.run(t, "-all", "status"); code != 1 || !strings.Contains(out, "302") {
		t.Errorf("status %d: %s", code, out)
	}
}

// No more phones are asked at a time than was said.
func TestParallel(t *testing.T) {
	b := &bench{dir: t.TempDir()}
	var now, most atomic.Int32
	gate := make(chan struct{})
	for i := range 12 {
		b.phone(t, fmt.Sprintf("p%d", i), func(w http.ResponseWriter, r *http.Request) {
			n := now.Add(1)
			for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
			}
			if n == 3 {
				select {
				case gate <- struct{}{}:
				default:
				}
			}
			<-gate
			now.Add(-1)
			healthy(w, r)
		}, "")
	}
	go func() {
		<-gate // three at once are there
		close(gate)
	}()
	if code, out, _ := b.run(t, "-all", "-parallel", "3", "status"); code != 0 {
		t.Error(out)
	}
	if most.Load() != 3 {
		t.Errorf("%d at a time", most.Load())
	}
}

func TestConfigApply(t *testing.T) {
	b := &bench{dir: t.TempDir()}
	doc := filepath.Join(b.dir, "site.toml")
	if err := os.WriteFile(doc, []byte("theme = \"light\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	b.phone(t, "one", func(w http.ResponseWriter, r *http.Request) {
		var body bytes.Buffer
		_, _ = body.ReadFrom(r.Body)
		if r.URL.Path == "/api/v1/config/validate" && body.String() == "theme = \"light\"\n" {
			_, _ = fmt.Fprint(w, `{"ok":false,"errors":[{"key":"theme","error":"theme: locked by the site"}]}`)
			return
		}
		_, _ = fmt.Fprint(w, `{"ok":true,"changes":[{"name":"Theme","old":"dark","new":"light"}],"trial":true}`)
	}, "")
	if code, out, _ := b.run(t, "-all", "config", "check", doc); code != 1 || !strings.Contains(out, "locked by the site") {
		t.Errorf("%d %s", code, out)
	}
	if code, out, _ := b.run(t, "-all", "config", "apply", doc); code != 0 || out != "one  applied · 1 changes · on trial · Theme: dark → light\n" {
		t.Errorf("%d %q", code, out)
	}
}

func TestInventory(t *testing.T) {
	for text, want := range map[string]string{
		"a https://x key=aa group=g,h token=t\n\n# b\nb http://127.0.0.1:8480": "",
		"a":                        "line 1: a name and an address are needed",
		"a https://x\na https://y": `line 2: there are two phones named "a"`,
		"a http://10.0.0.1":        "line 1:",
		"a https://u:p@x":          "line 1:",
		"a https://x?token=1":      "line 1:",
		"a https://x colour=red":   `line 1: "colour" is not known`,
		"a https://x key=":         `line 1: "key="`,
	} {
		list, err := readInventory(strings.NewReader(text), "/dir")
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
		if want == "" && (len(list) != 2 || list[0].tokenFile != "/dir/t" || list[0].key != "AA" || !list[0].matches([]string{"h"}) || list[0].matches([]string{"b"}) || !list[1].matches([]string{"b*"})) {
			t.Errorf("%+v", list)
		}
	}
}

func FuzzInventory(f *testing.F) {
	f.Add("reception https://10.0.4.21 token=t key=3F:A0 group=a,b # c\n")
	f.Fuzz(func(t *testing.T, text string) {
		list, err := readInventory(strings.NewReader(text), "/dir")
		for _, p := range list {
			if err == nil && (p.name == "" || !strings.HasPrefix(p.url, "http")) {
				t.Errorf("%+v", p)
			}
		}
	})
}

// TestInventoryLine: what phones say of themselves becomes lines that can be read
// back, whatever else somebody says in their place.
func TestInventoryLine(t *testing.T) {
	for name, c := range map[string]struct {
		f    mdns.Found
		want string
	}{
		"a phone": {mdns.Found{Host: "phone-1a2b3c.local", Port: 443, Text: map[string]string{"key": "AB:CD", "model": "Raspberry Pi 4", "version": "1.2"}, Addresses: []netip.Addr{netip.MustParseAddr("fe80::1"), netip.MustParseAddr("192.0.2.7")}},
			"phone-1a2b3c https://192.0.2.7 key=AB:CD # Raspberry Pi 4 1.2"},
		"another port, IPv6": {mdns.Found{Host: "phone-1.local", Port: 8443, Addresses: []netip.Addr{netip.MustParseAddr("2001:db8::1")}}, "phone-1 https://[2001:db8::1]:8443"},
		"only a link":        {mdns.Found{Host: "phone-1.local", Port: 443, Addresses: []netip.Addr{netip.MustParseAddr("fe80::1")}}, ""},
		"a name with words":  {mdns.Found{Host: "x https://evil.example token=/etc/shadow.local", Port: 443, Addresses: []netip.Addr{netip.MustParseAddr("192.0.2.7")}}, ""},
		"a key with words":   {mdns.Found{Host: "p.local", Port: 443, Text: map[string]string{"key": "A token=x", "model": "m\n# y\x1b[2J"}, Addresses: []netip.Addr{netip.MustParseAddr("192.0.2.7")}}, "p https://192.0.2.7 # m y [2J"},
	} {
		got, _ := inventoryLine(c.f)
		if got != c.want {
			t.Errorf("%s: %q", name, got)
		}
		if _, err := readInventory(strings.NewReader(got), ""); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestClientCertificate: a phone that knows people by certificates is shown the
// inventory's.
func TestClientCertificate(t *testing.T) {
	b := &bench{dir: t.TempDir()}
	var shown atomic.Int32
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		shown.Add(int32(len(r.TLS.PeerCertificates))) //nolint:gosec // one
		healthy(w, r)
	}))
	s.TLS = &tls.Config{ClientAuth: tls.RequestClientCert}
	s.StartTLS()
	t.Cleanup(s.Close)
	own := s.TLS.Certificates[0] // any will do
	key, err := x509.MarshalPKCS8PrivateKey(own.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	text := append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: own.Certificate[0]}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})...)
	if err := os.WriteFile(filepath.Join(b.dir, "ops.pem"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	b.lines = []string{fmt.Sprintf("one %s key=%s cert=ops.pem", s.URL, pin(s.Certificate()))}
	if code, out, _ := b.run(t, "-all", "status"); code != 0 || shown.Load() != 1 {
		t.Errorf("%d %s, %d certificates", code, out, shown.Load())
	}
	b.lines = []string{fmt.Sprintf("one %s key=%s cert=none.pem", s.URL, pin(s.Certificate()))}
	if code, out, _ := b.run(t, "-all", "status"); code != 1 || !strings.Contains(out, "client certificate") {
		t.Errorf("%d %s", code, out)
	}
}
