package backend

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"reflect"
	"slices"
	"sync"
	"time"

	"phoned/internal/backoff"
	"phoned/internal/clock"
	"phoned/internal/health"
)

// What parking and retrieving can meet beside the errors of the requests.
var (
	// ErrSlotTaken: somebody parked a call there meanwhile.
	ErrSlotTaken = errors.New("the parking slot is taken")
	// ErrSlotEmpty: there is no call to retrieve; dialling it would park ourselves.
	ErrSlotEmpty = errors.New("no call is parked there")
	// ErrNoSlot: the server knows no such slot.
	ErrNoSlot = errors.New("there is no such parking slot")
	// ErrParkedOurselves: the slot holds our own call: hang up at once.
	ErrParkedOurselves = errors.New("the slot was empty, and this call was parked in it")
)

// CodeParking is the problem of slots that can't be fetched.
const CodeParking = "parking.unavailable"

// ParkAPI is what Parking needs of the backend; *Client is one.
type ParkAPI interface {
	ParkSlots(ctx context.Context, sipDomain string) ([]ParkSlot, error)
	Park(ctx context.Context, slot, callUUID, sipDomain string) error
}

// ParkEvent is what a Parking tells its owner; the receiver must not block. It
// comes from the poller's goroutine or from the one that parks.
type ParkEvent interface{ parkEvent() }

type (
	// SlotsUpdated follows every answer; Changed says whether it differs from
	// the one before. The receiver may keep Slots but must not change them.
	SlotsUpdated struct {
		Domain  string
		Slots   []ParkSlot
		Changed bool
	}
	// CallParked: the call belongs to the server now; end the own leg.
	CallParked struct{ Domain, Extension, PhoneNumber, ParkedBy string }
	// CallParkFailed: the call goes on.
	CallParkFailed struct {
		Domain, Extension string
		Err               error
	}
	// ParkConflict: the slot holds another call than the one just parked.
	ParkConflict struct{ Domain, Extension, PhoneNumber string }
	// ParkProblem is raised, or cleared when Problem's Title is "".
	ParkProblem struct{ Problem health.Problem }
)

func (SlotsUpdated) parkEvent()   {}
func (CallParked) parkEvent()     {}
func (CallParkFailed) parkEvent() {}
func (ParkConflict) parkEvent()   {}
func (ParkProblem) parkEvent()    {}

// ParkingConfig of a Parking; API and Notify are required.
type ParkingConfig struct {
	API    ParkAPI
	Notify func(ParkEvent)
	// Interval between looks while somebody watches, 0: 5 s. Each wait is shifted
	// by up to ±20 %.
	Interval time.Duration
	// Idle is the interval of domains that only lamps show, 0: 60 s.
	Idle  time.Duration
	Clock clock.Clock  // nil: clock.Real
	Log   *slog.Logger // nil: discard
	Rand  func() float64
}

// Parking keeps the park slots of domains up to date, no more often than
// somebody looks, and parks calls. It runs one goroutine from Start to Close.
// Its methods are safe for concurrent use.
type Parking struct {
	cfg    ParkingConfig
	cancel context.CancelFunc
	done   chan struct{}
	kick   chan struct{}

	mu      sync.Mutex
	domains map[string]*parkDomain
	told    bool // the problem is raised
}

// parkDomain is what is known of a domain's slots; Parking.mu guards it.
type parkDomain struct {
	watchers int
	lamps    bool
	slots    []ParkSlot
	at       time.Time // of slots
	err      error     // of the last look
	due      time.Time
	notTill  time.Time // the server asked for that
	wait     *backoff.Backoff
}

const (
	parkInterval = 5 * time.Second
	parkIdle     = time.Minute
	parkJitter   = 0.2
)

// NewParking makes one; Start starts it.
func NewParking(cfg ParkingConfig) *Parking {
	if cfg.API == nil || cfg.Notify == nil {
		panic("backend: NewParking needs an API and a receiver of events")
	}
	if cfg.Interval <= 0 {
		cfg.Interval = parkInterval
	}
	if cfg.Idle <= 0 {
		cfg.Idle = parkIdle
	}
	if cfg.Clock == nil {
		cfg.Clock = clock.Real{}
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Rand == nil {
		cfg.Rand = rand.Float64
	}
	return &Parking{cfg: cfg, done: make(chan struct{}), kick: make(chan struct{}, 1), domains: map[string]*parkDomain{}}
}

// Start runs until ctx ends or Close. It must be called once.
func (p *Parking) Start(ctx context.Context) {
	ctx, p.cancel = context.WithCancel(ctx)
	go p.run(ctx)
}

// Close stops looking.
func (p *Parking) Close() { p.cancel(); <-p.done }

// Watch looks at a domain's slots at once and often until release is called:
// while the park screen is open, or a call is active.
func (p *Parking) Watch(domain string) (release func()) {
	p.mu.Lock()
	d := p.domainLocked(domain)
	d.watchers++
	if d.watchers == 1 {
		d.due = d.notTill
	}
	p.mu.Unlock()
	p.wake()
	return sync.OnceFunc(func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if d.watchers--; d.watchers == 0 {
			d.due = p.cfg.Clock.Now().Add(p.spread(p.cfg.Idle))
		}
	})
}

// Lamps says which domains have park lamps without a subscription: those are
// looked at once a minute. Others are forgotten unless they are watched.
func (p *Parking) Lamps(domains []string) {
	p.mu.Lock()
	for _, name := range domains {
		p.domainLocked(name)
	}
	for name, d := range p.domains {
		if d.lamps = slices.Contains(domains, name); !d.lamps && d.watchers == 0 {
			delete(p.domains, name)
		}
	}
	p.mu.Unlock()
	p.wake()
}

// Kick looks at once at what is wanted: after signing in, or when the network
// is back.
func (p *Parking) Kick() {
	p.mu.Lock()
	for _, d := range p.domains {
		d.due = d.notTill
		d.wait.Reset()
	}
	p.mu.Unlock()
	p.wake()
}

// Slots gives the last answer, when it came (zero: never), and the error of the
// last look.
func (p *Parking) Slots(domain string) ([]ParkSlot, time.Time, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	d := p.domains[domain]
	if d == nil {
		return nil, time.Time{}, nil
	}
	return slices.Clone(d.slots), d.at, d.err
}

func (p *Parking) domainLocked(name string) *parkDomain {
	d := p.domains[name]
	if d == nil {
		d = &parkDomain{wait: backoff.New(p.cfg.Interval, max(retryMax, p.cfg.Interval), parkJitter, p.cfg.Rand)}
		p.domains[name] = d
	}
	return d
}

func (p *Parking) wake() {
	select {
	case p.kick <- struct{}{}:
	default:
	}
}

func (p *Parking) spread(d time.Duration) time.Duration {
	return d + time.Duration((2*p.cfg.Rand()-1)*parkJitter*float64(d))
}

func (p *Parking) run(ctx context.Context) {
	defer close(p.done)
	for ctx.Err() == nil {
		name, wait, any := p.next()
		if any && wait <= 0 {
			_, _ = p.look(ctx, name) // the error is in the domain
			continue
		}
		fired := make(chan struct{})
		stop := func() bool { return true }
		if any {
			stop = p.cfg.Clock.AfterFunc(wait, func() { close(fired) }).Stop
		}
		select {
		case <-ctx.Done():
		case <-p.kick:
		case <-fired:
		}
		stop()
	}
}

// next is the domain that is due first; any is false when nobody looks.
func (p *Parking) next() (name string, wait time.Duration, any bool) {
	now := p.cfg.Clock.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	for n, d := range p.domains {
		if d.watchers == 0 && !d.lamps || errors.Is(d.err, ErrNotConfigured) {
			continue
		}
		// A due time further off than we ever set is a clock that jumped.
		w := min(d.due.Sub(now), max(2*retryMax, 2*p.cfg.Idle, time.Hour))
		if !any || w < wait {
			name, wait, any = n, w, true
		}
	}
	return name, wait, any
}

// look asks for a domain's slots now.
func (p *Parking) look(ctx context.Context, name string) ([]ParkSlot, error) {
	slots, err := p.cfg.API.ParkSlots(ctx, name)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	now := p.cfg.Clock.Now()
	p.mu.Lock()
	d := p.domainLocked(name)
	d.err = err
	if err != nil {
		after := max(d.wait.Next(), retryAfterOf(err))
		d.due, d.notTill = now.Add(after), now.Add(retryAfterOf(err))
		news := !p.told && !errors.Is(err, ErrNotConfigured) && !isGone(err)
		p.told = p.told || news
		p.mu.Unlock()
		if news {
			p.cfg.Log.Warn("park slots not available", "err", err)
			p.cfg.Notify(ParkProblem{health.Problem{Code: CodeParking, Severity: health.Warning, Detail: err.Error(),
				Title: "The parked calls can't be shown.", Advice: "The phone tries again by itself. Dialling a slot may park your own call."}})
		}
		return nil, err
	}
	changed := d.at.IsZero() || !reflect.DeepEqual(d.slots, slots)
	d.slots, d.at, d.notTill = slots, now, time.Time{}
	d.wait.Reset()
	interval := p.cfg.Idle
	if d.watchers > 0 {
		interval = p.cfg.Interval
	}
	d.due = now.Add(p.spread(interval))
	healed := p.told
	p.told = false
	p.mu.Unlock()
	if healed {
		p.cfg.Notify(ParkProblem{health.Problem{Code: CodeParking}})
	}
	p.cfg.Notify(SlotsUpdated{Domain: name, Slots: slots, Changed: changed})
	return slots, nil
}

// Fresh asks the server for a domain's slots now, never the cache. It is told by
// SlotsUpdated as well.
func (p *Parking) Fresh(ctx context.Context, domain string) ([]ParkSlot, error) {
	slots, err := p.look(ctx, domain)
	return slices.Clone(slots), err
}

// slot asks anew for one slot.
func (p *Parking) slot(ctx context.Context, domain, extension string) (ParkSlot, error) {
	slots, err := p.look(ctx, domain)
	if err != nil {
		return ParkSlot{}, err
	}
	i := slices.IndexFunc(slots, func(s ParkSlot) bool { return s.Extension == extension })
	if i < 0 {
		return ParkSlot{}, fmt.Errorf("slot %s: %w", extension, ErrNoSlot)
	}
	return slots[i], nil
}

// ParkedLeg is the call to be parked.
type ParkedLeg struct {
	UUID        string // the exchange's
	PhoneNumber string // of the other end
	ParkedBy    string // who parks: the own extension
	// Agreed is called as soon as the server has parked the call, before the
	// slot is looked at again; nil: nobody is.
	Agreed func()
}

// Park parks a call: a fresh look that the slot is free, the request, and a look
// at what became of it. It tells CallParked or CallParkFailed as well. With the
// slots not available it parks all the same: the server decides.
func (p *Parking) Park(ctx context.Context, domain, extension string, leg ParkedLeg) error {
	s, err := p.slot(ctx, domain, extension)
	switch {
	case errors.Is(err, ErrNoSlot), errors.Is(err, ErrNotConfigured), isGone(err):
	case err == nil && s.Occupied:
		err = fmt.Errorf("slot %s: %w", extension, ErrSlotTaken)
	default:
		err = p.cfg.API.Park(ctx, extension, leg.UUID, domain)
	}
	if err != nil {
		p.cfg.Notify(CallParkFailed{Domain: domain, Extension: extension, Err: err})
		return err
	}
	if leg.Agreed != nil {
		leg.Agreed()
	}
	p.cfg.Notify(CallParked{Domain: domain, Extension: extension, PhoneNumber: leg.PhoneNumber, ParkedBy: leg.ParkedBy})
	s, err = p.slot(ctx, domain, extension)
	if err == nil && s.Parked != nil && s.Parked.PhoneNumber != "" && leg.PhoneNumber != "" && s.Parked.PhoneNumber != leg.PhoneNumber {
		p.cfg.Notify(ParkConflict{Domain: domain, Extension: extension, PhoneNumber: s.Parked.PhoneNumber})
	}
	return nil
}

// BeforeRetrieve looks whether there is a call in a slot: ErrSlotEmpty, ErrNoSlot,
// or another error when that can't be known: then a person is asked first.
func (p *Parking) BeforeRetrieve(ctx context.Context, domain, extension string) (ParkSlot, error) {
	s, err := p.slot(ctx, domain, extension)
	if err == nil && !s.Occupied {
		err = fmt.Errorf("slot %s: %w", extension, ErrSlotEmpty)
	}
	return s, err
}

// AfterRetrieve looks whether dialling a slot parked ourselves, whose number is
// own, because somebody was faster: ErrParkedOurselves. nil: not, or not known.
func (p *Parking) AfterRetrieve(ctx context.Context, domain, extension, own string) error {
	s, err := p.slot(ctx, domain, extension)
	if err != nil {
		p.cfg.Log.Debug("slot not known after retrieving", "err", err)
		return nil
	}
	if s.Occupied && s.Parked != nil && own != "" && s.Parked.PhoneNumber == own {
		return fmt.Errorf("slot %s: %w", extension, ErrParkedOurselves)
	}
	return nil
}
