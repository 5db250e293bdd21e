package manage

import (
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"

	"phoned/internal/openapi"
)

// operation is one row of the API. The table of them (operations) is all there
// is: the routes are made of it, and so are the OpenAPI document and the table
// in docs/management.md.
type operation struct {
	method, path string
	id           string // operationId: lower camel case, stable
	tag, summary string
	role         Role // the least that may
	params       []openapi.Param
	in           any    // the JSON body, a value of its type; nil: none
	inMedia      string // of a body that is not JSON
	bare         bool   // the body may be left out
	limit        int64  // bytes of the body; 0: Config.MaxBody
	ok           int    // the status of success; 0: 200
	out          any    // the JSON answer, a value of its type; nil: none
	outMedia     string // of an answer that is not JSON
	okToo        []int  // further good ends without a body
	fails        []int  // the problems it can have of its own
	when         func(*Config) bool
	serve        func(*Server, http.ResponseWriter, *http.Request)
}

func (op operation) pattern() string { return op.method + " " + op.path }

// operations are those of this server.
func (s *Server) operations() []operation {
	return slices.DeleteFunc(operations(), func(op operation) bool { return op.when != nil && !op.when(&s.cfg) })
}

// mount makes the routes of the table.
func (s *Server) mount(m *http.ServeMux) {
	for _, op := range s.operations() {
		m.Handle(op.pattern(), s.require(op.role, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			limit := op.limit
			if limit == 0 {
				limit = s.cfg.MaxBody
			}
			r.Body = http.MaxBytesReader(w, r.Body, max(limit, s.cfg.MaxBody))
			if op.outMedia == eventStream {
				s.streaming(op.serve)(w, r)
				return
			}
			if op.method == http.MethodGet || op.role == Anyone { // these write their own entries
				op.serve(s, w, r)
				return
			}
			s.acting(op, w, r)
		})))
	}
	m.HandleFunc("/api/", s.nowhere(m))
}

// nowhere answers for addresses and methods that are not in the table.
func (s *Server) nowhere(m *http.ServeMux) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var allowed []string
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
			other := r.Clone(r.Context())
			other.Method = method
			if _, pattern := m.Handler(other); pattern != "" && pattern != "/api/" {
				allowed = append(allowed, method)
			}
		}
		if len(allowed) > 0 {
			w.Header().Set("Allow", strings.Join(allowed, ", "))
			fail(w, http.StatusMethodNotAllowed, "This address does not take that method.", r.Method)
			return
		}
		fail(w, http.StatusNotFound, "There is nothing at this address.", r.URL.Path)
	}
}

// openAPI is the document of this server's operations.
func (s *Server) openAPI(w http.ResponseWriter, _ *http.Request) {
	reply(w, s.document())
}

var documentMu sync.Mutex // schemas of types are made again each time; one at a time is enough

func (s *Server) document() map[string]any {
	documentMu.Lock()
	defer documentMu.Unlock()
	version := ""
	if s.cfg.Info != nil {
		version = s.cfg.Info().Version
	}
	return openapi.Document(openapi.Info{
		Title: "Management of a phone", Version: orElse(version, "0"),
		Description: "Everything a hand at the phone can do, and what its administrator needs. Errors are RFC 9457 problem documents.",
	}, describe(s.operations()), reflect.TypeFor[problemDocument]())
}

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// describe puts rows into the document's words.
func describe(ops []operation) []openapi.Operation {
	out := make([]openapi.Operation, 0, len(ops))
	for _, op := range ops {
		d := openapi.Operation{
			Method: op.method, Path: op.path, ID: op.id, Tag: op.tag, Summary: op.summary,
			Params: op.params, InMedia: op.inMedia, InOptional: op.bare,
		}
		if op.role > Anyone {
			d.Role = op.role.String()
		}
		if op.in != nil {
			d.In = reflect.TypeOf(op.in)
		}
		ok := openapi.Reply{Status: orStatus(op.ok), Text: http.StatusText(orStatus(op.ok)), Media: op.outMedia}
		if op.out != nil {
			ok.Type = reflect.TypeOf(op.out)
		}
		d.Replies = append(d.Replies, ok)
		for _, status := range op.okToo {
			d.Replies = append(d.Replies, openapi.Reply{Status: status, Text: http.StatusText(status), Type: ok.Type})
		}
		for _, status := range op.failures() {
			d.Replies = append(d.Replies, openapi.Reply{Status: status, Text: http.StatusText(status)})
		}
		out = append(out, d)
	}
	return out
}

func orStatus(status int) int {
	if status == 0 {
		return http.StatusOK
	}
	return status
}

// failures are all the problems that an operation can answer with.
func (op operation) failures() []int {
	out := append([]int{http.StatusMisdirectedRequest}, op.fails...)
	if op.in != nil || op.inMedia != "" {
		out = append(out, http.StatusRequestEntityTooLarge)
	}
	if op.in != nil {
		out = append(out, http.StatusBadRequest)
	}
	if op.role > Anyone {
		out = append(out, http.StatusUnauthorized)
	}
	if op.method != http.MethodGet || op.role > Viewer {
		out = append(out, http.StatusForbidden)
	}
	slices.Sort(out)
	return slices.Compact(out)
}
