package httpcall

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"phoned/internal/clock"
	"phoned/internal/secret"
)

func TestCheckURL(t *testing.T) {
	for s, ok := range map[string]bool{
		"https://x.example": true, "https://x.example:8443/a?b=c": true, "http://127.0.0.1:1": true, "http://localhost/": true, "http://[::1]:1/x": true,
		"http://x.example": false, "http://10.0.0.1": false, "http://127.0.0.1.evil.example": false, "ftp://x": false, "": false, "x": false, "https://": false,
		"https://u:p@x": false, "https://u@x": false, ":": false, "https:///x": false,
	} {
		if _, err := CheckURL(s); (err == nil) != ok || err != nil && !errors.Is(err, ErrURL) {
			t.Errorf("%q: %v", s, err)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for s, want := range map[string]time.Duration{
		"": 0, "120": 2 * time.Minute, " 5 ": 5 * time.Second, "-5": 0, "999999999999": time.Hour, "99999999999999999999999": 0, "soon": 0,
		"Fri, 02 Jan 2026 03:05:05 GMT": time.Minute, "Fri, 02 Jan 2026 03:04:00 GMT": 0, "Sat, 03 Jan 2026 03:04:05 GMT": time.Hour,
	} {
		if got := retryAfter(s, now); got != want {
			t.Errorf("%q: %v, want %v", s, got, want)
		}
	}
}

// serve makes a client whose server is a function.
func serve(t *testing.T, h http.HandlerFunc) (*Client, string) {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return New(Config{Clock: clock.Real{}}), s.URL
}

func TestRequestCarriesWhatItSays(t *testing.T) {
	c, base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("ETag", `"x"`)
		fmt.Fprint(w, r.Method, " ", r.URL, " ", r.Header.Get("Authorization"), " ", r.Header.Get("Content-Type"), " ", r.Header.Get("User-Agent"), " ", string(body))
	})
	a, err := c.Do(t.Context(), Request{Op: "x", Method: "PUT", URL: base + "/p?a=1", Query: url.Values{"b": {"ü &"}}, Bearer: secret.New("tok"), JSON: map[string]int{"n": 1}})
	if err != nil || string(a.Body) != `PUT /p?a=1&b=%C3%BC+%26 Bearer tok application/json phoned {"n":1}` || a.ETag != `"x"` {
		t.Errorf("%s, %v", a.Body, err)
	}
	a, err = c.Do(t.Context(), Request{Op: "x", Method: "POST", URL: base, Form: url.Values{"k": {"v"}}})
	if err != nil || string(a.Body) != `POST /  application/x-www-form-urlencoded phoned k=v` {
		t.Errorf("%s, %v", a.Body, err)
	}
	if _, err := c.Do(t.Context(), Request{Op: "x", URL: base, JSON: make(chan int)}); err == nil {
		t.Error("sent a channel")
	}
}

func TestErrorsAreClassifiedAndQuoteNothing(t *testing.T) {
	c, base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "7")
		code := 0
		_, _ = fmt.Sscanf(r.URL.Path, "/%d", &code)
		w.WriteHeader(code)
		fmt.Fprint(w, r.URL.Query().Get("body"))
	})
	for _, k := range []struct {
		code      int
		body      string
		temporary bool
		oauth     string
		duplicate bool
	}{
		{400, `{"error":"invalid_grant"}`, false, "invalid_grant", false}, {400, `{"error":"hush-token"}`, false, "", false}, {401, "hush-token", false, "", false},
		{408, "", true, "", false}, {425, "", true, "", false}, {429, "", true, "", false}, {500, "", true, "", false}, {503, `[]`, true, "", false},
		{409, "", false, "", true}, {400, "DUPLICATE", false, "", true}, {304, "", false, "", false}, {404, "", false, "", false},
	} {
		_, err := c.Do(t.Context(), Request{Op: "ask", URL: fmt.Sprint(base, "/", k.code), Query: url.Values{"body": {k.body}}})
		var e *Error
		if !errors.As(err, &e) || !errors.Is(e.Kind, ErrStatus) || e.Status != k.code || e.Temporary() != k.temporary || e.OAuth != k.oauth || e.Duplicate != k.duplicate || e.RetryAfter != 7*time.Second {
			t.Errorf("%+v: %+v", k, e)
			continue
		}
		if strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, *e), "hush") || strings.Contains(err.Error(), "body=") {
			t.Errorf("quoted: %+v", err)
		}
	}
}

func TestSizeAndTimeAreBounded(t *testing.T) {
	c, base := serve(t, func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write(make([]byte, 1000)) })
	if a, err := c.Do(t.Context(), Request{Op: "x", URL: base, MaxBody: 1000}); err != nil || len(a.Body) != 1000 {
		t.Error(err)
	}
	if _, err := c.Do(t.Context(), Request{Op: "x", URL: base, MaxBody: 999}); !errors.Is(err, ErrTooLarge) {
		t.Error(err)
	}
	synctest.Test(t, func(t *testing.T) {
		hang := New(Config{HTTP: &http.Client{Transport: hanging{}}})
		begin := time.Now()
		_, err := hang.Do(t.Context(), Request{Op: "x", URL: "https://x.example"})
		if !errors.Is(err, ErrUnreachable) || errors.Is(err, context.DeadlineExceeded) || time.Since(begin) != DefaultTimeout {
			t.Errorf("%v after %v", err, time.Since(begin))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := hang.Do(ctx, Request{Op: "x", URL: "https://x.example"}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the caller's own end is not told: %v", err)
		}
	})
}

type hanging struct{}

func (hanging) RoundTrip(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

func FuzzRetryAfter(f *testing.F) {
	for _, s := range []string{"5", "Fri, 02 Jan 2026 03:05:05 GMT", "-1", "1e9"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if d := retryAfter(s, time.Unix(1e9, 0)); d < 0 || d > time.Hour {
			t.Errorf("%v", d)
		}
	})
}
