package update

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"phoned/internal/clock"
	"phoned/internal/httpcall"
	"phoned/store"
)

// Slotter is what Manager needs of the helper; *Client is one.
type Slotter interface {
	Status(ctx context.Context) (Boot, error)
	Inspect(ctx context.Context) (Bundle, error)
	Install(ctx context.Context, a Attempt, progress func(percent int)) error
	Confirm(ctx context.Context) error
	Reject(ctx context.Context, r Reason, detail string) error
	Forget(ctx context.Context) error
	Reboot(ctx context.Context) error
}

// Config of a Manager.
type Config struct {
	Dir   string  // the phone's data folder, for the bundle and the report
	Slots Slotter // required
	// HTTP gives what downloads; nil, or giving nil: URL sources fail.
	HTTP func() *httpcall.Client
	// Patience is how long the helper is not asked what runs while the phone starts: until
	// it is registered, somebody wants an update, or so much has passed. The helper costs
	// seconds of a slow board that the network and the first call could have.
	Patience time.Duration
	// Fell says of a version whether it was tried on this phone and left, in whatever update
	// before the last one, which the report tells of; nil: of none.
	Fell  func(version string) bool
	Clock clock.Clock  // nil: the machine's
	Log   *slog.Logger // nil: discard
	// Changed is called on the Manager's goroutine after every change; it must not
	// block or call the Manager back.
	Changed func(State)
}

// Manager runs updates. Its methods are safe for concurrent use.
type Manager struct {
	cfg    Config
	events chan Event
	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup
	wanted chan struct{}

	// Hurry ends Config.Patience.
	Hurry func()

	mu      sync.Mutex
	state   State
	onStick seen

	// Owned by the loop.
	timer   clock.Timer
	stopJob context.CancelFunc
	upload  chan upload
}

// upload is a bundle that comes from the page.
type upload struct {
	body io.Reader
	size int64
	done chan error
}

// New makes a Manager; Run works until its context ends.
func New(c Config) *Manager {
	if c.Clock == nil {
		c.Clock = clock.Real{}
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	m := &Manager{cfg: c, events: make(chan Event, 64), upload: make(chan upload, 1), state: State{Phase: Idle, Boot: Boot{Way: Unknown}}}
	m.ctx, m.cancel = context.WithCancel(context.Background())
	m.wanted = make(chan struct{})
	m.Hurry = sync.OnceFunc(func() { close(m.wanted) })
	if b, err := os.ReadFile(m.reportFile()); err == nil {
		_ = json.Unmarshal(b, &m.state.Report) // unreadable: there is none
	}
	return m
}

func (m *Manager) reportFile() string { return filepath.Join(m.cfg.Dir, "update-report.json") }

// Staged is where a fetched bundle lies for the helper.
func (m *Manager) staged() string { return filepath.Join(m.cfg.Dir, StagedName) }

// Run asks the helper what runs and works until ctx ends.
func (m *Manager) Run(ctx context.Context) {
	defer m.wg.Wait()
	defer m.cancel()
	m.wg.Go(func() { m.askStatus(ctx) })
	for {
		select {
		case <-ctx.Done():
			if m.timer != nil {
				m.timer.Stop()
			}
			return
		case e := <-m.events:
			m.step(e)
		}
	}
}

// askStatus asks until there is an answer: at boot the helper may not be up yet.
func (m *Manager) askStatus(ctx context.Context) {
	if m.cfg.Patience > 0 && !clock.Wait(ctx, m.cfg.Clock, m.cfg.Patience, m.wanted) {
		return
	}
	for {
		b, err := m.cfg.Slots.Status(ctx)
		if err == nil {
			m.post(Booted{b})
			return
		}
		m.cfg.Log.Warn("the update service does not answer", "err", err)
		if !clock.Sleep(ctx, m.cfg.Clock, 30*time.Second) {
			return
		}
	}
}

func (m *Manager) post(e Event) {
	select {
	case m.events <- e:
	case <-m.ctx.Done():
	}
}

// State is a copy of what is known.
func (m *Manager) State() State {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.state
}

// Begin asks for an update. The error says why it is refused at once; what fails
// later is in State's Report.
func (m *Manager) Begin(src Source, allowOlder bool) error {
	m.Hurry()
	if err := m.State().Refused(); err != nil {
		return err
	}
	if !allowOlder && m.stale(src) {
		m.cfg.Log.Info("the stick brings nothing new", "file", src.Name)
		return nil
	}
	if src.Kind == URL {
		u, err := httpcall.CheckURL(src.Place)
		if err != nil {
			return err
		}
		src.Name = u.Host
	}
	m.post(Begin{src, allowOlder})
	return nil
}

// Upload takes a bundle of size bytes (-1: unknown) from body and returns when it is
// read; what follows is in State.
func (m *Manager) Upload(ctx context.Context, name string, body io.Reader, size int64, allowOlder bool) error {
	m.Hurry()
	if err := m.State().Refused(); err != nil {
		return err
	}
	u := upload{body, size, make(chan error, 1)}
	select {
	case m.upload <- u:
	default:
		return ErrBusy
	}
	m.post(Begin{Source{Kind: Upload, Name: name}, allowOlder})
	select {
	case err := <-u.done:
		return err
	case <-ctx.Done():
		m.post(Cancel{})
		return ctx.Err()
	case <-m.ctx.Done():
		return context.Canceled
	}
}

// Cancel ends an update that is not being written yet.
func (m *Manager) Cancel() { m.post(Cancel{}) }

// Tell gives the phone's facts.
func (m *Manager) Tell(f Facts) {
	if f.Registered {
		m.Hurry()
	}
	m.post(Changed{f})
}

func (m *Manager) step(e Event) {
	m.mu.Lock()
	old := m.state
	s, effects := Step(old, e, m.cfg.Clock.Now())
	m.state = s
	m.mu.Unlock()
	if _, ok := e.(Begin); ok && s.Phase != Fetching {
		m.dropUpload(ErrBusy)
	}
	if s.Phase != old.Phase {
		m.cfg.Log.Info("update", "phase", string(s.Phase), "version", s.Bundle.Version)
	}
	for _, f := range effects {
		m.run(f)
	}
	if m.cfg.Changed != nil {
		m.cfg.Changed(s)
	}
}

func (m *Manager) dropUpload(err error) {
	select {
	case u := <-m.upload:
		u.done <- err
	default:
	}
}

func (m *Manager) run(f Effect) {
	switch f := f.(type) {
	case Fetch:
		m.job(f.Try, func(ctx context.Context) (Event, error) {
			return Fetched{f.Try}, m.fetch(ctx, f)
		})
	case Inspect:
		m.job(f.Try, func(ctx context.Context) (Event, error) {
			b, err := m.cfg.Slots.Inspect(ctx)
			if err == nil && m.State().Source.Kind == Stick {
				m.keepSeen(b)
			}
			return Inspected{f.Try, b, m.fell(b.Version)}, err
		})
	case Install:
		m.job(f.Try, func(ctx context.Context) (Event, error) {
			err := m.cfg.Slots.Install(ctx, f.Attempt, func(p int) { m.post(Progress{f.Try, int64(p), 100}) })
			return Installed{f.Try}, err
		})
	case StopJob:
		if m.stopJob != nil {
			m.stopJob()
		}
	case Discard:
		if err := os.Remove(m.staged()); err != nil && !errors.Is(err, os.ErrNotExist) {
			m.cfg.Log.Warn("the fetched update could not be removed", "err", err)
		}
	case Keep:
		m.keep(f.Report)
	case StartTimer:
		if m.timer != nil {
			m.timer.Stop()
		}
		m.timer = m.cfg.Clock.AfterFunc(f.After, func() { m.post(Tick{f.Try}) })
	case Forget:
		m.order("forget", m.cfg.Slots.Forget, nil)
	case Confirm:
		m.order("confirm", m.cfg.Slots.Confirm, Confirmed{})
	case Reboot:
		m.cfg.Log.Info("the phone restarts into the new firmware")
		m.order("reboot", m.cfg.Slots.Reboot, nil)
	case Reject:
		m.cfg.Log.Error("the new firmware is left", "reason", string(f.Reason), "err", f.Detail)
		m.order("reject", func(ctx context.Context) error { return m.cfg.Slots.Reject(ctx, f.Reason, f.Detail) }, nil)
	}
}

// job runs what takes long beside the loop.
func (m *Manager) job(try int, f func(context.Context) (Event, error)) {
	ctx, stop := context.WithCancel(m.ctx)
	m.stopJob = stop
	m.wg.Go(func() {
		defer stop()
		e, err := f(ctx)
		if err == nil {
			m.post(e)
			return
		}
		reason, detail := reasonOf(err)
		m.cfg.Log.Warn("the update goes no further", "reason", string(reason), "err", err)
		failed := Failed{Try: try, Reason: reason, Detail: detail}
		if refused, ok := errors.AsType[*httpcall.Error](err); ok {
			failed.After = refused.RetryAfter
		}
		m.post(failed)
	})
}

// orderTime bounds an order that is no job.
const orderTime = time.Minute

func (m *Manager) order(name string, f func(context.Context) error, then Event) {
	m.wg.Go(func() {
		ctx, cancel := context.WithTimeout(m.ctx, orderTime)
		defer cancel()
		err := f(ctx)
		switch {
		case err != nil && m.ctx.Err() == nil:
			m.cfg.Log.Error("the update service failed", "order", name, "err", err)
			m.post(Rejoin{err.Error()})
		case err == nil && then != nil:
			m.post(then)
		}
	})
}

// keep writes the report: it is to be seen after the restart as well.
func (m *Manager) keep(r Report) {
	b, err := json.Marshal(r)
	if err == nil {
		err = store.ReplaceFile(m.reportFile(), b)
	}
	if err != nil {
		m.cfg.Log.Warn("the update's report could not be kept", "err", err)
	}
}

// reasonOf sorts an error.
func reasonOf(err error) (Reason, string) {
	if f, ok := errors.AsType[*fault](err); ok {
		return f.reason, f.Error()
	}
	switch {
	case errors.Is(err, ErrSource):
		return NoSource, err.Error()
	case errors.Is(err, ErrNoHelper):
		return NoHelper, err.Error()
	case errors.Is(err, context.Canceled):
		return Cancelled, ""
	}
	return Unreachable, err.Error()
}
