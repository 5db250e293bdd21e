package manage

import (
	"net/http"
	"strings"
	"testing"
)

// TestBrand: the logo has an address of its own, another one for another picture.
func TestBrand(t *testing.T) {
	brand := Brand{Name: "Acme"}
	b := newBench(t, func(c *Config) { c.Brand = func() Brand { return brand } })
	s := b.Server
	if w := b.do(http.MethodGet, brandLogoPath, ""); w.Code != http.StatusNotFound {
		t.Errorf("a logo of nobody: %d", w.Code)
	}
	if f := s.brandFields(); f["name"] != "Acme" || f["logo"] != "" {
		t.Errorf("%v", f)
	}
	brand.Logo, brand.Tag = []byte("\x89PNG"), "a1"
	w := b.do(http.MethodGet, brandLogoPath, "")
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "image/png" || w.Body.String() != "\x89PNG" || w.Header().Get("ETag") != `"a1"` {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	if f := s.brandFields(); !strings.HasSuffix(f["logo"], "?a1") {
		t.Errorf("%v", f)
	}
	if f := newBench(t).Server.brandFields(); f["logo"] != "" {
		t.Errorf("%v", f)
	}
}
