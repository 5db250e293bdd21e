package app

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"

	"phoned/internal/licences"
	"phoned/phone"
	"phoned/sip"
)

// PINs keeps the code of the key lock. Without a kept one nothing opens.
type PINs interface {
	// HasPIN reports whether one is kept; an error: that can't be told.
	HasPIN(ctx context.Context) (bool, error)
	CheckPIN(ctx context.Context, pin string) (bool, error)
	SavePIN(ctx context.Context, pin string) error // "": none
}

// Contacts keeps the people the phone knows.
type Contacts interface {
	Contacts(ctx context.Context) ([]phone.ContactCard, error)
	SaveContact(ctx context.Context, c phone.ContactCard) error
	DeleteContact(ctx context.Context, id string) error
}

// watching is what lines are told to watch, and the last news of each resource:
// a pick-up needs more of it than the core does. Safe for concurrent use.
type watching struct {
	mu   sync.Mutex
	want map[string][]sip.Subscription
	news map[string]sip.DialogInfo // by line, NUL, resource
	// refused are the dialog subscriptions that the exchange does not take.
	refused map[watchedAt]bool
}

// runDesk files the effects of keys, contacts, lock and configuration, and
// reports whether e was one.
func (p *Phone) runDesk(e phone.Effect) bool {
	switch e := e.(type) {
	case phone.SetWatches:
		p.common.add(func() { p.setWatches(e) })
	case phone.CheckPIN:
		p.saves.add(func() { p.checkPIN(e) })
	case phone.SavePIN:
		p.saves.add(func() { p.savePIN(e) })
	case phone.SaveContact:
		p.saves.add(func() { p.saveContact(e.Contact) })
	case phone.DeleteContact:
		p.saves.add(func() { p.deleteContact(e.ID) })
	case phone.ReadLicence:
		p.common.add(func() { p.loop.Post(phone.LicenceRead{Part: e.Part, Text: licences.Text(e.Part)}) })
	case phone.ScanCode:
		p.scan()
	case phone.SignInWith:
		p.signInWith(e)
	case phone.StopSignInWith:
		p.typed.cancel()
	case phone.SetSignInServer:
		p.saves.add(func() { p.setSignInServer(e) })
	case phone.SetNetwork:
		p.saves.add(func() { p.setKeys(wiredKeys(e.Wired)) })
	case phone.JoinWiFi:
		p.saves.add(func() { p.setKeys(wifiKeys(p.cfg.KnownWiFi, e)) })
	case phone.ScanWiFi:
		p.wg.Go(p.scanWiFi) // it takes seconds
	case phone.SaveReport:
		p.saveReport()
	case phone.TakeOffer:
		p.takeOffer(e)
	case phone.DeclineOffer:
		if refuse := p.offers.declined(e.ID); refuse != nil {
			p.saves.add(refuse)
		}
	case phone.ForgetAccounts:
		if p.cfg.ForgetAccounts != nil {
			p.saves.add(p.cfg.ForgetAccounts)
		}
	case phone.CheckConfig:
		p.common.add(func() { p.checkConfig(e) })
	case phone.FactoryReset:
		p.saves.add(p.factoryReset)
	default:
		return false
	}
	return true
}

// setWatches subscribes a line to what its keys show, and to its mailbox.
func (p *Phone) setWatches(e phone.SetWatches) {
	subs := []sip.Subscription{{Event: sip.EventMessages}}
	for _, r := range e.Resources {
		subs = append(subs, sip.Subscription{Event: sip.EventDialog, Resource: r})
	}
	w := &p.watching
	w.mu.Lock()
	if w.want == nil {
		w.want, w.news = map[string][]sip.Subscription{}, map[string]sip.DialogInfo{}
	}
	w.want[string(e.Line)] = subs
	maps.DeleteFunc(w.news, func(_ string, d sip.DialogInfo) bool {
		return d.Line == string(e.Line) && !slices.Contains(e.Resources, d.Resource)
	})
	maps.DeleteFunc(w.refused, func(r watchedAt, _ bool) bool {
		return r.line == string(e.Line) && !slices.Contains(e.Resources, r.resource)
	})
	w.mu.Unlock()
	p.pollLamps()
	p.subscribe(string(e.Line), subs)
}

func (p *Phone) subscribe(line string, subs []sip.Subscription) {
	if err := p.agent.SetSubscriptions(line, subs); err != nil && !errors.Is(err, sip.ErrNoLine) {
		p.log.Warn("lamps can't be watched", "line", line, "err", err)
	}
}

// watchLines asks again for everything: the agent has new lines.
func (p *Phone) watchLines() {
	p.watching.mu.Lock()
	want := maps.Clone(p.watching.want)
	p.watching.mu.Unlock()
	for line, subs := range want {
		if p.line(line) != nil {
			p.subscribe(line, subs)
		}
	}
}

// watchStates maps what the exchange says to what a lamp shows.
var watchStates = map[sip.DialogState]phone.WatchState{
	sip.DialogIdle: phone.WatchIdle, sip.DialogTrying: phone.WatchBusy, sip.DialogRinging: phone.WatchRinging, sip.DialogConfirmed: phone.WatchBusy,
}

func (p *Phone) onDialogInfo(e sip.DialogInfo) {
	w := &p.watching
	w.mu.Lock()
	if w.news == nil {
		w.news = map[string]sip.DialogInfo{}
	}
	w.news[e.Line+"\x00"+e.Resource] = e
	w.mu.Unlock()
	c := phone.WatchChanged{Line: phone.LineID(e.Line), Resource: e.Resource, State: watchStates[e.State], Held: e.Held, Pickup: e.Pickup != nil}
	if e.Remote.User != "" || e.Remote.Private {
		c.Remote = partyOf(e.Remote)
	}
	p.loop.Post(c)
}

// errPickedUp: somebody else was faster.
var errPickedUp = errors.New("the call to be picked up does not ring any more")

// pickup is what takes over the call that rings at a watched resource.
func (p *Phone) pickup(line, resource string) (target string, r *sip.Replaces, err error) {
	p.watching.mu.Lock()
	defer p.watching.mu.Unlock()
	d, ok := p.watching.news[line+"\x00"+resource]
	if !ok || d.Pickup == nil || d.State != sip.DialogRinging {
		return "", nil, errPickedUp
	}
	return d.Target, d.Pickup, nil
}

func (p *Phone) onSubscription(e sip.SubscriptionChanged) {
	p.noteRefusal(e)
	if e.Active {
		p.log.Debug("subscription holds", "line", e.Line, "state", e.Subscription.Event)
		return
	}
	p.log.Info("subscription does not hold", "line", e.Line, "state", e.Subscription.Event, "code", e.Code, "err", e.Reason)
	if e.Subscription.Event == sip.EventMessages {
		p.loop.Post(phone.MessageWaiting{Line: phone.LineID(e.Line)}) // unknown
	}
}

func (p *Phone) checkPIN(e phone.CheckPIN) {
	ok := false
	if p.cfg.PINs != nil {
		ctx, cancel := context.WithTimeout(context.Background(), saveTime)
		defer cancel()
		var err error
		if ok, err = p.cfg.PINs.CheckPIN(ctx, string(e.PIN)); err != nil {
			p.log.Error("the PIN can't be checked", "err", err)
		}
		ok = ok && err == nil
	}
	p.loop.Post(phone.PINChecked{OK: ok})
}

func (p *Phone) savePIN(e phone.SavePIN) {
	err := errNoPINs
	if p.cfg.PINs != nil {
		ctx, cancel := context.WithTimeout(context.Background(), saveTime)
		defer cancel()
		err = p.cfg.PINs.SavePIN(ctx, string(e.PIN))
	}
	if err != nil {
		p.log.Error("the PIN was not saved", "err", err)
	}
	p.loop.Post(phone.PINSaved{OK: err == nil})
}

var errNoPINs = errors.New("this phone keeps no PIN")

func (p *Phone) saveContact(c phone.ContactCard) {
	if p.cfg.Contacts == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), saveTime)
	defer cancel()
	if err := p.cfg.Contacts.SaveContact(ctx, c); err != nil {
		p.log.Error("the contact was not saved", "err", err)
	}
	p.loadContacts(ctx)
}

func (p *Phone) deleteContact(id string) {
	if p.cfg.Contacts == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), saveTime)
	defer cancel()
	if err := p.cfg.Contacts.DeleteContact(ctx, id); err != nil {
		p.log.Error("the contact was not deleted", "err", err)
	}
	p.loadContacts(ctx)
}

// loadContacts gives the core everybody it knows.
func (p *Phone) loadContacts(ctx context.Context) {
	if p.cfg.Contacts == nil {
		return
	}
	all, err := p.cfg.Contacts.Contacts(ctx)
	if err != nil {
		p.log.Error("the contacts can't be read", "err", err)
		return
	}
	p.loop.Post(phone.ContactsLoaded{Contacts: all})
}

// startDesk tells the core what was kept and what the phone is.
func (p *Phone) startDesk() {
	ctx, cancel := context.WithTimeout(p.ctx, saveTime)
	defer cancel()
	p.loadContacts(ctx)
	p.tellDevice()
}

func (p *Phone) tellDevice() {
	if p.cfg.Device != nil {
		p.saves.add(func() { p.loop.Post(phone.DeviceChanged{Device: p.cfg.Device()}) })
	}
}

// checkConfig has the configuration fetched again.
func (p *Phone) checkConfig(e phone.CheckConfig) {
	p.log.Info("the configuration is to be fetched again", "reboot", e.Reboot)
	if p.cfg.CheckConfig != nil {
		p.cfg.CheckConfig(e.Reboot)
	}
}

// factoryReset signs out, then has everything forgotten and the phone started anew.
func (p *Phone) factoryReset() {
	p.log.Warn("factory reset")
	ctx, cancel := context.WithTimeout(context.Background(), saveTime)
	defer cancel()
	p.stopSignIn()
	if p.account != nil {
		if err := p.account.SignOut(ctx); err != nil {
			p.log.Warn("sign-out", "err", err)
		}
	}
	if p.cfg.FactoryReset != nil {
		if err := p.cfg.FactoryReset(ctx); err != nil {
			p.log.Error("the factory reset is not complete", "err", err)
		}
	}
}
