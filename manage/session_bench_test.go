package manage

import (
	"net/http/httptest"
	"testing"
	"time"

	"phoned/manage/access"
)

// BenchmarkRequest compares what a request costs by who makes it.
func BenchmarkRequest(b *testing.B) {
	book := access.Open(access.Config{Vault: noVault{}, Hash: func(p string) string { return p }, Verify: func(h, p string) bool { return h == p }})
	_ = book.Add(b.Context(), "ann", goodPassword, Administrator)
	cookie, _, err := book.SignIn(b.Context(), access.Login{Name: "ann", Password: goodPassword})
	if err != nil {
		b.Fatal(err)
	}
	token, _, err := book.NewToken("ann", "x", Viewer, time.Hour)
	if err != nil {
		b.Fatal(err)
	}
	for name, header := range map[string][2]string{"local": {"X", "x"}, "session": {"Cookie", cookieName + "=" + cookie}, "token": {"Authorization", "Bearer " + token}} {
		b.Run(name, func(b *testing.B) {
			s := New(Config{Phone: &fakePhone{view: call()}, Access: book, TrustLocal: true, Bus: NewBus(4)})
			b.ReportAllocs()
			for b.Loop() {
				r := httptest.NewRequest("GET", "/api/v1/calls", nil)
				r.Host, r.RemoteAddr = "127.0.0.1", "127.0.0.1:4"
				r.Header.Set(header[0], header[1])
				w := httptest.NewRecorder()
				s.Handler().ServeHTTP(w, r)
				if w.Code != 200 {
					b.Fatal(w.Code)
				}
			}
		})
	}
}
