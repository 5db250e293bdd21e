package backend

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"phoned/internal/clock"
)

func readTestSession(body, user string, c Config) (Session, error) {
	c.Clock = clock.NewFake(time.UnixMilli(0))
	root, err := parse("session", []byte(body))
	if err != nil {
		return Session{}, err
	}
	return readSession(root, user, c)
}

func TestSessionBecomesLines(t *testing.T) {
	const domains = `[
	 {"domain_id":"7","id":8,"sip_domain":"prod","sip_proxy_1":"p1","sip_proxy_2":null,"sip_proxy_3":"p3:9443","extensions":[{"extension":"1001"},{"extension":1002,"x":1},{"extension":"1001"}]},
	 {"sip_domain":"lab","sip_proxy_1":"wss://[2001:db8::1]:443/","sip_proxy_2":"2001:db8::2","extensions":[{"extension":"ann"}]},
	 {"sip_domain":"empty","sip_proxy_1":"p","extensions":[]}]`
	for _, c := range []struct{ name, body, user string }{
		{"number", `{"user":{"user_id":123,"dialer_config":{"domains":` + domains + `}}}`, ""},
		{"text", `{"user":{"user_id":"123","dialer_config":{"domains":` + domains + `}},"extra":[1]}`, "9"},
		{"data", `{"data":{"user":{"user_id":"123","dialer_config":{"domains":` + domains + `}}}}`, ""},
		{"kept", `{"user":{"dialer_config":{"domains":` + domains + `}}}`, "123"},
	} {
		s, err := readTestSession(c.body, c.user, Config{})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		var got []string
		for _, l := range s.Lines {
			got = append(got, fmt.Sprint(l.ID, " ", l.Password.Reveal(), " ", l.DomainID, " ", strings.Join(l.Servers, ",")))
		}
		want := "1001@prod 123@prod 7 wss://p1:8443,wss://p3:9443|1002@prod 123@prod 7 wss://p1:8443,wss://p3:9443|" +
			"ann@lab 123@lab  wss://[2001:db8::1]:443,wss://[2001:db8::2]:8443"
		if strings.Join(got, "|") != want {
			t.Errorf("%s:\ngot  %s\nwant %s", c.name, strings.Join(got, "|"), want)
		}
	}
	s, err := readTestSession(`{"user":{"user_id":1,"dialer_config":{"domains":[{"sip_domain":"d","extensions":[{"extension":"1"}]}]}}}`, "",
		Config{WSServers: []string{"wss://mine:1"}, DomainID: "42"})
	if err != nil || s.Lines[0].Servers[0] != "wss://mine:1" || s.Lines[0].DomainID != "42" {
		t.Errorf("configured servers: %+v, %v", s, err)
	}
}

func TestSessionErrorsNameTheField(t *testing.T) {
	dc := func(s string) string { return `{"user":{"user_id":1,"dialer_config":` + s + `}}` }
	dom := func(s string) string { return dc(`{"domains":[` + s + `]}`) }
	for body, want := range map[string]string{
		``:                              "session: the answer: expected JSON, got nothing",
		`<html>`:                        "session: the answer: expected JSON, got something else",
		`{} {}`:                         "session: the answer: expected one JSON value, got more",
		`[]`:                            "session: the answer: expected an object, got a list",
		`{}`:                            "session: user: expected an object, got nothing",
		`{"user":[]}`:                   "session: user: expected an object, got a list",
		`{"user":{"dialer_config":{}}}`: "session: user.user_id: expected a text that is not empty, got nothing",
		`{"user":{"user_id":true}}`:     "session: user.user_id: expected a text, got true or false",
		`{"user":{"user_id":1.5}}`:      "session: user.user_id: expected a text, got a number",
		`{"user":{"user_id":1}}`:        "session: user.dialer_config: expected an object, got nothing",
		dc(`"x"`):                       "session: user.dialer_config: expected an object, got a text",
		dc(`{"domains":{}}`):            "session: user.dialer_config.domains: expected a list, got an object",
		dom(`5`):                        "session: user.dialer_config.domains[0]: expected an object, got a number",
		dom(`{"sip_domain":null}`):      "session: user.dialer_config.domains[0].sip_domain: expected a text that is not empty, got null",
		dom(`{"sip_domain":{}}`):        "session: user.dialer_config.domains[0].sip_domain: expected a text, got an object",
		dom(`{"sip_domain":"d"}`):       "session: user.dialer_config.domains[0].sip_proxy_1: expected a host name, got nothing",
		dom(`{"sip_domain":"d","sip_proxy_1":"http://x/y"}`):                           "session: user.dialer_config.domains[0].sip_proxy_1: expected a host name, got a text",
		dom(`{"sip_domain":"d","sip_proxy_1":"p:0"}`):                                  "session: user.dialer_config.domains[0].sip_proxy_1: expected a host name, got a text",
		dom(`{"sip_domain":"d","sip_proxy_1":"p","extensions":"1001"}`):                "session: user.dialer_config.domains[0].extensions: expected a list, got a text",
		dom(`{"sip_domain":"d","sip_proxy_1":"p","extensions":[{"extension":["a"]}]}`): "session: user.dialer_config.domains[0].extensions[0].extension: expected a text, got a list",
		dom(`{"sip_domain":"d","sip_proxy_1":"p","extensions":[{"extension":""}]}`):    "session: user.dialer_config.domains[0].extensions[0].extension: expected a text that is not empty, got a text",
	} {
		_, err := readTestSession(body, "", Config{})
		if err == nil || err.Error() != want || !errors.Is(err, ErrAnswer) {
			t.Errorf("%s\ngot  %v\nwant %s", body, err, want)
		}
	}
	for _, body := range []string{dc(`{}`), dc(`{"domains":null}`), dom(`{"sip_domain":"d","sip_proxy_1":"p"}`)} {
		if _, err := readTestSession(body, "", Config{}); !errors.Is(err, ErrNoDomains) {
			t.Errorf("%s: %v", body, err)
		}
	}
	if p := ProblemOf(ErrNoDomains); p.Title != "Your account has no telephone line." {
		t.Errorf("got %+v", p)
	}
}

func TestMomentsInBothForms(t *testing.T) {
	want := time.Date(2024, 5, 6, 7, 8, 9, 123e6, time.UTC)
	for _, s := range []string{
		`1714979289123`, `"1714979289123"`, `"2024-05-06T07:08:09.123Z"`, `"2024-05-06T09:08:09.123+02:00"`, `"2024-05-06 07:08:09.123"`, `1.714979289123e12`,
	} {
		n, err := parse("x", []byte(s))
		if err != nil {
			t.Fatal(err)
		}
		if got := n.moment(); !got.Equal(want) || n.doc.err != nil {
			t.Errorf("%s: %v, %v", s, got, n.doc.err)
		}
	}
	for _, s := range []string{`null`, `0`, `""`, `-5`, `99999999999999999`, `9223372036854775807`} {
		n, _ := parse("x", []byte(s))
		if got := n.moment(); !got.IsZero() || n.doc.err != nil {
			t.Errorf("%s: %v, %v", s, got, n.doc.err)
		}
	}
	for _, s := range []string{`"yesterday"`, `true`, `[]`, `1e999`} {
		n, _ := parse("x", []byte(s))
		if n.moment(); n.doc.err == nil {
			t.Errorf("%s passed", s)
		}
	}
}
