package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

// suiteRun says how one suite is run.
type suiteRun struct {
	name, format string
	timeout      time.Duration
	again        bool // what fails is run a second time, alone
}

// runSuite runs one command and stores what came of it. It returns errFailed when
// the suite failed, after having printed why.
func runSuite(st results, how suiteRun, command []string) error {
	name, format := how.name, how.format
	log, err := st.logFile(name)
	if err != nil {
		return err
	}
	defer log.Close()
	res := Result{Suite: name}
	start := time.Now()
	runErr := execute(log, &res, format, how.timeout, command)
	res.Seconds = time.Since(start).Seconds()
	switch {
	case format == "status" && runErr == nil:
		res.pass()
	case runErr != nil && len(res.Failed) == 0:
		res.fail(name, fmt.Sprintf("%s: %v\n%s", command[0], runErr, lastLines(log.Name(), 25)))
	case runErr == nil && res.Passed+len(res.Failed)+len(res.Skipped) == 0:
		res.fail(name, "the command reported no test at all")
	}
	if how.again {
		again(log, &res, format, how.timeout, command)
		res.Seconds = time.Since(start).Seconds()
	}
	if err := st.save(res); err != nil {
		return err
	}
	for _, f := range res.Unsteady {
		fmt.Printf("UNSTEADY %s: failed, then passed alone\n%s\n", f.Name, indent(f.Detail))
	}
	for _, f := range res.Failed {
		fmt.Printf("FAIL %s\n%s\n", f.Name, indent(f.Detail))
	}
	fmt.Printf("%-14s %d passed, %d failed, %d skipped  (%.0f s)\n",
		name, res.Passed, len(res.Failed), len(res.Skipped), res.Seconds)
	if len(res.Failed) > 0 {
		return errFailed
	}
	return nil
}

// execute runs the command in a process group of its own, which is ended as a
// whole when the time is over or we are asked to stop.
func execute(log io.Writer, res *Result, format string, timeout time.Duration, command []string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = 5 * time.Second
	cmd.Stderr = log
	var parse func(io.Reader, *Result) error
	switch format {
	case "go":
		parse = parseGo
	case "lines":
		parse = parseLines
	case "status":
		cmd.Stdout = log
	default:
		return fmt.Errorf("unknown format %q", format)
	}
	var parsed chan error
	var feed *io.PipeWriter
	if parse != nil {
		var out *io.PipeReader
		out, feed = io.Pipe()
		cmd.Stdout = io.MultiWriter(log, feed)
		parsed = make(chan error, 1)
		go func() {
			err := parse(out, res)
			_, _ = io.Copy(io.Discard, out) // a parser that gave up must not stall the command
			parsed <- err
		}()
	}
	err := cmd.Run()
	if cmd.Process != nil {
		// What the command left behind in its group ends with it; usually there is nothing.
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	}
	if parse != nil {
		_ = feed.Close() // never fails
		err = errors.Join(err, <-parsed)
	}
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fmt.Errorf("not finished after %v", timeout)
	case ctx.Err() != nil:
		return errors.New("interrupted")
	}
	return err
}

func lastLines(file string, n int) string {
	b, err := os.ReadFile(file)
	if err != nil {
		return err.Error()
	}
	return strings.Join(tail(strings.Split(string(bytes.TrimSpace(b)), "\n"), n), "\n")
}

// maxPrinted is the length at which a printed line is cut; the log has all of it.
const maxPrinted = 400

func indent(s string) string {
	if s == "" {
		return ""
	}
	lines := strings.Split(strings.TrimRight(s, "\n"), "\n")
	for i, l := range lines {
		if len(l) > maxPrinted {
			l = l[:maxPrinted] + "…"
		}
		lines[i] = "     " + l
	}
	return strings.Join(lines, "\n")
}
