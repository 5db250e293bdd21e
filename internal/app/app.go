// Package app introduces the parts of the phone to each other: it runs the
// core's effects, turns what hardware, signalling, media and the backend
// report into the core's events, and supervises them. It is the only package
// that knows everybody, and it decides nothing.
//
// Goroutines: the core's loop; one queue per call and two common ones (effects
// in order, and slow writes); one reader per hardware driver and per media
// session; the painter. Run starts and joins all of them.
package app

import (
	"context"
	"errors"
	"fmt"
	"image"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"phoned/backend"
	"phoned/hal"
	"phoned/internal/brandlogo"
	"phoned/internal/calllog"
	"phoned/internal/clock"
	"phoned/internal/health"
	"phoned/internal/netsettings"
	"phoned/internal/secret"
	"phoned/manage"
	"phoned/media"
	"phoned/media/audio"
	"phoned/phone"
	"phoned/provisioning"
	"phoned/sip"
)

// Account is what app needs of the sign-in; *backend.Account is one.
type Account interface {
	// Start begins with what is kept, else with the provisioned tokens.
	Start(ctx context.Context, provisioned backend.Tokens)
	SignIn(ctx context.Context, email string, password secret.String) error
	SignInWithTokens(ctx context.Context, t backend.Tokens) error
	// Refresh fetches the session again and tells what changed.
	Refresh(ctx context.Context) error
	SignOut(ctx context.Context) error
	Close()
}

// Store is what app keeps over restarts; Assemble makes one of a *store.DB.
type Store interface {
	SaveCall(ctx context.Context, r phone.CallRecord, id string) error
	SaveVolume(ctx context.Context, path string, percent int) error
	SaveSetting(ctx context.Context, name, value string) error
	// History are the newest finished calls as they are stored, newest first.
	History(ctx context.Context) ([]calllog.Record, error)
	// Recent are the newest finished calls, newest first.
	Recent(ctx context.Context) ([]phone.CallRecord, error)
	NameOf(ctx context.Context, number string) (string, bool)
}

// Audio is what app needs of the engine; *media.Engine is one.
type Audio interface {
	Apply(media.Plan) error
	Beep(audio.ToneName)
	PlayDigit(digit byte)
	AddPort(media.Port)
	RemovePort(media.Port)
}

// Board is the hardware, real or simulated. Any part may be missing.
type Board struct {
	Name    string
	Keypads []hal.Keypad
	Hook    hal.Hook
	Lamps   hal.Lamps
	// Scanners read codes that are held up to the phone; the Phone closes them.
	Scanners []hal.Scanner
	// Camera opens the camera that reads codes; nil: there is none.
	Camera  func() (hal.Scanner, error)
	Panels  []hal.Panel
	FewKeys bool // no keys beside digits and soft keys
}

// Config of a Phone. Fields without a remark are required.
type Config struct {
	Settings phone.Settings
	Agent    func(events func(sip.Event)) (sip.UserAgent, error)
	Audio    Audio
	// Session makes the media of a call on a line.
	Session func(Line) (media.Session, error)
	// Lines are the classic ones, from the configuration.
	Lines []Line
	// Account makes the sign-in; nil: there is none (lines come from Lines).
	Account func(events func(backend.Event)) (Account, error)
	// History makes what tells the backend of calls; nil: they stay here.
	History func(events func(backend.HistoryEvent)) (History, error)
	// Parking makes what knows the park slots; nil: there is none.
	Parking func(events func(backend.ParkEvent)) (Parking, error)
	// Numbers gives what knows the numbers that calls may show; nil: nobody.
	// It is first called when somebody is signed in.
	Numbers func() Numbers
	// Grant signs in by a one-time code; nil: not possible.
	Grant Grant
	// Enrol is a page of the phone's own to sign in on, where the server offers no
	// sign-in by a code; nil: there is none.
	Enrol Enroller
	// Ways are the ways to sign in; Code is set by New.
	Ways phone.SignInWays
	// SetKeys changes the configuration's keys that a person sets at the phone, ScanWiFi
	// listens for wireless networks; nil: not possible. KnownWiFi are those of now.
	SetKeys   func(map[string]any) error
	ScanWiFi  func(context.Context) ([]netsettings.Heard, error)
	KnownWiFi []provisioning.WiFi
	// SetServer keeps a sign-in server that was typed at the phone; nil: not possible.
	SetServer func(address string) error
	// Tokens are the provisioned ones, if any.
	Tokens backend.Tokens
	// LineDefaults is applied to lines that come from a session.
	LineDefaults func(*Line)
	Store        Store // nil: nothing is kept
	PINs         PINs
	Emergency    EmergencyLines // nil: no line is kept for emergency calls
	Contacts     Contacts       // nil: nobody is known
	// Device is what the phone knows of itself.
	Device func() phone.DeviceInfo
	// CheckConfig fetches the configuration again; it must not block.
	CheckConfig func(reboot bool)
	// Given takes sticks and codes; nil: nothing does. StickDir is where the system
	// mounts a stick, "": nowhere.
	Given    Given
	StickDir string
	// Report writes a report to the stick that is in and returns the file's name; nil:
	// nothing can. It may take a minute.
	Report func(ctx context.Context) (string, error)
	// FactoryReset forgets everything that is kept and starts the phone anew.
	FactoryReset func(ctx context.Context) error
	Board        Board
	Renderer     Renderer // nil: nothing is drawn
	// SignedOut is told that a person signed out at the phone, after all that this
	// brought about; nil: nobody.
	SignedOut func()
	// ForgetAccounts removes the accounts of the web access; nil: there are none.
	ForgetAccounts func()
	Mirror         *manage.Mirror // nil: no picture for the web
	// Logo keeps the brand's picture; nil: there is none.
	Logo   *brandlogo.Keeper
	Bus    *manage.Bus
	Health *health.Registry
	Log    *slog.Logger
	Clock  clock.Clock
	// NewID makes the callId of the history; nil: random UUIDs.
	NewID func() string
	// Record gets every event of the core, nil: nobody.
	Record func(phone.Event)
	// Dialog is told which SIP dialogs are a call's; nil: nobody is.
	Dialog func(call phone.CallID, id, sipCallID string)
	// KeepReport keeps what is recorded for support; nil: it can't be done.
	KeepReport func() error
	// Consent gets the answers to phone.ConsentAsked; nil: nobody.
	Consent func(id int, yes bool)
	// Network calls back until ctx ends whenever addresses or routes of the
	// machine change; nil: nobody watches.
	Network func(ctx context.Context, changed func()) error
}

// Phone is the running phone.
type Phone struct {
	cfg     Config
	log     *slog.Logger
	clock   clock.Clock
	loop    *phone.Loop
	agent   sip.UserAgent
	engine  Audio
	account Account
	history *historian  // nil: there is no backend for it
	parking *parker     // nil: likewise
	taken   atomic.Bool // the sign-in was; its lines go when the last call ends

	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup

	watching watching
	calls    *calls
	legs     sync.Mutex // orders "a leg's event" against "a leg's owner"
	orphans  map[sip.LegID][]func(*call)
	common   *queue
	saves    *queue
	timers   *timers
	signer   signer
	typed    typedSignIn
	peeked   []image.Rectangle // owned by the painter: where the glass shows more than the mirror
	ids      callIDs
	plan     phone.AudioPlan // owned by common
	tone     toneTest        // likewise

	linesMu   sync.Mutex
	lines     map[string]*line
	sessionL  []Line // the session's
	firstLine string // its ID; the one that stands for the phone, unless the settings name another
	off       bool   // a person has taken the lines out of service
	emergency emergency
	offers    offers
}

// New builds a phone; Run starts it.
func New(cfg Config) (*Phone, error) {
	p := &Phone{
		cfg: cfg, log: cfg.Log, clock: cfg.Clock, engine: cfg.Audio,
		calls: newCalls(), orphans: map[sip.LegID][]func(*call){}, lines: map[string]*line{},
	}
	if p.log == nil {
		p.log = slog.New(slog.DiscardHandler)
	}
	if p.clock == nil {
		p.clock = clock.Real{}
	}
	p.ids.make = cfg.NewID
	p.ctx, p.cancel = context.WithCancel(context.Background())
	p.loop = phone.NewLoop(phone.New(cfg.Settings), p.clock.Now, p.run)
	p.loop.Record = cfg.Record
	p.timers = newTimers(p.clock, p.loop.Post)
	var err error
	if p.agent, err = cfg.Agent(p.onSIP); err != nil {
		p.cancel()
		return nil, fmt.Errorf("signalling: %w", err)
	}
	if cfg.Account != nil {
		if p.account, err = cfg.Account(p.onAccount); err != nil {
			p.cancel()
			return nil, fmt.Errorf("account: %w", err)
		}
	}
	if cfg.History != nil {
		if p.history, err = newHistorian(p, cfg.History); err != nil {
			p.cancel()
			return nil, fmt.Errorf("call history: %w", err)
		}
	}
	if cfg.Parking != nil {
		if p.parking, err = newParker(p, cfg.Parking); err != nil {
			p.cancel()
			return nil, fmt.Errorf("parking: %w", err)
		}
	}
	p.tellWays() // before any hand
	return p, nil
}

// View and Subscribe are the loop's; Post gives it an event.
func (p *Phone) View() phone.View                       { return p.loop.View() }
func (p *Phone) Post(w phone.What) bool                 { return p.loop.Post(w) }
func (p *Phone) Subscribe() (<-chan phone.View, func()) { return p.loop.Subscribe() }

// stopTime bounds the goodbye: BYEs, un-REGISTER, closing of sockets.
const stopTime = 3 * time.Second

// Run runs the phone until ctx ends, then says goodbye to everybody: calls
// are ended, lines unregistered, media closed.
func (p *Phone) Run(ctx context.Context) error {
	p.common, p.saves = newQueue(), newQueue()
	loopCtx, stopLoop := context.WithCancel(context.Background())
	var loop sync.WaitGroup
	loop.Go(func() { p.loop.Run(loopCtx) })

	p.startHealth()
	p.loadRecent()
	p.startDesk()
	p.startBoard()
	p.startGiven()
	p.startPainter()
	p.startLogo()
	p.watchNetwork()
	p.wg.Go(p.sampleQuality)
	p.history.start()
	p.parking.start()
	p.loadEmergency()
	p.applyLines()
	if p.account != nil {
		p.account.Start(p.ctx, p.cfg.Tokens)
	}
	<-ctx.Done()
	return p.stop(stopLoop, &loop)
}

func (p *Phone) stop(stopLoop func(), loop *sync.WaitGroup) error {
	var errs []error
	if p.account != nil {
		p.account.Close()
	}
	for _, c := range p.calls.all() {
		if leg := c.legID(); leg != "" {
			_ = p.agent.End(leg, "")
		}
	}
	goodbye, cancel := context.WithTimeout(context.Background(), stopTime)
	defer cancel()
	errs = append(errs, p.agent.Close(goodbye))
	p.timers.close()
	stopLoop()
	loop.Wait()
	p.cancel()
	for _, c := range p.calls.all() {
		p.freeCall(c)
		<-c.q.done
	}
	p.common.close()
	p.saves.close()
	<-p.common.done
	<-p.saves.done
	p.history.close()
	p.parking.close()
	p.closeBoard()
	p.wg.Wait()
	return errors.Join(errs...)
}

func typeName(v any) string { return fmt.Sprintf("%T", v) }

// Healthy reports whether the core's loop takes an event before ctx ends. A phone
// that has ended is healthy: nothing in it can hang.
func (p *Phone) Healthy(ctx context.Context) bool {
	views, stop := p.loop.Subscribe()
	defer stop()
	seq := p.loop.View().Seq
	p.loop.Post(phone.Heartbeat{})
	for {
		select {
		case v := <-views:
			if v.Seq > seq {
				return true
			}
		case <-p.ctx.Done():
			return true
		case <-ctx.Done():
			return false
		}
	}
}
