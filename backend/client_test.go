package backend

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"phoned/internal/calllog"
	"phoned/internal/secret"
)

// api runs a test against a signed-in client.
func api(t *testing.T, change func(*Config), f func(t *testing.T, s *server, c *Client)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t)
		r := newRig(t, s, newVault(), change).start(s.tokens())
		until[SignedIn](r)
		f(t, s, r.API())
	})
}

func (s *server) answer(f http.HandlerFunc) { s.mu.Lock(); s.api = f; s.mu.Unlock() }

func TestParkSlots(t *testing.T) {
	api(t, nil, func(t *testing.T, s *server, c *Client) {
		full := 0
		s.answer(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/api/v3/park-slots" || r.URL.Query().Get("domain") != "prod" {
				t.Errorf("asked %s", r.URL)
			}
			if r.Header.Get("If-None-Match") == `"v1"` {
				w.WriteHeader(http.StatusNotModified)
				return
			}
			full++
			w.Header().Set("ETag", `"v1"`)
			_, _ = io.WriteString(w, `[{"extension":"5901","label":"Slot 1","occupied":true,"parkedCall":{"phoneNumber":"+4930","parkedBy":"Ann","parkedAt":1714979289123}},
				{"extension":5902,"occupied":false,"parkedCall":null,"colour":"red"},{"label":"no extension"}]`)
		})
		want := []ParkSlot{
			{Extension: "5901", Label: "Slot 1", Occupied: true, Parked: &ParkedCall{"+4930", "Ann", time.UnixMilli(1714979289123).UTC()}},
			{Extension: "5902"},
		}
		for range 3 {
			got, err := c.ParkSlots(t.Context(), "prod")
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("got %+v, %v", got, err)
			}
			got[0].Label = "spoilt by its owner"
		}
		if full != 1 {
			t.Errorf("%d full answers", full)
		}
		var many strings.Builder
		for i := range 10_001 {
			fmt.Fprintf(&many, `,{"extension":"%d","label":"%s"}`, i, strings.Repeat("x", 100))
		}
		s.answer(status(200, "["+many.String()[1:]+"]"))
		if got, err := c.ParkSlots(t.Context(), "many"); err != nil || len(got) != 10_000 {
			t.Errorf("%d slots, %v", len(got), err)
		}
		for body, field := range map[string]string{`{"slots":7}`: "slots: expected a list", `null`: "expected a list", `[{"extension":"1","occupied":"yes"}]`: "[0].occupied: expected true or false"} {
			s.answer(status(200, body))
			if _, err := c.ParkSlots(t.Context(), "x"); !errors.Is(err, ErrAnswer) || !strings.Contains(err.Error(), field) {
				t.Errorf("%s: %v", body, err)
			}
		}
	})
}

func TestPark(t *testing.T) {
	api(t, nil, func(t *testing.T, s *server, c *Client) {
		s.answer(status(200, `{"success":true}`))
		if err := c.Park(t.Context(), "5901", "uuid-1", "prod"); err != nil {
			t.Error(err)
		}
		if got := s.bodies["/api/v3/park-call"][0]; got != `{"callUuid":"uuid-1","extension":"5901","sipDomain":"prod"}` {
			t.Errorf("sent %s", got)
		}
		for _, c2 := range []struct {
			h    http.HandlerFunc
			want error
		}{
			{status(200, `{"success":false}`), ErrParkRefused}, {status(200, `{}`), ErrParkRefused}, {status(200, `{"success":"yes"}`), ErrAnswer},
			{status(403, ``), ErrForbidden},
		} {
			s.answer(c2.h)
			if err := c.Park(t.Context(), "5901", "u", "prod"); !errors.Is(err, c2.want) {
				t.Errorf("got %v, want %v", err, c2.want)
			}
		}
	})
}

func TestNumbers(t *testing.T) {
	api(t, func(c *Config) { c.NumbersPath = "/v9/nums" }, func(t *testing.T, s *server, c *Client) {
		s.answer(func(w http.ResponseWriter, r *http.Request) {
			if got := r.URL.RequestURI(); got != "/api/v9/nums?domainId=7&limit=50&status=provisioned" {
				t.Errorf("asked %s", got)
			}
			_, _ = io.WriteString(w, `{"items":[{"number":"+1","label":"Main"},{"phoneNumber":"+2","name":"Sales","x":1},{"id":3},"+4"],"total":"9"}`)
		})
		got, total, err := c.Numbers(t.Context(), "7")
		want := []Number{{"+1", "Main"}, {"+2", "Sales"}, {"+4", ""}}
		if err != nil || total != 9 || !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v of %d, %v", got, total, err)
		}
		if _, _, err := c.Numbers(t.Context(), ""); !errors.Is(err, ErrNotConfigured) || !strings.Contains(err.Error(), "domain_id") {
			t.Errorf("got %v", err)
		}
	})
}

func TestWithoutAPIURL(t *testing.T) {
	api(t, func(c *Config) { c.APIURL = "" }, func(t *testing.T, s *server, c *Client) {
		if _, err := c.ParkSlots(t.Context(), "x"); !errors.Is(err, ErrNotConfigured) || !strings.Contains(err.Error(), "api_url") {
			t.Errorf("got %v", err)
		}
	})
}

func TestTokenOfItsOwnForTheAPI(t *testing.T) {
	api(t, func(c *Config) { c.AuthToken = secret.New("apikey-value") }, func(t *testing.T, s *server, c *Client) {
		s.onBearer = func(token string) {
			if token != "apikey-value" {
				t.Error("not the API's own token")
			}
		}
		_, err := c.ParkSlots(t.Context(), "x")
		if !errors.Is(err, ErrUnauthorized) || s.count("POST /refresh-token") != 0 {
			t.Errorf("got %v", err)
		}
		searchSecrets(t, fmt.Sprintf("%v %+v", err, err))
	})
}

var aCall = calllog.Record{
	CallID: "6f1c", UserID: "123", SIPDomain: "prod", CallerIDNumber: "1001", PhoneNumber: "9196", Direction: calllog.Outbound, Disposition: calllog.Answered,
	StartedAt: time.UnixMilli(1714979289123), EndedAt: time.UnixMilli(1714979299123), Duration: 10 * time.Second, CreatedAt: time.UnixMilli(1714979299123),
	Outcome: calllog.OutcomeAnswered,
}

func TestPostCall(t *testing.T) {
	api(t, nil, func(t *testing.T, s *server, c *Client) {
		s.answer(status(201, ""))
		if err := c.PostCall(t.Context(), aCall); err != nil {
			t.Fatal(err)
		}
		want := `{"callId":"6f1c","userId":"123","sipDomain":"prod","callerIdNumber":"1001","phoneNumber":"9196","direction":"outbound","disposition":"answered",` +
			`"startedAt":1714979289123,"endedAt":1714979299123,"durationSeconds":10,"createdAt":1714979299123}`
		if got := s.bodies["/api/api/call-history"][0]; got != want {
			t.Errorf("sent %s", got)
		}
		for _, v := range []struct {
			h           http.HandlerFunc
			ok, forever bool
		}{
			{status(409, ""), true, false}, {status(400, `{"message":"Duplicate key"}`), true, false}, {status(500, `duplicate`), true, false},
			{status(400, `{"message":"no"}`), false, true}, {status(422, ""), false, true}, {status(404, ""), false, false}, {status(500, ""), false, false}, {status(403, ""), false, false},
		} {
			s.answer(v.h)
			err := c.PostCall(t.Context(), aCall)
			if (err == nil) != v.ok || errors.Is(err, ErrSetAside) != v.forever {
				t.Errorf("%+v: %v", v, err)
			}
		}
	})
}

func TestPatchCall(t *testing.T) {
	api(t, nil, func(t *testing.T, s *server, c *Client) {
		s.answer(func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodPatch || r.URL.EscapedPath() != "/api/api/call-history/a%2Fb" {
				t.Errorf("asked %s %s", r.Method, r.URL.EscapedPath())
			}
		})
		u, d, n := "https://r", calllog.Missed, 3*time.Second
		end := time.UnixMilli(5)
		if err := c.PatchCall(t.Context(), "a/b", calllog.Patch{RecordingURL: &u, Disposition: &d, Duration: &n, EndedAt: &end}); err != nil {
			t.Fatal(err)
		}
		var got map[string]any
		_ = json.Unmarshal([]byte(s.bodies["/api/api/call-history/a/b"][0]), &got)
		if fmt.Sprint(got) != "map[disposition:missed durationSeconds:3 endedAt:5 recordingUrl:https://r]" {
			t.Errorf("sent %v", got)
		}
	})
}

func TestCallsAreReadTolerantly(t *testing.T) {
	api(t, nil, func(t *testing.T, s *server, c *Client) {
		s.answer(func(w http.ResponseWriter, r *http.Request) {
			if got := r.URL.Query().Encode(); got != "limit=100&offset=200&sipDomain=prod&userId=123" {
				t.Errorf("asked %s", got)
			}
			_, _ = io.WriteString(w, `{"calls":[
				{"callId":"a","userId":123,"sipDomain":"prod","callerIdNumber":null,"phoneNumber":"+49","direction":"inbound","status":"missed","startedAt":"2024-05-06T07:08:09.123Z","durationSeconds":"12","createdAt":0,"tenant":5},
				{"callId":"b","direction":"sideways","disposition":"answered"},
				{"callId":7,"direction":"outbound","disposition":"failed","startedAt":99999999999999999,"durationSeconds":-5},
				{"direction":"outbound"}, null, 5],"total":203,"hasMore":true}`)
		})
		p, err := c.Calls(t.Context(), "123", "prod", 200)
		if err != nil || p.Skipped != 4 || p.Total != 203 || !p.HasMore || len(p.Calls) != 2 {
			t.Fatalf("got %+v, %v", p, err)
		}
		a, b := p.Calls[0], p.Calls[1]
		if a.CallID != "a" || a.UserID != "123" || a.Disposition != calllog.Missed || a.Direction != calllog.Inbound || a.Duration != 12*time.Second ||
			!a.StartedAt.Equal(time.Date(2024, 5, 6, 7, 8, 9, 123e6, time.UTC)) || !a.Synced || !a.CreatedAt.IsZero() {
			t.Errorf("got %+v", a)
		}
		if b.CallID != "7" || !b.StartedAt.IsZero() || b.Duration != 0 {
			t.Errorf("got %+v", b)
		}
		for body, field := range map[string]string{`{}`: "calls: expected a list, got nothing", `{"calls":[{"callId":{}}]}`: "calls[0].callId: expected a text", `[]`: "expected an object"} {
			s.answer(status(200, body))
			if _, err := c.Calls(t.Context(), "123", "prod", 0); !errors.Is(err, ErrAnswer) || !strings.Contains(err.Error(), field) {
				t.Errorf("%s: %v", body, err)
			}
		}
	})
}

func FuzzAnswers(f *testing.F) {
	for _, s := range []string{
		defaultSession, `{"data":{"access_token":"a","refresh_token":"r"}}`, `[{"extension":"1","parkedCall":{"parkedAt":1e300}}]`,
		`{"calls":[{"callId":"a","direction":"inbound","status":"missed","startedAt":"2024-05-06T07:08:09Z"}],"total":1,"hasMore":false}`,
		`{"items":["+1",{"number":1}],"total":-1}`, `{"success":true}`, `{"user":{"user_id":"\u0000","dialer_config":{"domains":[{"sip_domain":"d","sip_proxy_1":"[::1]","extensions":[{"extension":"x"}]}]}}}`,
	} {
		f.Add([]byte(s))
	}
	cfg := Config{}
	cfg.defaults()
	f.Fuzz(func(t *testing.T, b []byte) {
		root, err := parse("x", b)
		if err != nil {
			return
		}
		fresh := func() node { r, _ := parse("x", b); return r }
		if s, err := readSession(fresh(), "", cfg); err == nil {
			if s.UserID == "" || len(s.Lines) == 0 {
				t.Errorf("a session without substance: %+v", s)
			}
			for _, l := range s.Lines {
				if l.Extension == "" || l.SIPDomain == "" || len(l.Servers) == 0 || l.Password.Reveal() != s.UserID+"@"+l.SIPDomain {
					t.Errorf("line %+v", l)
				}
				if err := (Config{WSServers: l.Servers}).Validate(); err != nil {
					t.Errorf("server %q: %v", l.Servers, err)
				}
			}
		}
		if n, err := readTokens(fresh(), secret.String{}); err == nil && (n.Access.Empty() || n.Refresh.Empty()) {
			t.Error("half a pair without an error")
		}
		if l, err := readSlots(fresh()); err == nil {
			for _, s := range l {
				if s.Extension == "" {
					t.Error("a slot without an extension")
				}
			}
		}
		if p, err := readCalls(fresh()); err == nil {
			for _, r := range p.Calls {
				if r.CallID == "" || !r.Disposition.Valid() || r.Duration < 0 || r != r.Clip() {
					t.Errorf("record %+v", r)
				}
				if _, err := json.Marshal(toWire(r)); err != nil {
					t.Error(err)
				}
			}
		}
		if l, total, err := readNumbers(fresh()); err == nil && total < len(l) {
			t.Errorf("%d of %d", len(l), total)
		}
		_ = root.unknownFields()
	})
}
