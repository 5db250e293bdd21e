package access

import (
	"net/netip"
	"strings"
	"time"
)

// How guessing is slowed.
const (
	freeTries    = 5                // failures of an address that cost nothing yet
	freeName     = 10               // of an account, over all addresses that it does not know
	addressPause = 15 * time.Minute // the longest an address waits
	namePause    = 30 * time.Second // the longest an account makes strangers wait
	forgetAfter  = time.Hour        // without a failure everything is forgotten
	maxGuarded   = 512              // addresses, and names, that are remembered
)

// failures are those of an address or of an account.
type failures struct {
	n     int
	last  time.Time
	until time.Time // the next try is taken from here on
}

// guard counts failures. The zero guard is ready; its user holds a lock.
type guard struct {
	addresses map[netip.Prefix]*failures
	names     map[string]*failures
}

// attempt counts a try as failed, until success says otherwise, or refuses it with a
// *Wait. Of an address that an account knows, only the address's own failures count:
// whoever guesses from elsewhere can't keep the owner out.
func (g *guard) attempt(now time.Time, from netip.Addr, name string, known bool) error {
	if g.addresses == nil {
		g.addresses, g.names = map[netip.Prefix]*failures{}, map[string]*failures{}
	}
	at, of := entry(g.addresses, block(from), now), entry(g.names, strings.ToLower(name), now)
	if wait := at.until.Sub(now); wait > 0 {
		return &Wait{wait}
	}
	if wait := of.until.Sub(now); wait > 0 && !known {
		return &Wait{wait}
	}
	at.count(now, freeTries, addressPause)
	if !known {
		of.count(now, freeName, namePause)
	}
	return nil
}

// success forgets what was counted.
func (g *guard) success(from netip.Addr, name string) {
	delete(g.addresses, block(from))
	delete(g.names, strings.ToLower(name))
}

// undo takes back a try that was never judged.
func (g *guard) undo(from netip.Addr, name string) {
	for _, f := range []*failures{g.addresses[block(from)], g.names[strings.ToLower(name)]} {
		if f != nil && f.n > 0 {
			f.n--
			f.until = time.Time{}
		}
	}
}

func (f *failures) count(now time.Time, free int, most time.Duration) {
	f.n++
	f.last = now
	if over := f.n - free; over >= 0 {
		f.until = now.Add(min(most, time.Second<<min(over, 20)))
	}
}

// block is what counts as one address: of IPv6 a network of 64 bits, in which
// anybody has as many as he likes.
func block(a netip.Addr) netip.Prefix {
	bits := 32
	if a.Is6() {
		bits = 64
	}
	p, _ := a.Unmap().Prefix(bits)
	return p
}

// entry finds or makes one; the one with the oldest failure goes where there is no room.
func entry[K comparable](m map[K]*failures, k K, now time.Time) *failures {
	if f := m[k]; f != nil {
		if age := now.Sub(f.last); age > forgetAfter || age < -forgetAfter { // or the clock was set
			*f = failures{}
		}
		return f
	}
	if len(m) >= maxGuarded {
		var oldest K
		var when time.Time
		for key, f := range m {
			if when.IsZero() || f.last.Before(when) {
				oldest, when = key, f.last
			}
		}
		delete(m, oldest)
	}
	f := &failures{last: now}
	m[k] = f
	return f
}
