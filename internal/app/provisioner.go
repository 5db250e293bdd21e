package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"phoned/internal/clock"
	"phoned/internal/health"
	"phoned/internal/httpcall"
	"phoned/internal/walltime"
	"phoned/phone"
	"phoned/provisioning"
)

// Times of provisioning.
const (
	// trialTime is how long a phone that had service may be without any after a
	// change, before the change is taken back. A registration is given up after
	// 32 s (RFC 3261 timer F), so there are several attempts in it.
	trialTime = 2 * time.Minute
)

// The codes of provisioning's problems.
const (
	codeTakenBack = "config.taken_back"
	codeSite      = "config.site"
	codeKept      = "config.kept"
)

// ErrForgotten: the phone is being reset to factory settings.
var ErrForgotten = errors.New("the phone is being reset to factory settings")

// What else can be wrong with a code or a bundle.
var (
	// ErrExpired: it can't be used any more.
	ErrExpired = errors.New("it has expired")
	// ErrOneTime: it holds a one-time code, which no sign-in server exchanges for
	// tokens yet.
	ErrOneTime = errors.New("the sign-in server takes no one-time codes; use one with an address")
)

// ProvisionerConfig says where a phone's configuration comes from.
type ProvisionerConfig struct {
	Depot *provisioning.Depot
	// Base are the sources outside the depot: the image's file.
	Base []provisioning.Source
	// Loader remembers what Base was when it was last good.
	Loader *provisioning.Loader
	Who    provisioning.Identity
	// HTTP makes the client for the site's server with a configuration's roots and
	// the gate of the time of day.
	HTTP func(provisioning.Config, *walltime.Gate) *httpcall.Client
	// Offers lists what DHCP says in option 66; nil: nothing.
	Offers func(context.Context) []string
	// Network calls back until ctx ends whenever addresses or routes of the machine
	// change; nil: it does not change.
	Network   func(ctx context.Context, changed func()) error
	TrialTime time.Duration // 0: two minutes
	Clock     clock.Clock
	Log       *slog.Logger
}

// Provisioner gives a phone its configuration and takes back a change that costs
// the phone its service. It outlives the phones that are made of its
// configurations: whoever runs them watches Changed. It is safe for concurrent use.
type Provisioner struct {
	cfg     ProvisionerConfig
	changed chan struct{}
	ask     chan struct{}
	// unanswered: the site's server has not answered the last question.
	unanswered atomic.Bool

	mu      sync.Mutex
	phone   *Phone         // the one that runs, nil: none yet
	service bool           // it has had a registered line
	gate    *walltime.Gate // of the phone that runs
	trial   bool           // it was made of a configuration on trial
	late    chan struct{}  // closed when it should have had service
	// forgotten: a reset wipes what was given; nothing may be kept after it.
	forgotten bool
}

// NewProvisioner counts a start of the phone and is ready to give configurations.
func NewProvisioner(c ProvisionerConfig) (*Provisioner, error) {
	if c.Clock == nil {
		c.Clock = clock.Real{}
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.TrialTime == 0 {
		c.TrialTime = trialTime
	}
	if c.Loader == nil {
		c.Loader = &provisioning.Loader{}
	}
	p := &Provisioner{cfg: c, changed: make(chan struct{}, 1), ask: make(chan struct{}, 1)}
	back, err := c.Depot.Booted()
	if back {
		c.Log.Warn("the configuration was taken back at the start", "err", p.whyTakenBack())
	}
	return p, err
}

// Config is the configuration as it is now; see provisioning.Loader.
func (p *Provisioner) Config() (provisioning.Config, []provisioning.Warning, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.forgotten {
		return provisioning.Load(p.cfg.Base...)
	}
	return p.cfg.Loader.Load(slices.Concat(p.cfg.Base, p.cfg.Depot.Sources())...)
}

// Forget wipes all that the phone was given and the copies of it, for a reset to
// factory settings. What is given from now on is refused with ErrForgotten, so
// that an answer on its way can't bring it back: a new Provisioner starts anew.
func (p *Provisioner) Forget() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.forgotten = true
	return errors.Join(p.cfg.Depot.Forget(), p.cfg.Loader.Forget())
}

// Changed tells that the phone has to be made anew of Config.
func (p *Provisioner) Changed() <-chan struct{} { return p.changed }

// CheckSync asks the site's server now (check-sync, or a person's wish).
func (p *Provisioner) CheckSync() { poke(p.ask) }

// Anew has the phone made anew though nothing has changed (check-sync with
// reboot).
func (p *Provisioner) Anew() { poke(p.changed) }

func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Propose checks a document against everything else; nothing is changed.
func (p *Provisioner) Propose(doc provisioning.Document) (provisioning.Proposal, error) {
	return p.cfg.Depot.Propose(doc, p.cfg.Base...)
}

// Apply keeps a proposal and has the phone made anew of it. A change that could
// cost a phone its service that has some now is on trial.
func (p *Provisioner) Apply(pr provisioning.Proposal) error {
	if err := p.begin(pr); err != nil {
		return err
	}
	for _, c := range pr.Changes {
		p.cfg.Log.Info("configuration", "key", c.Key, "change", c.String())
	}
	if len(pr.Changes) > 0 {
		poke(p.changed)
	}
	return nil
}

func (p *Provisioner) begin(pr provisioning.Proposal) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.forgotten {
		return ErrForgotten
	}
	service := p.service || p.phone != nil && hasService(p.phone.View())
	return p.cfg.Depot.Begin(pr, service)
}

// Take checks and applies a document in one step.
func (p *Provisioner) Take(doc provisioning.Document) (provisioning.Proposal, error) {
	pr, err := p.Propose(doc)
	if err != nil {
		return pr, err
	}
	return pr, p.Apply(pr)
}

// LookAtStick says what a mounted stick holds, without using it. The errors are
// those of TakeStick.
func (p *Provisioner) LookAtStick(dir string) (Look, error) {
	s, err := provisioning.ReadStick(dir)
	if err != nil {
		return Look{}, err
	}
	now, _, _ := p.Config()
	if s.Bundle == nil {
		if len(now.Missing()) == 0 {
			return Look{}, fmt.Errorf("stick: %w", provisioning.ErrUnsigned)
		}
		pr, err := p.Propose(provisioning.Document{Layer: provisioning.LayerMedia, Name: "stick", Data: s.Document})
		return Look{Changes: changeWords(pr)}, err
	}
	if err := p.notExpired(s.Bundle.Expires); err != nil {
		return Look{}, err
	}
	look, err := lookOf(s.Bundle.Vouched(now.Keys(), ""), "")
	if err != nil {
		return look, err
	}
	// What can't be used is refused before anybody is asked for a PIN.
	pr, err := p.Propose(s.Bundle.Document(provisioning.LayerMedia, "stick", ""))
	look.Changes = changeWords(pr)
	return look, err
}

func changeWords(pr provisioning.Proposal) []string {
	var out []string
	for _, c := range pr.Changes {
		out = append(out, c.Name+": "+c.Old+" → "+c.New)
	}
	return out
}

func lookOf(vouched error, from string) (Look, error) {
	if errors.Is(vouched, provisioning.ErrPINNeeded) {
		return Look{From: from, PIN: true}, nil
	}
	return Look{From: from, Vouched: vouched == nil}, vouched
}

func (p *Provisioner) notExpired(at time.Time) error {
	if !at.IsZero() && p.cfg.Clock.Now().After(at) {
		return ErrExpired
	}
	return nil
}

// LookAtCode says where a scanned code leads, without following it. The errors are
// those of TakeCode.
func (p *Provisioner) LookAtCode(text string) (Look, error) {
	c, err := provisioning.ParseCode(text)
	if err != nil {
		return Look{}, err
	}
	if err := p.notExpired(c.Expires); err != nil {
		return Look{}, err
	}
	now, _, _ := p.Config()
	return lookOf(c.Vouched(now.Keys(), ""), c.Host())
}

// TakeStick takes what a mounted stick holds: a bundle somebody vouches for or,
// on a phone nobody has provisioned yet, a bare document. An error that wraps
// provisioning.ErrPINNeeded asks for the PIN; fs.ErrNotExist: there is nothing.
func (p *Provisioner) TakeStick(dir, pin string) (provisioning.Proposal, error) {
	s, err := provisioning.ReadStick(dir)
	if err != nil {
		return provisioning.Proposal{}, err
	}
	if s.Bundle != nil {
		return p.takeBundle(provisioning.LayerMedia, "stick", "", s.Bundle, pin)
	}
	now, _, _ := p.Config()
	if len(now.Missing()) == 0 {
		return provisioning.Proposal{}, fmt.Errorf("stick: %w", provisioning.ErrUnsigned)
	}
	return p.Take(provisioning.Document{Layer: provisioning.LayerMedia, Name: "stick", Data: s.Document})
}

func (p *Provisioner) takeBundle(layer provisioning.Layer, name, etag string, b *provisioning.Bundle, pin string) (provisioning.Proposal, error) {
	now, _, _ := p.Config()
	if err := b.Vouched(now.Keys(), pin); err != nil {
		return provisioning.Proposal{}, fmt.Errorf("%s: %w", name, err)
	}
	if err := p.notExpired(b.Expires); err != nil {
		return provisioning.Proposal{}, fmt.Errorf("%s: %w", name, err)
	}
	return p.Take(b.Document(layer, name, etag))
}

// TakeCode follows a scanned code. What its address
// gives is applied. The errors are those of ParseCode, Vouched and Fetch, and
// ErrOneTime.
func (p *Provisioner) TakeCode(ctx context.Context, text, pin string) (provisioning.Code, provisioning.Proposal, error) {
	c, err := provisioning.ParseCode(text)
	if err != nil {
		return c, provisioning.Proposal{}, err
	}
	if err := p.notExpired(c.Expires); err != nil {
		return c, provisioning.Proposal{}, err
	}
	now, _, _ := p.Config()
	if err := c.Vouched(now.Keys(), pin); err != nil {
		return c, provisioning.Proposal{}, err
	}
	if c.ConfigURL == "" {
		return c, provisioning.Proposal{}, ErrOneTime
	}
	got, err := p.fetch(ctx, now, c.ConfigURL, "")
	if err != nil {
		return c, provisioning.Proposal{}, err
	}
	// The code vouches for the address and TLS for the bundle that came from it.
	pr, err := p.Take(got.As(provisioning.LayerMedia))
	return c, pr, err
}

// Watch looks after one phone until ctx ends: it confirms a change once a line has
// service and takes it back when there was none for too long; it asks the site's
// server; and it tells problems.
func (p *Provisioner) Watch(ctx context.Context, ph *Phone, problems *health.Registry) {
	p.tellOutcome(problems)
	var wg sync.WaitGroup
	wg.Go(func() { p.watchTrial(ctx, ph, problems) })
	wg.Go(func() { p.askSite(ctx, problems) })
	if p.cfg.Network != nil {
		wg.Go(func() { p.askOnNetwork(ctx) })
	}
	wg.Wait()
}

func (p *Provisioner) watchTrial(ctx context.Context, ph *Phone, problems *health.Registry) {
	views, stop := ph.Subscribe()
	defer stop()
	p.mu.Lock()
	late := p.late
	p.mu.Unlock()
	for v := ph.View(); ; {
		if hasService(v) {
			p.inService(problems)
		}
		select {
		case next, ok := <-views:
			if !ok {
				return
			}
			v = next
		case <-late:
			late = nil
			p.takeBack(problems)
		case <-ctx.Done():
			return
		}
	}
}

func hasService(v phone.View) bool {
	return slices.ContainsFunc(v.Lines, func(l phone.LineView) bool { return l.State == phone.LineRegistered })
}

func (p *Provisioner) inService(problems *health.Registry) {
	p.mu.Lock()
	proved := p.trial && !p.service
	p.service = true
	p.mu.Unlock()
	if !proved {
		return
	}
	if err := p.cfg.Depot.Confirm(); err != nil {
		p.notKept(problems, err)
		return
	}
	p.cfg.Log.Info("the new configuration has proved itself")
}

func (p *Provisioner) takeBack(problems *health.Registry) {
	p.mu.Lock()
	failed := p.trial && !p.service
	p.mu.Unlock()
	if !failed {
		return
	}
	if err := p.cfg.Depot.RollBack("no line had service within " + p.cfg.TrialTime.String()); err != nil {
		p.notKept(problems, err)
		return
	}
	p.cfg.Log.Warn("the configuration was taken back", "err", p.whyTakenBack())
	poke(p.changed)
}

func (p *Provisioner) whyTakenBack() string {
	last, _ := p.cfg.Depot.Last()
	return last.Why
}

func (p *Provisioner) notKept(problems *health.Registry, err error) {
	problems.Set(health.Problem{Code: codeKept, Severity: health.Warning, Title: "The configuration can't be kept",
		Advice: "It is used until the next start.", Detail: err.Error()})
}

// tellOutcome says on the screen that the last change was taken back.
func (p *Provisioner) tellOutcome(problems *health.Registry) {
	last, there := p.cfg.Depot.Last()
	if !there || last.Confirmed {
		problems.Clear(codeTakenBack, "")
		return
	}
	problems.Set(health.Problem{Code: codeTakenBack, Severity: health.Warning, Title: "A new configuration was taken back",
		Advice: "The phone works as it did before. Correct the configuration from " + last.Name + ".", Detail: last.Why})
}

// begun starts the life of one phone: it has had no service yet. The caller says
// when it is over.
func (p *Provisioner) begun(s *System) (over func()) {
	late := make(chan struct{})
	timer := p.cfg.Clock.AfterFunc(p.cfg.TrialTime, func() { close(late) })
	p.mu.Lock()
	defer p.mu.Unlock()
	p.phone, p.gate, p.service = s.Phone, s.Gate, false
	_, p.trial = p.cfg.Depot.Trial()
	p.late = late
	return func() { timer.Stop() }
}

// Idle waits until no call is on: a configuration is changed between calls. False:
// ctx ended.
func (p *Phone) Idle(ctx context.Context) bool {
	views, stop := p.Subscribe()
	defer stop()
	for v := p.View(); ; {
		if len(v.Calls) == 0 {
			return true
		}
		select {
		case next, ok := <-views:
			if !ok {
				return false
			}
			v = next
		case <-ctx.Done():
			return false
		}
	}
}
