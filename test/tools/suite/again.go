package main

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"
)

// mostAgain is how many failures may be the machine's fault; more are ours.
const mostAgain = 6

// noExcuse marks failures that a second run cannot take back: a race that was seen
// once is there, and what does not compile or leaks does so again.
var noExcuse = regexp.MustCompile(`DATA RACE|does not build|leaked|panic:|SIGSEGV|not finished after|interrupted`)

// again runs what failed a second time, alone, and moves what passes now from the
// failures to the unsteady ones. Sound and real kernels share two cores with all
// other tests; what fails in the crowd only is said aloud, in the total and in the
// ledger, but is no failure. The rest stays as it was.
func again(log io.Writer, res *Result, format string, timeout time.Duration, command []string) {
	if len(res.Failed) == 0 || len(res.Failed) > mostAgain ||
		slices.ContainsFunc(res.Failed, func(i Item) bool { return noExcuse.MatchString(i.Name + " " + i.Detail) }) {
		return
	}
	if format != "go" {
		againWhole(log, res, format, timeout, command)
		return
	}
	var still []Item
	for _, f := range res.Failed {
		cmd, ok := alone(command, f.Name)
		var second Result
		fmt.Fprintf(log, "\n--- again: %s\n", f.Name)
		if !ok || execute(log, &second, format, timeout, cmd) != nil || len(second.Failed) > 0 || second.Passed == 0 {
			still = append(still, f)
			continue
		}
		res.Unsteady = append(res.Unsteady, f)
		res.Passed++
	}
	res.Failed = still
}

// againWhole repeats a command whose items cannot be run one by one.
func againWhole(log io.Writer, res *Result, format string, timeout time.Duration, command []string) {
	second := Result{Suite: res.Suite}
	fmt.Fprintf(log, "\n--- again: %s\n", strings.Join(command, " "))
	if err := execute(log, &second, format, timeout, command); err != nil || len(second.Failed) > 0 {
		return
	}
	if format == "status" {
		second.pass()
	}
	if second.Passed < res.Passed+len(res.Failed) {
		return
	}
	second.Unsteady = res.Failed
	*res = second
}

// alone turns "go test flags packages" into the command that runs the one test
// "package Test/sub", or, without a test, the one package.
func alone(command []string, name string) ([]string, bool) {
	if len(command) < 3 || command[0] != "go" || command[1] != "test" {
		return nil, false
	}
	pkg, test, _ := strings.Cut(name, " ")
	var cmd []string
	for _, a := range command {
		if !strings.HasPrefix(a, "./") && !strings.HasPrefix(a, "-run") {
			cmd = append(cmd, a)
		}
	}
	cmd = append(cmd, "-count=1")
	if test != "" {
		parts := strings.Split(test, "/")
		for i, p := range parts {
			parts[i] = "^" + regexp.QuoteMeta(p) + "$"
		}
		cmd = append(cmd, "-run="+strings.Join(parts, "/"))
	}
	return append(cmd, pkg), true
}
