package apicheck

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Hint says what the schemas of an operation can't.
type Hint struct {
	// Params are the only values that are tried, by parameter.
	Params map[string][]string
	// Bodies are tried beside what the schema gives; of bodies that are no JSON they
	// are all there is.
	Bodies []string
	// Rounds: how often it is tried; 0: as often as all; -1: never with a good request.
	Rounds int
	// MayFail: it need not succeed.
	MayFail bool
	// Last: after all others, in the order of the ids.
	Last bool
	// ServerErrors it may answer with, because another server does.
	ServerErrors []int
}

// Config of a Run.
type Config struct {
	Handler http.Handler
	Host    string
	Remote  string      // the address that asks, "": nobody's
	Header  http.Header // of every request
	Rounds  int         // of every operation, valid and invalid
	Seed    uint64
	Hints   map[string]Hint
	// BeforeLast puts in order what the others left behind; nil: nothing does.
	BeforeLast func()
	// Each gets every answer; nil: nobody.
	Each func(id string, status int, body []byte)
}

// Result counts what came of it.
type Result struct{ Operations, Requests, Good, Refused int }

// runner is one run.
type runner struct {
	Config
	t    testing.TB
	doc  *document
	make maker
	good map[string]int
	res  Result
}

func matches(pattern, s string) bool {
	ok, err := regexp.MatchString(pattern, s)
	return err == nil && ok
}

// Run tries every operation of the document that the interface serves at docPath. It
// fails t for an answer that the document does not have, one that its schema does not
// allow, a server error, a bad request that is taken, and an operation that never
// succeeded.
func Run(t testing.TB, docPath string, c Config) Result {
	t.Helper()
	x := &runner{Config: c, t: t, good: map[string]int{}}
	w := x.send(httptest.NewRequest(http.MethodGet, docPath, nil))
	doc, err := parse(w.Body.Bytes())
	if err != nil {
		t.Fatalf("the document can't be used: %v\n%.500s", err, w.Body)
	}
	x.doc = doc
	x.make = maker{rand.New(rand.NewPCG(c.Seed, 1)), doc.schemas}
	for _, last := range []bool{false, true} {
		if last && c.BeforeLast != nil {
			c.BeforeLast()
		}
		for _, op := range doc.ops {
			if h := c.Hints[op.id]; h.Last == last {
				x.try(op, h)
			}
		}
	}
	x.res.Operations = len(doc.ops)
	for _, op := range doc.ops {
		if x.good[op.id] == 0 && !c.Hints[op.id].MayFail {
			t.Errorf("%s (%s %s) never succeeded", op.id, op.method, op.path)
		}
	}
	return x.res
}

func (x *runner) try(op operation, h Hint) {
	rounds := x.Rounds
	if h.Rounds > 0 {
		rounds = h.Rounds
	}
	good := rounds
	if h.Rounds < 0 {
		good = 0
	}
	for i := range good {
		r, what := x.valid(op, h, i)
		status := x.request(op, h, r, what)
		if status < 400 {
			x.good[op.id]++
			x.res.Good++
		}
	}
	for range rounds {
		r, what := x.invalid(op, h)
		if r == nil {
			continue
		}
		if status := x.request(op, h, r, what); status < 400 {
			x.t.Errorf("%s took %s: %d", op.id, what, status)
		} else {
			x.res.Refused++
		}
	}
}

// valid is a request as the document wants it.
func (x *runner) valid(op operation, h Hint, i int) (*http.Request, string) {
	values := map[string]string{}
	for _, p := range op.params {
		if only := h.Params[p.name]; only != nil {
			values[p.name] = only[i%len(only)]
		} else if p.in == "path" || p.needed || x.make.r.IntN(2) == 0 {
			values[p.name] = plain(x.make.valid(p.schema, 1))
			if p.in == "path" && values[p.name] == "" {
				values[p.name] = "x"
			}
		}
	}
	var body []byte
	switch {
	case op.media == "":
	case len(h.Bodies) > 0 && (op.body == nil || i%2 == 0):
		body = []byte(h.Bodies[i/2%len(h.Bodies)])
	case op.body != nil && (op.bodyNeeded || x.make.r.IntN(3) > 0):
		body, _ = json.Marshal(x.make.valid(op.body, 3))
	}
	return x.build(op, values, body), fmt.Sprintf("%v %.200s", values, body)
}

func plain(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return fmt.Sprint(v)
}

// invalid is a request that the document forbids; nil: there is none.
func (x *runner) invalid(op operation, h Hint) (*http.Request, string) {
	r := x.make.r
	values := map[string]string{}
	for _, p := range op.params {
		if only := h.Params[p.name]; only != nil {
			values[p.name] = only[0]
		} else if p.in == "path" {
			values[p.name] = plain(x.make.valid(p.schema, 1))
		}
	}
	if op.body != nil && (len(op.params) == 0 || r.IntN(2) == 0) {
		broken := []string{"{", `{"a":`, "\x00", `[]`, `null`, `"x"`, `17`, `{}{}`, strings.Repeat(`{"a":`, 2000), `{"a":1e999}`}
		if r.IntN(3) == 0 {
			b := broken[r.IntN(len(broken))]
			return x.build(op, values, []byte(b)), fmt.Sprintf("the body %.20q", b)
		}
		v, what := x.make.wrong(op.body)
		if what == "" {
			return nil, ""
		}
		b, _ := json.Marshal(v)
		return x.build(op, values, b), fmt.Sprintf("%s in %.200s", what, b)
	}
	if len(op.params) == 0 {
		return nil, ""
	}
	p := op.params[r.IntN(len(op.params))]
	text, ok := x.make.wrongText(p.schema)
	if !ok {
		return nil, ""
	}
	values[p.name] = text
	var body []byte
	switch {
	case len(h.Bodies) > 0:
		body = []byte(h.Bodies[0])
	case op.body != nil:
		body, _ = json.Marshal(x.make.valid(op.body, 3))
	}
	return x.build(op, values, body), p.name + " = " + text
}

func (x *runner) build(op operation, values map[string]string, body []byte) *http.Request {
	path, query, header := op.path, url.Values{}, http.Header{}
	for _, p := range op.params {
		v, given := values[p.name]
		if !given {
			continue
		}
		switch p.in {
		case "path":
			path = strings.ReplaceAll(path, "{"+p.name+"}", strings.ReplaceAll(url.PathEscape(v), ".", "%2E"))
		case "query":
			query.Set(p.name, v)
		case "header":
			header.Set(p.name, strings.Map(printable, v))
		}
	}
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	r := httptest.NewRequest(op.method, path, bytes.NewReader(body))
	r.Header = header
	if op.media != "" && len(body) > 0 {
		r.Header.Set("Content-Type", op.media)
	}
	return r
}

func printable(c rune) rune {
	if c < ' ' || c > '~' {
		return -1
	}
	return c
}

// once ends a stream when it has said something.
type once struct {
	*httptest.ResponseRecorder
	end context.CancelFunc
}

// Flush implements http.Flusher.
func (o once) Flush() {
	o.ResponseRecorder.Flush()
	if strings.HasPrefix(o.Header().Get("Content-Type"), "text/event-stream") {
		o.end()
	}
}

func (x *runner) send(r *http.Request) *httptest.ResponseRecorder {
	x.t.Helper()
	ctx, end := context.WithCancel(x.t.Context())
	defer end()
	r = r.WithContext(ctx)
	r.Host, r.RemoteAddr = x.Host, x.Remote
	for k, v := range x.Header {
		r.Header[k] = v
	}
	w := httptest.NewRecorder()
	x.Handler.ServeHTTP(once{w, end}, r)
	return w
}

// request sends one and judges its answer.
func (x *runner) request(op operation, h Hint, r *http.Request, what string) int {
	x.t.Helper()
	w := x.send(r)
	x.res.Requests++
	if x.Each != nil {
		x.Each(op.id, w.Code, w.Body.Bytes())
	}
	say := func(format string, args ...any) {
		x.t.Helper()
		x.t.Errorf("%s with %s: %d %.300s: %s", op.id, what, w.Code, w.Body, fmt.Sprintf(format, args...))
	}
	a, known := op.answers[strconv.Itoa(w.Code)]
	switch {
	case w.Code >= 500 && !contains(h.ServerErrors, w.Code):
		say("a server error")
		return w.Code
	case !known:
		say("not in the document")
		return w.Code
	}
	media, _, _ := strings.Cut(w.Header().Get("Content-Type"), ";")
	switch {
	case a.media == "" && w.Body.Len() > 0:
		say("a body that the document does not have")
	case a.media != "" && media != a.media:
		say("it is %q, the document says %q", media, a.media)
	case a.schema != nil:
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(w.Body.Bytes()))
		if err == nil {
			err = a.schema.Validate(v)
		}
		if err != nil {
			say("%v", err)
		}
	}
	return w.Code
}

func contains(list []int, n int) bool {
	for _, x := range list {
		if x == n {
			return true
		}
	}
	return false
}
