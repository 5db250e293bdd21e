package check

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"sync"

	"phoned/internal/clock"
	"phoned/internal/httpcall"
	"phoned/store"
	"phoned/update"
)

// What CheckNow and InstallNow are refused with, beside what update.State refuses.
var (
	ErrNoServer = errors.New("no server is asked for updates: the configuration has no update_url")
	ErrInCall   = errors.New("somebody telephones: the server is asked between calls only")
	ErrNoTime   = errors.New("the time of day is not known yet")
	ErrNothing  = errors.New("the server offers nothing newer than what runs")
)

// keptName is the file in the data folder.
const keptName = "update-check.json"

// maxETag bounds what a server may have us keep.
const maxETag = 256

// Config of a Checker.
type Config struct {
	Dir string // the phone's data folder
	// Begin is update.Manager's; required.
	Begin func(src update.Source, allowOlder bool) error
	// HTTP gives what asks the server; nil, or giving nil: nobody can be asked.
	HTTP func() *httpcall.Client
	// Believed says whether the time of day can be believed; nil: it can.
	Believed func() bool
	Random   func() float64 // in [0,1); nil: the process's generator
	Clock    clock.Clock    // nil: the machine's
	Log      *slog.Logger   // nil: discard
	// Changed is called on the Checker's goroutine whenever the status has changed; it
	// must not block.
	Changed func(Status)
}

// Checker runs the question for updates.
type Checker struct {
	cfg  Config
	work chan struct{} // there are events

	mu     sync.Mutex
	events []Event
	state  State
	heard  Phone // the last that was told

	// Owned by Run.
	timer  clock.Timer
	stop   context.CancelFunc // of the question under way
	wg     sync.WaitGroup
	status Status
}

// New makes a Checker with what was kept; Run works.
func New(c Config) *Checker {
	if c.Clock == nil {
		c.Clock = clock.Real{}
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Random == nil {
		c.Random = rand.Float64
	}
	k := &Checker{cfg: c, work: make(chan struct{}, 1)}
	b, err := os.ReadFile(k.file())
	if err == nil {
		err = json.Unmarshal(b, &k.state.Kept)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		k.state.Kept = Kept{}
		c.Log.Warn("what was known of updates can't be read", "err", err)
	}
	return k
}

func (c *Checker) file() string { return filepath.Join(c.cfg.Dir, keptName) }

func (c *Checker) post(e Event) {
	c.mu.Lock()
	c.events = append(c.events, e)
	c.mu.Unlock()
	select {
	case c.work <- struct{}{}:
	default:
	}
}

// Hear takes every state of the updates, in order. It does not block.
func (c *Checker) Hear(s update.State) {
	p := PhoneOf(s)
	c.mu.Lock()
	same := p == c.heard
	c.heard = p
	c.mu.Unlock()
	if !same {
		c.post(Heard{p})
	}
}

// Configure takes the settings, also changed ones.
func (c *Checker) Configure(s Settings) { c.post(Configured{s}) }

// Status is what is known now.
func (c *Checker) Status() Status {
	now := c.cfg.Clock.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state.Status(now)
}

// Fell reports whether a version was tried on this phone and left, wherever it came from.
func (c *Checker) Fell(version string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return update.Report{Reason: c.state.refusal(version)}.RolledBack()
}

// CheckNow has the server asked at once. The error says why it is not; what comes of
// it is in Status.
func (c *Checker) CheckNow() error {
	c.mu.Lock()
	s, p := c.state, c.heard
	c.mu.Unlock()
	switch err := refused(p); {
	case err != nil:
		return err
	case s.Set.URL == "":
		return ErrNoServer
	case p.Busy:
		return ErrInCall
	case !c.believed():
		return ErrNoTime
	}
	c.post(CheckNow{})
	return nil
}

// InstallNow begins what is offered, whatever the window and what became of that
// version here before.
func (c *Checker) InstallNow() error {
	c.mu.Lock()
	s, p := c.state, c.heard
	c.mu.Unlock()
	if err := refused(p); err != nil {
		return err
	}
	if s.Set.URL == "" {
		return ErrNoServer
	}
	if _, ok := s.newer(); !ok {
		return ErrNothing
	}
	c.post(InstallNow{})
	return nil
}

func refused(p Phone) error {
	return update.State{Phase: p.Phase, Boot: update.Boot{Way: p.Way}}.Refused()
}

func (c *Checker) believed() bool { return c.cfg.Believed == nil || c.cfg.Believed() }

// Run works until ctx ends.
func (c *Checker) Run(ctx context.Context) {
	defer c.wg.Wait()
	defer func() {
		if c.timer != nil {
			c.timer.Stop()
		}
		if c.stop != nil {
			c.stop()
		}
	}()
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.work:
		}
		c.mu.Lock()
		list := c.events
		c.events = nil
		c.mu.Unlock()
		for _, e := range list {
			c.step(ctx, Believed{c.believed()})
			c.step(ctx, e)
		}
	}
}

func (c *Checker) step(ctx context.Context, e Event) {
	now := c.cfg.Clock.Now()
	c.mu.Lock()
	if b, ok := e.(Believed); ok && b.Yes == c.state.Believed {
		c.mu.Unlock()
		return
	}
	var effects []Effect
	c.state, effects = Step(c.state, e, now, c.cfg.Random())
	status := c.state.Status(now)
	c.mu.Unlock()
	c.run(ctx, effects)
	if status != c.status {
		c.status = status
		if c.cfg.Changed != nil {
			c.cfg.Changed(status)
		}
	}
}

func (c *Checker) run(ctx context.Context, effects []Effect) {
	kept := true
	for _, f := range effects {
		switch f := f.(type) {
		case Keep:
			kept = c.keep(f.Kept)
		case Begin:
			c.begin(f, kept)
		case Ask:
			c.ask(ctx, f)
		case Wake:
			if c.timer != nil {
				c.timer.Stop()
			}
			c.timer = c.cfg.Clock.AfterFunc(f.After, func() { c.post(Tick{}) })
		}
	}
}

func (c *Checker) keep(k Kept) bool {
	b, err := json.Marshal(k)
	if err == nil {
		err = store.ReplaceFile(c.file(), b)
	}
	if err != nil {
		c.cfg.Log.Warn("what is known of updates can't be kept: none begins by itself", "err", err)
	}
	return err == nil
}

// begin orders the update, if it is written down that it was.
func (c *Checker) begin(f Begin, kept bool) {
	err := errors.New("it could not be written down")
	if kept {
		err = c.cfg.Begin(f.Source, false)
	}
	if err != nil {
		c.cfg.Log.Warn("the new firmware is not installed", "version", f.Source.Version, "err", err)
		c.post(NotBegun{})
		return
	}
	c.cfg.Log.Info("new firmware is installed", "version", f.Source.Version)
}

// ask asks the server beside the loop.
func (c *Checker) ask(ctx context.Context, f Ask) {
	if c.stop != nil {
		c.stop()
	}
	ctx, c.stop = context.WithCancel(ctx)
	c.wg.Go(func() {
		e, err := c.answer(ctx, f)
		if err == nil {
			c.post(e)
			return
		}
		if ctx.Err() != nil {
			return
		}
		c.cfg.Log.Warn("the server could not be asked for updates", "err", err)
		failed := Failed{Try: f.Try, Detail: err.Error()}
		if r, ok := errors.AsType[*httpcall.Error](err); ok {
			failed.After = r.RetryAfter
		}
		c.post(failed)
	})
}

func (c *Checker) answer(ctx context.Context, f Ask) (Answered, error) {
	var client *httpcall.Client
	if c.cfg.HTTP != nil {
		client = c.cfg.HTTP()
	}
	if client == nil {
		return Answered{}, fmt.Errorf("%w: this phone asks nobody", update.ErrSource)
	}
	a, err := client.Do(ctx, httpcall.Request{Op: "ask for updates", URL: f.URL, ETag: f.ETag, MaxBody: MaxIndex})
	if err != nil {
		return Answered{}, err
	}
	out := Answered{Try: f.Try, ETag: a.ETag, Unchanged: a.Status == http.StatusNotModified}
	if len(out.ETag) > maxETag {
		out.ETag = ""
	}
	if !out.Unchanged {
		out.Offers, err = Parse(f.URL, a.Body)
	}
	return out, err
}
