package phone_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"phoned/internal/app"
	"phoned/internal/httpcall"
	"phoned/internal/walltime"
	"phoned/lab"
	"phoned/phone"
	"phoned/provisioning"
)

// nothing is the file of a phone out of the box, whose Wi-Fi and clock are not asked.
func nothing(*lab.Exchange) string { return "version = 1\n" }

// counted presses keys and counts them.
type counted struct {
	h *household
	n int
}

func (c *counted) press(keys ...phone.Key) {
	c.n += len(keys)
	c.h.keys(1, keys...)
}

// An empty phone, a stick with a PIN, and it is registered: nine keys.
func TestEmptyPhoneByStick(t *testing.T) {
	t.Parallel()
	h := liveWith(t, nil, nothing)
	h.screen(1, phone.ScreenUnprovisioned)
	dir := stickOf(t, "482913", map[string][]byte{"phoned.toml": []byte(documentOf(h.lab)), "ca.pem": h.lab.CAPEM()})
	begun, c := time.Now(), counted{h: h}
	h.phone(1).Phone.StickMounted(dir, true)
	h.screen(1, phone.ScreenOffer)
	h.clock.leap(time.Second) // labels that appear by themselves take no key at once
	c.press("sk1")
	h.screen(1, phone.ScreenForm)
	c.press("4", "8", "2", "9", "1", "3", "sk1")
	h.registered(2)
	t.Logf("by stick: registered %d ms after it was plugged in, %d key presses", time.Since(begun).Milliseconds(), c.n)
	if c.n > 9 {
		t.Errorf("it takes %d keys", c.n)
	}
}

// An empty phone whose DHCP server names the site, and it is registered: no key.
func TestEmptyPhoneByURL(t *testing.T) {
	t.Parallel()
	site, documents := siteOf(t)
	begun := time.Now()
	h := liveWith(t, site, func(ex *lab.Exchange) string {
		documents <- documentOf(ex)
		return "version = 1\nprovisioning_url = \"SITE/phoned/{mac}.toml\"\n"
	})
	h.registered(2)
	t.Logf("by URL: registered %d ms after the start, no key press", time.Since(begun).Milliseconds())
}

// The lease comes long after the start, and its server's answer at once: the phone asks
// when the network changes, not at its interval of a day.
func TestEmptyPhoneByLateLease(t *testing.T) {
	t.Parallel()
	site, documents := siteOf(t)
	srv := httptest.NewTLSServer(site)
	defer srv.Close()
	asked, changed := make(chan struct{}, 10), make(chan func(), 1)
	var lease atomic.Bool
	h := liveWith(t, nil, nothing, func(c *app.ProvisionerConfig) {
		c.HTTP = func(provisioning.Config, *walltime.Gate) *httpcall.Client {
			return httpcall.New(httpcall.Config{HTTP: srv.Client()})
		}
		c.Network = func(ctx context.Context, tell func()) error {
			select {
			case changed <- tell:
			default: // the phone that was made of what came
			}
			<-ctx.Done()
			return nil
		}
		c.Offers = func(context.Context) []string {
			asked <- struct{}{}
			if !lease.Load() {
				return nil
			}
			return []string{srv.URL + "/phoned/{mac}.toml"}
		}
	})
	documents <- documentOf(h.lab)
	h.screen(1, phone.ScreenUnprovisioned)
	<-asked
	tell := <-changed
	lease.Store(true)
	tell()
	h.registered(2)
	if cfg, _, err := h.prov.Config(); err != nil || cfg.OAuthEndpoint.Source.Layer != provisioning.LayerSite {
		t.Errorf("%+v, %v", cfg.OAuthEndpoint.Source, err)
	}
}

// siteOf is a site's server that has one document, for one phone.
func siteOf(*testing.T) (http.Handler, chan<- string) {
	documents := make(chan string, 1)
	var mu sync.Mutex
	text := ""
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/phoned/dca632010203.toml" {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		if text == "" {
			text = <-documents
		}
		w.Header().Set("ETag", `"1"`)
		if r.Header.Get("If-None-Match") == `"1"` {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		fmt.Fprint(w, text)
	}), documents
}
