package sip_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"phoned/sip"
)

// TestPathOfTheUpgrade: the path is the server URL's, "/" if it has none: some
// exchanges listen on one of their own (interop 12).
func TestPathOfTheUpgrade(t *testing.T) {
	for _, c := range []struct{ path, want string }{{"", "/"}, {"/", "/"}, {"/ws", "/ws"}, {"/a/b?c=d", "/a/b?c=d"}} {
		t.Run(c.path, func(t *testing.T) {
			asked := make(chan string, 8)
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked <- r.RequestURI
				http.Error(w, "no", http.StatusNotFound)
			}))
			t.Cleanup(s.Close)
			p := newPhone(t, nil)
			p.SetLines([]sip.Line{{ID: "l", User: "1", Domain: "d", Servers: []string{"ws" + strings.TrimPrefix(s.URL, "http") + c.path}}})
			if got := <-asked; got != c.want {
				t.Errorf("%q asks for %q", c.path, got)
			}
		})
	}
}
