package backend_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"phoned/backend"
	"phoned/internal/secret"
	"phoned/lab"
	"phoned/lab/faults"
)

var _ backend.ParkAPI = (*backend.Client)(nil)

// lot is a parking lot.
type lot struct {
	mu    sync.Mutex
	asked []time.Time
	slots []backend.ParkSlot
	err   error
	park  func(l *lot, slot, uuid string) error
}

func (l *lot) ParkSlots(context.Context, string) ([]backend.ParkSlot, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked = append(l.asked, time.Now())
	return slices.Clone(l.slots), l.err
}

func (l *lot) Park(_ context.Context, slot, uuid, _ string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.park(l, slot, uuid)
}

func (l *lot) fail(err error) { l.mu.Lock(); l.err = err; l.mu.Unlock() }

func (l *lot) set(slots ...backend.ParkSlot) { l.mu.Lock(); l.slots = slots; l.mu.Unlock() }

// looks gives the number of looks since the last call.
func (l *lot) looks() []time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := l.asked
	l.asked = nil
	return out
}

type ear struct {
	mu   sync.Mutex
	told []backend.ParkEvent
}

func (e *ear) hear(v backend.ParkEvent) { e.mu.Lock(); e.told = append(e.told, v); e.mu.Unlock() }

// names are the events since the last call, updates that changed nothing left out.
func (e *ear) names() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	out := []string{}
	for _, v := range e.told {
		switch v := v.(type) {
		case backend.SlotsUpdated:
			if v.Changed {
				out = append(out, "slots")
			}
		case backend.CallParked:
			out = append(out, "parked "+v.Extension+" "+v.PhoneNumber+" "+v.ParkedBy)
		case backend.CallParkFailed:
			out = append(out, "failed "+v.Err.Error())
		case backend.ParkConflict:
			out = append(out, "conflict "+v.PhoneNumber)
		case backend.ParkProblem:
			out = append(out, "problem "+v.Problem.Title)
		}
	}
	e.told = nil
	return fmt.Sprintf("%q", out)
}

func parking(t *testing.T, l *lot) (*backend.Parking, *ear) {
	e := &ear{}
	p := backend.NewParking(backend.ParkingConfig{API: l, Notify: e.hear})
	p.Start(t.Context())
	return p, e
}

func TestSlotsAreLookedAtOnlyWhileSomebodyLooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &lot{slots: []backend.ParkSlot{{Extension: "700"}}}
		p, e := parking(t, l)
		defer p.Close()
		time.Sleep(time.Hour)
		if n := len(l.looks()); n != 0 {
			t.Errorf("%d looks while nobody looks", n)
		}
		release := p.Watch("prod")
		synctest.Wait()
		if n := len(l.looks()); n != 1 {
			t.Errorf("%d looks at once", n)
		}
		time.Sleep(10 * time.Minute)
		at := l.looks()
		for i := range at[1:] {
			if d := at[i+1].Sub(at[i]); d < 4*time.Second || d > 6*time.Second {
				t.Errorf("%v between looks", d)
			}
		}
		if len(at) < 100 || len(at) > 150 {
			t.Errorf("%d looks in ten minutes", len(at))
		}
		if got := e.names(); got != `["slots"]` {
			t.Errorf("told %s", got)
		}
		release()
		release()
		time.Sleep(10 * time.Second)
		l.looks()
		time.Sleep(time.Hour)
		if n := len(l.looks()); n != 0 {
			t.Errorf("%d looks after the release", n)
		}
		p.Lamps([]string{"prod"})
		time.Sleep(time.Hour)
		if n := len(l.looks()); n < 50 || n > 75 {
			t.Errorf("%d looks in an hour for the lamps", n)
		}
		p.Lamps(nil)
		time.Sleep(2 * time.Minute)
		l.looks()
		time.Sleep(time.Hour)
		if n := len(l.looks()); n != 0 {
			t.Errorf("%d looks without lamps", n)
		}
	})
}

func TestSlotsBackOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &lot{err: errDown}
		p, e := parking(t, l)
		defer p.Close()
		defer p.Watch("prod")()
		time.Sleep(24 * time.Hour)
		at := l.looks()
		// Doubling to 5 minutes: about 290 a day.
		if len(at) < 250 || len(at) > 350 {
			t.Errorf("%d looks in a day", len(at))
		}
		if got := e.names(); got != `["problem The parked calls can't be shown."]` {
			t.Errorf("told %s", got)
		}
		if _, _, err := p.Slots("prod"); !errors.Is(err, errDown) {
			t.Errorf("got %v", err)
		}
		l.fail(nil)
		p.Kick()
		synctest.Wait()
		if got := e.names(); got != `["problem " "slots"]` {
			t.Errorf("told %s", got)
		}
		l.looks()
		l.fail(backend.ErrNotConfigured)
		time.Sleep(time.Hour)
		if n := len(l.looks()); n != 1 {
			t.Errorf("%d looks without an address", n)
		}
	})
}

func TestParkLooksBeforeAndAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leg := backend.ParkedLeg{UUID: "u-1", PhoneNumber: "5551234", ParkedBy: "1001"}
		free, busy := backend.ParkSlot{Extension: "700"}, backend.ParkSlot{Extension: "701", Occupied: true}
		l := &lot{slots: []backend.ParkSlot{free, busy}, park: func(l *lot, slot, uuid string) error {
			if uuid != "u-1" {
				return errors.New("what call?")
			}
			l.slots[0] = backend.ParkSlot{Extension: slot, Occupied: true, Parked: &backend.ParkedCall{PhoneNumber: "5551234"}}
			return nil
		}}
		p, e := parking(t, l)
		defer p.Close()
		for slot, want := range map[string]error{"701": backend.ErrSlotTaken, "799": backend.ErrNoSlot} {
			if err := p.Park(t.Context(), "prod", slot, leg); !errors.Is(err, want) {
				t.Errorf("%s: %v", slot, err)
			}
		}
		e.names()
		l.looks()
		if err := p.Park(t.Context(), "prod", "700", leg); err != nil {
			t.Fatal(err)
		}
		if got := e.names(); got != `["parked 700 5551234 1001" "slots"]` || len(l.looks()) != 2 {
			t.Errorf("told %s", got)
		}
		// The server bridges a second call into the slot: told.
		l.set(free)
		l.park = func(l *lot, slot, _ string) error {
			l.slots[0] = backend.ParkSlot{Extension: slot, Occupied: true, Parked: &backend.ParkedCall{PhoneNumber: "999"}}
			return nil
		}
		if err := p.Park(t.Context(), "prod", "700", leg); err != nil || e.names() != `["slots" "parked 700 5551234 1001" "slots" "conflict 999"]` {
			t.Errorf("got %v", err)
		}
		// Refused: the call goes on.
		l.set(free)
		l.park = func(*lot, string, string) error { return backend.ErrParkRefused }
		if err := p.Park(t.Context(), "prod", "700", leg); !errors.Is(err, backend.ErrParkRefused) {
			t.Errorf("got %v", err)
		}
		if got := e.names(); got != `["slots" "failed the server did not park the call"]` {
			t.Errorf("told %s", got)
		}
	})
}

func TestRetrieveLooksBeforeAndAfter(t *testing.T) {
	l := &lot{slots: []backend.ParkSlot{{Extension: "700"}, {Extension: "701", Occupied: true, Parked: &backend.ParkedCall{PhoneNumber: "1001"}}}}
	p, _ := parking(t, l)
	defer p.Close()
	if _, err := p.BeforeRetrieve(t.Context(), "prod", "700"); !errors.Is(err, backend.ErrSlotEmpty) {
		t.Errorf("got %v", err)
	}
	if s, err := p.BeforeRetrieve(t.Context(), "prod", "701"); err != nil || s.Parked.PhoneNumber != "1001" {
		t.Errorf("got %+v, %v", s, err)
	}
	if err := p.AfterRetrieve(t.Context(), "prod", "701", "1001"); !errors.Is(err, backend.ErrParkedOurselves) {
		t.Errorf("got %v", err)
	}
	for slot, own := range map[string]string{"700": "1001", "701": "1002"} {
		if err := p.AfterRetrieve(t.Context(), "prod", slot, own); err != nil {
			t.Errorf("%s: %v", slot, err)
		}
	}
	l.fail(errDown)
	if _, err := p.BeforeRetrieve(t.Context(), "prod", "700"); !errors.Is(err, errDown) {
		t.Errorf("got %v", err)
	}
	if err := p.AfterRetrieve(t.Context(), "prod", "700", "1001"); err != nil {
		t.Errorf("got %v", err)
	}
}

// Slots, a refused park and numbers as the lab has them, with an ETag.
func TestParkingAndNumbersOfTheLab(t *testing.T) {
	ex, err := lab.Start(t.Context(), lab.Config{})
	must(t, err)
	defer ex.Close()
	access, refresh, _ := ex.Tokens("1001")
	signed := make(chan backend.Session, 10)
	a, err := backend.NewAccount(backend.Config{OAuthEndpoint: ex.OAuthURL(), APIURL: ex.APIURL(), Roots: ex.CertPool()}, &memory{}, func(e backend.Event) {
		if e, ok := e.(backend.SignedIn); ok {
			signed <- e.Session
		}
	})
	must(t, err)
	a.Start(t.Context(), backend.Tokens{Access: secret.New(access), Refresh: secret.New(refresh)})
	defer a.Close()
	line := (<-signed).Lines[0]
	e := &ear{}
	p := backend.NewParking(backend.ParkingConfig{API: a.API(), Notify: e.hear})
	p.Start(t.Context())
	defer p.Close()
	for range 2 { // the second answer is a 304
		if _, err := p.BeforeRetrieve(t.Context(), line.SIPDomain, "700"); !errors.Is(err, backend.ErrSlotEmpty) {
			t.Fatalf("got %v", err)
		}
	}
	if slots, at, _ := p.Slots(line.SIPDomain); len(slots) != 10 || at.IsZero() {
		t.Errorf("slots %v", slots)
	}
	if err := p.Park(t.Context(), line.SIPDomain, "700", backend.ParkedLeg{UUID: "no such call"}); err == nil {
		t.Error("a call that does not exist was parked")
	}
	must(t, ex.Faults.SetHTTP("park-slots", faults.HTTP{Status: 429, RetryAfter: 7, Times: 1}))
	if _, err := p.BeforeRetrieve(t.Context(), line.SIPDomain, "700"); err == nil || errors.Is(err, backend.ErrSlotEmpty) {
		t.Errorf("got %v", err)
	}
	numbers, total, err := a.API().Numbers(t.Context(), line.DomainID)
	if err != nil || len(numbers) == 0 || total < len(numbers) || numbers[0].Number == "" {
		t.Errorf("numbers %v of %d, %v", numbers, total, err)
	}
}

// memory is a vault without a disk.
type memory struct {
	mu sync.Mutex
	m  map[string]secret.String
}

func (v *memory) Get(name string) (secret.String, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.m[name], nil
}

func (v *memory) Set(values map[string]secret.String) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.m == nil {
		v.m = map[string]secret.String{}
	}
	for k, s := range values {
		v.m[k] = s
	}
	return nil
}

func (v *memory) Wipe(names ...string) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, n := range names {
		delete(v.m, n)
	}
	return nil
}
