package manage

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"io"
	"math/big"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"phoned/internal/clock"
	"phoned/manage/access"
)

// authority signs certificates of clients.
type authority struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T, name string) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	a := &authority{t: t, key: key}
	a.cert = a.sign(&x509.Certificate{Subject: pkix.Name{CommonName: name}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}, nil, key)
	return a
}

func (a *authority) sign(template, parent *x509.Certificate, key *ecdsa.PrivateKey) *x509.Certificate {
	a.t.Helper()
	if parent == nil {
		parent = template
	}
	template.SerialNumber = big.NewInt(time.Now().UnixNano())
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		a.t.Fatal(err)
	}
	return c
}

// client makes a client's certificate; change it as the test needs.
func (a *authority) client(change func(*x509.Certificate)) *tls.Certificate {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	now := time.Now()
	template := &x509.Certificate{Subject: pkix.Name{CommonName: "ops"}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
	change(template)
	c := a.sign(template, a.cert, key)
	return &tls.Certificate{Certificate: [][]byte{c.Raw}, PrivateKey: key, Leaf: c}
}

// with is the castle's client with a certificate, shown whatever the phone asks for.
func (c *castle) with(cert *tls.Certificate) *http.Client {
	conf := &tls.Config{RootCAs: c.roots, MinVersion: tls.VersionTLS12}
	if cert != nil {
		conf.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return cert, nil }
	}
	tr := &http.Transport{TLSClientConfig: conf}
	c.t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr}
}

// certifiedCastle knows some names of an authority; time is its own.
func certifiedCastle(t *testing.T) (*castle, *authority, *clock.Fake) {
	t.Helper()
	ca := newAuthority(t, "the company")
	pool := x509.NewCertPool()
	pool.AddCert(ca.cert)
	now := clock.NewFake(time.Now())
	c := newCastle(t, func(cfg *Config) {
		cfg.ClientCAs, cfg.CertificateTime = pool, now.Now
	})
	if err := c.guarded.book.ProvisionCertified([]string{"ops:administrator", "prometheus.example.net:viewer", "desk@example.net:operator", "spiffe://example.net/probe:viewer"}); err != nil {
		t.Fatal(err)
	}
	return c, ca, now
}

// TestCertificateNamesItsRole: a certificate of the authority lets in whom the
// configuration names, with that role, and nobody else; who shows a bad one is not
// even answered.
func TestCertificateNamesItsRole(t *testing.T) {
	c, ca, _ := certifiedCastle(t)
	other := newAuthority(t, "the company") // of the same name
	now := time.Now()
	probe, err := url.Parse("spiffe://example.net/probe")
	if err != nil {
		t.Fatal(err)
	}
	for name, x := range map[string]struct {
		cert *tls.Certificate
		role string // "": the connection is refused
	}{
		"its common name":             {ca.client(func(*x509.Certificate) {}), "administrator"},
		"its DNS name":                {ca.client(func(x *x509.Certificate) { x.Subject.CommonName, x.DNSNames = "", []string{"Prometheus.example.net"} }), "viewer"},
		"its e-mail address":          {ca.client(func(x *x509.Certificate) { x.Subject.CommonName, x.EmailAddresses = "J", []string{"desk@example.net"} }), "operator"},
		"its address":                 {ca.client(func(x *x509.Certificate) { x.Subject.CommonName, x.URIs = "J", []*url.URL{probe} }), "viewer"},
		"a name nobody knows":         {ca.client(func(x *x509.Certificate) { x.Subject.CommonName = "opsx" }), "anyone"},
		"a name with another in it":   {ca.client(func(x *x509.Certificate) { x.Subject.CommonName = "ops\x00.example.net" }), "anyone"},
		"no certificate":              {nil, "anyone"},
		"another authority's":         {other.client(func(*x509.Certificate) {}), ""},
		"it has ended":                {ca.client(func(x *x509.Certificate) { x.NotAfter = now.Add(-time.Minute) }), ""},
		"it has not begun":            {ca.client(func(x *x509.Certificate) { x.NotBefore = now.Add(time.Minute) }), ""},
		"a server's":                  {ca.client(func(x *x509.Certificate) { x.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }), ""},
		"the authority's certificate": {&tls.Certificate{Certificate: [][]byte{ca.cert.Raw}, PrivateKey: other.key}, ""}, // without its key
	} {
		t.Run(name, func(t *testing.T) {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.url+"/api/v1/access/me", http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := c.with(x.cert).Do(r)
			if x.role == "" {
				if err == nil {
					_ = resp.Body.Close()
					t.Errorf("answered with %d", resp.StatusCode)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			var me meResource
			if err := json.NewDecoder(resp.Body).Decode(&me); err != nil || me.Role != x.role || (me.By == ByCertificate) != (x.role != "anyone") {
				t.Errorf("%v %+v", err, me)
			}
		})
	}
}

// TestCertificateIsNoAccount: an account of the same name, its sessions and its
// password are not the certificate's; and no token is made by one.
func TestCertificateIsNoAccount(t *testing.T) {
	c, ca, _ := certifiedCastle(t)
	viewer := c.with(ca.client(func(x *x509.Certificate) { x.Subject.CommonName = "prometheus.example.net" }))
	ops := c.with(ca.client(func(*x509.Certificate) {}))
	do := func(client *http.Client, method, path, body string, header ...string) (int, string) {
		r, err := http.NewRequestWithContext(t.Context(), method, c.url+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if body != "" {
			r.Header.Set("Content-Type", "application/json")
		}
		for i := 0; i+1 < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		resp, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(b)
	}
	for name, x := range map[string]struct {
		client             *http.Client
		method, path, body string
		status             int
	}{
		"the viewer looks":              {viewer, "GET", "/api/v1/status", "", 200},
		"the viewer does not dial":      {viewer, "POST", "/api/v1/commands/dial", `{"number":"1"}`, 403},
		"the viewer's password":         {viewer, "POST", "/api/v1/access/password", `{"old":"x","new":"a long new password"}`, 403},
		"the administrator's token":     {ops, "POST", "/api/v1/access/tokens", `{"label":"x","role":"viewer","days":1}`, 403},
		"the administrator does":        {ops, "POST", "/api/v1/commands/wake", `{}`, 202},
		"no other way in by first code": {ops, "POST", "/api/v1/access/first", "", 409},
	} {
		if status, body := do(x.client, x.method, x.path, x.body); status != x.status {
			t.Errorf("%s: %d %s", name, status, body)
		}
	}
	// A page of another site can't use the certificate of the browser that shows it.
	for _, h := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Origin", "https://evil.example"}} {
		if status, _ := do(ops, "POST", "/api/v1/commands/wake", `{}`, h...); status != 403 {
			t.Errorf("%v: %d", h, status)
		}
	}
	// A token goes before the certificate, also a bad one.
	if status, _ := do(ops, "GET", "/api/v1/status", "", "Authorization", "Bearer phoned_x"); status != 401 {
		t.Errorf("a bad token beside a good certificate: %d", status)
	}
	if _, body := do(viewer, "GET", "/api/v1/access/sessions", ""); !strings.Contains(body, `"sessions":[]`) {
		t.Errorf("the viewer sees sessions: %s", body)
	}
	_, body := do(ops, "GET", "/api/v1/access/audit", "")
	if !strings.Contains(body, `"certificate"`) {
		t.Errorf("nothing was written down: %s", body)
	}
}

// TestCertificateEnds: on a connection that stays open nobody is known, and no stream
// goes on, after the certificate has ended.
func TestCertificateEnds(t *testing.T) {
	c, ca, now := certifiedCastle(t)
	client := c.with(ca.client(func(x *x509.Certificate) { x.NotAfter = time.Now().Add(10 * time.Minute) }))
	get := func(path string) *http.Response {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.url+path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = resp.Body.Close() })
		return resp
	}
	status := func() int {
		resp := get("/api/v1/status")
		_, _ = io.Copy(io.Discard, resp.Body) // so that the next one goes the same way
		_ = resp.Body.Close()
		return resp.StatusCode
	}
	stream := get("/api/v1/events")
	if s := status(); s != 200 || stream.StatusCode != 200 {
		t.Fatal(s, stream.StatusCode)
	}
	c.clock.Advance(11 * time.Minute) // the timer of the stream
	now.Advance(11 * time.Minute)
	if s := status(); s != 401 {
		t.Errorf("after its end: %d", s)
	}
	if _, err := io.Copy(io.Discard, stream.Body); err != nil && !strings.Contains(err.Error(), "EOF") {
		t.Error(err)
	}
}

func TestParseCertified(t *testing.T) {
	for line, want := range map[string]string{"a:viewer": "a viewer", "urn:x:y:operator": "urn:x:y operator", "viewer": "", ":viewer": "", "a:root": "", "a:anyone": ""} {
		got := ""
		if c, ok := access.ParseCertified(line); ok {
			got = c.Name + " " + c.Role.String()
		}
		if got != want {
			t.Errorf("%q: %q", line, got)
		}
	}
}
