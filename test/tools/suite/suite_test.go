package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const goOutput = `{"Action":"run","Package":"p/a","Test":"TestOne"}
{"Action":"pass","Package":"p/a","Test":"TestOne"}
{"Action":"run","Package":"p/a","Test":"TestTable"}
{"Action":"run","Package":"p/a","Test":"TestTable/x"}
{"Action":"output","Package":"p/a","Test":"TestTable/x","Output":"=== RUN   TestTable/x\n"}
{"Action":"output","Package":"p/a","Test":"TestTable/x","Output":"    a_test.go:9: got 1, want 2\n"}
{"Action":"fail","Package":"p/a","Test":"TestTable/x"}
{"Action":"run","Package":"p/a","Test":"TestTable/y"}
{"Action":"pass","Package":"p/a","Test":"TestTable/y"}
{"Action":"fail","Package":"p/a","Test":"TestTable"}
{"Action":"run","Package":"p/a","Test":"TestCard"}
{"Action":"output","Package":"p/a","Test":"TestCard","Output":"    a_test.go:20: no sound card\n"}
{"Action":"skip","Package":"p/a","Test":"TestCard"}
{"Action":"fail","Package":"p/a"}
{"Action":"skip","Package":"p/empty"}
{"Action":"output","Package":"p/leak","Output":"goroutine 7 leaked\n"}
{"Action":"fail","Package":"p/leak"}
{"Action":"build-output","ImportPath":"p/bad","Output":"bad.go:1:1: syntax error\n"}
{"Action":"build-fail","ImportPath":"p/bad"}
{"Action":"output","Package":"p/bad","Output":"FAIL\tp/bad [build failed]\n"}
{"Action":"fail","Package":"p/bad","FailedBuild":"p/bad"}
`

func names(items []Item) string {
	var n []string
	for _, i := range items {
		n = append(n, i.Name)
	}
	return strings.Join(n, "; ")
}

func TestParseGo(t *testing.T) {
	var r Result
	if err := parseGo(strings.NewReader(goOutput), &r); err != nil {
		t.Fatal(err)
	}
	if r.Passed != 2 {
		t.Errorf("passed %d, want TestOne and TestTable/y", r.Passed)
	}
	if got, want := names(r.Failed), "p/bad; p/a TestTable/x; p/leak"; got != want {
		t.Errorf("failed %q, want %q", got, want)
	}
	if got := r.Failed[1].Detail; !strings.Contains(got, "got 1, want 2") || strings.Contains(got, "=== RUN") {
		t.Errorf("detail of the failed test: %q", got)
	}
	if got := r.Failed[2].Detail; got != "goroutine 7 leaked" {
		t.Errorf("detail of the failed package: %q", got)
	}
	if len(r.Skipped) != 1 || r.Skipped[0].Detail != "no sound card" {
		t.Errorf("skipped %+v", r.Skipped)
	}
}

func TestParseLines(t *testing.T) {
	var r Result
	in := "boot noise\nPASS panel: 12 of 12\nFAIL stick: no device\n     dmesg line\n     another\nSKIP camera: no driver\nPASS leds\n     not a failure's line\n"
	if err := parseLines(strings.NewReader(in), &r); err != nil {
		t.Fatal(err)
	}
	if r.Passed != 2 || names(r.Failed) != "stick" || names(r.Skipped) != "camera" {
		t.Fatalf("got %+v", r)
	}
	if want := "no device\n     dmesg line\n     another"; r.Failed[0].Detail != want {
		t.Errorf("detail %q, want %q", r.Failed[0].Detail, want)
	}
}

func TestRunSuite(t *testing.T) {
	for _, c := range []struct {
		name, format, script string
		passed, failed       int
	}{
		{"ok", "status", "true", 1, 0},
		{"bad", "status", "echo why >&2; exit 3", 0, 1},
		{"lines", "lines", "echo PASS a; echo PASS b", 2, 0},
		{"status counts when no line failed", "lines", "echo PASS a; exit 1", 1, 1},
		{"silent", "lines", "true", 0, 1},
		{"slow", "status", "sleep 30", 0, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			st := results{dir: t.TempDir()}
			limit := time.Minute
			if c.name == "slow" {
				limit = 50 * time.Millisecond
			}
			err := runSuite(st, suiteRun{name: "s", format: c.format, timeout: limit}, []string{"sh", "-c", c.script})
			if (err != nil) != (c.failed > 0) {
				t.Errorf("error %v with %d failures", err, c.failed)
			}
			all, err := st.load()
			if err != nil || len(all) != 1 {
				t.Fatalf("stored %v, %v", all, err)
			}
			if all[0].Passed != c.passed || len(all[0].Failed) != c.failed {
				t.Errorf("got %+v", all[0])
			}
		})
	}
}

func TestTotal(t *testing.T) {
	all := []Result{
		{Suite: "unit", Passed: 5, Skipped: []Item{{"p TestCard", "no sound card"}}},
		{Suite: "web", Passed: 1, Skipped: []Item{{"web", "no browser"}}},
	}
	file := filepath.Join(t.TempDir(), "skips.txt")
	if err := os.WriteFile(file, []byte("# list\nunit p Test*  CI has no card\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	list, err := readSkips(file)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := sumUp(all, list, false).lastLine(), "6 passed, 0 failed, 2 skipped"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := sumUp(all, list, true).lastLine(), "6 passed, 1 failed, 1 skipped"; got != want {
		t.Errorf("strict: got %q, want %q", got, want)
	}
	if err := os.WriteFile(file, []byte("unit x\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := readSkips(file); err == nil {
		t.Error("a skip without a reason was accepted")
	}
}

func TestLedger(t *testing.T) {
	st := results{dir: t.TempDir()}
	if err := total(st, "test", "none", false); err == nil {
		t.Error("a target in which nothing ran passed")
	}
	if err := st.save(Result{Suite: "unit", Passed: 3, Seconds: 90}); err != nil {
		t.Fatal(err)
	}
	if err := total(st, "test", "none", false); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(st.dir, "ledger.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	var l ledgerLine
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &l); err != nil {
		t.Fatal(err)
	}
	if len(lines) != 2 || l.Passed != 3 || l.Minutes != 1.5 || l.Target != "test" || l.Commit == "" {
		t.Errorf("%d lines, last %+v", len(lines), l)
	}
}
