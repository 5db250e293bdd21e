package manage

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// cardbox keeps the last file that came.
type cardbox struct {
	file []byte
	err  error
}

func (c *cardbox) ImportContacts(_ context.Context, r io.Reader) (Imported, error) {
	var err error
	if c.file, err = io.ReadAll(r); err != nil {
		return Imported{}, err
	}
	return Imported{Added: 2, Skipped: 1}, c.err
}

func (c *cardbox) ExportContacts(_ context.Context, w io.Writer, version string) error {
	_, err := fmt.Fprintf(w, "BEGIN:VCARD\r\nVERSION:%s\r\n", version)
	return err
}

func TestContacts(t *testing.T) {
	box := &cardbox{}
	b := newBench(t, func(c *Config) { c.Contacts = box })
	for path, want := range map[string]string{"/api/v1/contacts": "VERSION:3.0", "/api/v1/contacts?version=4.0": "VERSION:4.0"} {
		w := b.do(http.MethodGet, path, "")
		if w.Code != 200 || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/vcard") || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %d %v %s", path, w.Code, w.Header(), w.Body)
		}
	}
	if w := b.do(http.MethodGet, "/api/v1/contacts?version=5", ""); w.Code != 422 {
		t.Error(w.Code)
	}
	large := strings.Repeat("x", 1<<20) // more than other requests may have
	if w := b.do(http.MethodPost, "/api/v1/contacts", large); w.Code != 200 || strings.TrimSpace(w.Body.String()) != `{"added":2,"updated":0,"unchanged":0,"skipped":1}` || len(box.file) != len(large) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := b.do(http.MethodPost, "/api/v1/contacts", strings.Repeat("x", maxContacts+1)); w.Code != 413 {
		t.Error(w.Code)
	}
	box.err = ErrUnusable
	if w := b.do(http.MethodPost, "/api/v1/contacts", "x"); w.Code != 422 {
		t.Error(w.Code)
	}
}
