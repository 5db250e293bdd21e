// Package walltime tells whether the machine's time of day can be believed. A
// board without a battery-backed clock starts in the past; a certificate judged
// by such a clock is refused although it is good.
//
// A Gate holds TLS back until the time is plausible, for a bounded while. If it
// stays implausible certificates are judged by the latest time that is certain
// (when the firmware was built, when the phone last knew the time), moved on to
// the beginning of the server's certificate where that is later, with a problem
// that everybody sees. Verification is never turned off: chain, name and a time
// within the certificate's window are always checked, and no certificate that
// ended before the last certain time is taken.
//
// A Gate starts no goroutine of its own; its clock calls it back.
package walltime

import (
	"context"
	"crypto/x509"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"phoned/internal/clock"
	"phoned/internal/health"
)

// CodeNotSet is the problem's code.
const CodeNotSet = "clock.not_set"

const (
	patience = 30 * time.Second // for a time server, before the first request
	look     = 2 * time.Second  // between looks while waiting
	lookSlow = time.Minute      // between looks afterwards
	keepEach = time.Hour        // a change of a file's date: wear is negligible
	farthest = 20 * 365 * 24    // hours after the build: no clock is right then
	slack    = 24 * time.Hour   // a set clock may be corrected backwards
	maxAhead = farthest * time.Hour
)

// Config of a Gate.
type Config struct {
	// Built is when the firmware was built: it is later than that. Zero: unknown.
	Built time.Time
	// Kept is the file whose date is the last time known; it is made and dated
	// while the time is right. "": nothing is kept.
	Kept string
	// Others are more such files, only read: TimesyncClock.
	Others []string
	// Synchronised says whether a time server has set the clock; nil: the kernel
	// is asked, which timesyncd, chrony and ntpd all tell.
	Synchronised func() bool
	// Set and Clear report the problem; nil: nobody. A health.Registry has both.
	Problems Problems
	Clock    clock.Clock  // nil: clock.Real
	Log      *slog.Logger // nil: discard
}

// Problems is where a problem is told; *health.Registry is one.
type Problems interface {
	Set(health.Problem)
	Clear(code, subject string)
}

// TimesyncClock is systemd-timesyncd's own file (systemd-timesyncd.service(8)).
const TimesyncClock = "/var/lib/systemd/timesync/clock"

// State is how far the time can be believed.
type State int

// The states of a Gate.
const (
	Waiting      State = iota // it can't, and a time server may still set it
	Guessed                   // it can't, and nobody set it in time
	Plausible                 // nothing speaks against it
	Synchronised              // a time server has set it
)

// String gives the word used in logs.
func (s State) String() string {
	return [...]string{"waiting", "guessed", "plausible", "synchronised"}[s]
}

// Gate is the judge of the time. It is safe for concurrent use. A nil Gate
// believes the machine's clock.
type Gate struct {
	cfg   Config
	floor time.Time // it is certainly later than this

	mu    sync.Mutex
	state State
	open  chan struct{} // closed when the state is no longer Waiting
	began time.Time     // by the clock, which may be wrong but runs
	last  time.Time     // the clock at the last look
	guess time.Time     // of the time at the moment began
	timer clock.Timer
	ended bool
	kept  time.Time
}

// Open reads what is known and looks at the clock. Close ends it.
func Open(cfg Config) *Gate {
	if cfg.Clock == nil {
		cfg.Clock = clock.Real{}
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Synchronised == nil {
		cfg.Synchronised = kernelSynchronised
	}
	g := &Gate{cfg: cfg, floor: cfg.Built, open: make(chan struct{}), began: cfg.Clock.Now()}
	for _, f := range append([]string{cfg.Kept}, cfg.Others...) {
		if f == "" {
			continue
		}
		// A date far ahead is of a clock that was wrong.
		if info, err := os.Stat(f); err == nil && info.ModTime().After(g.floor) && g.possible(info.ModTime()) {
			g.floor = info.ModTime()
		}
	}
	g.guess = g.floor
	g.mu.Lock()
	g.last = g.began
	g.lookLocked()
	g.mu.Unlock()
	return g
}

// possible: not so far ahead that only a broken clock can say it.
func (g *Gate) possible(t time.Time) bool {
	return g.cfg.Built.IsZero() || t.Before(g.cfg.Built.Add(maxAhead))
}

// State tells how far the time can be believed.
func (g *Gate) State() State {
	if g == nil {
		return Plausible
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.state
}

// Wait returns when TLS may begin: the time is plausible, or nobody has set it
// for half a minute. The error is ctx's.
func (g *Gate) Wait(ctx context.Context) error {
	if g == nil {
		return nil
	}
	select {
	case <-g.open:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Time is the time to judge certificates by, for tls.Config.Time: the clock's
// where it can be believed, else the latest that is certain.
func (g *Gate) Time() time.Time {
	if g == nil {
		return time.Now()
	}
	now := g.cfg.Clock.Now()
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.state == Synchronised:
		return now
	case g.state == Plausible && !g.guessLocked(now).After(now):
		return now
	}
	return g.guessLocked(now)
}

func (g *Gate) guessLocked(now time.Time) time.Time {
	return g.guess.Add(max(now.Sub(g.began), 0))
}

// Learn takes a failed handshake: where the clock was not set by a time server
// and the certificate begins only later than what the phone takes for the time,
// it is at least that late, if the server proves to own the certificate. It says
// whether to try once more; a certificate that then fails for another reason is
// refused as ever. What was learned is forgotten if nothing came of it; see Keep.
func (g *Gate) Learn(err error) bool {
	var invalid x509.CertificateInvalidError
	if g == nil || !errors.As(err, &invalid) || invalid.Reason != x509.Expired || invalid.Cert == nil {
		return false
	}
	begins := invalid.Cert.NotBefore
	now := g.Time()
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.state == Synchronised || !begins.After(now) || !g.possible(begins) {
		return false
	}
	clk := g.cfg.Clock.Now()
	g.guess = begins.Add(time.Minute).Add(-max(clk.Sub(g.began), 0))
	g.cfg.Log.Warn("time taken from the server's certificate", "time", begins)
	g.complain()
	return true
}

// Unlearn takes a guess back after the second handshake failed as well: who
// can't prove the certificate must not move the phone's time.
func (g *Gate) Unlearn() {
	if g == nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.guess = g.floor
}

// Close keeps the time and ends the looking.
func (g *Gate) Close() {
	if g == nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.ended = true
	if g.timer != nil {
		g.timer.Stop()
	}
	if g.state == Synchronised {
		g.keepLocked(g.cfg.Clock.Now())
	}
}

// lookLocked looks at the clock and comes back later.
func (g *Gate) lookLocked() {
	now := g.cfg.Clock.Now()
	// A clock that is set jumps; what has passed until then is not known.
	if d := now.Sub(g.last); d < 0 || d > 2*lookSlow {
		g.began = now
	}
	g.last = now
	was := g.state
	switch {
	case g.cfg.Synchronised() && g.possible(now):
		g.state = Synchronised
	case g.possible(now) && !now.Before(g.floor.Add(-slack)):
		g.state = Plausible
	case was == Waiting && now.Sub(g.began) < patience:
	default:
		g.state = Guessed
	}
	if g.state != was || g.timer == nil {
		g.cfg.Log.Info("time of day", "state", g.state.String(), "time", now)
	}
	switch g.state {
	case Waiting, Guessed:
		g.complain()
	case Synchronised:
		g.content()
		if now.Sub(g.kept) >= keepEach || g.kept.After(now) {
			g.keepLocked(now)
		}
	case Plausible:
		if was != Plausible {
			g.content()
		}
	}
	if g.state != Waiting {
		select {
		case <-g.open:
		default:
			close(g.open)
		}
	}
	again := lookSlow
	if g.state == Waiting {
		again = look
	}
	g.timer = g.cfg.Clock.AfterFunc(again, func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		if !g.ended {
			g.lookLocked()
		}
	})
}

func (g *Gate) complain() {
	if g.cfg.Problems == nil {
		return
	}
	p := health.Problem{Code: CodeNotSet, Severity: health.Warning, Title: "The phone's clock is not set.",
		Advice: "Check that a time server can be reached. Until then servers' certificates are judged by the latest time that is certain."}
	if g.state == Waiting {
		p.Severity, p.Advice = health.Info, "The phone waits for a time server."
	}
	g.cfg.Problems.Set(p)
}

func (g *Gate) content() {
	if g.cfg.Problems != nil {
		g.cfg.Problems.Clear(CodeNotSet, "")
	}
}

// keepLocked dates the file of the last known time.
func (g *Gate) keepLocked(now time.Time) {
	g.kept = now
	if g.cfg.Kept == "" {
		return
	}
	err := os.Chtimes(g.cfg.Kept, now, now)
	if errors.Is(err, os.ErrNotExist) {
		if err = os.MkdirAll(filepath.Dir(g.cfg.Kept), 0o700); err == nil {
			err = os.WriteFile(g.cfg.Kept, nil, 0o600)
		}
		if err == nil {
			err = os.Chtimes(g.cfg.Kept, now, now)
		}
	}
	if err != nil {
		g.cfg.Log.Warn("the time could not be kept for the next start", "err", err)
	}
}
