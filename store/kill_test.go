package store_test

import (
	"bufio"
	"context"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"phoned/backend"
	"phoned/internal/calllog"
	"phoned/internal/clock"
	"phoned/internal/secret"
	"phoned/lab"
	"phoned/lab/faults"
	"phoned/store"
)

// order is what a phone that will be killed is told.
type order struct {
	Dir             string
	OAuth, API      string
	CA              []byte
	Access, Refresh string
	Kill            int // the step of writing secrets that kills, 0: none
	Calls           int // to be made in all, 0: only sign in
}

const orderVariable = "PHONED_TEST_PHONE"

// TestMain is also the phone that gets killed: this program once more.
func TestMain(m *testing.M) {
	if text := os.Getenv(orderVariable); text != "" {
		var o order
		if err := json.Unmarshal([]byte(text), &o); err != nil {
			panic(err)
		}
		if err := o.phone(); err != nil {
			fmt.Println("failed", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// fast makes the waits between attempts short.
type fast struct{ began time.Time }

const faster = 200

func (c fast) Now() time.Time { return c.began.Add(time.Since(c.began) * faster) }
func (c fast) AfterFunc(d time.Duration, f func()) clock.Timer {
	return time.AfterFunc(max(d/faster, time.Millisecond), f)
}

// phone signs in, says so, and makes calls. Each line that it prints is true
// when it is printed.
func (o order) phone() error {
	secrets, err := store.OpenSecretsKilled(filepath.Join(o.Dir, "secrets"), o.Kill)
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(o.CA)
	events := make(chan backend.Event, 100)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	a, err := backend.NewAccount(backend.Config{OAuthEndpoint: o.OAuth, APIURL: o.API, Roots: roots, Clock: fast{time.Now()}},
		secrets, func(e backend.Event) { events <- e })
	if err != nil {
		return err
	}
	a.Start(ctx, backend.Tokens{Access: secret.New(o.Access), Refresh: secret.New(o.Refresh)})
	defer a.Close()
	if err := await(ctx, events); err != nil || o.Calls == 0 {
		return err
	}
	return o.makeCalls(ctx, a.API())
}

// await reports how signing in went.
func await(ctx context.Context, events chan backend.Event) error {
	for {
		select {
		case e := <-events:
			switch e := e.(type) {
			case backend.Lost:
				fmt.Println("lost")
				return nil
			case backend.SignedIn:
				if !e.Cached {
					fmt.Println("signed in")
					return nil
				}
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func callID(n int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", n) }

// makeCalls goes on where the calls that are kept end, until the backend has
// them all.
func (o order) makeCalls(ctx context.Context, api *backend.Client) error {
	db, err := store.Open(filepath.Join(o.Dir, "phone.db"), store.Options{})
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	h := backend.NewHistory(backend.HistoryConfig{API: api, Box: db, Notify: func(backend.HistoryEvent) {}, Clock: fast{time.Now()}})
	h.Start(ctx)
	defer h.Close()
	h.SetUser("123")
	kept, err := db.Calls(ctx, store.CallQuery{Limit: 1000})
	if err != nil {
		return err
	}
	for n := len(kept); n < o.Calls; n++ {
		at := time.Now().Add(time.Duration(n) * time.Second)
		if err := db.AddCall(ctx, calllog.Record{CallID: callID(n), UserID: "123", SIPDomain: "prod-registration", PhoneNumber: "9196",
			Direction: calllog.Outbound, Disposition: calllog.Answered, StartedAt: at, EndedAt: at, CreatedAt: at}, true); err != nil {
			return err
		}
		fmt.Println("kept", n)
		h.Kick()
	}
	for {
		pending, aside, err := db.OutboxCount(ctx)
		if err != nil {
			return err
		}
		if pending == 0 {
			fmt.Println("empty", aside)
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(2 * time.Millisecond):
		}
	}
}

// run starts a phone and gives each line that it prints to told until it ends;
// killed says that it was killed. told may kill it.
func (o order) run(t *testing.T, told func(line string, p *os.Process)) (killed bool) {
	t.Helper()
	b, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), orderVariable+"="+string(b))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(io.LimitReader(out, 1<<20))
	for lines.Scan() {
		told(lines.Text(), cmd.Process)
	}
	_ = cmd.Wait() // how it ended is in the state
	if cmd.ProcessState.Exited() && cmd.ProcessState.ExitCode() != 0 {
		t.Fatalf("the phone ended with %d", cmd.ProcessState.ExitCode())
	}
	return !cmd.ProcessState.Exited()
}

func startLab(t *testing.T) (*lab.Exchange, order) {
	t.Helper()
	ex, err := lab.Start(t.Context(), lab.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ex.Close() })
	access, refresh, _ := ex.Tokens("1001")
	return ex, order{Dir: t.TempDir(), OAuth: ex.OAuthURL(), API: ex.APIURL(), CA: ex.CAPEM(), Access: access, Refresh: refresh}
}

// The phone is killed at every step of every write of a sign-in with a rotation.
// Afterwards it signs in by what is on the disk, and once more after another
// rotation. The only case that can't be saved is the one in which the server has
// given out new tokens and the phone is killed before it has written them down:
// while it creates the file, or in the middle of writing it.
func TestKillAtEveryWriteOfARotation(t *testing.T) {
	var lost []int
	var steps int
	for n := 1; ; n++ {
		ex, o := startLab(t)
		ex.OAuth.Expire()
		o.Kill = n
		if !o.run(t, func(string, *os.Process) {}) {
			steps = n - 1
			break
		}
		o.Kill = 0
		for range 2 {
			said := ""
			o.run(t, func(line string, _ *os.Process) { said = line })
			if said == "lost" {
				lost = append(lost, n)
				break
			}
			if said != "signed in" {
				t.Fatalf("killed at step %d, then %q", n, said)
			}
			ex.OAuth.Expire()
		}
		if err := ex.Close(); err != nil {
			t.Fatal(err)
		}
	}
	// Taking the provisioned tokens: 5 steps. Before the rotation: 3 that prove
	// the disk can be written. The rotation: 5. The session: 5.
	if steps != 18 {
		t.Errorf("%d steps", steps)
	}
	if fmt.Sprint(lost) != "[9 10]" {
		t.Errorf("lost at steps %v, want 9 and 10 (the new file is created, half written)", lost)
	}
	t.Logf("%d steps, lost at %v", steps, lost)
}

// The phone makes calls, its answers get lost after the lab has committed them,
// the lab refuses some, and the phone is killed at random moments. In the end
// each call that the phone said it kept is in the backend exactly once.
func TestKillWhileTheOutboxIsSent(t *testing.T) {
	const rounds, more = 6, 4 // starts that are killed, calls that each of them makes
	seeds := 12
	if testing.Short() {
		seeds = 2
	}
	kills := 0
	for seed := range seeds {
		rnd := rand.New(rand.NewPCG(uint64(seed), 7))
		ex, o := startLab(t)
		kept := map[string]bool{}
		for round := 1; ; round++ {
			o.Calls = min(round, rounds) * more
			fault := faults.HTTP{}
			switch rnd.IntN(4) {
			case 0:
				fault = faults.HTTP{Lose: true, Times: 1 + rnd.IntN(4)}
			case 1:
				fault = faults.HTTP{Status: 503, Times: 1 + rnd.IntN(4)}
			case 2:
				fault = faults.HTTP{DelayMS: rnd.IntN(20), Lose: rnd.IntN(2) == 0, Times: 1 + rnd.IntN(4)}
			}
			if err := ex.Faults.SetHTTP("call-history", fault); err != nil {
				t.Fatal(err)
			}
			after, heard, done := rnd.IntN(more+1), 0, false
			wait := time.Duration(rnd.IntN(8000)) * time.Microsecond
			killed := o.run(t, func(line string, p *os.Process) {
				if heard == after && round <= rounds {
					time.AfterFunc(wait, func() { _ = p.Kill() })
				}
				if n, ok := strings.CutPrefix(line, "kept "); ok {
					i, _ := strconv.Atoi(n)
					kept[callID(i)] = true
				}
				heard++
				done = done || line == "empty 0"
			})
			if killed {
				kills++
			}
			if done && round >= rounds {
				break
			}
			if round > 2*rounds {
				t.Fatalf("seed %d: not empty after %d starts", seed, round)
			}
		}
		got := map[string]int{}
		for _, r := range ex.OAuth.History() {
			got[fmt.Sprint(r["callId"])]++
		}
		for id := range kept {
			if got[id] != 1 {
				t.Errorf("seed %d: call %s is there %d times", seed, id, got[id])
			}
		}
		if len(got) != rounds*more {
			t.Errorf("seed %d: %d calls in the backend", seed, len(got))
		}
		if err := ex.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if kills < 2*seeds {
		t.Errorf("only %d kills", kills)
	}
	t.Logf("%d seeds, %d kills, %d calls", seeds, kills, seeds*rounds*more)
}
