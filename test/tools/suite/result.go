package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"time"
)

// Item is one test that failed or was skipped.
type Item struct {
	Name   string `json:"name"`
	Detail string `json:"detail,omitempty"` // a skip's reason, a failure's output
}

// Result is the outcome of one suite.
type Result struct {
	Suite   string  `json:"suite"`
	Seconds float64 `json:"seconds"`
	Passed  int     `json:"passed"`
	Failed  []Item  `json:"failed,omitempty"`
	Skipped []Item  `json:"skipped,omitempty"`

	Unsteady []Item `json:"unsteady,omitempty"` // failed, then passed alone; counted as passed
}

func (r *Result) pass()                    { r.Passed++ }
func (r *Result) fail(name, detail string) { r.Failed = append(r.Failed, Item{name, detail}) }
func (r *Result) skip(name, reason string) { r.Skipped = append(r.Skipped, Item{name, reason}) }

// results is the folder that holds a target's results, logs and ledger.
type results struct{ dir string }

func (s results) logFile(suite string) (*os.File, error) {
	dir := filepath.Join(s.dir, "log")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	return os.Create(filepath.Join(dir, suite+".log"))
}

func (s results) save(r Result) error {
	dir := filepath.Join(s.dir, "results")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	b, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, r.Suite+".json"), b, 0o644)
}

// load returns all stored results, ordered by suite.
func (s results) load() ([]Result, error) {
	names, err := filepath.Glob(filepath.Join(s.dir, "results", "*.json"))
	if err != nil {
		return nil, err
	}
	sort.Strings(names)
	var all []Result
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		var r Result
		if err := json.Unmarshal(b, &r); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		all = append(all, r)
	}
	return all, nil
}

// ledgerLine is what build/ledger.jsonl keeps of a target that ran.
type ledgerLine struct {
	Time    time.Time `json:"time"`
	Target  string    `json:"target"`
	Commit  string    `json:"commit"`
	Minutes float64   `json:"minutes"`
	Passed  int       `json:"passed"`
	Failed  []string  `json:"failed"`
	Skipped []Item    `json:"skipped"`

	Unsteady []string `json:"unsteady,omitempty"`
}

func (s results) appendLedger(l ledgerLine) error {
	b, err := json.Marshal(l)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Join(s.dir, "ledger.jsonl"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	if _, err := f.Write(append(b, '\n')); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}
