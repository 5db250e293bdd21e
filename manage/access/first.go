package access

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"math/big"
	"net/netip"
	"time"
)

// Bounds of a first access.
const (
	firstLife  = 3 * time.Minute  // a request stands on the screen for so long
	firstTries = 3                // codes that may be entered for one request
	firstPause = 2 * time.Minute  // after a person refused
	codePause  = 30 * time.Second // after as many wrong codes
	codeDigits = 8
	maxRefused = 64
)

// first is the request of first access that waits for a person at the phone.
type first struct {
	id, code string
	from     netip.Addr
	until    time.Time
	tries    int
	// refused are the addresses that were refused, and until when.
	refused map[netip.Prefix]time.Time
}

// Request is a first access that is asked for. The code is for the phone's screen
// alone: whoever enters it in the browser stands before the phone.
type Request struct {
	ID, Code string
	From     netip.Addr
	Until    time.Time
	// Again: it stands on the screen already.
	Again bool
}

// AskFirst begins a first access: the caller shows the request on the phone's screen.
// ErrSet: there are accounts. ErrPending: another one's request is on the screen.
// *Wait: this address was refused a while ago.
func (b *Book) AskFirst(from netip.Addr) (Request, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.cfg.Now()
	f := &b.first
	switch wait := f.refused[block(from)].Sub(now); {
	case !b.emptyLocked():
		return Request{}, ErrSet
	case wait > 0:
		return Request{}, &Wait{min(wait, firstPause)}
	case f.pending(now) && f.from != from:
		return Request{}, ErrPending
	case f.pending(now): // asking again is no way to more codes
		return Request{f.id, f.code, f.from, f.until, true}, nil
	}
	f.id, f.code, f.from, f.until, f.tries = random(16), digits(codeDigits), from, now.Add(firstLife), 0
	return Request{f.id, f.code, from, f.until, false}, nil
}

func (f *first) pending(now time.Time) bool {
	return f.id != "" && now.Before(f.until) && f.until.Sub(now) <= firstLife
}

// Confirm ends a first access: with the code of the screen the account is made, an
// administrator, and signed in. ErrUnknown: there is no such request any more.
func (b *Book) Confirm(ctx context.Context, id, code string, l Login) (cookie string, s Session, err error) {
	if err := checkNew(l.Name, l.Password, Administrator); err != nil {
		return "", Session{}, err // costs no try
	}
	if err := b.tryCode(id, code, l.From); err != nil {
		return "", Session{}, err
	}
	h, err := b.hash(ctx, l.Password)
	if err != nil {
		return "", Session{}, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.emptyLocked() {
		return "", Session{}, ErrSet
	}
	if b.first.id != id { // refused meanwhile
		return "", Session{}, ErrUnknown
	}
	if err := b.addLocked(l.Name, h, Administrator); err != nil {
		return "", Session{}, err
	}
	b.first = first{}
	return b.openLocked(b.accounts[l.Name], l)
}

// tryCode counts a code that is entered.
func (b *Book) tryCode(id, code string, from netip.Addr) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	f, now := &b.first, b.cfg.Now()
	if id == "" || f.id != id || f.from != from || !f.pending(now) {
		return ErrUnknown
	}
	if f.tries++; f.tries > firstTries {
		b.refuseLocked(now, codePause)
		return ErrUnknown
	}
	if subtle.ConstantTimeCompare([]byte(f.code), []byte(code)) != 1 {
		if f.tries == firstTries {
			b.refuseLocked(now, codePause)
		}
		return ErrWrong
	}
	return nil
}

// Pending says whether a request still stands on the screen.
func (b *Book) Pending(id string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.first.id == id && b.first.pending(b.cfg.Now())
}

// Refuse ends a request because a person at the phone said no. Its address waits
// before it can ask again; others need not.
func (b *Book) Refuse(id string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if id != "" && b.first.id == id {
		b.refuseLocked(b.cfg.Now(), firstPause)
	}
}

func (b *Book) refuseLocked(now time.Time, pause time.Duration) {
	f := &b.first
	if f.refused == nil || len(f.refused) >= maxRefused {
		f.refused = map[netip.Prefix]time.Time{}
	}
	f.refused[block(f.from)] = now.Add(pause)
	f.id, f.code, f.tries = "", "", 0
}

// digits are n random digits.
func digits(n int) string {
	out := make([]byte, n)
	for i := range out {
		d, _ := rand.Int(rand.Reader, big.NewInt(10)) // never fails (crypto/rand)
		out[i] = '0' + byte(d.Int64())
	}
	return string(out)
}
