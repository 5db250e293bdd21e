package store_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"phoned/internal/calllog"
	"phoned/internal/secret"
	"phoned/store"
)

func aCall(n int) calllog.Record {
	at := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC).Add(time.Duration(n) * time.Second)
	return calllog.Record{CallID: callID(n), UserID: "123", SIPDomain: "prod-registration", CallerIDNumber: "1001", PhoneNumber: "+41445551234",
		Direction: calllog.Outbound, Disposition: calllog.Answered, StartedAt: at, EndedAt: at.Add(time.Minute), CreatedAt: at.Add(time.Minute), Duration: time.Minute}
}

// A backend with 100,000 calls: the cache stays bounded, and its file does.
func TestHistoryOfAHundredThousandCalls(t *testing.T) {
	const added = 5000
	total := 100_000
	if testing.Short() {
		total = 10_000
	}
	path := filepath.Join(t.TempDir(), "phone.db")
	db, err := store.Open(path, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	const page = 500
	for first := 0; first < added; first += page {
		if err := db.Tx(t.Context(), func(tx *store.Tx) error {
			for n := first; n < first+page; n++ {
				if err := tx.AddCall(aCall(n), false); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	answer := make([]calllog.Record, total)
	for n := range answer {
		answer[n] = aCall(n)
	}
	mark, err := db.HistoryMark(t.Context())
	if err == nil {
		err = db.ReplaceHistory(t.Context(), "123", "prod-registration", mark, answer)
	}
	if err != nil {
		t.Fatal(err)
	}
	seen, newest := 0, ""
	for {
		l, err := db.Calls(t.Context(), store.CallQuery{Limit: 300, Offset: seen})
		if err != nil {
			t.Fatal(err)
		}
		if len(l) == 0 {
			break
		}
		if seen == 0 {
			newest = l[0].CallID
		}
		seen += len(l)
	}
	if seen != 1000 || newest != callID(total-1) {
		t.Errorf("%d calls, the newest %s", seen, newest)
	}
	info, err := os.Stat(path)
	if err != nil || info.Size() > 64<<20 {
		t.Errorf("%d bytes, %v", info.Size(), err)
	}
	t.Logf("%d calls given, %d kept in a file of %d KB", total, seen, info.Size()>>10)
}

// written is how many bytes this process has sent towards the disk.
func written(t *testing.T) int64 {
	t.Helper()
	b, err := os.ReadFile("/proc/self/io")
	if err != nil {
		t.Skipf("bytes can't be counted: %v", err)
	}
	for line := range strings.Lines(string(b)) {
		if text, ok := strings.CutPrefix(line, "write_bytes: "); ok {
			n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
	}
	t.Skip("bytes can't be counted")
	return 0
}

// A day of 100 calls and 24 rotations must not wear a card out. Even if the card
// writes ten times as much as it is told, 20 MB a day are 73 GB a year.
func TestADayOfWritesIsSmall(t *testing.T) {
	dir := t.TempDir()
	db, err := store.Open(filepath.Join(dir, "phone.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	secrets, err := store.OpenSecrets(filepath.Join(dir, "secrets"))
	if err != nil {
		t.Fatal(err)
	}
	token := strings.Repeat("t", 1200)
	before, began := written(t), time.Now()
	for n := range 100 {
		if err := db.AddCall(t.Context(), aCall(n), true); err != nil {
			t.Fatal(err)
		}
		p, found, err := db.NextPending(t.Context(), "123")
		if err == nil && found {
			err = db.Accepted(t.Context(), p.Seq)
		}
		if err != nil || !found {
			t.Fatalf("%v %v", found, err)
		}
	}
	calls := written(t) - before
	spent := time.Since(began)
	for n := range 24 {
		if err := secrets.Ready(); err != nil {
			t.Fatal(err)
		}
		if err := secrets.Set(map[string]secret.String{"access": secret.New(token + strconv.Itoa(n)), "refresh": secret.New(strconv.Itoa(n))}); err != nil {
			t.Fatal(err)
		}
	}
	all := written(t) - before
	if all > 20<<20 {
		t.Errorf("%d bytes a day", all)
	}
	t.Logf("100 calls: %d KB, 24 rotations: %d KB; a call kept and accepted in %.1f ms", calls>>10, (all-calls)>>10, spent.Seconds()*10)
}

const lockedVariable = "PHONED_TEST_LOCKED"

// A folder that can't be written, for a user who may not do everything: opening
// says so, what is there can be read, and nothing is claimed to be kept.
func TestReadOnlyForAnOrdinaryUser(t *testing.T) {
	if dir := os.Getenv(lockedVariable); dir != "" {
		s, err := store.OpenSecrets(filepath.Join(dir, "secrets"))
		if err != nil {
			t.Fatal(err)
		}
		if v, _ := s.Get("refresh"); v.Reveal() != "value" {
			t.Error("the secret can't be read")
		}
		if err := s.Ready(); !errors.Is(err, store.ErrReadOnly) {
			t.Errorf("Ready: %v", err)
		}
		if err := s.Set(map[string]secret.String{"refresh": secret.New("new")}); !errors.Is(err, store.ErrReadOnly) {
			t.Errorf("Set: %v", err)
		}
		if _, err := store.Open(filepath.Join(dir, "phone.db"), store.Options{}); !errors.Is(err, store.ErrReadOnly) {
			t.Errorf("Open: %v", err)
		}
		return
	}
	if os.Getuid() == 0 {
		if _, err := exec.LookPath("setpriv"); err != nil {
			t.Skip("setpriv is missing")
		}
	}
	dir, err := os.MkdirTemp("/dev/shm", "phoned-test-")
	if err != nil {
		t.Skipf("no folder that others can reach: %v", err)
	}
	t.Cleanup(func() { _ = os.Chmod(dir, 0o700); _ = os.RemoveAll(dir) })
	s, err := store.OpenSecrets(filepath.Join(dir, "secrets"))
	if err == nil {
		err = s.Set(map[string]secret.String{"refresh": secret.New("value")})
	}
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, "test")
	if err := copyFile(os.Args[0], program); err != nil {
		t.Fatal(err)
	}
	command := []string{program, "-test.run=^TestReadOnlyForAnOrdinaryUser$", "-test.v"}
	if os.Getuid() == 0 {
		if err := os.Chown(filepath.Join(dir, "secrets"), 65534, 65534); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(dir, 0o555); err != nil {
			t.Fatal(err)
		}
		command = append([]string{"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"}, command...)
	} else if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), command[0], command[1:]...)
	cmd.Env = append(os.Environ(), lockedVariable+"="+dir, "TMPDIR=/tmp")
	cmd.Dir = "/"
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS") {
		t.Errorf("%v\n%s", err, out)
	}
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// Cold start: from starting the program to a confirmed sign-in, with what is kept.
func TestColdStartFigures(t *testing.T) {
	_, o := startLab(t)
	o.run(t, func(string, *os.Process) {})
	best := time.Hour
	rss := ""
	for range 3 {
		began := time.Now()
		o.run(t, func(line string, p *os.Process) {
			if line != "signed in" {
				t.Errorf("said %q", line)
			}
			best = min(best, time.Since(began))
			if b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.Pid)); err == nil {
				for l := range strings.Lines(string(b)) {
					if text, ok := strings.CutPrefix(l, "VmHWM:"); ok {
						rss = strings.TrimSpace(text)
					}
				}
			}
		})
	}
	t.Logf("signed in %v after the start, RSS %s", best.Round(time.Millisecond), rss)
}
