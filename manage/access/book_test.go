package access

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"phoned/internal/secret"
)

type vault struct {
	mu     sync.Mutex
	text   string
	broken error
	writes int
}

func (v *vault) Get(string) (secret.String, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return secret.New(v.text), nil
}

func (v *vault) Set(values map[string]secret.String) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.broken != nil {
		return v.broken
	}
	v.text = values[vaultName].Reveal()
	v.writes++
	return nil
}

const good = "correct horse battery"

var (
	home  = netip.MustParseAddr("192.0.2.10")
	work  = netip.MustParseAddr("192.0.2.11")
	enemy = netip.MustParseAddr("203.0.113.66")
)

// bench is a book with a clock that tests move and a hash that costs nothing.
type bench struct {
	*Book
	t     *testing.T
	vault *vault
	now   time.Time
}

func newBench(t *testing.T) *bench {
	b := &bench{t: t, vault: &vault{}, now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	b.open()
	return b
}

func (b *bench) open() {
	b.Book = Open(Config{Vault: b.vault, Now: func() time.Time { return b.now },
		Hash: func(p string) string { return "h:" + p }, Verify: func(h, p string) bool { return h == "h:"+p }})
}

func (b *bench) add(name string, role Role) {
	b.t.Helper()
	if err := b.Add(b.t.Context(), name, good, role); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) signIn(name, password string, from netip.Addr) (string, error) {
	cookie, _, err := b.SignIn(b.t.Context(), Login{Name: name, Password: password, From: from, Agent: "Firefox\x00\n"})
	return cookie, err
}

func (b *bench) mustSignIn(name string, from netip.Addr) string {
	b.t.Helper()
	c, err := b.signIn(name, good, from)
	if err != nil {
		b.t.Fatal(err)
	}
	return c
}

func (b *bench) wantRole(cookie string, want Role) {
	b.t.Helper()
	if _, got, _ := b.BySession(cookie); got != want {
		b.t.Errorf("the role is %s, want %s", got, want)
	}
}

func TestSignIn(t *testing.T) {
	b := newBench(t)
	b.add("ann", Operator)
	for _, bad := range []Login{{Name: "ann", Password: good + "x"}, {Name: "bob", Password: good}, {Name: "Ann", Password: good}, {}, {Name: "ann"}, {Name: "ann", Password: strings.Repeat("x", 1<<20)}} {
		bad.From = home
		if c, _, err := b.SignIn(t.Context(), bad); !errors.Is(err, ErrWrong) || c != "" {
			t.Errorf("%q: %v", bad.Name, err)
		}
		b.guard = guard{}
	}
	cookie := b.mustSignIn("ann", home)
	s, role, ok := b.BySession(cookie)
	if !ok || role != Operator || s.Name != "ann" || s.From != home || s.Agent != "Firefox" {
		t.Errorf("%+v %s %v", s, role, ok)
	}
	for _, bad := range []string{"", "x", cookie + "x", strings.Repeat("A", cookieSize), s.ID, s.Hash} {
		if _, _, ok := b.BySession(bad); ok {
			t.Errorf("%q is a session", bad)
		}
	}
	if strings.Contains(b.vault.text, cookie) {
		t.Error("the cookie itself is kept")
	}
	if l := b.Sessions(""); len(l) != 1 || l[0].Hash != "" {
		t.Errorf("%+v", l)
	}
}

func TestASignInNeverTakesOverASessionThatWasThere(t *testing.T) {
	b := newBench(t)
	b.add("ann", Viewer)
	old := b.mustSignIn("ann", home)
	fresh, _, err := b.SignIn(t.Context(), Login{Name: "ann", Password: good, From: home, Old: old})
	if err != nil || fresh == old {
		t.Fatal(err)
	}
	b.wantRole(old, Anyone)
	planted := strings.Repeat("A", cookieSize)
	got, _, err := b.SignIn(t.Context(), Login{Name: "ann", Password: good, From: home, Old: planted})
	if err != nil || got == planted {
		t.Fatal("a planted cookie became a session", err)
	}
	b.wantRole(planted, Anyone)
}

func TestSessionsEnd(t *testing.T) {
	b := newBench(t)
	b.add("ann", Viewer)
	idle := b.mustSignIn("ann", home)
	b.now = b.now.Add(DefaultIdle - time.Second)
	b.wantRole(idle, Viewer)
	b.now = b.now.Add(DefaultIdle)
	b.wantRole(idle, Anyone)
	busy := b.mustSignIn("ann", home)
	for range int(DefaultLife/(20*time.Minute)) - 1 {
		b.now = b.now.Add(20 * time.Minute)
		b.wantRole(busy, Viewer)
	}
	b.now = b.now.Add(20 * time.Minute)
	b.wantRole(busy, Anyone)
	out := b.mustSignIn("ann", home)
	if err := b.SignOut(out); err != nil {
		t.Error(err)
	}
	b.wantRole(out, Anyone)
	set := b.mustSignIn("ann", home)
	b.now = b.now.Add(-DefaultLife - time.Hour)
	b.wantRole(set, Anyone) // the clock went back beyond any session's life
	ended := b.mustSignIn("ann", home)
	id := b.Sessions("ann")[0].ID
	if err := b.EndSession(id, "bob"); !errors.Is(err, ErrUnknown) {
		t.Errorf("somebody else's session: %v", err)
	}
	if err := b.EndSession(id, ""); err != nil || b.Alive(id) {
		t.Error(err)
	}
	b.wantRole(ended, Anyone)
}

func TestAStartKeepsTheSessions(t *testing.T) {
	b := newBench(t)
	b.add("ann", Viewer)
	cookie := b.mustSignIn("ann", home)
	b.open()
	b.wantRole(cookie, Viewer)
	b.now = b.now.Add(DefaultLife)
	b.open()
	b.wantRole(cookie, Anyone)
	b.vault.text = "{damaged"
	b.open()
	if !b.Empty() {
		t.Error("damage is an account")
	}
}

func TestWhatChangesAnAccountChangesItsSessions(t *testing.T) {
	b := newBench(t)
	b.add("root", Administrator)
	b.add("ann", Operator)
	cookie := b.mustSignIn("ann", home)
	if err := b.SetRole("ann", Viewer); err != nil {
		t.Fatal(err)
	}
	b.wantRole(cookie, Viewer)
	other := b.mustSignIn("ann", work)
	s, _, _ := b.BySession(cookie)
	if err := b.SetPassword(t.Context(), "ann", good+" two", s.ID); err != nil {
		t.Fatal(err)
	}
	b.wantRole(cookie, Viewer)
	b.wantRole(other, Anyone)
	if _, err := b.signIn("ann", good, home); !errors.Is(err, ErrWrong) {
		t.Errorf("the old password: %v", err)
	}
	if err := b.Remove("ann"); err != nil {
		t.Fatal(err)
	}
	b.wantRole(cookie, Anyone)
	for name, err := range map[string]error{"removed": b.Remove("root"), "demoted": b.SetRole("root", Operator)} {
		if !errors.Is(err, ErrLast) {
			t.Errorf("the last administrator was %s: %v", name, err)
		}
	}
}

func TestNamesAndPasswords(t *testing.T) {
	b := newBench(t)
	for _, name := range []string{"", ".", "..", "a b", "a/b", "a\n", "ä", "<b>", strings.Repeat("a", 65), "a;b", "$(reboot)", "`id`"} {
		if err := b.Add(t.Context(), name, good, Viewer); !errors.Is(err, ErrName) {
			t.Errorf("%q: %v", name, err)
		}
	}
	for _, password := range []string{"", "short", "aaaaaaaaaaaaaaa", "Password123", "1234567890", "qwertzuiop1", "annabella1", strings.Repeat("abcdef", 50)} {
		if err := b.Add(t.Context(), "annabella", password, Viewer); !errors.Is(err, ErrPassword) {
			t.Errorf("%q: %v", password, err)
		} else if password != "" && strings.Contains(err.Error(), password) {
			t.Error("the error quotes the password")
		}
	}
	for _, role := range []Role{Anyone, 4, 255} {
		if err := b.Add(t.Context(), "ann", good, role); err == nil {
			t.Errorf("the role %s was given", role)
		}
	}
	b.add("ann@example.net", Viewer)
	if err := b.Add(t.Context(), "ann@example.net", good, Viewer); !errors.Is(err, ErrExists) {
		t.Error(err)
	}
}

func TestBounds(t *testing.T) {
	b := newBench(t)
	var err error
	for i := range maxAccounts + 1 {
		err = b.Add(t.Context(), fmt.Sprintf("a%d", i), good, Administrator)
	}
	if !errors.Is(err, ErrFull) {
		t.Errorf("accounts: %v", err)
	}
	first := b.mustSignIn("a0", home)
	for range maxPerName {
		b.now = b.now.Add(time.Second)
		b.mustSignIn("a0", home)
	}
	b.wantRole(first, Anyone)
	if n := len(b.Sessions("a0")); n != maxPerName {
		t.Errorf("%d sessions", n)
	}
	for i := range maxAccounts {
		for range 3 {
			b.mustSignIn(fmt.Sprintf("a%d", i), home)
		}
	}
	if n := len(b.Sessions("")); n != maxSessions {
		t.Errorf("%d sessions", n)
	}
	for range maxTokens + 1 {
		_, _, err = b.NewToken("a0", "x", Viewer, time.Hour)
	}
	if !errors.Is(err, ErrFull) {
		t.Errorf("tokens: %v", err)
	}
	for i := range 5000 {
		from := netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)})
		_, _ = b.signIn(fmt.Sprintf("n%d", i), "x", from)
	}
	if n, m := len(b.guard.addresses), len(b.guard.names); n > maxGuarded || m > maxGuarded {
		t.Errorf("%d addresses and %d names are remembered", n, m)
	}
	if len(b.vault.text) > 256<<10 {
		t.Errorf("%d bytes are kept", len(b.vault.text))
	}
}

// tries counts how many passwords somebody gets judged in a time, asking every second.
func (b *bench) tries(d time.Duration, name string, from func(i int) netip.Addr) (judged int) {
	for i := range int(d / time.Second) {
		b.now = b.now.Add(time.Second)
		if _, err := b.signIn(name, "guess", from(i)); errors.Is(err, ErrWrong) {
			judged++
		} else if w := (*Wait)(nil); !errors.As(err, &w) || w.For <= 0 {
			b.t.Fatal(err)
		}
	}
	return judged
}

func TestGuessing(t *testing.T) {
	b := newBench(t)
	b.add("ann", Administrator)
	b.mustSignIn("ann", home) // an address that she is known by
	one := b.tries(24*time.Hour, "ann", func(int) netip.Addr { return enemy })
	if one > 150 {
		t.Errorf("one address had %d tries in a day", one)
	}
	many := b.tries(time.Hour, "ann", func(i int) netip.Addr { return netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)}) })
	if many > 150 {
		t.Errorf("3600 addresses had %d tries in an hour", many)
	}
	net6 := b.tries(time.Hour, "bob", func(i int) netip.Addr {
		return netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, 15: byte(i), 14: byte(i >> 8)})
	})
	if net6 > 25 {
		t.Errorf("a network of IPv6 had %d tries in an hour", net6)
	}
	// All the while the owner gets in where she has been before …
	b.mustSignIn("ann", home)
	// … and from elsewhere after half a minute at most.
	b.tries(time.Minute, "ann", func(i int) netip.Addr { return netip.AddrFrom4([4]byte{10, 2, 0, byte(i)}) })
	b.now = b.now.Add(namePause)
	b.mustSignIn("ann", work)
}

func TestTheRightPasswordDoesNotHelpWhoHasToWait(t *testing.T) {
	b := newBench(t)
	b.add("ann", Viewer)
	for range freeTries {
		_, _ = b.signIn("ann", "guess", enemy)
	}
	var w *Wait
	if _, err := b.signIn("ann", good, enemy); !errors.As(err, &w) {
		t.Errorf("taken: %v", err)
	}
	b.now = b.now.Add(w.For)
	b.mustSignIn("ann", enemy)
	if _, err := b.signIn("ann", "guess", enemy); !errors.Is(err, ErrWrong) {
		t.Errorf("a success does not forget the failures: %v", err)
	}
}

func TestManyAtOnceGetNoMoreTries(t *testing.T) {
	b := newBench(t)
	b.add("ann", Viewer)
	var judged atomic.Int32
	var wg sync.WaitGroup
	for range 200 {
		wg.Go(func() {
			if _, err := b.signIn("ann", "guess", enemy); errors.Is(err, ErrWrong) {
				judged.Add(1)
			}
		})
	}
	wg.Wait()
	if judged.Load() > freeTries {
		t.Errorf("%d of 200 guesses at once were judged", judged.Load())
	}
}

func TestHashingIsBounded(t *testing.T) {
	b := newBench(t)
	b.add("ann", Viewer)
	var running, most atomic.Int32
	hold := make(chan struct{})
	started := make(chan struct{}, 1)
	b.cfg.Verify = func(string, string) bool {
		if n := running.Add(1); n > most.Load() {
			most.Store(n)
		}
		started <- struct{}{}
		<-hold
		running.Add(-1)
		return true
	}
	ctx, cancel := context.WithCancel(t.Context())
	results := make(chan error, 40)
	for i := range 40 {
		go func() {
			_, _, err := b.SignIn(ctx, Login{Name: "ann", Password: good, From: netip.AddrFrom4([4]byte{10, 9, 9, byte(i)})})
			results <- err
		}()
	}
	<-started // one hashes
	busy, others := 0, 0
	tally := func(err error) {
		var w *Wait
		switch {
		case errors.Is(err, ErrBusy):
			busy++
		case errors.As(err, &w), errors.Is(err, context.Canceled), err == nil:
			others++
		default:
			t.Error(err)
		}
	}
	for range 40 - 1 - waiters {
		tally(<-results)
	}
	cancel()
	for range waiters {
		tally(<-results)
	}
	close(hold)
	tally(<-results)
	if most.Load() != hashers || busy == 0 {
		t.Errorf("%d hashed at the same time, %d were busy, %d others", most.Load(), busy, others)
	}
}

func TestADiskThatCantBeWritten(t *testing.T) {
	b := newBench(t)
	b.add("ann", Administrator)
	b.vault.broken = errors.New("read-only")
	if err := b.Add(t.Context(), "bob", good, Viewer); err == nil || len(b.Accounts()) != 1 {
		t.Error("an account that is not kept was made")
	}
	if _, _, err := b.NewToken("ann", "x", Viewer, time.Hour); err == nil || len(b.Tokens()) != 0 {
		t.Error("a token that is not kept was made")
	}
	b.wantRole(b.mustSignIn("ann", home), Administrator) // a sign-in goes all the same
}

func TestForget(t *testing.T) {
	b := newBench(t)
	b.add("ann", Administrator)
	cookie := b.mustSignIn("ann", home)
	token, _, err := b.NewToken("ann", "x", Viewer, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Forget(); err != nil || !b.Empty() || b.vault.text != "" {
		t.Error(err, b.vault.text)
	}
	b.wantRole(cookie, Anyone)
	if _, _, ok := b.ByToken(token); ok {
		t.Error("a token survived")
	}
}
