package provisioning

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"phoned/internal/httpcall"
)

func TestSiteURL(t *testing.T) {
	who := Identity{MAC: "dca632010203", ID: "urn:uuid:1", Model: "Pi 4"}
	for template, want := range map[string]string{
		"https://cfg.example/{mac}.toml":      "https://cfg.example/dca632010203.toml",
		"https://cfg.example/{model}/{id}":    "https://cfg.example/Pi%204/urn:uuid:1",
		"https://cfg.example/all":             "https://cfg.example/all",
		"https://cfg.example/{serial}":        "",
		"https://cfg.example/{MAC}":           "",
		"http://cfg.example/{mac}":            "",
		"https://u:p@cfg.example/{mac}":       "",
		"https://cfg.example/?token=x":        "",
		"https://cfg.example/{mac}{":          "",
		"tftp://cfg.example/{mac}":            "",
		"https://127.0.0.1:1/phoned/{mac}.js": "https://127.0.0.1:1/phoned/dca632010203.js",
	} {
		got, err := SiteURL(template, who)
		if got != want || (err != nil) != (want == "") {
			t.Errorf("%s: %q, %v", template, got, err)
		}
	}
}

func TestOfferURL(t *testing.T) {
	for offer, want := range map[string]string{
		"cfg.example":            "https://cfg.example/phoned/{mac}.toml",
		"10.0.0.5\x00":           "https://10.0.0.5/phoned/{mac}.toml",
		"https://cfg.example/p":  "https://cfg.example/p",
		"http://cfg.example/p":   "",
		"tftp://cfg.example":     "",
		"cfg example":            "",
		"":                       "",
		"cfg.example/../../x;rm": "",
	} {
		got, err := OfferURL(offer)
		if got != want || (err != nil) != (want == "") {
			t.Errorf("%q: %q, %v", offer, got, err)
		}
	}
}

const leases = `lease {
  interface "eth0";
  option tftp-server-name "old.example";
}
lease {
  interface "eth0";
  option routers 10.0.0.1;
  option tftp-server-name "new.example";
  expire 2 2026/11/24 10:00:00;
}
`

func TestOffers(t *testing.T) {
	root := t.TempDir()
	for name, text := range map[string]string{
		OfferHooks + "/eth0":                         "https://hook.example/{mac}\n",
		OfferHooks + "/wlan0":                        "\n",
		"/var/lib/dhcp/dhclient.eth0.leases":         leases,
		"/var/lib/dhcp/dhclient.eth1.leases":         "nothing",
		"/var/lib/dhcp/dhclient.broken.leases":       "lease {\n option tftp-server-name",
		"/var/lib/dhcp/dhclient.hook-again.leases":   "lease {\n  option tftp-server-name \"https://hook.example/{mac}\";\n}\n",
		"/var/lib/dhcp/not-a-lease-file-of-dhclient": leases,
	} {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(root, OfferHooks, "eth9")); err != nil {
		t.Fatal(err)
	}
	if got, want := Offers(root), []string{"https://hook.example/{mac}", "new.example"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func FuzzLeases(f *testing.F) {
	f.Add([]byte(leases))
	f.Add([]byte("lease {\n  option tftp-server-name \";\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if s, err := OfferURL(lastLease(b)); err == nil {
			if _, err := SiteURL(s, Identity{MAC: "dca632010203"}); err != nil && !errors.Is(err, ErrValue) {
				t.Error(err)
			}
		}
	})
}

func TestFetch(t *testing.T) {
	key := signingKey(t, 1)
	bundle := writeBundle(t, exampleBundle(), Seal{Key: &key})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"7"`)
		switch {
		case r.Header.Get("X-Phone-ID") != "urn:uuid:1" || r.Header.Get("X-Phone-MAC") != "dca632010203":
			w.WriteHeader(http.StatusForbidden)
		case r.Header.Get("If-None-Match") == `"7"`:
			w.WriteHeader(http.StatusNotModified)
		case r.URL.Path == "/bundle":
			_, _ = w.Write(bundle)
		case r.URL.Path == "/broken":
			_, _ = w.Write(bundle[:200])
		case r.URL.Path == "/huge":
			_, _ = w.Write(make([]byte, maxDocument+1))
		case r.URL.Path == "/gone":
			w.WriteHeader(http.StatusNotFound)
		default:
			_, _ = w.Write([]byte(`theme = "light"`))
		}
	}))
	defer srv.Close()
	f := Fetcher{HTTP: httpcall.New(httpcall.Config{HTTP: srv.Client()}), Who: Identity{ID: "urn:uuid:1", MAC: "dca632010203"}}
	for _, c := range []struct {
		path, etag string
		want       error
		check      func(Fetched) bool
	}{
		{"/doc", "", nil, func(f Fetched) bool {
			return string(f.Document) == `theme = "light"` && f.ETag == `"7"` && f.Host != ""
		}},
		{"/doc", `"7"`, nil, func(f Fetched) bool { return f.Unchanged && f.Document == nil }},
		{"/bundle", "", nil, func(f Fetched) bool { return f.Bundle != nil && f.Bundle.Vouched([]PublicKey{key.Public()}, "") == nil }},
		{"/broken", "", ErrBundle, nil},
		{"/huge", "", ErrTooLarge, nil},
		{"/gone", "", httpcall.ErrStatus, nil},
	} {
		got, err := f.Fetch(context.Background(), srv.URL+c.path, c.etag)
		if !errors.Is(err, c.want) || c.check != nil && !c.check(got) {
			t.Errorf("%s %s: %+v, %v", c.path, c.etag, got, err)
		}
	}
}
