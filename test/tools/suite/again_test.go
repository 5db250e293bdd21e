package main

import (
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestAgain(t *testing.T) {
	for _, c := range []struct {
		name, format, script     string
		passed, failed, unsteady int
	}{
		{"a crowd's failure", "lines", "echo PASS a; [ -e M ] && echo PASS b || echo FAIL b: late; : >M", 2, 0, 1},
		{"fails twice", "lines", "echo PASS a; echo FAIL b: late", 1, 1, 0},
		{"a race is no excuse", "lines", "[ -e M ] && echo PASS b || echo 'FAIL b: WARNING: DATA RACE'; : >M", 0, 1, 0},
		{"fewer items the second time", "lines", "[ -e M ] && echo PASS b || { echo PASS a; echo FAIL b; }; : >M", 1, 1, 0},
		{"status", "status", "[ -e M ] || { : >M; exit 1; }", 1, 0, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			st := results{dir: t.TempDir()}
			// M is a file that tells the first run from the second.
			script := strings.ReplaceAll(c.script, "M", filepath.Join(t.TempDir(), "ran"))
			err := runSuite(st, suiteRun{name: "s", format: c.format, timeout: time.Minute, again: true}, []string{"sh", "-c", script})
			if (err != nil) != (c.failed > 0) {
				t.Errorf("error %v with %d failures", err, c.failed)
			}
			all, err := st.load()
			if err != nil {
				t.Fatal(err)
			}
			if r := all[0]; r.Passed != c.passed || len(r.Failed) != c.failed || len(r.Unsteady) != c.unsteady {
				t.Errorf("got %+v", r)
			}
			if sum := sumUp(all, nil, true); len(sum.unsteady) != c.unsteady {
				t.Errorf("the total names %d unsteady tests", len(sum.unsteady))
			}
		})
	}
}

func TestAlone(t *testing.T) {
	got, ok := alone([]string{"go", "test", "-race", "-json", "./..."}, "phoned/test/kernel TestKernel/panel/Keypad")
	want := "go test -race -json -count=1 -run=^TestKernel$/^panel$/^Keypad$ phoned/test/kernel"
	if !ok || strings.Join(got, " ") != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if _, ok := alone([]string{"sh", "-c", "x"}, "p T"); ok {
		t.Error("a command that is no go test was rewritten")
	}
}
