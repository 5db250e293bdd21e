package phone_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/pem"
	"image"
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"phoned/provisioning"
)

// stickOf writes a bundle that a PIN vouches for into a folder, as a stick would have it.
func stickOf(t *testing.T, pin string, parts map[string][]byte) string {
	t.Helper()
	b := provisioning.Bundle{Parts: parts}
	var out bytes.Buffer
	if err := b.Write(&out, provisioning.Seal{PIN: pin}); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, provisioning.BundleName), out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func certificateOf(srv *httptest.Server) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw})
}

// Every part of a bundle is used: its authorities are trusted, its logo stands on the
// screens, its contacts are in the book, its networks are put in force; and all of it is withdrawn together.
func TestBundlePartsAreUsed(t *testing.T) {
	t.Parallel()
	other := httptest.NewTLSServer(http.NotFoundHandler())
	defer other.Close()
	h := live(t, "", nil)
	h.registered(1)
	var logo bytes.Buffer
	if err := png.Encode(&logo, image.NewGray(image.Rect(0, 0, 64, 32))); err != nil {
		t.Fatal(err)
	}
	dir := stickOf(t, "482913", map[string][]byte{
		"phoned.toml": []byte("locale = \"de\"\n"), "ca.pem": append(h.lab.CAPEM(), certificateOf(other)...), "logo.png": logo.Bytes(),
		"contacts.vcf": []byte("BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Empfang\r\nTEL:1009\r\nEND:VCARD\r\n"),
		"wifi.toml":    []byte("[[wifi]]\nssid = \"Office\"\npassphrase = \"correct horse\"\n"),
	})
	look, err := h.prov.LookAtStick(dir)
	if err != nil || !look.PIN || len(look.Changes) != 5 {
		t.Fatalf("%+v, %v", look, err)
	}
	if _, err := h.prov.TakeStick(dir, "482913"); err != nil {
		t.Fatal(err)
	}
	h.registered(2) // with the authorities of the bundle alone: the lab's are replaced by ca_file
	s := h.phone(2)
	if n, _ := h.net.settings(); len(n.WiFi) != 1 || n.WiFi[0].SSID != "Office" {
		t.Errorf("the networks are %+v", n.WiFi)
	}
	cfg, _, err := h.prov.Config()
	if err != nil {
		t.Fatal(err)
	}
	roots, err := cfg.Roots()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Certificate().Verify(x509.VerifyOptions{Roots: roots, DNSName: "example.com"}); err != nil {
		t.Error(err)
	}
	rows, err := s.DB.Contacts(context.Background(), "", 0)
	if err != nil || len(rows) != 1 || rows[0].Source != "site" {
		t.Errorf("%+v, %v", rows, err)
	}
	if _, err := h.prov.RollBackNow("withdrawn"); err != nil {
		t.Fatal(err)
	}
	h.registered(3)
	if rows, err := h.phone(3).DB.Contacts(context.Background(), "", 0); err != nil || len(rows) != 0 {
		t.Errorf("the site's contacts were not withdrawn: %+v, %v", rows, err)
	}
	if cfg, _, err := h.prov.Config(); err != nil || cfg.CAFile.Value != "" || cfg.BrandLogo.Value != "" || len(cfg.WiFi.Value) != 0 {
		t.Errorf("%s, %s, %v", cfg.CAFile.Value, cfg.BrandLogo.Value, err)
	}
}
