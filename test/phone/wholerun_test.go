package phone_test

import (
	"encoding/base64"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"phoned/lab"
)

// emitted is everything that all phones of this run said, as files in one
// folder, and all secrets that their labs had. When the tests are over every
// file is searched for every secret: what one phone was told may come out of
// another one, or after its test's own search.
type emitted struct {
	mu      sync.Mutex
	dir     string
	worlds  int
	secrets map[string]string
}

var wholeRun = emitted{secrets: map[string]string{}}

// keep adds what one phone said, by where.
func (e *emitted) keep(name string, said map[string]string, secrets map[string]string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	for s, kind := range secrets {
		e.secrets[s] = kind
	}
	if e.dir == "" {
		return nil
	}
	e.worlds++
	dir := filepath.Join(e.dir, fmt.Sprintf("%03d-%s", e.worlds, strings.NewReplacer("/", "-", " ", "-").Replace(name)))
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	for where, text := range said {
		if err := os.WriteFile(filepath.Join(dir, strings.ReplaceAll(where, " ", "-")), []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// search looks into every file of the run's folder, and reports what it found
// and in how many files it looked.
func (e *emitted) search() (leaks []string, files int, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	n := newNeedles(e.secrets)
	err = filepath.WalkDir(e.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		files++
		rel, _ := filepath.Rel(e.dir, path)
		for _, kind := range n.in(string(b)) {
			leaks = append(leaks, fmt.Sprintf("a %s is in %s", kind, rel))
		}
		return nil
	})
	return leaks, files, err
}

// needles finds many secrets in one pass over a text.
type needles struct {
	byPrefix map[string][]needle
}

type needle struct{ text, kind string }

// prefix is how much of a secret leads to it; shorter ones would be found in
// anything.
const prefix = 8

func newNeedles(secrets map[string]string) needles {
	n := needles{byPrefix: map[string][]needle{}}
	for s, kind := range secrets {
		for _, form := range []string{s, base64.StdEncoding.EncodeToString([]byte(s)), url.QueryEscape(s)} {
			if len(form) >= prefix {
				n.byPrefix[form[:prefix]] = append(n.byPrefix[form[:prefix]], needle{form, kind})
			}
		}
	}
	return n
}

// in gives the kinds of what a text holds, each once.
func (n needles) in(text string) []string {
	var out []string
	seen := map[string]bool{}
	for i := 0; i+prefix <= len(text); i++ {
		for _, x := range n.byPrefix[text[i:i+prefix]] {
			if !seen[x.kind] && strings.HasPrefix(text[i:], x.text) {
				seen[x.kind] = true
				out = append(out, x.kind)
			}
		}
	}
	return out
}

// plant is set in the child process of TestPlantedLeakFailsTheRun.
const plant = "PHONED_PLANT_LEAK"

// runAll runs the tests and then judges all that was said.
func runAll(m *testing.M) int {
	dir, err := os.MkdirTemp("", "phone-emitted-")
	if err != nil {
		fmt.Println(err)
		return 1
	}
	defer os.RemoveAll(dir)
	wholeRun.dir = dir
	code := m.Run()
	if os.Getenv(plant) != "" {
		if err := wholeRun.keep("planted", map[string]string{"log": "a line with " + lab.AccountPassword}, map[string]string{lab.AccountPassword: "account password"}); err != nil {
			fmt.Println(err)
			return 2
		}
	}
	leaks, files, err := wholeRun.search()
	for _, l := range leaks {
		fmt.Println("LEAK:", l)
	}
	if err != nil || len(leaks) > 0 {
		fmt.Println("the search of the whole run failed:", err)
		return 1
	}
	if testing.Verbose() {
		fmt.Printf("%d files of %d phones searched for %d secrets\n", files, wholeRun.worlds, len(wholeRun.secrets))
	}
	return code
}

// A secret in any file of the run fails the run, although every test passed.
func TestPlantedLeakFailsTheRun(t *testing.T) {
	t.Parallel()
	if os.Getenv(plant) != "" {
		return
	}
	for _, planted := range []bool{true, false} {
		c := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestPlantedLeakFailsTheRun$", "-test.v")
		c.Env = append(os.Environ(), plant+"=")
		if planted {
			c.Env = append(os.Environ(), plant+"=1")
		} else {
			c.Args[1] = "-test.run=^$"
		}
		out, err := c.CombinedOutput()
		if failed := err != nil; failed != planted || strings.Contains(string(out), "LEAK: a account password is in 001-planted") != planted {
			t.Errorf("planted %v: %v\n%s", planted, err, out)
		}
	}
}
