package provisioning

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"phoned/internal/httpcall"
)

// inProcess serves requests without a socket, on synctest's time.
type inProcess struct{ h http.HandlerFunc }

func (p inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	rec := httptest.NewRecorder()
	p.h(rec, r)
	if rec.Code == 599 {
		return nil, io.ErrUnexpectedEOF
	}
	return rec.Result(), nil
}

const promptJSON = `{"device_code":"device-code-value","user_code":"WDJB-MJHT","verification_uri":"https://x.example/device","verification_uri_complete":"https://x.example/device?user_code=WDJB-MJHT","expires_in":1800,"interval":5}`

// grant answers /token with the given answers in order and notes when.
func grant(answers []string, at *[]time.Duration) *DeviceGrant {
	begin := time.Now()
	h := func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		if r.URL.Path == "/device" {
			if r.Form.Encode() != "client_id=phoned&scope=phone" {
				w.WriteHeader(http.StatusBadRequest)
				return
			}
			_, _ = io.WriteString(w, promptJSON)
			return
		}
		want := "client_id=phoned&device_code=device-code-value&grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code"
		if r.Form.Encode() != want {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		*at = append(*at, time.Since(begin))
		a := answers[min(len(*at), len(answers))-1]
		switch {
		case strings.HasPrefix(a, "{"):
			_, _ = io.WriteString(w, a)
		case a == "gone":
			w.WriteHeader(599)
		case a == "503":
			w.WriteHeader(http.StatusServiceUnavailable)
		default:
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprintf(w, `{"error":%q}`, a)
		}
	}
	return &DeviceGrant{Endpoint: "https://x.example/device", TokenEndpoint: "https://x.example/token", ClientID: "phoned", Scope: "phone",
		HTTP: httpcall.New(httpcall.Config{HTTP: &http.Client{Transport: inProcess{h}}})}
}

const granted = `{"access_token":"access-token-value","refresh_token":"refresh-token-value","token_type":"Bearer"}`

func TestDeviceGrant(t *testing.T) {
	for _, c := range []struct {
		name    string
		answers []string
		want    error
		at      string
	}{
		{"granted", []string{"authorization_pending", "authorization_pending", granted}, nil, "[5s 10s 15s]"},
		{"slow down", []string{"slow_down", "authorization_pending", "slow_down", granted}, nil, "[5s 15s 25s 40s]"},
		{"trouble", []string{"gone", "503", "authorization_pending", granted}, nil, "[5s 15s 35s 55s]"},
		{"denied", []string{"authorization_pending", "access_denied"}, ErrDenied, "[5s 10s]"},
		{"expired", []string{"expired_token"}, ErrExpired, "[5s]"},
		{"other", []string{"unauthorized_client"}, ErrGrant, "[5s]"},
		{"half", []string{`{"access_token":"access-token-value"}`}, ErrGrant, "[5s]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var at []time.Duration
				g := grant(c.answers, &at)
				p, err := g.Start(t.Context())
				if err != nil || p.UserCode != "WDJB-MJHT" || p.URI == "" || p.URIComplete == "" {
					t.Fatalf("%+v, %v", p, err)
				}
				searchSecrets(t, "the prompt", fmt.Sprintf("%+v %#v", p, p))
				tokens, err := g.Wait(t.Context(), p)
				if !errors.Is(err, c.want) || c.want == nil && (err != nil || tokens.Refresh.Reveal() != "refresh-token-value") {
					t.Errorf("got %v", err)
				}
				searchSecrets(t, "the error", fmt.Sprint(err))
				if fmt.Sprint(at) != c.at {
					t.Errorf("polled at %v, want %s", at, c.at)
				}
			})
		})
	}
}

func TestDeviceGrantEndsWithItsCodeOrItsCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var at []time.Duration
		g := grant([]string{"authorization_pending"}, &at)
		p, err := g.Start(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		if _, err := g.Wait(t.Context(), p); !errors.Is(err, ErrExpired) || time.Since(begin) != 30*time.Minute {
			t.Errorf("%v after %v", err, time.Since(begin))
		}
		p.Expires = time.Now().Add(time.Hour)
		ctx, cancel := context.WithTimeout(t.Context(), 7*time.Second)
		defer cancel()
		if _, err := g.Wait(ctx, p); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}

func TestPromptsThatCannotBeShown(t *testing.T) {
	for from, to := range map[string]string{
		`"expires_in":1800,`: "", `"expires_in":1800`: `"expires_in":-1`, `"expires_in":18`: `"expires_in":0.5,"x":18`, `"interval":5`: `"interval":-5`, `"device_code":"device-code-value",`: "",
		`"user_code":"WDJB-MJHT"`: `"user_code":"\u001b[31m"`, "https://x.example/device\",": "ftp://x\",", promptJSON: "[]",
	} {
		s := strings.Replace(promptJSON, from, to, 1)
		if s == promptJSON {
			t.Errorf("%s is not in the prompt", from)
		}
		if p, err := readPrompt([]byte(s), time.Now()); !errors.Is(err, ErrGrant) {
			t.Errorf("%s: %+v, %v", s, p, err)
		}
	}
	p, err := readPrompt([]byte(strings.Replace(promptJSON, `,"interval":5`, "", 1)), time.Now())
	if err != nil || p.interval != 5*time.Second {
		t.Errorf("%v, %v", p.interval, err)
	}
}

func FuzzPrompt(f *testing.F) {
	f.Add([]byte(promptJSON))
	f.Add([]byte(`{"expires_in":"1","interval":1e3}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		now := time.Unix(1e9, 0)
		p, err := readPrompt(b, now)
		if err == nil && (p.UserCode == "" || p.URI == "" || p.interval < time.Second || p.interval > maxInterval || !p.Expires.After(now) || p.Expires.After(now.Add(maxCodeLife))) {
			t.Errorf("%+v", p)
		}
	})
}
