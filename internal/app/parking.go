package app

import (
	"context"
	"errors"
	"sync"

	"phoned/backend"
	"phoned/phone"
)

// Parking is what app needs of the park slots; *backend.Parking is one.
type Parking interface {
	Start(ctx context.Context)
	// Watch looks at a domain's slots often until release is called.
	Watch(domain string) (release func())
	// Lamps are the domains whose slots are looked at now and then.
	Lamps(domains []string)
	// Kick looks at once at what is wanted.
	Kick()
	// Fresh asks the server now.
	Fresh(ctx context.Context, domain string) ([]backend.ParkSlot, error)
	// Park looks, parks and looks again.
	Park(ctx context.Context, domain, extension string, leg backend.ParkedLeg) error
	Close()
}

// parker carries out what the core wants of park slots. A nil parker says that
// there is no parking: no api_url. What it asks of the server runs on
// goroutines of its own, which end with the phone.
type parker struct {
	p *Phone
	b Parking

	mu      sync.Mutex
	on      bool   // slots matter now
	domain  string // watched while on
	release func()
	told    []map[string]any // of the last park-slots-updated, never changed
	toldOf  string           // its domain
	lit     []string         // domains whose slots lamps show
}

func newParker(p *Phone, build func(func(backend.ParkEvent)) (Parking, error)) (*parker, error) {
	k := &parker{p: p}
	var err error
	k.b, err = build(k.event)
	return k, err
}

func (k *parker) start() {
	if k != nil {
		k.b.Start(k.p.ctx)
	}
}

func (k *parker) close() {
	if k != nil {
		k.b.Close()
	}
}

// watch says whether the slots matter now: a park screen is open, or a call is
// up (contract §4).
func (k *parker) watch(on bool) {
	if k == nil {
		return
	}
	k.mu.Lock()
	k.on = on
	k.mu.Unlock()
	k.settle()
}

// settle watches the domain in use, or nothing. It is called when the lines
// have changed as well.
func (k *parker) settle() {
	if k == nil {
		return
	}
	_, now := k.p.parkDomain("")
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.on {
		now = ""
	}
	if now == k.domain {
		return
	}
	if k.release != nil {
		k.release()
		k.release = nil
	}
	if k.domain = now; now != "" {
		k.release = k.b.Watch(now)
	}
}

// kick looks at once: the sign-in is there, or back.
func (k *parker) kick() {
	if k != nil {
		k.b.Kick()
	}
}

// parkDomain is the SIP domain whose slots a line's are; without a line that of
// the first line of the sign-in.
func (p *Phone) parkDomain(id phone.LineID) (line phone.LineID, domain string) {
	p.linesMu.Lock()
	defer p.linesMu.Unlock()
	if l := p.lines[string(id)]; l != nil {
		return id, l.cfg.SIP.Domain
	}
	for _, list := range [][]Line{p.sessionL, p.cfg.Lines} {
		if len(list) > 0 {
			return phone.LineID(list[0].SIP.ID), list[0].SIP.Domain
		}
	}
	return "", ""
}

// askSlots answers ParkListWanted.
func (p *Phone) askSlots(e phone.ParkListWanted) {
	if p.parking == nil {
		p.loop.Post(phone.ParkSlots{Ask: e.Ask, Cause: phone.CauseNoService})
		return
	}
	p.wg.Go(func() {
		_, domain := p.parkDomain(e.Line)
		slots, err := p.parking.b.Fresh(p.ctx, domain)
		if err != nil {
			p.loop.Post(phone.ParkSlots{Ask: e.Ask, Cause: parkCause(err)})
			return
		}
		p.loop.Post(phone.ParkSlots{Ask: e.Ask, Slots: slotsOf(slots)})
	})
}

// parkCall answers ParkCall. It does not wait in the call's queue: hanging up
// must not wait for a server.
func (p *Phone) parkCall(c *call, e phone.ParkCall) {
	if p.parking == nil {
		p.parkFailed(c, e.Slot, backend.ErrNotConfigured)
		return
	}
	p.wg.Go(func() {
		uuid, ok := p.agent.UUID(c.legID())
		if !ok {
			p.parkFailed(c, e.Slot, errors.New("the call is over"))
			return
		}
		other := p.partyOf(c.ref().ID)
		err := p.parking.b.Park(p.ctx, c.line.cfg.SIP.Domain, e.Slot, backend.ParkedLeg{
			UUID: uuid, PhoneNumber: other.Number, ParkedBy: c.line.cfg.SIP.User, Agreed: func() {
				p.log.Info("call parked", "call", c.ref().ID, "slot", e.Slot)
				p.loop.Post(phone.ParkResult{Call: e.Call, Slot: e.Slot, OK: true})
			},
		})
		if err != nil {
			p.parkFailed(c, e.Slot, err)
		}
	})
}

func (p *Phone) parkFailed(c *call, slot string, err error) {
	p.log.Warn("the call was not parked", "call", c.ref().ID, "slot", slot, "err", err)
	p.loop.Post(phone.ParkResult{Call: c.ref(), Slot: slot, Cause: parkCause(err)})
}

// partyOf is who is on the other end of a call.
func (p *Phone) partyOf(id phone.CallID) phone.Party {
	for _, c := range p.loop.View().Calls {
		if c.ID == id {
			return c.Party
		}
	}
	return phone.Party{}
}

// parkCause maps what parking can meet to what a person is told.
func parkCause(err error) phone.Cause {
	switch {
	case errors.Is(err, backend.ErrSlotTaken):
		return phone.CauseBusy
	case errors.Is(err, backend.ErrNoSlot):
		return phone.CauseNotFound
	case errors.Is(err, backend.ErrForbidden), errors.Is(err, backend.ErrUnauthorized), errors.Is(err, backend.ErrParkRefused):
		return phone.CauseNotAllowed
	case errors.Is(err, backend.ErrNotConfigured), errors.Is(err, backend.ErrSignedOut), errors.Is(err, backend.ErrSignInLost):
		return phone.CauseNoService
	case backend.ProblemOf(err).Code == backend.CodeUnreachable:
		return phone.CauseNoConnection
	}
	return phone.CauseServer
}

func slotsOf(in []backend.ParkSlot) []phone.ParkSlot {
	out := make([]phone.ParkSlot, 0, len(in))
	for _, s := range in {
		o := phone.ParkSlot{Extension: s.Extension, Label: s.Label, Occupied: s.Occupied}
		if s.Parked != nil {
			o.Party.Number, o.By, o.Since = s.Parked.PhoneNumber, s.Parked.ParkedBy, s.Parked.ParkedAt
		}
		out = append(out, o)
	}
	return out
}

// event is the Parking's receiver; it must not block.
func (k *parker) event(e backend.ParkEvent) {
	switch e := e.(type) {
	case backend.SlotsUpdated:
		if _, domain := k.p.parkDomain(""); e.Domain == domain {
			k.p.loop.Post(phone.ParkSlots{Slots: slotsOf(e.Slots)})
		}
		k.p.lampsFromSlots(e.Domain, e.Slots)
		k.tellSlots(e)
	case backend.ParkConflict:
		k.p.log.Warn("somebody else is in the slot that was parked in", "slot", e.Extension)
		k.p.event("park-conflict", map[string]any{"parkExtension": e.Extension, "phoneNumber": e.PhoneNumber})
	case backend.ParkProblem:
		if e.Problem.Title == "" {
			k.p.solved(e.Problem.Code, e.Problem.Subject)
		} else {
			k.p.problem(e.Problem)
		}
	}
}

// tellSlots publishes every answer (contract §4); what did not change is not built
// again.
func (k *parker) tellSlots(e backend.SlotsUpdated) {
	k.mu.Lock()
	if e.Changed || k.told == nil || k.toldOf != e.Domain {
		k.told, k.toldOf = slotResources(e.Slots), e.Domain
	}
	told := k.told
	k.mu.Unlock()
	k.p.event("park-slots-updated", map[string]any{"slots": told})
}

// slotResources are the slots in the contract's words.
func slotResources(in []backend.ParkSlot) []map[string]any {
	out := make([]map[string]any, 0, len(in))
	for _, s := range in {
		r := map[string]any{"extension": s.Extension, "label": s.Label, "occupied": s.Occupied}
		if s.Parked != nil {
			parked := map[string]any{"phoneNumber": s.Parked.PhoneNumber, "parkedBy": s.Parked.ParkedBy}
			if !s.Parked.ParkedAt.IsZero() {
				parked["parkedAt"] = s.Parked.ParkedAt.UnixMilli()
			}
			r["parkedCall"] = parked
		}
		out = append(out, r)
	}
	return out
}

// parkingOf makes the parking of a sign-in; nil without an api_url.
func parkingOf(o Options, api func() *backend.Client) func(func(backend.ParkEvent)) (Parking, error) {
	if o.Config.APIURL.Value == "" {
		return nil
	}
	return func(events func(backend.ParkEvent)) (Parking, error) {
		return backend.NewParking(backend.ParkingConfig{
			API: api(), Notify: events, Interval: o.Config.ParkPollInterval.Value, Clock: o.Clock, Log: o.Log,
		}), nil
	}
}
