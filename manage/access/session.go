package access

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"
	"unicode"
)

// Session is a signed-in browser.
type Session struct {
	ID      string     `json:"id"` // for lists; never what the browser holds
	Name    string     `json:"name"`
	Hash    string     `json:"hash"`
	From    netip.Addr `json:"from"`  // where the sign-in came from
	Agent   string     `json:"agent"` // what the browser calls itself
	Created time.Time  `json:"created"`
	Seen    time.Time  `json:"seen"`
	Expires time.Time  `json:"expires"`
}

// Login is what a sign-in brings.
type Login struct {
	Name, Password string
	From           netip.Addr
	Agent          string
	Old            string // the cookie that came along; its session ends
}

// SignIn checks a password and gives the cookie of a new session. Errors: ErrWrong,
// *Wait, ErrBusy, or ctx's.
func (b *Book) SignIn(ctx context.Context, l Login) (cookie string, s Session, err error) {
	hash, err := b.attempt(l)
	if err != nil {
		return "", Session{}, err
	}
	right := false
	// A name that there is not costs as much time as one that there is.
	if err := b.slowly(ctx, func() { right = b.cfg.Verify(hash, l.Password) }); err != nil {
		b.mu.Lock()
		b.guard.undo(l.From, l.Name)
		b.mu.Unlock()
		return "", Session{}, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	a := b.account(l.Name)
	if !right || a == nil || a.Hash != hash {
		return "", Session{}, ErrWrong
	}
	b.guard.success(l.From, l.Name)
	return b.openLocked(a, l)
}

// attempt counts a try before its password is looked at, so that many at once are no
// way around the counting, and tells with which hash to compare.
func (b *Book) attempt(l Login) (hash string, err error) {
	b.mu.Lock()
	a := b.account(l.Name)
	known := a != nil && slices.Contains(a.Known, l.From)
	err = b.guard.attempt(b.cfg.Now(), l.From, l.Name, known)
	if a != nil {
		hash = a.Hash
	}
	b.mu.Unlock()
	if err == nil && (hash == "" || len(l.Password) > maxPassword) {
		hash = b.dummy()
	}
	return hash, err
}

// openLocked makes a session.
func (b *Book) openLocked(a *Account, l Login) (string, Session, error) {
	now := b.cfg.Now()
	if l.Old != "" {
		delete(b.sessions, digest(l.Old))
	}
	b.sweepLocked(now)
	b.evictLocked(func(s *Session) bool { return s.Name == a.Name }, maxPerName)
	b.evictLocked(func(*Session) bool { return true }, maxSessions)
	cookie := random(32)
	s := &Session{ID: random(6), Name: a.Name, Hash: digest(cookie), From: l.From, Agent: brief(l.Agent), Created: now, Seen: now, Expires: now.Add(b.cfg.Life)}
	b.sessions[s.Hash] = s
	if l.From.IsValid() && !slices.Contains(a.Known, l.From) {
		a.Known = append(a.Known, l.From)
		a.Known = a.Known[max(0, len(a.Known)-maxKnown):]
	}
	if err := b.save(); err != nil {
		// The sign-in counts until the next start.
		b.cfg.Log.Warn("the session is not kept", "err", err)
	}
	return cookie, *s, nil
}

// sweepLocked removes the sessions that are over.
func (b *Book) sweepLocked(now time.Time) {
	maps.DeleteFunc(b.sessions, func(_ string, s *Session) bool { return b.over(s, now) })
}

func (b *Book) over(s *Session, now time.Time) bool {
	// A clock that was set back far is no reason to live for ever.
	return !now.Before(s.Expires) || now.Sub(s.Seen) >= b.cfg.Idle || s.Created.Sub(now) > b.cfg.Life
}

// evictLocked makes room for one more of those that match.
func (b *Book) evictLocked(match func(*Session) bool, most int) {
	for {
		n := 0
		var oldest *Session
		for _, s := range b.sessions {
			if !match(s) {
				continue
			}
			n++
			if oldest == nil || s.Seen.Before(oldest.Seen) {
				oldest = s
			}
		}
		if n < most {
			return
		}
		delete(b.sessions, oldest.Hash)
	}
}

// BySession finds the session of a cookie and notes that it is used. The role is its
// account's of now.
func (b *Book) BySession(cookie string) (Session, Role, bool) {
	if len(cookie) != cookieSize {
		return Session{}, Anyone, false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	h := digest(cookie)
	s := b.sessions[h]
	if s == nil {
		return Session{}, Anyone, false
	}
	now := b.cfg.Now()
	a := b.account(s.Name)
	if a == nil || b.over(s, now) {
		delete(b.sessions, h)
		return Session{}, Anyone, false
	}
	s.Seen = now
	return *s, a.Role, true
}

// Alive says whether a session or token with an ID is still good, and with which
// role: streams ask, which outlive the request that opened them.
func (b *Book) Alive(id string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.cfg.Now()
	for _, s := range b.sessions {
		if s.ID == id {
			// A stream that is open is use.
			s.Seen = now
			return b.account(s.Name) != nil && now.Before(s.Expires)
		}
	}
	for _, list := range []map[string]*Token{b.tokens, b.given} {
		if t := list[id]; t != nil {
			return !t.over(now) && b.tokenRole(t) > Anyone
		}
	}
	return false
}

// Sessions lists those of an account, all with name "", the newest first, without
// their hashes.
func (b *Book) Sessions(name string) []Session {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sweepLocked(b.cfg.Now())
	out := []Session{}
	for _, s := range b.sessions {
		if name == "" || s.Name == name {
			c := *s
			c.Hash = ""
			out = append(out, c)
		}
	}
	slices.SortFunc(out, func(x, y Session) int {
		if c := y.Created.Compare(x.Created); c != 0 {
			return c
		}
		return strings.Compare(x.ID, y.ID)
	})
	return out
}

// EndSession ends a session by its ID; with a name only that account's.
func (b *Book) EndSession(id, name string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for h, s := range b.sessions {
		if s.ID == id && (name == "" || s.Name == name) {
			delete(b.sessions, h)
			return b.save()
		}
	}
	return ErrUnknown
}

// SignOut ends the session of a cookie; one that there is not is no error.
func (b *Book) SignOut(cookie string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	h := digest(cookie)
	if b.sessions[h] == nil {
		return nil
	}
	delete(b.sessions, h)
	return b.save()
}

// cookieSize is the length of a cookie.
var cookieSize = base64.RawURLEncoding.EncodedLen(32)

// random is n random bytes as a text that can stand in a cookie and an address.
func random(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	return base64.RawURLEncoding.EncodeToString(b)
}

// digest is what is kept of a random secret. It has 256 bits: nobody guesses it, so
// a fast hash is enough, and looking it up in a map tells nobody anything.
func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// brief keeps of what a browser says what a list can show.
func brief(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return -1
	}, strings.ToValidUTF8(s, ""))
	r := []rune(s)
	return string(r[:min(len(r), 120)])
}
