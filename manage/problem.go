package manage

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// problemDocument is an RFC 9457 problem document.
type problemDocument struct {
	Type   string `json:"type" doc:"Says which kind of problem it is, for programs; stable, and a page of this phone." format:"uri-reference"`
	Title  string `json:"title" doc:"One sentence for a person."`
	Status int    `json:"status" min:"400" max:"599"`
	Detail string `json:"detail,omitempty" doc:"What exactly: the value, the address, the error."`
}

// problemPath is where the kinds of problems are explained; a problem's type
// begins with it.
const problemPath = "/problems/"

// problemKind is what a problem's type says.
type problemKind struct {
	name   string
	status int
	means  string
}

// problemKinds are all of them; fail chooses the first of its status, failAs by
// name. Names are never changed.
var problemKinds = []problemKind{
	{"malformed", 400, "The request is not the JSON object that was expected: it can't be read, or has a field that this operation does not know."},
	{"sign-in-needed", 401, "Nobody is signed in, or the session or token is over. Sign in, or send a valid token."},
	{"wrong-password", 401, "The name, the password or the code is not right; which of them is not told."},
	{"forbidden", 403, "Whoever asks may not do this."},
	{"foreign-origin", 403, "A page of another web site sent this request. Requests that change something are taken from the phone's own pages and from programs only."},
	{"sign-in-refused", 403, "The telephone service does not accept who signs in."},
	{"not-found", 404, "There is nothing at this address."},
	{"method", 405, "The address exists, but does not take this method; Allow names those it takes."},
	{"not-now", 409, "The phone is not in a state for this, or not configured for it; detail says what is missing."},
	{"no-call", 409, "There is no call to do this with."},
	{"no-updates", 409, "This phone's software is not updated through its management."},
	{"consent-missing", 409, "A person at the phone has not allowed this, or has refused it."},
	{"too-large", 413, "The body is larger than this operation takes."},
	{"unknown-host", 421, "The phone does not answer to the name in Host. Use its address, or a name it was configured with."},
	{"invalid", 422, "A value is not one that this operation takes; title or detail name it."},
	{"too-many", 429, "There were too many requests; Retry-After says when to try again."},
	{"failed", 500, "The phone could not do this although it should have: its log says why."},
	{"upstream", 502, "Another server did not do its part."},
	{"unavailable", 503, "The phone takes no orders now: it is starting or stopping."},
	{"no-answer", 504, "Another server did not answer in time."},
}

func kindOf(status int) problemKind {
	for _, k := range problemKinds {
		if k.status == status {
			return k
		}
	}
	return problemKind{name: "status-" + strconv.Itoa(status), status: status}
}

func fail(w http.ResponseWriter, status int, title, detail string) {
	write(w, kindOf(status), title, detail)
}

// failAs answers with a kind of problem by its name, which must be one.
func failAs(w http.ResponseWriter, name, title, detail string) {
	for _, k := range problemKinds {
		if k.name == name {
			write(w, k, title, detail)
			return
		}
	}
	panic("manage: no such kind of problem: " + name)
}

func write(w http.ResponseWriter, k problemKind, title, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(k.status)
	_ = json.NewEncoder(w).Encode(problemDocument{problemPath + k.name, title, k.status, strings.ToValidUTF8(detail, "\uFFFD")})
}

// explainProblem is the page of a kind of problem.
func (s *Server) explainProblem(w http.ResponseWriter, r *http.Request) {
	for _, k := range problemKinds {
		if k.name == r.PathValue("kind") {
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			_, _ = io.WriteString(w, k.name+" ("+strconv.Itoa(k.status)+" "+http.StatusText(k.status)+")\n\n"+k.means+"\n")
			return
		}
	}
	fail(w, http.StatusNotFound, "There is no such kind of problem.", r.PathValue("kind"))
}

func reply(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	writeJSON(w, v)
}

func writeJSON(w io.Writer, v any) { _ = json.NewEncoder(w).Encode(v) }

// read decodes the one JSON object of a request; it answers a bad one itself
// and reports false.
func read(w http.ResponseWriter, r *http.Request, v any) bool {
	err := decodeObject(r.Body, v)
	var large *http.MaxBytesError
	switch {
	case err == nil:
		return true
	case errors.As(err, &large):
		fail(w, http.StatusRequestEntityTooLarge, "The request is too large.", err.Error())
	default:
		fail(w, http.StatusBadRequest, "The request is not the JSON that was expected.", err.Error())
	}
	return false
}

// decodeObject reads one JSON object that has no fields but those of v.
func decodeObject(body io.Reader, v any) error {
	in := bufio.NewReader(body)
	for {
		c, err := in.ReadByte()
		if err != nil {
			return fmt.Errorf("the body is empty: %w", err)
		}
		if c == ' ' || c == '\t' || c == '\r' || c == '\n' {
			continue
		}
		if c != '{' {
			return fmt.Errorf("the body is no JSON object, it begins with %q", c)
		}
		_ = in.UnreadByte()
		break
	}
	d := json.NewDecoder(in)
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.Join(errors.New("there is more than one value in the body"), err)
	}
	return nil
}
