package access

import (
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"phoned/internal/slowhash"
)

// Token is what a program signs its requests with.
type Token struct {
	ID      string    `json:"id"`
	Label   string    `json:"label"`
	Role    Role      `json:"role"` // its scope; never more than its maker's
	Hash    string    `json:"hash"`
	By      string    `json:"by"` // the account that made it; "": the configuration
	Created time.Time `json:"created"`
	Expires time.Time `json:"expires"` // zero: never
	Used    time.Time `json:"-"`       // since the start; zero: not yet
}

// tokenPrefix makes a token recognisable where one was left lying about.
const tokenPrefix = "phoned_"

// maxTokenLife bounds what can be asked for.
const maxTokenLife = 3 * 366 * 24 * time.Hour

func (t *Token) over(now time.Time) bool { return !t.Expires.IsZero() && !now.Before(t.Expires) }

// NewToken makes a token of an account. Its text is told once and kept nowhere.
func (b *Book) NewToken(by, label string, role Role, life time.Duration) (text string, t Token, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.cfg.Now()
	maps.DeleteFunc(b.tokens, func(_ string, t *Token) bool { return t.over(now) })
	a := b.account(by)
	switch {
	case a == nil:
		return "", Token{}, ErrUnknown
	case role < Viewer || role > a.Role:
		return "", Token{}, fmt.Errorf("%w: the role is above %s's own", ErrName, by)
	case brief(label) == "":
		return "", Token{}, fmt.Errorf("%w: say what the token is for", ErrName)
	case life <= 0 || life > maxTokenLife:
		return "", Token{}, fmt.Errorf("%w: a token lives from a second to three years", ErrName)
	case len(b.tokens) >= maxTokens:
		return "", Token{}, fmt.Errorf("%w: %d tokens", ErrFull, maxTokens)
	}
	text = tokenPrefix + random(32)
	n := &Token{ID: "t" + random(6), Label: brief(label), Role: role, Hash: digest(text), By: by, Created: now, Expires: now.Add(life)}
	b.tokens[n.ID] = n
	if err := b.save(); err != nil {
		delete(b.tokens, n.ID)
		return "", Token{}, err
	}
	return text, *n, nil
}

// ByToken finds the token of a text. The role is the token's, and at most what its
// maker has now.
func (b *Book) ByToken(text string) (Token, Role, bool) {
	if !strings.HasPrefix(text, tokenPrefix) || len(text) > 128 {
		return Token{}, Anyone, false
	}
	h := digest(text)
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.cfg.Now()
	for _, list := range []map[string]*Token{b.tokens, b.given} {
		for _, t := range list {
			if t.Hash != h {
				continue
			}
			if t.over(now) || b.tokenRole(t) == Anyone {
				return Token{}, Anyone, false
			}
			t.Used = now
			return *t, b.tokenRole(t), true
		}
	}
	return Token{}, Anyone, false
}

func (b *Book) tokenRole(t *Token) Role {
	if t.By == "" {
		return t.Role
	}
	a := b.account(t.By)
	if a == nil {
		return Anyone
	}
	return min(t.Role, a.Role)
}

// Tokens lists all, the newest first, without their hashes.
func (b *Book) Tokens() []Token {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := []Token{}
	for _, list := range []map[string]*Token{b.tokens, b.given} {
		for _, t := range list {
			c := *t
			c.Hash = ""
			out = append(out, c)
		}
	}
	slices.SortFunc(out, func(x, y Token) int {
		if c := y.Created.Compare(x.Created); c != 0 {
			return c
		}
		return strings.Compare(x.ID, y.ID)
	})
	return out
}

// RemoveToken ends a token.
func (b *Book) RemoveToken(id string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.given[id] != nil {
		return ErrProvisioned
	}
	if b.tokens[id] == nil {
		return ErrUnknown
	}
	delete(b.tokens, id)
	return b.save()
}

// Provision takes accounts ("NAME:ROLE:$argon2id$…") and tokens ("LABEL:ROLE:SHA-256
// of the token in hexadecimal") of the configuration in the place of the ones before.
// Lines that can't be read are left out and told, without what they say.
func (b *Book) Provision(accounts, tokens []string) error {
	byName, byID := map[string]*Account{}, map[string]*Token{}
	var bad []string
	for i, line := range accounts {
		a, ok := ParseAccount(line)
		if !ok || len(byName) >= maxAccounts {
			bad = append(bad, fmt.Sprintf("account %d", i+1))
			continue
		}
		byName[a.Name] = &a
	}
	for i, line := range tokens {
		t, ok := ParseToken(line)
		if !ok || len(byID) >= maxTokens {
			bad = append(bad, fmt.Sprintf("token %d", i+1))
			continue
		}
		byID[t.ID] = &t
	}
	b.mu.Lock()
	b.provisioned, b.given = byName, byID
	b.mu.Unlock()
	if bad != nil {
		return fmt.Errorf("%w: %s", ErrName, strings.Join(bad, ", "))
	}
	return nil
}

// ParseAccount reads an account of the configuration.
func ParseAccount(line string) (Account, bool) {
	name, rest, _ := strings.Cut(line, ":")
	role, hash, _ := strings.Cut(rest, ":")
	a := Account{Name: name, Hash: hash, Provisioned: true}
	err := a.Role.UnmarshalText([]byte(role))
	return a, err == nil && goodName(name) && strings.HasPrefix(hash, "$argon2id$") && len(hash) < 200
}

// ParseToken reads a token of the configuration.
func ParseToken(line string) (Token, bool) {
	label, rest, _ := strings.Cut(line, ":")
	role, hash, _ := strings.Cut(rest, ":")
	t := Token{Label: brief(label), Hash: strings.ToLower(hash)}
	err := t.Role.UnmarshalText([]byte(role))
	raw, herr := hex.DecodeString(hash)
	if err != nil || herr != nil || len(raw) != 32 || t.Label == "" {
		return Token{}, false
	}
	t.ID = "c" + t.Hash[:8]
	return t, true
}

// AccountLine is what a configuration says of an account; ErrName or ErrPassword.
func AccountLine(name string, role Role, password string) (string, error) {
	if !goodName(name) || role < Viewer {
		return "", ErrName
	}
	if err := goodPassword(name, password); err != nil {
		return "", err
	}
	return name + ":" + role.String() + ":" + slowhash.Hash(password), nil
}

// TokenLine makes a new token and what a configuration says of it; ErrName.
func TokenLine(label string, role Role) (text, line string, err error) {
	if brief(label) != label || label == "" || strings.ContainsAny(label, ": \t") || role < Viewer {
		return "", "", ErrName
	}
	text = tokenPrefix + random(32)
	return text, label + ":" + role.String() + ":" + digest(text), nil
}
