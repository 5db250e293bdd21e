package phone_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"phoned/internal/app"
	"phoned/internal/health"
	"phoned/internal/httpcall"
	"phoned/internal/secret"
	"phoned/internal/walltime"
	"phoned/lab"
	"phoned/phone"
	"phoned/provisioning"
	"phoned/store"
)

// household is a phone that may be made anew while the test watches.
type household struct {
	t      *testing.T
	lab    *lab.Exchange
	prov   *app.Provisioner
	depot  *provisioning.Depot
	clock  *leaper
	client *http.Client  // of the site's server
	kept   chan struct{} // one for every write of the depot
	data   string
	net    *network

	mu   sync.Mutex
	made int

	badEnd bool
	now    *app.System
	more   chan struct{} // closed when there is another phone
	end    context.CancelFunc
	done   chan error
}

// toldVault says when something has been kept.
type toldVault struct {
	provisioning.Vault
	kept chan struct{}
}

func (v toldVault) Set(values map[string]secret.String) error {
	err := v.Vault.Set(values)
	v.kept <- struct{}{}
	return err
}

// write waits for the depot's next write.
func (h *household) write() {
	h.t.Helper()
	select {
	case <-h.kept:
	case <-time.After(patience):
		h.t.Fatal("the depot was not written")
	}
}

// proved waits until what is on trial has proved itself, or was taken back.
func (h *household) proved() {
	h.t.Helper()
	for _, on := h.depot.Trial(); on; _, on = h.depot.Trial() {
		h.write()
	}
}

// live runs a phone of the lab that was given its file on the image, and more.
func live(t *testing.T, more string, site http.Handler) *household {
	t.Helper()
	return liveWith(t, site, func(ex *lab.Exchange) string { return documentOf(ex) + more })
}

// documentOf is what a phone of the lab is told.
func documentOf(ex *lab.Exchange) string {
	access, refresh, _ := ex.Tokens(extension)
	return fmt.Sprintf("oauth_endpoint = %q\nws_servers = [%q]\ndisplay_name = \"Front desk\"\naccess_token = %q\nrefresh_token = %q\n",
		ex.OAuthURL(), ex.WSSURL(), access, refresh)
}

// liveWith runs a phone whose file on the image is of one's own.
func liveWith(t *testing.T, site http.Handler, image func(*lab.Exchange) string, tweaks ...func(*app.ProvisionerConfig)) *household {
	t.Helper()
	ex, err := lab.Start(context.Background(), lab.Config{})
	if err != nil {
		t.Fatal(err)
	}
	h := &household{t: t, lab: ex, clock: newLeaper(), more: make(chan struct{}), done: make(chan error, 1)}
	h.net = &network{h: h}
	data := t.TempDir()
	vault, err := store.OpenSecrets(filepath.Join(data, "provisioning.json"))
	if err != nil {
		t.Fatal(err)
	}
	h.kept, h.data = make(chan struct{}, 100), data
	if h.depot, err = provisioning.OpenDepot(toldVault{vault, h.kept}, h.clock); err != nil {
		t.Fatal(err)
	}
	if err := h.depot.UseFolder(filepath.Join(data, "parts")); err != nil {
		t.Fatal(err)
	}
	doc := image(ex)
	h.client = &http.Client{}
	if site != nil {
		srv := httptest.NewServer(site)
		t.Cleanup(srv.Close)
		h.client = srv.Client()
		doc = strings.ReplaceAll(doc, "SITE", srv.URL)
	}
	copies, err := store.OpenSecrets(filepath.Join(data, "config", "good"))
	if err != nil {
		t.Fatal(err)
	}
	pc := app.ProvisionerConfig{
		Loader: &provisioning.Loader{Vault: copies},
		Depot:  h.depot, Clock: h.clock, Who: provisioning.Identity{MAC: "dca632010203", ID: "42"},
		Base: []provisioning.Source{provisioning.Text{From: provisioning.Origin{Layer: provisioning.LayerImage, Name: "phoned.toml"}, Data: []byte(doc)}},
		HTTP: func(provisioning.Config, *walltime.Gate) *httpcall.Client {
			return httpcall.New(httpcall.Config{HTTP: h.client})
		},
	}
	for _, tweak := range tweaks {
		tweak(&pc)
	}
	if h.prov, err = app.NewProvisioner(pc); err != nil {
		t.Fatal(err)
	}
	run := app.Runner{Provisioner: h.prov, Log: slog.New(slog.DiscardHandler), Make: func(cfg provisioning.Config, told []health.Problem) (app.Made, error) {
		b := newBench()
		s, err := app.Assemble(app.Options{
			Config: cfg, DataDir: data, Devices: b.card, Version: "test", Clock: h.clock, Board: app.Board{Name: "virtual"},
			Roots: ex.CertPool(), Loopback: true, PhoneName: "Front desk", Log: slog.New(slog.DiscardHandler),
			Network: h.net, CheckConfig: func(bool) { h.prov.CheckSync() }, Given: h.prov, SetServer: h.prov.SetSignInServer, SetKeys: h.prov.SetKeys,
		})
		if err != nil {
			return app.Made{}, errors.Join(err, b.card.Close())
		}
		for _, p := range told {
			s.Health.Set(p)
		}
		return app.Made{System: s, Close: func() error { return errors.Join(b.card.Close(), h.end1()) }}, nil
	}, Started: func(s *app.System) {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.made++
		h.now = s
		close(h.more)
		h.more = make(chan struct{})
	}}
	ctx, cancel := context.WithCancel(context.Background())
	h.end = cancel
	go func() { h.done <- run.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-h.done; err != nil && !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		if err := ex.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

// phone is the n-th phone that was made.
func (h *household) phone(n int) *app.System {
	h.t.Helper()
	limit := time.After(patience)
	for {
		h.mu.Lock()
		made, now, more := h.made, h.now, h.more
		h.mu.Unlock()
		if made >= n {
			return now
		}
		select {
		case <-more:
		case <-limit:
			h.t.Fatalf("phone %d was never made; %d were", n, made)
		}
	}
}

// until waits for a view of the n-th phone.
func (h *household) until(n int, what string, is func(phone.View) bool) {
	h.t.Helper()
	s := h.phone(n)
	views, stop := s.Phone.Subscribe()
	defer stop()
	limit := time.After(patience)
	for v := s.Phone.View(); !is(v); {
		select {
		case next, ok := <-views:
			if !ok {
				h.t.Fatalf("%s: phone %d stopped", what, n)
			}
			v = next
		case <-limit:
			h.t.Fatalf("phone %d never: %s; lines %+v, problems %+v", n, what, v.Lines, v.Problems)
		}
	}
}

func (h *household) registered(n int) {
	h.t.Helper()
	h.until(n, "registered", func(v phone.View) bool { return len(v.Lines) > 0 && v.Lines[0].State == phone.LineRegistered })
}

func (h *household) give(layer provisioning.Layer, doc string) {
	h.t.Helper()
	if _, err := h.prov.Take(provisioning.Document{Layer: layer, Name: "web page", Data: []byte(doc)}); err != nil {
		h.t.Fatal(err)
	}
}

// A change that leaves the phone without service is taken back by itself, and says so.
func TestConfigurationIsTakenBack(t *testing.T) {
	t.Parallel()
	h := live(t, "", nil)
	h.registered(1)
	h.give(provisioning.LayerUser, `ws_servers = ["wss://127.0.0.1:1"]`)
	h.until(2, "a line without service", func(v phone.View) bool { return len(v.Lines) > 0 && v.Lines[0].State != phone.LineRegistered })
	if _, on := h.depot.Trial(); !on {
		t.Fatal("the change is not on trial")
	}
	h.clock.leap(3 * time.Minute)
	h.registered(3)
	h.until(3, "told that it was taken back", func(v phone.View) bool {
		for _, p := range v.Problems {
			if p.Code == "config.taken_back" && strings.Contains(p.Advice, "web page") {
				return true
			}
		}
		return false
	})
	if cfg, _, err := h.prov.Config(); err != nil || cfg.WSServers.Value[0] != h.lab.WSSURL() {
		t.Errorf("%v, %v", cfg.WSServers.Value, err)
	}
}

// end1 is how the first phone ends: badly, if the test wants that.
func (h *household) end1() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.badEnd && h.made == 1 {
		return errors.New("the exchange did not answer the goodbye")
	}
	return nil
}

// A change that works proves itself, over a restart of the phone.
func TestConfigurationProvesItself(t *testing.T) {
	t.Parallel()
	h := live(t, "", nil)
	h.registered(1)
	h.mu.Lock()
	h.badEnd = true // the way to the new configuration stays open
	h.mu.Unlock()
	h.give(provisioning.LayerUser, `display_name = "Reception"`)
	h.registered(2)
	h.proved()
	if last, ok := h.depot.Last(); !ok || !last.Confirmed {
		t.Errorf("%+v", last)
	}
	h.clock.leap(3 * time.Minute)
	if n := len(h.depot.Sources()); n != 1 {
		t.Errorf("%d documents are kept", n)
	}
}

// A person may take a change back, while it is on trial and when it is not any more.
func TestConfigurationIsTakenBackByAPerson(t *testing.T) {
	t.Parallel()
	h := live(t, "", nil)
	h.registered(1)
	h.give(provisioning.LayerBackend, `ws_servers = ["wss://127.0.0.1:1"]`)
	h.until(2, "a line without service", func(v phone.View) bool { return len(v.Lines) > 0 && v.Lines[0].State != phone.LineRegistered })
	if changes, err := h.prov.RollBackNow("taken back on the web page"); err != nil || len(changes) != 1 {
		t.Fatalf("%v, %v", changes, err)
	}
	h.registered(3)
	if _, last := h.prov.Standing(); last == nil || last.Why != "taken back on the web page" {
		t.Errorf("%+v", last)
	}
	h.give(provisioning.LayerUser, `locale = "de"`)
	h.registered(4)
	if _, err := h.prov.RollBackNow("taken back"); err != nil {
		t.Fatal(err)
	}
	h.registered(5)
	if cfg, _, _ := h.prov.Config(); cfg.Locale.Value != "en" {
		t.Errorf("the language is %s", cfg.Locale.Value)
	}
}

// The phone is made anew between calls only.
func TestConfigurationWaitsForTheCall(t *testing.T) {
	t.Parallel()
	h := live(t, "", nil)
	h.registered(1)
	ph := h.phone(1).Phone
	ph.Post(phone.Dial{Number: "9196"})
	h.until(1, "in a call", func(v phone.View) bool { return len(v.Calls) == 1 && v.Calls[0].State == phone.Active })
	h.give(provisioning.LayerUser, `locale = "de"`)
	h.mu.Lock()
	if h.made != 1 {
		t.Error("a call was ended for a configuration")
	}
	h.mu.Unlock()
	ph.Post(phone.End{Call: ph.View().Calls[0].ID})
	h.registered(2)
}

// The site's server is asked with the phone's identity; what it changes arrives with
// the next question, and what it did not change costs nothing.
func TestConfigurationFromTheSite(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	locale := "de"
	unchanged := make(chan struct{}, 10)
	site := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if r.URL.Path != "/p/dca632010203.toml" || r.Header.Get("X-Phone-Id") != "42" {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		w.Header().Set("ETag", `"`+locale+`"`)
		if r.Header.Get("If-None-Match") == `"`+locale+`"` {
			unchanged <- struct{}{}
			w.WriteHeader(http.StatusNotModified)
			return
		}
		fmt.Fprintf(w, "locale = %q\n", locale)
	})
	h := live(t, "provisioning_url = \"SITE/p/{mac}.toml\"\n", site)
	h.registered(2)
	select {
	case <-unchanged: // by the phone that was made of it
	case <-time.After(patience):
		t.Fatal("the site was not asked again")
	}
	mu.Lock()
	locale = "en"
	mu.Unlock()
	if err := h.lab.Engine.CheckSync(extension, false); err != nil {
		t.Fatal(err)
	}
	h.registered(3)
	if cfg, _, err := h.prov.Config(); err != nil || cfg.Locale.Value != "en" || cfg.Locale.Source.Layer != provisioning.LayerSite {
		t.Errorf("%+v, %v", cfg.Locale, err)
	}
}

func (h *household) keys(n int, keys ...phone.Key) {
	h.t.Helper()
	ph := h.phone(n).Phone
	for _, k := range keys {
		ph.Post(phone.KeyDown{Key: k})
		ph.Post(phone.KeyUp{Key: k})
	}
}

func (h *household) screen(n int, s phone.Screen) {
	h.t.Helper()
	h.until(n, "screen "+string(s), func(v phone.View) bool { return v.Screen == s })
}

// A code with a PIN: the phone says where it leads, takes the PIN, fetches the
// configuration and is a phone of it; with a wrong PIN it asks again, and what nobody
// vouches for is refused.
func TestConfigurationByCode(t *testing.T) {
	t.Parallel()
	asked := make(chan string, 10)
	site := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.URL.Path
		fmt.Fprintln(w, `locale = "de"`)
	}))
	defer site.Close()
	h := live(t, "", nil)
	h.client = site.Client()
	h.registered(1)
	code := provisioning.Code{ConfigURL: site.URL + "/7Q2K"}
	text, err := code.EncodePIN("482913")
	if err != nil {
		t.Fatal(err)
	}
	plain, err := code.Encode()
	if err != nil {
		t.Fatal(err)
	}
	ph := h.phone(1).Phone
	ph.CodeRead(plain)
	h.until(1, "refused", func(v phone.View) bool {
		return len(v.Problems) == 1 && v.Problems[0].Code == "provision.code" && strings.Contains(v.Problems[0].Advice, "neither signed")
	})
	ph.CodeRead(text)
	h.screen(1, phone.ScreenOffer)
	if v := ph.View(); v.Menu.Items[0].Value != "127.0.0.1" {
		t.Errorf("the screen does not say where the code leads: %+v", v.Menu)
	}
	h.clock.leap(time.Second) // labels that appear by themselves take no key at once
	h.keys(1, "sk1")
	h.screen(1, phone.ScreenForm)
	h.keys(1, "1", "1", "1", "1", "1", "1", "sk1")
	h.until(1, "asked again", func(v phone.View) bool { return v.Form != nil && v.Form.Error != "" })
	if len(asked) != 0 {
		t.Error("the server was asked before the PIN was right")
	}
	h.keys(1, "4", "8", "2", "9", "1", "3", "sk1")
	h.registered(2)
	if cfg, _, err := h.prov.Config(); err != nil || cfg.Locale.Value != "de" || cfg.Locale.Source.Layer != provisioning.LayerMedia {
		t.Errorf("%+v, %v", cfg.Locale, err)
	}
}
