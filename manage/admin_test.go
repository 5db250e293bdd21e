package manage

import (
	"encoding/json"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"path"
	"regexp"
	"strings"
	"testing"
)

// adminScripts are the administrator's scripts by name.
func adminScripts(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := fs.WalkDir(Pages(), "admin", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(name) != ".js" {
			return err
		}
		b, err := fs.ReadFile(Pages(), name)
		out[name] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(out) < 10 {
		t.Fatalf("only %d scripts", len(out))
	}
	return out
}

// TestGermanAdmin: every sentence of the administrator's pages has its German one,
// and no German one stands for nothing.
func TestGermanAdmin(t *testing.T) {
	b, err := fs.ReadFile(Pages(), "admin/de.json")
	if err != nil {
		t.Fatal(err)
	}
	var table map[string]string
	if err := json.Unmarshal(b, &table); err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	said := regexp.MustCompile(`\bt\('((?:[^'\\]|\\.)*)'`)
	found := 0
	for name, script := range adminScripts(t) {
		all.WriteString(script)
		for _, m := range said.FindAllStringSubmatch(script, -1) {
			found++
			if word := strings.ReplaceAll(m[1], `\'`, `'`); table[word] == "" {
				t.Errorf("%s: no German for %q", name, word)
			}
		}
	}
	if found < 200 {
		t.Errorf("only %d sentences were found", found)
	}
	text := strings.ReplaceAll(all.String(), `\'`, `'`)
	made := regexp.MustCompile(`^(Sounds|Their side|This side)`) // put together in the page
	for word := range table {
		if !strings.Contains(text, word) && !made.MatchString(word) {
			t.Errorf("%q stands in the table only", word)
		}
	}
}

// TestAdminAsksForWhatThereIs: the pages ask for no address that the API lacks.
func TestAdminAsksForWhatThereIs(t *testing.T) {
	known := map[string]bool{}
	for _, op := range operations() {
		known[op.method+" "+strings.TrimPrefix(op.path, "/api/v1/")] = true
	}
	asked := regexp.MustCompile(`has\('([A-Z]+ [^']+)'\)|'((?:GET|POST|PUT|DELETE) [a-z][^']+)'`)
	found := 0
	for name, script := range adminScripts(t) {
		for _, m := range asked.FindAllStringSubmatch(script, -1) {
			found++
			if op := m[1] + m[2]; !known[op] {
				t.Errorf("%s: the API has no %q", name, op)
			}
		}
	}
	if found < 15 {
		t.Errorf("only %d addresses were found", found)
	}
}

// TestHome: the root of a phone leads to the administrator's pages, that of the
// simulator is the front panel, which has an address of its own in both.
func TestHome(t *testing.T) {
	for _, panel := range []bool{false, true} {
		b := newBench(t, func(c *Config) { c.Panel, c.Pages = panel, Pages() })
		get := func(path string) *httptest.ResponseRecorder {
			w := httptest.NewRecorder()
			b.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://localhost"+path, nil))
			return w
		}
		if w := get("/"); !panel && (w.Code != http.StatusFound || w.Header().Get("Location") != "/admin/") {
			t.Errorf("the root: %d %s", w.Code, w.Header().Get("Location"))
		} else if panel && w.Code != http.StatusOK {
			t.Errorf("the panel at the root: %d", w.Code)
		}
		for _, p := range []string{"/panel", "/admin/", "/admin/main.js", "/admin/views/gate.js", "/lcd.js"} {
			if w := get(p); w.Code != http.StatusOK || w.Body.Len() < 300 {
				t.Errorf("%s: %d, %d bytes", p, w.Code, w.Body.Len())
			}
		}
	}
}
