// Command phonectl does for many phones what their pages do for one: it asks the
// management interface of each phone of an inventory, a bounded number at a time,
// and prints a line a phone, or JSON for scripts. Its status is 0 only if every
// phone did what was asked.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"syscall"
	"time"
)

// version is set by the linker.
var version = "dev"

const usage = `usage: phonectl [flags] COMMAND [arguments]

commands
%s
flags
`

type options struct {
	inventory, only string
	all, asJSON     bool
	parallel        int
	timeout         time.Duration
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is the whole program: 0 all did it, 1 some did not, 2 the words are wrong.
func run(ctx context.Context, args []string, out, errs io.Writer) int {
	var o options
	fs := flag.NewFlagSet("phonectl", flag.ContinueOnError)
	fs.SetOutput(errs)
	fs.StringVar(&o.inventory, "inventory", defaultInventory(), "`file` with the phones")
	fs.StringVar(&o.only, "phones", "", "names or groups, separated by commas; * stands for anything")
	fs.BoolVar(&o.all, "all", false, "every phone of the inventory")
	fs.BoolVar(&o.asJSON, "json", false, "a JSON object a phone and line")
	fs.IntVar(&o.parallel, "parallel", 16, "phones at a time")
	fs.DurationVar(&o.timeout, "timeout", 30*time.Second, "for one phone")
	show := fs.Bool("version", false, "print the version")
	fs.Usage = func() { fmt.Fprintf(errs, usage, commandList()); fs.PrintDefaults() }
	switch err := fs.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	case *show:
		fmt.Fprintln(out, version)
		return 0
	}
	if fs.NArg() == 0 {
		fs.Usage()
		return 2
	}
	if fs.Arg(0) == "discover" && fs.NArg() == 1 {
		return discover(ctx, o.asJSON, out, errs)
	}
	cmd, ok := commands[fs.Arg(0)]
	if !ok {
		fmt.Fprintf(errs, "phonectl: there is no command %q\n", fs.Arg(0))
		return 2
	}
	job, err := cmd.prepare(fs.Args()[1:])
	if err != nil {
		fmt.Fprintf(errs, "phonectl: %s %s: %v\n", fs.Arg(0), cmd.args, err)
		return 2
	}
	phones, err := chosen(o)
	if err != nil {
		fmt.Fprintf(errs, "phonectl: %v\n", err)
		return 2
	}
	return each(ctx, o, phones, job, out, errs)
}

func defaultInventory() string {
	if f := os.Getenv("PHONECTL_INVENTORY"); f != "" {
		return f
	}
	dir, err := os.UserConfigDir()
	if err != nil {
		return "phones"
	}
	return filepath.Join(dir, "phonectl", "phones")
}

// chosen are the phones of the inventory that are meant. Nothing is done to all of
// them by accident: that has to be said.
func chosen(o options) ([]phone, error) {
	f, err := os.Open(o.inventory)
	if err != nil {
		return nil, fmt.Errorf("inventory: %w", err)
	}
	defer f.Close()
	list, err := readInventory(f, filepath.Dir(o.inventory))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.inventory, err)
	}
	switch {
	case o.all == (o.only != ""):
		return nil, errors.New("say which phones: -all, or -phones NAMES")
	case o.all:
		return list, nil
	}
	var out []phone
	for _, p := range list {
		if p.matches(strings.Split(o.only, ",")) {
			out = append(out, p)
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("no phone of %s fits %q", o.inventory, o.only)
	}
	return out, nil
}

// each runs the job on the phones and prints their answers in the inventory's order.
func each(ctx context.Context, o options, phones []phone, job job, out, errs io.Writer) int {
	type done struct {
		answer answer
		err    error
	}
	results := make([]done, len(phones))
	slots := make(chan struct{}, max(o.parallel, 1))
	var wg sync.WaitGroup
	for i, p := range phones {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			one, cancel := context.WithTimeout(ctx, o.timeout)
			defer cancel()
			c, err := newClient(p)
			if err == nil {
				results[i].answer, err = job(one, c)
				c.close()
			}
			results[i].err = err
		})
	}
	wg.Wait()
	width := 0
	for _, p := range phones {
		width = max(width, len(p.name))
	}
	failed := 0
	for i, p := range phones {
		r := results[i]
		if r.err != nil {
			failed++
		}
		if o.asJSON {
			printJSON(out, p.name, r.answer, r.err)
			continue
		}
		switch {
		case r.err != nil:
			fmt.Fprintf(out, "%-*s  FAILED  %v\n", width, p.name, r.err)
		case strings.Contains(r.answer.text, "\n"):
			fmt.Fprintf(out, "--- %s\n%s\n", p.name, strings.TrimRight(r.answer.text, "\n"))
		default:
			fmt.Fprintf(out, "%-*s  %s\n", width, p.name, r.answer.text)
		}
	}
	if len(phones) > 1 {
		fmt.Fprintf(errs, "%d phones, %d failed\n", len(phones), failed)
	}
	if failed > 0 {
		return 1
	}
	return 0
}

func commandList() string {
	names := make([]string, 0, len(commands))
	for n := range commands {
		names = append(names, n)
	}
	sort.Strings(names)
	var b strings.Builder
	fmt.Fprintf(&b, "  %-28s %s\n", "discover", "which phones answer on this machine's networks, as an inventory")
	for _, n := range names {
		fmt.Fprintf(&b, "  %-28s %s\n", strings.TrimSpace(n+" "+commands[n].args), commands[n].doc)
	}
	return b.String()
}
