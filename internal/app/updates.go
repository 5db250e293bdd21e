package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"phoned/internal/health"
	"phoned/internal/httpcall"
	"phoned/internal/mountwatch"
	"phoned/phone"
	"phoned/update"
	"phoned/update/check"
)

// The problems of updates: what is under way, and how the last one ended.
const (
	codeUpdate       = "update."
	codeUpdateFailed = "update.failed"
	codeRolledBack   = "update.rolled_back"
)

// underway are the phases that the screen tells of.
var underway = map[update.Phase]string{
	update.Fetching:   "New firmware is fetched",
	update.Verifying:  "New firmware is checked",
	update.Installing: "New firmware is installed",
	update.Restarting: "New firmware: the phone restarts soon",
	update.Trial:      "New firmware is tried",
}

// Updates connects updates of the firmware with the phone that runs: they outlive
// it when it is made anew with another configuration.
type Updates struct {
	Manager *update.Manager
	slots   update.Slotter
	checker *check.Checker
	stick   string
	log     *slog.Logger

	mu      sync.Mutex
	sys     *System
	state   update.State
	waiting *update.Source // on a stick, until it is known what runs
	checked check.Status
	zone    *time.Location // of the person
	wg      sync.WaitGroup
	// showing keeps an older state from being shown after a newer one.
	showing sync.Mutex
}

// UpdatesConfig is what Updates needs.
type UpdatesConfig struct {
	DataDir string
	Slots   update.Slotter
	// StickDir is where the system mounts sticks, "": nowhere. A stick with a bundle
	// begins an update by itself: RAUC takes it only with a signature it trusts, and
	// nothing older than what runs.
	StickDir string
	Patience time.Duration // see update.Config
	Log      *slog.Logger  // nil: discard
}

// NewUpdates makes it; Run works.
func NewUpdates(c UpdatesConfig) *Updates {
	u := &Updates{slots: c.Slots, stick: c.StickDir, log: c.Log}
	if u.log == nil {
		u.log = slog.New(slog.DiscardHandler)
	}
	u.Manager = update.New(update.Config{Dir: c.DataDir, Slots: c.Slots, HTTP: u.client, Patience: c.Patience, Log: u.log, Changed: u.changed,
		Fell: func(v string) bool { return u.checker.Fell(v) }})
	u.checker = check.New(check.Config{
		Dir: c.DataDir, HTTP: u.client, Believed: u.believed, Log: u.log, Changed: u.onChecked,
		Begin: func(src update.Source, older bool) error { return u.Manager.Begin(src, older) },
	})
	u.state = u.Manager.State()
	return u
}

// client downloads as the phone that runs does: by its authorities and its clock.
func (u *Updates) client() *httpcall.Client {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.sys == nil {
		return nil
	}
	return u.sys.client
}

// Run works until ctx ends.
func (u *Updates) Run(ctx context.Context) {
	defer u.wg.Wait()
	if u.stick != "" {
		u.wg.Go(func() {
			err := mountwatch.Watch(ctx, u.stick, func(mounted bool) {
				if mounted {
					u.lookAtStick()
				}
			})
			if err != nil && ctx.Err() == nil {
				u.log.Warn("sticks are not looked at for updates", "err", err)
			}
		})
	}
	u.wg.Go(func() { u.checker.Run(ctx) })
	u.Manager.Run(ctx)
}

func (u *Updates) lookAtStick() {
	src, err := update.OnStick(u.stick)
	if err != nil {
		return // it is for something else
	}
	u.begin(src)
}

// begin takes what is on a stick, as soon as it is known what runs.
func (u *Updates) begin(src update.Source) {
	err := u.Manager.Begin(src, false)
	if errors.Is(err, update.ErrNoHelper) && u.later(src) {
		return
	}
	if err != nil {
		u.log.Warn("the update on the stick is not taken", "file", src.Name, "err", err)
	}
}

// later keeps src until it is known what runs; false: it is known.
func (u *Updates) later(src update.Source) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.state.Boot.Way != update.Unknown {
		return false
	}
	src.Left = true // nobody has had the time to plug it in
	u.waiting = &src
	return true
}

// Attach makes s the phone whose calls, lines and problems count; it ends with s.
func (u *Updates) Attach(s *System) {
	u.mu.Lock()
	u.sys = s
	u.mu.Unlock()
	u.show()
	views, stop := s.Phone.Subscribe()
	u.wg.Go(func() {
		defer stop()
		now := s.Phone.View()
		facts, zone := factsOf(now), now.Settings.TimeZone
		u.Manager.Tell(facts)
		u.configure(s, zone)
		for {
			select {
			case v, ok := <-views:
				if !ok {
					return
				}
				if f := factsOf(v); f != facts {
					facts = f
					u.Manager.Tell(f)
				}
				if z := v.Settings.TimeZone; z != zone {
					zone = z
					u.configure(s, z)
				}
			case <-s.Phone.ctx.Done():
				return
			}
		}
	})
}

// factsOf is what an update must know of the phone. The self-test: the core's loop
// runs (there is a view), and what is kept can be opened and written.
func factsOf(v phone.View) update.Facts {
	f := update.Facts{
		Ready:      true,
		Busy:       len(v.Calls) > 0 || v.OffHook || v.Screen == phone.ScreenDialing,
		Registered: hasService(v),
	}
	for _, p := range v.Problems {
		if p.Code == codeStoreUnusable {
			f.Fault = cmp.Or(p.Detail, p.Title)
		}
	}
	return f
}

// changed is called after every step of an update.
func (u *Updates) changed(s update.State) {
	u.mu.Lock()
	u.state = s
	var src *update.Source
	if s.Boot.Way != update.Unknown {
		src, u.waiting = u.waiting, nil
	}
	u.mu.Unlock()
	if src != nil {
		u.wg.Go(func() { u.begin(*src) }) // not from the Manager's loop
	}
	u.checker.Hear(s)
	u.show()
}

// show tells the screen, the problems' list and the stream of events.
func (u *Updates) show() {
	u.showing.Lock()
	defer u.showing.Unlock()
	u.mu.Lock()
	sys, s, checked, zone := u.sys, u.state, u.checked, u.zone
	u.mu.Unlock()
	if sys == nil {
		return
	}
	for phase, title := range underway {
		code := codeUpdate + string(phase)
		if phase != s.Phase {
			sys.Health.Clear(code, "")
			continue
		}
		detail := s.Bundle.Version
		if n := s.Percent(); n >= 0 {
			detail = fmt.Sprintf("%d %%", n)
		}
		sys.Health.Set(health.Problem{Code: code, Severity: health.Warning, Title: title, Detail: cmp.Or(detail, "…")})
	}
	r := s.Report
	problem := howItEnded(s, checked)
	for _, code := range []string{codeUpdateFailed, codeRolledBack} {
		if code == problem.Code {
			sys.Health.Set(problem)
		} else {
			sys.Health.Clear(code, "")
		}
	}
	showOffer(sys.Health, s.Phase, checked, zone, sys.clock.Now())
	sys.Phone.event("update", map[string]any{
		"phase": string(s.Phase), "percent": s.Percent(), "version": s.Boot.Version, "offered": available(s, checked),
		"way": string(s.Boot.Way), "reason": string(r.Reason), "detail": r.Detail,
	})
}

// howItEnded is the problem that the last update left; without a code: none.
func howItEnded(s update.State, c check.Status) health.Problem {
	r := s.Report
	if s.Phase != update.Idle || r.Good() || r.Reason == "" || r.Reason == update.Same || r.Reason == update.Cancelled {
		return health.Problem{}
	}
	p := health.Problem{Severity: health.Warning, Detail: fmt.Sprintf("%s (%s)", cmp.Or(r.Detail, string(r.Reason)), r.Reason), Since: r.At}
	switch {
	case r.RolledBack():
		p.Code, p.Title, p.Advice = codeRolledBack, "The new firmware did not work; the one before runs", "Tell your administrator; the phone works as before."
	case c.Offered == "" && c.Checked.After(r.At): // what failed is offered no more
		return health.Problem{}
	default:
		p.Code, p.Title, p.Advice = codeUpdateFailed, "The update failed; the phone works as before", "Try again, or tell your administrator."
		if c.ByItself {
			p.Severity, p.Advice = health.Info, "The phone tries again by itself."
		}
	}
	return p
}
