//go:build image

package image_test

import (
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"phoned/lab/pki"
	"phoned/test/image/bench"
)

// updateServer gives an index with one update, and counts who fetches it.
type updateServer struct {
	*httptest.Server
	mu      sync.Mutex
	index   []byte
	file    string
	fetched int
}

func newUpdateServer(t *testing.T, ca *pki.Authority) *updateServer {
	t.Helper()
	cert, err := ca.Server([]string{"10.0.2.2"}, 24*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	u := &updateServer{}
	u.Server = httptest.NewUnstartedServer(u)
	u.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
	u.StartTLS()
	t.Cleanup(u.Close)
	return u
}

func (u *updateServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	u.mu.Lock()
	index, file := u.index, u.file
	if r.URL.Path == "/update.raucb" {
		u.fetched++
	}
	u.mu.Unlock()
	if r.URL.Path == "/update.raucb" {
		http.ServeFile(w, r, file)
		return
	}
	_, _ = w.Write(index)
}

// offer is the bundle that the index has from now on.
func (u *updateServer) offer(t *testing.T, path, version string) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(b)
	index, err := json.Marshal(map[string]any{"updates": []map[string]any{{
		"compatible": board, "version": version, "url": "update.raucb", "size": len(b), "sha256": hex.EncodeToString(sum[:]),
	}}})
	if err != nil {
		t.Fatal(err)
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.index, u.file = index, path
}

func (u *updateServer) fetches() int {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.fetched
}

// onOffer is what the API says of updates.
type onOffer struct {
	Phase, Offered, Refused string
	ByItself                bool
	Checked                 time.Time
}

func (m *machine) onOffer() (f onOffer) {
	m.t.Helper()
	_ = json.Unmarshal([]byte(m.get("update")), &f) // it may be starting
	return f
}

// askServer has the phone ask its update server now, and waits for the answer.
func (m *machine) askServer() onOffer {
	m.t.Helper()
	before := m.onOffer().Checked
	m.until("the update server is asked", func() bool {
		a, err := m.link.Ask(bench.Order{Post: api + "update/check"}, answerTime)
		return err == nil && a.Code == 204
	})
	m.until("the update server has answered", func() bool { return m.onOffer().Checked.After(before) })
	return m.onOffer()
}

// TestUpdateServer: a phone that is told where updates are installs one by itself. It
// does not hold; the phone leaves it, and does not begin it again, though the server
// offers it on; a later version it begins.
func TestUpdateServer(t *testing.T) {
	bad := crashes(t)
	later := husk(t, "later", "9999.2", keys(), board)
	ca, err := pki.New("image test", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	server := newUpdateServer(t, ca)
	server.offer(t, bad, newer)
	m := ready(t)
	m.must("cat >/etc/phoned/site-ca.pem <<'END'\n" + string(ca.PEM()) + "END\nsync")
	_, port, err := net.SplitHostPort(strings.TrimPrefix(server.URL, "https://"))
	if err != nil {
		t.Fatal(err)
	}
	m.apply(`ca_file = "/etc/phoned/site-ca.pem"`, `update_url = "https://10.0.2.2:`+port+`/stable.json"`)
	began := time.Now()
	m.askServer()
	m.until("back on slot A with a report", func() bool { return strings.Contains(m.report(), `"not-booted"`) })
	t.Logf("FIGURE asked the server to back from what it offered: %.0f s", time.Since(began).Seconds())
	m.awaitRegistered()
	m.confirmed("A")
	if n := server.fetches(); n != 1 {
		t.Errorf("the bundle was fetched %d times", n)
	}
	f := m.askServer()
	if f.Offered != newer || f.Refused == "" || f.ByItself || f.Phase != "idle" {
		t.Errorf("what did not hold is offered on: %+v", f)
	}
	server.offer(t, later, "9999.2")
	m.askServer()
	m.until("the later one is begun", func() bool { return server.fetches() == 2 })
	if out, _ := m.sh("sed -n s/^IMAGE_VERSION=//p /usr/lib/os-release"); strings.HasPrefix(out, "9999") {
		t.Errorf("it runs %s", out)
	}
}
