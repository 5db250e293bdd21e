package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"time"
)

// allowedSkip is a line of test/skips.txt: a pattern for "suite name" in which *
// stands for anything, a tab or two spaces, and why this may be skipped in CI.
type allowedSkip struct {
	pattern *regexp.Regexp
	why     string
}

func readSkips(file string) ([]allowedSkip, error) {
	b, err := os.ReadFile(file)
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var list []allowedSkip
	sc := bufio.NewScanner(bytes.NewReader(b))
	for n := 1; sc.Scan(); n++ {
		line := strings.TrimSpace(sc.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		pattern, why, ok := strings.Cut(strings.ReplaceAll(line, "\t", "  "), "  ")
		if why = strings.TrimSpace(why); !ok || why == "" {
			return nil, fmt.Errorf("%s:%d: want a pattern, two spaces and a reason", file, n)
		}
		expr := "^" + strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, ".*") + "$"
		list = append(list, allowedSkip{regexp.MustCompile(expr), why})
	}
	return list, sc.Err()
}

func allowed(list []allowedSkip, suite, name string) bool {
	for _, a := range list {
		if a.pattern.MatchString(suite + " " + name) {
			return true
		}
	}
	return false
}

// tally is the sum over all suites.
type tally struct {
	passed  int
	seconds float64
	failed  []string
	skipped []Item

	unsteady []string // failed, then passed alone
}

// sumUp adds the results up; with strict set a skip that nobody allowed is a failure.
func sumUp(all []Result, list []allowedSkip, strict bool) tally {
	var t tally
	for _, r := range all {
		t.passed += r.Passed
		t.seconds += r.Seconds
		for _, f := range r.Failed {
			t.failed = append(t.failed, r.Suite+" "+f.Name)
		}
		for _, u := range r.Unsteady {
			t.unsteady = append(t.unsteady, r.Suite+" "+u.Name)
		}
		for _, s := range r.Skipped {
			if strict && !allowed(list, r.Suite, s.Name) {
				t.failed = append(t.failed, r.Suite+" "+s.Name+" (skipped, and not in the list of skips: "+s.Detail+")")
				continue
			}
			t.skipped = append(t.skipped, Item{Name: r.Suite + " " + s.Name, Detail: s.Detail})
		}
	}
	return t
}

func (t tally) lastLine() string {
	return fmt.Sprintf("%d passed, %d failed, %d skipped", t.passed, len(t.failed), len(t.skipped))
}

func total(st results, target, skipsFile string, strict bool) error {
	all, err := st.load()
	if err != nil {
		return err
	}
	list, err := readSkips(skipsFile)
	if err != nil {
		return err
	}
	t := sumUp(all, list, strict)
	if len(all) == 0 {
		t.failed = append(t.failed, target+" (nothing ran)")
	}
	err = st.appendLedger(ledgerLine{Time: time.Now().UTC().Truncate(time.Second), Target: target, Commit: commit(),
		Minutes: float64(int(t.seconds/6+0.5)) / 10, Passed: t.passed, Failed: t.failed, Skipped: t.skipped, Unsteady: t.unsteady})
	if err != nil {
		return err
	}
	for _, s := range t.skipped {
		fmt.Printf("skipped: %s: %s\n", s.Name, s.Detail)
	}
	for _, u := range t.unsteady {
		fmt.Printf("unsteady: %s: failed, then passed alone\n", u)
	}
	for _, f := range t.failed {
		fmt.Printf("failed: %s\n", f)
	}
	fmt.Println(t.lastLine())
	if len(t.failed) > 0 {
		return errFailed
	}
	return nil
}

// commit names what was tested; a tree with changes says so.
func commit() string {
	out, err := exec.CommandContext(context.Background(), "git", "describe", "--always", "--dirty", "--exclude=*", "--abbrev=12").Output()
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(out))
}
