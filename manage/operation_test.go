package manage

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"phoned/internal/openapi"
)

var update = flag.Bool("update", false, "write what is generated")

// described is what the tests look at in a description.
type described struct {
	Paths map[string]map[string]struct {
		OperationID string `json:"operationId"`
		Summary     string
		Parameters  []struct{ In, Name string }
		Responses   map[string]any
	}
}

func describedBy(t *testing.T, b *bench) described {
	t.Helper()
	w := b.do(http.MethodGet, "/api/v1/openapi.json", "")
	if w.Code != 200 {
		t.Fatal(w.Code, w.Body)
	}
	var d described
	if err := json.Unmarshal(w.Body.Bytes(), &d); err != nil {
		t.Fatal(err)
	}
	return d
}

var pathWord = regexp.MustCompile(`\{(\w+)\}`)

// TestTheDescriptionIsWhatIsServed: every route of the mux is in the description,
// and nothing else is in it.
func TestTheDescriptionIsWhatIsServed(t *testing.T) {
	for _, full := range []bool{true, false} {
		b := newBench(t)
		if full {
			b = newBench(t, everything)
		}
		m := http.NewServeMux()
		b.mount(m)
		doc, routes := describedBy(t, b), map[string]bool{}
		for _, op := range b.operations() {
			path := pathWord.ReplaceAllString(op.path, "x")
			if _, pattern := m.Handler(httptest.NewRequest(op.method, path, nil)); pattern != op.pattern() {
				t.Errorf("%s is answered by %q", op.pattern(), pattern)
			}
			routes[op.pattern()] = true
		}
		seen := 0
		for path, methods := range doc.Paths {
			for method, op := range methods {
				seen++
				if !routes[strings.ToUpper(method)+" "+path] {
					t.Errorf("%s %s is described, but there is no such route", method, path)
				}
				if len(op.Responses) == 0 || op.Summary == "" || op.OperationID == "" {
					t.Errorf("%s %s: %+v", method, path, op)
				}
				for _, m := range pathWord.FindAllStringSubmatch(path, -1) {
					if !strings.Contains(fmt.Sprint(op.Parameters), "path "+m[1]) {
						t.Errorf("%s %s does not describe %s", method, path, m[1])
					}
				}
			}
		}
		if seen != len(routes) || full && seen != len(operations()) {
			t.Errorf("%d are described, %d routes, %d in the table", seen, len(routes), len(operations()))
		}
	}
}

func TestTheTableIsInOrder(t *testing.T) {
	ids := map[string]bool{}
	for _, op := range operations() {
		if ids[op.id] || op.id == "" || !unicode.IsLower(rune(op.id[0])) {
			t.Errorf("%s: operationId %q", op.pattern(), op.id)
		}
		ids[op.id] = true
		if op.method != "GET" && op.role < Operator && op.tag != "access" {
			t.Errorf("%s changes something: not for a %s", op.pattern(), op.role)
		}
		if op.serve == nil || !strings.HasSuffix(op.summary, ".") {
			t.Errorf("%+v", op)
		}
		for _, status := range op.failures() {
			if kindOf(status).means == "" {
				t.Errorf("%s: nothing explains %d", op.pattern(), status)
			}
		}
	}
}

// TestEveryCommandIsAnEvent: no row of the commands is unknown to the core's words.
func TestEveryCommandIsAnEvent(t *testing.T) {
	b := newBench(t)
	volume := 1
	for _, c := range commands {
		what, complaint := b.event(c.name, command{Digits: "1", Volume: &volume, Theme: "dark"})
		if what == nil || complaint != "" {
			t.Errorf("%s: %v %q", c.name, what, complaint)
		}
		all := reflect.TypeFor[command]()
		for f := range openapi.Fields(reflect.TypeOf(c.body)) {
			if g, ok := all.FieldByIndex(f.Index), true; !ok || g.Name == "" {
				t.Errorf("%s: %s", c.name, f.Name)
			}
		}
	}
	if w := b.do("POST", "/api/v1/commands/hold", `{"number":"1"}`); w.Code != 400 {
		t.Errorf("a field of another command: %d %s", w.Code, w.Body)
	}
}

func TestMethodsThatAnAddressDoesNotTake(t *testing.T) {
	b := newBench(t)
	w := b.do(http.MethodDelete, "/api/v1/status", "")
	wantProblem(t, w, http.StatusMethodNotAllowed)
	if got := w.Header().Get("Allow"); got != "GET" {
		t.Errorf("Allow %q", got)
	}
	wantProblem(t, b.do(http.MethodGet, "/api/v1/commands/dial", ""), http.StatusMethodNotAllowed)
}

func TestProblemsExplainThemselves(t *testing.T) {
	b := newBench(t)
	for _, k := range problemKinds {
		w := b.do(http.MethodGet, problemPath+k.name, "")
		if w.Code != 200 || !strings.Contains(w.Body.String(), k.means) {
			t.Errorf("%s: %d %s", k.name, w.Code, w.Body)
		}
	}
	wantProblem(t, b.do(http.MethodGet, problemPath+"nothing", ""), http.StatusNotFound)
	var p problemDocument
	w := b.do(http.MethodPost, "/api/v1/commands/answer", `{"callId":99}`)
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || p.Type != "/problems/no-call" {
		t.Errorf("%+v %v", p, err)
	}
}

const docFile = "../docs/management.md"

var (
	generated = regexp.MustCompile(`(?s)(<!-- operations:begin[^\n]*-->\n).*?(<!-- operations:end -->)`)
	kinds     = regexp.MustCompile(`(?s)(<!-- problems:begin[^\n]*-->\n).*?(<!-- problems:end -->)`)
)

// TestTheDocumentationListsTheOperations: -update writes its tables.
func TestTheDocumentationListsTheOperations(t *testing.T) {
	have, err := os.ReadFile(docFile)
	if err != nil {
		t.Fatal(err)
	}
	var ops, probs strings.Builder
	ops.WriteString("| operation | role | what it does |\n|---|---|---|\n")
	for _, op := range operations() {
		fmt.Fprintf(&ops, "| `%s` `%s` | %s | %s |\n", op.pattern(), op.id, op.role, op.summary)
	}
	probs.WriteString("| type | status | means |\n|---|---|---|\n")
	for _, k := range problemKinds {
		fmt.Fprintf(&probs, "| `%s%s` | %d | %s |\n", problemPath, k.name, k.status, k.means)
	}
	want := generated.ReplaceAllLiteralString(string(have), generated.FindStringSubmatch(string(have))[1]+ops.String()+"<!-- operations:end -->")
	want = kinds.ReplaceAllLiteralString(want, kinds.FindStringSubmatch(want)[1]+probs.String()+"<!-- problems:end -->")
	if want == string(have) {
		return
	}
	if !*update {
		t.Fatalf("%s does not list the operations as they are; write it with: go test ./manage -run Documentation -update", docFile)
	}
	if err := os.WriteFile(docFile, []byte(want), 0o600); err != nil {
		t.Fatal(err)
	}
}
