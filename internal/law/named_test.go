package law

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// The tables of docs/interop.md, docs/contract.md and docs/testing.md say which test shows which
// row. These tests keep the tables from telling of tests that are gone.

var (
	quotedWord = regexp.MustCompile("`([^`]+)`")
	// testName is Test…, Fuzz…, TestAll* or Conformance/Part; test… is one that another kernel runs.
	testName = regexp.MustCompile(`\b(?:(?:[Tt]est|Fuzz)[A-Z]\w*|Conformance)(?:\*|/\w+)?`)
	testFile = regexp.MustCompile(`\b\w+_test\.go\b`)
	caseName = regexp.MustCompile(`interop "([^"]+)"`)
)

// named is one test that a document names.
type named struct{ dir, name string }

// namesIn finds what a cell of a table names: a folder in backquotes is that of
// all names up to the next.
func namesIn(cell string) []named {
	var found []named
	dir, from := "", 0
	take := func(text string) {
		for _, re := range []*regexp.Regexp{testName, testFile} {
			for _, n := range re.FindAllString(text, -1) {
				found = append(found, named{dir, n})
			}
		}
	}
	for _, at := range quotedWord.FindAllStringSubmatchIndex(cell, -1) {
		take(cell[from:at[0]])
		from = at[1]
		dir = strings.TrimSuffix(cell[at[2]:at[3]], "/")
		if (dir == "phone" || dir == "daemon") && strings.HasSuffix(cell[at[2]:at[3]], "/") {
			dir = "test/" + dir
		}
	}
	take(cell[from:])
	return found
}

// exists looks for a test in the files of a folder.
func exists(t *testing.T, n named) bool {
	t.Helper()
	if strings.HasSuffix(n.name, ".go") {
		_, err := os.Stat(filepath.Join(root, n.dir, n.name))
		return err == nil
	}
	name, part, _ := strings.Cut(n.name, "/")
	want := `(?m)^func ` + name + `\(`
	if all, ok := strings.CutSuffix(name, "*"); ok {
		want = `(?m)^func ` + all + `\w*\(`
	}
	if part != "" {
		want = `t\.Run\("` + part + `"`
	}
	re := regexp.MustCompile(want)
	files, err := filepath.Glob(filepath.Join(root, n.dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if re.Match(b) {
			return true
		}
	}
	return false
}

// rowsOf are the rows of a document's tables, as cells.
func rowsOf(t *testing.T, doc string) [][]string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, doc))
	if err != nil {
		t.Fatal(err)
	}
	var rows [][]string
	for line := range strings.Lines(string(b)) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "| ") && !strings.HasPrefix(line, "|--") {
			rows = append(rows, strings.Split(strings.Trim(line, "| "), " | "))
		}
	}
	return rows
}

func TestNamedTestsExist(t *testing.T) {
	for _, doc := range []string{"docs/interop.md", "docs/contract.md", "docs/security.md", "docs/testing.md"} {
		count := 0
		for _, cells := range rowsOf(t, doc) {
			for _, n := range namesIn(cells[len(cells)-1]) {
				count++
				if !exists(t, n) {
					t.Errorf("%s, row %s: there is no %s in %q", doc, cells[0], n.name, n.dir)
				}
			}
		}
		if count < 5 {
			t.Errorf("%s names %d tests only: its tables are not understood", doc, count)
		}
	}
}

// TestAcceptanceTestsExist: each of the 22 rows of C12 names scripts and tests that
// there are.
func TestAcceptanceTestsExist(t *testing.T) {
	script := regexp.MustCompile(`\b(?:c\d+-)+[a-z0-9-]+(?:…)?`)
	rows := 0
	for _, cells := range rowsOf(t, "docs/spec/user-interface.md") {
		n, err := strconv.Atoi(strings.SplitN(cells[0], " ", 2)[0])
		if err != nil || len(cells) != 4 || n != rows+1 {
			continue
		}
		rows++
		some := 0
		for _, s := range script.FindAllString(cells[1], -1) {
			some++
			found, err := filepath.Glob(filepath.Join(root, "phone/testdata", strings.TrimSuffix(s, "…")+"*.txt"))
			if err != nil || len(found) == 0 {
				t.Errorf("row %d: there is no script %s", n, s)
			}
		}
		for _, s := range testName.FindAllString(cells[2], -1) {
			some++
			if !exists(t, named{"test/phone", s}) {
				t.Errorf("row %d: there is no %s in test/phone", n, s)
			}
		}
		if some == 0 {
			t.Errorf("row %d names nothing", n)
		}
	}
	if rows != 22 {
		t.Errorf("%d rows of C12 are understood, want 22", rows)
	}
}

// TestNamedCasesExist: what the table of interop.md quotes is a case's name.
func TestNamedCasesExist(t *testing.T) {
	var cases strings.Builder
	err := filepath.WalkDir(filepath.Join(root, "test/interop"), func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.Name() == "node_modules" {
			return fs.SkipDir
		}
		if strings.HasSuffix(path, ".mjs") {
			b, err := os.ReadFile(path)
			cases.Write(b)
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, cells := range rowsOf(t, "docs/interop.md") {
		for _, m := range caseName.FindAllStringSubmatch(cells[len(cells)-1], -1) {
			count++
			if !strings.Contains(cases.String(), strings.TrimSpace(strings.TrimSuffix(m[1], "…"))) {
				t.Errorf("row %s: no case of test/interop is called %q", cells[0], m[1])
			}
		}
	}
	if count == 0 {
		t.Error("no case is named: the table is not understood")
	}
}

// TestEveryRowHasItsTest: no finding of interop.md is without a line in its table.
func TestEveryRowHasItsTest(t *testing.T) {
	b, err := os.ReadFile(filepath.Join(root, "docs/interop.md"))
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]bool{}
	for _, cells := range rowsOf(t, "docs/interop.md") {
		for n := range strings.SplitSeq(cells[0], ",") {
			shown[strings.TrimSpace(n)] = true
		}
	}
	last := 0
	for _, m := range regexp.MustCompile(`(?m)^(\d+)\. `).FindAllStringSubmatch(string(b), -1) {
		last, _ = strconv.Atoi(m[1])
		if !shown[m[1]] {
			t.Errorf("row %s has no test in the table", m[1])
		}
	}
	if last < 26 {
		t.Errorf("only %d rows were found", last)
	}
}

func TestNamesIn(t *testing.T) {
	got := namesIn("`sip` TestA, FuzzB; `media/x` Conformance/Move, TestC*; `phone/` TestD, call_test.go; lab only")
	want := []named{{"sip", "TestA"}, {"sip", "FuzzB"}, {"media/x", "Conformance/Move"}, {"media/x", "TestC*"}, {"test/phone", "TestD"}, {"test/phone", "call_test.go"}}
	if len(got) != len(want) {
		t.Fatalf("found %v", got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%d: found %v, want %v", i, got[i], want[i])
		}
	}
	if exists(t, named{"sip", "TestThatNobodyWrote"}) || !exists(t, named{"sip", "TestRegisterAndCall"}) {
		t.Error("a test is not told from none")
	}
}
