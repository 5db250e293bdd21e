// Command suite runs the parts of a test target and sums them up.
//
//	suite run -name NAME [-format go|lines|status] [-timeout D] [-again] -- COMMAND [ARG]...
//	suite skip -name NAME -reason WHY
//	suite total -target NAME
//
// run executes COMMAND, keeps its whole output in build/log/NAME.log, prints only
// what a person needs and stores the counts in build/results/NAME.json. The formats:
// go is the output of "go test -json"; lines is one line an item, "PASS name[: detail]",
// "FAIL name[: detail]" with indented lines that explain it, "SKIP name: reason";
// status counts the command itself as one item. With -again what failed runs a second
// time, alone; what passes then is counted as passed and named as unsteady, in the
// total and in the ledger. total adds all stored counts up,
// appends a line to build/ledger.jsonl and prints "N passed, N failed, N skipped"
// as its last line; its exit status is 0 only if nothing failed.
//
// With CI=true a skip counts as a failure unless test/skips.txt lists it.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		if !errors.Is(err, errFailed) {
			fmt.Fprintln(os.Stderr, "suite:", err)
		}
		os.Exit(1)
	}
}

// errFailed says that tests failed and that this was reported already.
var errFailed = errors.New("tests failed")

func run(args []string) error {
	if len(args) == 0 {
		return errors.New("usage: suite run|skip|total [flags]")
	}
	fs := flag.NewFlagSet("suite "+args[0], flag.ContinueOnError)
	name := fs.String("name", "", "name of the suite")
	dir := fs.String("dir", "build", "folder of logs, results and ledger")
	format := fs.String("format", "status", "go, lines or status")
	timeout := fs.Duration("timeout", 20*time.Minute, "the command is ended after this time and has failed")
	second := fs.Bool("again", false, "run what failed a second time, alone")
	reason := fs.String("reason", "", "why the suite is skipped")
	target := fs.String("target", "", "name of the target in the ledger")
	skips := fs.String("skips", filepath.Join("test", "skips.txt"), "list of the skips allowed with CI=true")
	if err := fs.Parse(args[1:]); err != nil {
		return err
	}
	st := results{dir: *dir}
	switch args[0] {
	case "run":
		if *name == "" || fs.NArg() == 0 {
			return errors.New("run needs -name and a command")
		}
		return runSuite(st, suiteRun{*name, *format, *timeout, *second}, fs.Args())
	case "skip":
		if *name == "" || strings.TrimSpace(*reason) == "" {
			return errors.New("skip needs -name and -reason")
		}
		fmt.Printf("%-14s skipped: %s\n", *name, *reason)
		return st.save(Result{Suite: *name, Skipped: []Item{{Name: *name, Detail: *reason}}})
	case "total":
		return total(st, *target, *skips, os.Getenv("CI") == "true")
	}
	return fmt.Errorf("unknown command %q", args[0])
}
