package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
)

const (
	maxLine        = 4 << 20 // a test may print a whole description in one line
	maxOutputLines = 60      // of a failed test; all of it is in the log
)

// goEvent is one line of "go test -json" (cmd/internal/test2json).
type goEvent struct {
	Action     string
	Package    string
	ImportPath string
	Test       string
	Output     string
}

// goRun gathers the events of a whole "go test -json" run.
type goRun struct {
	outcome map[string]string   // "package test" → pass, fail, skip
	output  map[string][]string // by the same key; "package " for what no test printed
	parents map[string]bool     // tests that have subtests
	order   []string
	build   []string // compiler output
	broken  []string // packages that did not build
	stray   []string // lines that are not JSON
}

// parseGo reads "go test -json" output. A test with subtests counts only if it
// failed and none of them did; so the counts are of the cases a person wrote.
func parseGo(r io.Reader, res *Result) error {
	run := goRun{outcome: map[string]string{}, output: map[string][]string{}, parents: map[string]bool{}}
	sc := bufio.NewScanner(r)
	sc.Buffer(nil, maxLine)
	for sc.Scan() {
		var e goEvent
		if err := json.Unmarshal(sc.Bytes(), &e); err != nil {
			run.stray = append(run.stray, sc.Text())
			continue
		}
		run.add(e)
	}
	if err := sc.Err(); err != nil {
		return err
	}
	run.sum(res)
	return nil
}

func (g *goRun) add(e goEvent) {
	key := e.Package + " " + e.Test
	switch e.Action {
	case "build-output":
		g.build = append(g.build, strings.TrimRight(e.Output, "\n"))
	case "build-fail":
		g.broken = append(g.broken, e.ImportPath)
	case "output":
		g.output[key] = append(g.output[key], strings.TrimRight(e.Output, "\n"))
	case "run":
		for i := strings.LastIndexByte(key, '/'); i > len(e.Package); i = strings.LastIndexByte(key[:i], '/') {
			g.parents[key[:i]] = true
		}
	case "pass", "fail", "skip":
		if _, ok := g.outcome[key]; !ok {
			g.order = append(g.order, key)
		}
		g.outcome[key] = e.Action
	}
}

func (g *goRun) sum(res *Result) {
	failedIn := map[string]int{}
	slices.Sort(g.order)
	slices.Reverse(g.order) // subtests before their parents, tests before their package
	for _, key := range g.order {
		pkg, test, _ := strings.Cut(key, " ")
		isPackage := test == ""
		switch g.outcome[key] {
		case "pass":
			if !isPackage && !g.parents[key] {
				res.pass()
			}
		case "skip":
			if !isPackage && !g.parents[key] {
				res.skip(key, skipReason(g.output[key]))
			}
		case "fail":
			if isPackage && g.notBuilt(key) {
				continue // told by the build's own event
			}
			if failedIn[key] == 0 {
				res.fail(strings.TrimSpace(key), g.explain(key, isPackage))
			}
			failedIn[pkg+" "]++
			for i := strings.LastIndexByte(key, '/'); i > len(pkg); i = strings.LastIndexByte(key[:i], '/') {
				failedIn[key[:i]]++
			}
		}
	}
	for _, pkg := range g.broken {
		if !slices.ContainsFunc(res.Failed, func(i Item) bool { return i.Name == pkg }) {
			res.fail(pkg, "does not build")
		}
	}
	slices.Reverse(res.Failed)
	slices.Reverse(res.Skipped)
	if len(res.Failed) == 0 && res.Passed == 0 && len(g.stray) > 0 {
		res.fail("go test", strings.Join(tail(g.stray, maxOutputLines), "\n"))
	}
	if len(g.build) > 0 && len(res.Failed) > 0 {
		res.Failed[0].Detail += "\n" + strings.Join(tail(g.build, maxOutputLines), "\n")
	}
}

// notBuilt reports whether a package failed because it could not be built.
func (g *goRun) notBuilt(key string) bool {
	return len(g.broken) > 0 && slices.ContainsFunc(g.output[key], func(l string) bool { return strings.Contains(l, "[build failed]") })
}

// explain returns the output of a failed test. A package that failed by itself
// (a panic, a leak found by TestMain) is explained by what it printed last.
func (g *goRun) explain(key string, isPackage bool) string {
	var lines []string
	for _, l := range g.output[key] {
		if !goNoise.MatchString(l) {
			lines = append(lines, l)
		}
	}
	if isPackage {
		return strings.Join(tail(lines, maxOutputLines), "\n")
	}
	if len(lines) > maxOutputLines {
		lines = append(lines[:maxOutputLines], fmt.Sprintf("… %d more lines in the log", len(lines)-maxOutputLines))
	}
	return strings.Join(lines, "\n")
}

var (
	goNoise  = regexp.MustCompile(`^\s*(=== (RUN|PAUSE|CONT|NAME)|--- (FAIL|PASS|SKIP)|FAIL$|exit status|coverage:)`)
	goSkip   = regexp.MustCompile(`^\s*[\w./-]+\.go:\d+: (.*)$`)
	lineItem = regexp.MustCompile(`^(PASS|FAIL|SKIP) ([^:]+)(?:: *(.*))?$`)
)

// skipReason finds t.Skip's text, which stands behind the place of the call.
func skipReason(lines []string) string {
	for _, l := range slices.Backward(lines) {
		if m := goSkip.FindStringSubmatch(l); m != nil {
			return m[1]
		}
	}
	return "no reason given"
}

// parseLines reads the simple protocol described in the command's comment.
func parseLines(r io.Reader, res *Result) error {
	sc := bufio.NewScanner(r)
	sc.Buffer(nil, maxLine)
	failing := false
	for sc.Scan() {
		line := strings.TrimRight(sc.Text(), "\r")
		m := lineItem.FindStringSubmatch(line)
		switch {
		case m == nil && failing && strings.HasPrefix(line, " "):
			last := &res.Failed[len(res.Failed)-1]
			last.Detail = strings.TrimPrefix(last.Detail+"\n"+line, "\n")
		case m == nil:
			failing = false
		case m[1] == "PASS":
			failing = false
			res.pass()
		case m[1] == "SKIP":
			failing = false
			if m[3] == "" {
				m[3] = "no reason given"
			}
			res.skip(m[2], m[3])
		default:
			failing = true
			res.fail(m[2], m[3])
		}
	}
	return sc.Err()
}

func tail(lines []string, n int) []string {
	if len(lines) > n {
		return lines[len(lines)-n:]
	}
	return lines
}
