package provisioning

import (
	"encoding/pem"
	"errors"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
)

func TestWhatTheSignInNeeds(t *testing.T) {
	c, _, err := Load(text(LayerImage, "x", fullTOML))
	if err != nil {
		t.Fatal(err)
	}
	b := c.Backend()
	if b.OAuthEndpoint != "https://login.example.net/oauth/internal" || b.APIURL != "https://api.example.net" || b.AuthToken.Reveal() != "apikey-value" ||
		b.NumbersPath != "/v3/nums" || len(b.WSServers) != 2 || b.DomainID != "42" || b.Validate() != nil {
		t.Errorf("got %+v", b)
	}
	if tk := c.Tokens(); tk.Access.Reveal() != "access-token-value" || tk.Refresh.Reveal() != "refresh-token-value" {
		t.Error("tokens differ")
	}
	d := Defaults()
	if b := d.Backend(); b.DomainID != "" || b.Validate() != nil {
		t.Errorf("got %+v", b)
	}
}

func TestRoots(t *testing.T) {
	s := httptest.NewTLSServer(nil)
	defer s.Close()
	dir := t.TempDir()
	path := filepath.Join(dir, "ca.pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	roots := func(p string) error {
		c := Config{CAFile: Value[string]{Value: p, Source: Origin{Layer: LayerImage, Name: "x", Line: 3}}}
		pool, err := c.Roots()
		if err == nil && p != "" && pool == nil {
			t.Error("no pool")
		}
		return err
	}
	if err := errors.Join(roots(""), roots(path)); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "empty"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{filepath.Join(dir, "gone"), filepath.Join(dir, "empty"), dir} {
		var ke *KeyError
		if err := roots(p); !errors.As(err, &ke) || ke.Key != "ca_file" || ke.Origin.Line != 3 {
			t.Errorf("%v", err)
		}
	}
}
