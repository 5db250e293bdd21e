package access

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"phoned/internal/secret"
	"phoned/internal/slowhash"
)

// Vault keeps names and values for good: store.Secrets is one.
type Vault interface {
	Get(name string) (secret.String, error)
	Set(values map[string]secret.String) error
}

// vaultName is under what the book is kept.
const vaultName = "web.access"

// Bounds of what is kept and what is taken.
const (
	maxAccounts = 32
	maxTokens   = 64
	maxSessions = 64
	maxPerName  = 16 // sessions of one account; the one unused for longest goes
	maxKnown    = 8  // addresses an account has signed in from

	minPassword = 10  // runes
	maxPassword = 256 // bytes: hashing takes longer the longer it is
	// DefaultIdle and DefaultLife bound a session: unused for so long, or since the
	// sign-in, it ends.
	DefaultIdle = 30 * time.Minute
	DefaultLife = 12 * time.Hour
	// Hashing has a board's memory to itself: 19 MiB at a time, and few that wait.
	hashers = 1
	waiters = 4
)

// Config of a Book.
type Config struct {
	Vault Vault
	Now   func() time.Time
	Log   *slog.Logger
	Idle  time.Duration // 0: DefaultIdle
	Life  time.Duration // 0: DefaultLife
	// Hash and Verify are slowhash's; tests that hash thousands of times bring others.
	Hash   func(password string) string
	Verify func(hash, password string) bool
}

// Account is somebody who may sign in.
type Account struct {
	Name string `json:"name"`
	Role Role   `json:"role"`
	Hash string `json:"hash"`
	// Known are addresses it has signed in from, the newest last.
	Known   []netip.Addr `json:"known,omitempty"`
	Created time.Time    `json:"created"`
	Changed time.Time    `json:"changed"` // its password
	// Provisioned: it comes with the configuration.
	Provisioned bool `json:"-"`
}

// kept is the form of the book in the vault.
type kept struct {
	Accounts []Account `json:"accounts"`
	Tokens   []Token   `json:"tokens"`
	Sessions []Session `json:"sessions"`
}

// Book keeps who may do what. Its methods are safe for concurrent use.
type Book struct {
	cfg   Config
	dummy func() string // a hash to compare with where there is no account
	room  chan struct{} // who hashes
	queue chan struct{} // who hashes or waits to

	mu          sync.Mutex
	accounts    map[string]*Account
	provisioned map[string]*Account
	tokens      map[string]*Token   // by ID
	given       map[string]*Token   // the configuration's, by ID
	certified   []Certified         // likewise
	sessions    map[string]*Session // by the hash of its cookie
	guard       guard
	first       first
}

// Open reads the book. What can't be read leaves an empty one: the phone then asks
// for its first access again, which only a person at the phone can allow.
func Open(cfg Config) *Book {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Idle == 0 {
		cfg.Idle = DefaultIdle
	}
	if cfg.Life == 0 {
		cfg.Life = DefaultLife
	}
	if cfg.Hash == nil {
		cfg.Hash, cfg.Verify = slowhash.Hash, slowhash.Verify
	}
	b := &Book{
		cfg: cfg, room: make(chan struct{}, hashers), queue: make(chan struct{}, hashers+waiters),
		accounts: map[string]*Account{}, provisioned: map[string]*Account{}, tokens: map[string]*Token{}, given: map[string]*Token{}, sessions: map[string]*Session{},
	}
	b.dummy = sync.OnceValue(func() string { return cfg.Hash("nobody's password") })
	text, err := cfg.Vault.Get(vaultName)
	if err == nil && !text.Empty() {
		err = b.restore([]byte(text.Reveal()))
	}
	if err != nil {
		cfg.Log.Error("the accounts of the web access can't be read", "err", err)
	}
	return b
}

func (b *Book) restore(text []byte) error {
	var k kept
	if err := json.Unmarshal(text, &k); err != nil {
		return errors.New("they are damaged") // without a word of what they are
	}
	now := b.cfg.Now()
	for _, a := range k.Accounts {
		b.accounts[a.Name] = &a
	}
	for _, t := range k.Tokens {
		b.tokens[t.ID] = &t
	}
	for _, s := range k.Sessions {
		s.Seen = now // a start is no reason to sign in again
		if now.Before(s.Expires) {
			b.sessions[s.Hash] = &s
		}
	}
	return nil
}

// save keeps the book; the caller holds mu. A disk that can't be written is told.
func (b *Book) save() error {
	k := kept{}
	for _, name := range slices.Sorted(maps.Keys(b.accounts)) {
		k.Accounts = append(k.Accounts, *b.accounts[name])
	}
	for _, id := range slices.Sorted(maps.Keys(b.tokens)) {
		k.Tokens = append(k.Tokens, *b.tokens[id])
	}
	for _, h := range slices.Sorted(maps.Keys(b.sessions)) {
		k.Sessions = append(k.Sessions, *b.sessions[h])
	}
	text, err := json.Marshal(k)
	if err != nil {
		return err
	}
	if len(k.Accounts)+len(k.Tokens)+len(k.Sessions) == 0 {
		text = nil
	}
	if err := b.cfg.Vault.Set(map[string]secret.String{vaultName: secret.New(string(text))}); err != nil {
		return fmt.Errorf("keep the accounts: %w", err)
	}
	return nil
}

// Empty says whether there is nobody at all, neither account nor token: the phone
// waits for its first access.
func (b *Book) Empty() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.emptyLocked()
}

// emptyLocked: nobody is known. The configuration's tokens and certificates count: with
// one of them the phone's screen, where the code of a first access stands, can be read from afar.
func (b *Book) emptyLocked() bool {
	return len(b.accounts)+len(b.provisioned)+len(b.given)+len(b.certified) == 0
}

// account finds one by its name; the configuration's go first.
func (b *Book) account(name string) *Account {
	if a := b.provisioned[name]; a != nil {
		return a
	}
	return b.accounts[name]
}

// Accounts lists all, by name, without their hashes.
func (b *Book) Accounts() []Account {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := maps.Clone(b.accounts)
	maps.Copy(all, b.provisioned)
	out := make([]Account, 0, len(all))
	for _, name := range slices.Sorted(maps.Keys(all)) {
		a := *all[name]
		a.Hash, a.Known = "", slices.Clone(a.Known)
		out = append(out, a)
	}
	return out
}

// hash makes a password's hash when there is room for it.
func (b *Book) hash(ctx context.Context, password string) (hash string, err error) {
	err = b.slowly(ctx, func() { hash = b.cfg.Hash(password) })
	return hash, err
}

// slowly runs f when there is room for another hash. ErrBusy: too many wait.
func (b *Book) slowly(ctx context.Context, f func()) error {
	select {
	case b.queue <- struct{}{}:
	default:
		return ErrBusy
	}
	defer func() { <-b.queue }()
	select {
	case b.room <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-b.room }()
	f()
	return nil
}

// Add makes an account.
func (b *Book) Add(ctx context.Context, name, password string, role Role) error {
	if err := checkNew(name, password, role); err != nil {
		return err
	}
	h, err := b.hash(ctx, password)
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.addLocked(name, h, role)
}

func checkNew(name, password string, role Role) error {
	if !goodName(name) {
		return ErrName
	}
	if role < Viewer || role > Administrator {
		return fmt.Errorf("%w: there is no such role", ErrName)
	}
	return goodPassword(name, password)
}

func (b *Book) addLocked(name, hash string, role Role) error {
	switch {
	case b.account(name) != nil:
		return ErrExists
	case len(b.accounts) >= maxAccounts:
		return fmt.Errorf("%w: %d accounts", ErrFull, maxAccounts)
	}
	now := b.cfg.Now()
	b.accounts[name] = &Account{Name: name, Role: role, Hash: hash, Created: now, Changed: now}
	if err := b.save(); err != nil {
		delete(b.accounts, name)
		return err
	}
	return nil
}

// SetRole gives an account another role; it counts at once, for its sessions and
// tokens as well.
func (b *Book) SetRole(name string, role Role) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	a, err := b.mine(name)
	if err != nil {
		return err
	}
	if role < Viewer || role > Administrator {
		return fmt.Errorf("%w: there is no such role", ErrName)
	}
	if a.Role == Administrator && role != Administrator && b.lastLocked(name) {
		return ErrLast
	}
	a.Role = role
	return b.save()
}

// SetPassword gives an account another password. Its sessions end, but for the one
// that is kept, if any.
func (b *Book) SetPassword(ctx context.Context, name, password, keep string) error {
	if err := goodPassword(name, password); err != nil {
		return err
	}
	b.mu.Lock()
	_, err := b.mine(name)
	b.mu.Unlock()
	if err != nil {
		return err
	}
	h, err := b.hash(ctx, password)
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	a, err := b.mine(name)
	if err != nil {
		return err
	}
	a.Hash, a.Changed = h, b.cfg.Now()
	maps.DeleteFunc(b.sessions, func(_ string, s *Session) bool { return s.Name == name && s.ID != keep })
	return b.save()
}

// Remove removes an account with its sessions and tokens.
func (b *Book) Remove(name string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	a, err := b.mine(name)
	if err != nil {
		return err
	}
	if a.Role == Administrator && b.lastLocked(name) {
		return ErrLast
	}
	delete(b.accounts, name)
	maps.DeleteFunc(b.sessions, func(_ string, s *Session) bool { return s.Name == name })
	maps.DeleteFunc(b.tokens, func(_ string, t *Token) bool { return t.By == name })
	return b.save()
}

// mine is an account that can be changed here.
func (b *Book) mine(name string) (*Account, error) {
	if b.provisioned[name] != nil {
		return nil, ErrProvisioned
	}
	if a := b.accounts[name]; a != nil {
		return a, nil
	}
	return nil, ErrUnknown
}

// lastLocked: nobody else is an administrator.
func (b *Book) lastLocked(name string) bool {
	for _, list := range []map[string]*Account{b.accounts, b.provisioned} {
		for _, a := range list {
			if a.Role == Administrator && a.Name != name {
				return false
			}
		}
	}
	return true
}

// Forget removes every account, session and token but those of the configuration:
// the phone asks for its first access again.
func (b *Book) Forget() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	clear(b.accounts)
	clear(b.tokens)
	clear(b.sessions)
	b.guard, b.first = guard{}, first{}
	return b.save()
}

// goodName: what can stand in a list, a log and an address.
func goodName(s string) bool {
	return s != "" && len(s) <= 64 && strings.Trim(strings.ToLower(s), "abcdefghijklmnopqrstuvwxyz0123456789._-@+") == "" && s != "." && s != ".."
}

// goodPassword refuses what is guessed first. What is long enough need not be odd
// (NIST SP 800-63B §3.1.1.2).
func goodPassword(name, password string) error {
	runes := map[rune]bool{}
	n := 0
	for _, r := range password {
		runes[r] = true
		n++
	}
	lower := strings.ToLower(password)
	switch {
	case n < minPassword:
		return fmt.Errorf("%w: it has fewer than %d characters", ErrPassword, minPassword)
	case len(password) > maxPassword:
		return fmt.Errorf("%w: it has more than %d bytes", ErrPassword, maxPassword)
	case len(runes) < 5:
		return fmt.Errorf("%w: it repeats a few characters", ErrPassword)
	case len(name) > 3 && strings.Contains(lower, strings.ToLower(name)) && n < len(name)+minPassword:
		return fmt.Errorf("%w: it contains the name", ErrPassword)
	}
	for _, bad := range commonPasswords {
		if strings.HasPrefix(lower, bad) && n < len(bad)+6 {
			return fmt.Errorf("%w: it is among the first that are guessed", ErrPassword)
		}
	}
	return nil
}

// commonPasswords begin most of the passwords that are tried first.
var commonPasswords = []string{"password", "passwort", "1234567890", "0123456789", "qwertyuiop", "qwertzuiop", "administrator", "letmein", "iloveyou", "welcome", "changeme", "abcdefghij", "telephone", "telefon"}
