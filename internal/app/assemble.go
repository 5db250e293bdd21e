package app

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"image"
	"log/slog"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"phoned/backend"
	"phoned/internal/clock"
	"phoned/internal/health"
	"phoned/internal/httpcall"
	"phoned/internal/logring"
	"phoned/internal/netwatch"
	"phoned/internal/walltime"
	"phoned/manage"
	"phoned/media"
	"phoned/media/device"
	"phoned/media/process"
	"phoned/media/rtc"
	"phoned/media/rtpio"
	"phoned/media/stream"
	"phoned/phone"
	"phoned/provisioning"
	"phoned/sip"
	"phoned/store"
	"phoned/ui/lcd"
)

// Options say what a phone is assembled from.
type Options struct {
	Config  provisioning.Config
	DataDir string // database and secrets; made 0700
	// SecretsKey is a file with the key that seals the secrets, on another
	// partition than DataDir; "": the service manager's credential, if any.
	SecretsKey string
	// Built is when the firmware was built: an earlier time of day is not
	// believed. Zero: unknown.
	Built time.Time
	// Devices opens sound cards; Paths and Ringer name them.
	Devices device.Driver
	Paths   map[media.Path]media.Endpoint
	Ringer  string
	// Tuning fits the paths' hardware; nil: DefaultTuning.
	Tuning map[media.Path]media.Tuning
	// Processor of each path's microphone, nil: none.
	Processor func(media.Path) (process.Processor, error)
	Board     Board
	Voice     stream.Config  // what the board affords; the configuration goes before it
	ScreenBox image.Point    // of the picture; zero: the board's display, or 320×240; below that one bit a pixel, 128×64 at least
	Roots     *x509.CertPool // trusted alone, unless ca_file is set: the lab's; nil: the system's
	// Loopback: the exchange is on this machine (the lab), media as well.
	Loopback  bool
	Codecs    []string // order of preference, nil: the default
	PhoneName string
	Version   string
	Who       provisioning.Identity // of the device, as far as it is known
	Log       *slog.Logger
	Clock     clock.Clock
	Trace     func(sip.TraceMessage)
	Record    func(phone.Event)
	// CheckConfig fetches the configuration again, and has the phone made anew in
	// any case if reboot says so. It must not block. nil: it is not done.
	CheckConfig func(reboot bool)
	// Given takes sticks, which the system mounts on StickDir, and codes; nil: nothing does.
	Given    Given
	StickDir string
	// StickSocket is where the helper listens that writes a file to a stick; "": there
	// is none.
	StickSocket string
	// Support are parts of a support report beside those that every phone has.
	Support []SupportPart
	// Network puts the device's network settings in force; nil: nothing does.
	Network NetworkSetter
	// TrustLocal: programs of this machine manage the phone without signing in
	// (manage.Config.TrustLocal).
	TrustLocal bool
	// SetKeys changes the configuration's keys that a person sets at the phone; nil: it
	// can't be done.
	SetKeys func(map[string]any) error
	// SetServer keeps a sign-in server that was typed at the phone; nil: it can't be.
	SetServer func(address string) error
	// PageLife is how long a code of the phone's own sign-in page is good for, 0: ten
	// minutes.
	PageLife time.Duration
	// Reboot restarts the device once nobody telephones, or now; nil: it can't.
	Reboot func(now bool) error
	// Updater brings new software; nil: nothing does.
	Updater manage.Updater
	// Web adds routes to the management server.
	Web func(*manage.Config)
}

// eventsKept is how many published events a late reader can still get.
const eventsKept = 1000

// Assemble builds a phone from its configuration. It fails only where no phone
// is possible; everything else is a problem that the phone shows.
func Assemble(o Options) (*System, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Clock == nil {
		o.Clock = clock.Real{}
	}
	if o.ScreenBox == (image.Point{}) {
		o.ScreenBox = boxOf(o.Board)
	}
	logs := logring.New(o.Log.Handler(), linesKept, slog.LevelInfo)
	o.Log = slog.New(logs.Handler())
	s := &System{log: o.Log, Logs: logs, clock: o.Clock, data: o.DataDir, reset: make(chan struct{}), Bus: manage.NewBus(eventsKept), Health: health.NewRegistry(o.Clock.Now)}
	s.record(&o)
	if err := os.MkdirAll(o.DataDir, 0o700); err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	if err := FinishReset(o.DataDir); err != nil {
		return nil, err
	}
	db, secrets, err := openStorage(o.DataDir, o.SecretsKey, store.Options{Clock: o.Clock, Log: o.Log}, s.Health)
	if err != nil {
		return nil, err
	}
	s.DB = db
	s.Gate = walltime.Open(walltime.Config{Built: o.Built, Kept: filepath.Join(o.DataDir, "clock"), Others: []string{walltime.TimesyncClock},
		Problems: s.Health, Clock: o.Clock, Log: o.Log})
	o.Voice.Watch = &s.captures.watch
	if o.Tuning == nil {
		o.Tuning = DefaultTuning()
	}
	if s.Engine, err = media.NewEngine(media.EngineConfig{
		Devices: o.Devices, Paths: o.Paths, Ringer: o.Ringer, Country: o.Config.Country.Value, Processor: o.Processor,
		Tuning: o.Tuning, Voice: s.mutedVoice, Problems: s.Health, Log: o.Log,
	}); err != nil {
		s.Gate.Close()
		return nil, errors.Join(fmt.Errorf("sound: %w", err), db.Close())
	}
	s.Sound = newSoundCards(o, s.Engine, db, func(name string, detail map[string]any) { s.Bus.Publish(o.Clock.Now(), name, detail) })
	if err := s.build(o, secrets); err != nil {
		s.Gate.Close()
		return nil, errors.Join(err, s.Engine.Close(), db.Close())
	}
	return s, nil
}

func (s *System) build(o Options, secrets *store.Secrets) error {
	ctx := context.Background()
	roots := trusted(o, s.Health)
	s.client = httpcall.New(httpcall.Config{Roots: roots, Gate: s.Gate, Clock: o.Clock, UserAgent: "phoned/" + o.Version})
	id, err := instanceID(ctx, s.DB)
	if err != nil {
		s.log.Warn("the instance id could not be kept", "err", err)
	}
	settings := settingsOf(o)
	checkDigitMap(&settings, s.Health)
	if err := loadSettings(ctx, s.DB, &settings); err != nil {
		s.log.Warn("the person's settings could not be read", "err", err)
	}
	keepStarting(o.DataDir, settings, s.log)
	lockOf(ctx, keptPIN{secrets}, &settings, s.Health)
	syncSiteBook(ctx, o.Config, s.DB, s.Health, s.log)
	s.updates = updateSettings(o.Config)
	s.plainNetwork = o.Config.Network().Empty()
	s.applyNetwork = func(ctx context.Context) bool {
		return applyNetwork(ctx, o.Network, o.Config, s.Health, s.log)
	}
	renderer, err := rendererFor(o.ScreenBox)
	if err != nil {
		return fmt.Errorf("screens: %w", err)
	}
	s.Mirror = manage.NewMirror(o.ScreenBox)
	s.web = s.openWeb(o, secrets)
	kept := &storage{db: s.DB, queue: o.Config.APIURL.Value != "", user: func() string { return "" }}
	cfg := Config{
		Settings: settings, Audio: s.Engine, Store: kept, Board: o.Board, Renderer: renderer, Mirror: s.Mirror,
		Logo: brandLogo(o, roots, s.Gate, s.Health),
		Bus:  s.Bus, Health: s.Health, Log: o.Log, Clock: o.Clock, Record: o.Record, Lines: classicLines(o.Config, roots, s.Health),
		Agent: func(events func(sip.Event)) (sip.UserAgent, error) {
			a, err := sip.New(sip.Config{UserAgent: "phoned/" + o.Version, InstanceID: id, Events: events, Log: o.Log, Clock: o.Clock, Trace: o.Trace, Gate: s.Gate})
			s.Agent = a
			return a, err
		},
		Network:      netwatch.Watch,
		Dialog:       func(c phone.CallID, id, sipCallID string) { s.Flight.Link(int(c), id, sipCallID) },
		KeepReport:   func() error { _, err := reports{s}.KeepReport(); return err },
		Consent:      s.consented,
		Session:      func(l Line) (media.Session, error) { return newSession(o, l) },
		FactoryReset: func(context.Context) error { s.FactoryReset(); return nil },
		Tokens:       o.Config.Tokens(),
		PINs:         keptPIN{secrets},
		Emergency:    secrets,
		Contacts:     kept,
		Device: func() phone.DeviceInfo {
			d := deviceInfo(o, id)
			d.Web = s.web.info(d.Addresses)
			d.Network = networkSetup(o)
			return d
		},
		ForgetAccounts: s.web.forget, SignedOut: s.Flight.Forget,
		CheckConfig: o.CheckConfig,
		Given:       o.Given, StickDir: o.StickDir,
		Ways:      phone.SignInWays{Server: serverHost(o.Config.OAuthEndpoint.Value), SetServer: typedServer(o.Config)},
		SetServer: o.SetServer, SetKeys: o.SetKeys, KnownWiFi: o.Config.WiFi.Value,
		LineDefaults: func(l *Line) {
			l.SIP.Roots, l.SIP.DisplayName, l.Codecs = roots, o.Config.DisplayName.Value, o.Codecs
		},
	}
	if o.Config.AutoConfigure.Value {
		var api *backend.Client
		if o.Config.APIURL.Value != "" {
			cfg.History = func(events func(backend.HistoryEvent)) (History, error) {
				return backend.NewHistory(backend.HistoryConfig{API: api, Box: s.DB, Notify: events, Clock: o.Clock, Log: o.Log}), nil
			}
		}
		if o.Config.APIURL.Value != "" {
			cfg.Numbers = func() Numbers { return api }
		}
		cfg.Parking = parkingOf(o, func() *backend.Client { return api })
		cfg.Account = func(events func(backend.Event)) (Account, error) {
			a, err := backend.NewAccount(accountConfig(o, roots, s.Gate), secrets, events)
			if err != nil {
				return nil, err
			}
			api = a.API()
			kept.user = func() string {
				if session, ok := a.Session(); ok {
					return session.UserID
				}
				return ""
			}
			return a, nil
		}
		cfg.Grant = grant(o, roots, s.Gate)
		if e := s.enrolment(o); e != nil {
			cfg.Enrol = e
		}
	}
	s.support = &support{s: s, cfg: o.Config, secrets: secrets, info: s.info(o, o.Clock.Now()), device: cfg.Device, parts: append(s.recordedParts(), o.Support...), now: o.Clock.Now}
	s.syslog = s.openSyslog(o, roots, cfg.Device)
	if o.Network != nil {
		cfg.ScanWiFi = o.Network.Scan
	}
	if o.StickSocket != "" {
		cfg.Report = s.reportTo(o.StickSocket)
	}
	if s.Phone, err = New(cfg); err != nil {
		return err
	}
	web := manage.Config{
		Phone: s.Phone, Screen: s.Mirror, Bus: s.Bus, Health: s.Health, Log: o.Log, Clock: o.Clock, Pages: manage.Pages(),
		Info: s.support.info, Figures: s.figures, Owner: owner{s}, Contacts: s, Brand: s.brandOf(cfg.Logo),
		Flight: s.Flight, Logs: s.Logs, Sound: soundDesk{s}, Maintainer: maintainer{s, &o}, Configuration: configurationOf(&o), Reports: reports{s}, Updater: o.Updater, FewKeys: o.Board.FewKeys, TrustLocal: o.TrustLocal,
		Access: s.web.book, First: s.web, Audit: s.DB, Certificate: s.web.cert, ClientCAs: s.web.clients, CertificateTime: s.Gate.Time,
		NetworkOff: func() bool { return s.web.off() || s.Phone.View().Settings.WebOff },
		Levels: func() manage.Levels {
			l := s.Engine.Levels()
			return manage.Levels{Mic: l.Microphone, Speaker: l.Speaker}
		},
	}
	if o.Web != nil {
		o.Web(&web)
	}
	s.Server = manage.New(web)
	return nil
}

func accountConfig(o Options, roots *x509.CertPool, gate *walltime.Gate) backend.Config {
	c := o.Config.Backend()
	c.Roots, c.UserAgent, c.Gate, c.Clock, c.Log = roots, "phoned/"+o.Version, gate, o.Clock, o.Log
	return c
}

// grant is the sign-in by a code, where the configuration names its server.
func grant(o Options, roots *x509.CertPool, gate *walltime.Gate) Grant {
	c := o.Config
	if c.DeviceEndpoint.Value == "" || c.TokenEndpoint.Value == "" {
		return nil
	}
	return &provisioning.DeviceGrant{
		Endpoint: c.DeviceEndpoint.Value, TokenEndpoint: c.TokenEndpoint.Value, ClientID: c.ClientID.Value, Scope: c.DeviceScope.Value,
		HTTP:  httpcall.New(httpcall.Config{Roots: roots, Gate: gate, Clock: o.Clock, UserAgent: "phoned/" + o.Version}),
		Clock: o.Clock, Log: o.Log,
	}
}

// trusted are the roots: the system's and ca_file's, else the caller's. nil means
// the system's only.
func trusted(o Options, problems *health.Registry) *x509.CertPool {
	pool, err := o.Config.Roots()
	if err != nil {
		problems.Set(health.Problem{Code: "config.ca_file", Severity: health.Error, Title: "The file of trusted authorities can't be used",
			Advice: "Correct ca_file in the configuration.", Detail: err.Error()})
	}
	if pool == nil {
		return o.Roots
	}
	return pool
}

// boxOf is the size of the board's display; without one, of the picture on the pages.
func boxOf(b Board) image.Point {
	for _, p := range b.Panels {
		return p.Bounds().Size()
	}
	return image.Pt(320, 240)
}

// rendererFor draws for a panel of a size: in colour from 320×240, below that
// with one bit a pixel.
func rendererFor(size image.Point) (Renderer, error) {
	box := image.Rectangle{Max: size}
	if size.X < lcd.MinWidth || size.Y < lcd.MinHeight {
		return lcd.NewMono(box)
	}
	return lcd.New(box)
}

// classicLines are the lines that the configuration itself describes.
func classicLines(c provisioning.Config, roots *x509.CertPool, problems *health.Registry) []Line {
	var out []Line
	for _, l := range c.Lines.Value {
		n := Line{
			Label: l.Label, Media: MediaKind(l.EffectiveMedia()), Codecs: l.Codecs, DTMF: DTMFMode(l.DTMF),
			RecordingSilent: l.RecordingUnconfirmed,
			SIP: sip.Line{
				ID: l.Key(), User: l.User, AuthUser: l.AuthUser, Domain: l.Domain, Password: l.Password,
				DisplayName: l.DisplayName, Servers: l.AllServers(), Roots: roots, Present: sip.Present(l.CallerID), UUIDHeader: l.CallUUIDHeader,
				ServerName: l.ServerName, Certificate: certificate(l, problems),
			},
		}
		if l.DTMF == provisioning.DTMFAuto {
			n.DTMF = DTMFAuto
		}
		out = append(out, n)
	}
	return out
}

// certificate is what a line shows to a server that asks for one.
func certificate(l provisioning.Line, problems *health.Registry) *tls.Certificate {
	if l.CertificateFile == "" {
		return nil
	}
	c, err := tls.LoadX509KeyPair(l.CertificateFile, l.CertificateFile)
	if err != nil {
		problems.Set(health.Problem{Code: "config.certificate_file", Subject: l.Key(), Severity: health.Error, Title: "The line's certificate can't be used",
			Advice: "Correct certificate_file in the configuration: one PEM file with the certificate and its key.", Detail: err.Error()})
		return nil
	}
	return &c
}

func newSession(o Options, l Line) (media.Session, error) {
	switch l.Media {
	case MediaRTP, MediaSRTP:
		c := rtpio.Config{Codecs: l.Codecs, Stream: o.voice(), Clock: o.Clock, Log: o.Log}
		if l.Media == MediaSRTP {
			c.Security = rtpio.Require
		}
		c.Toward = toward(l.SIP.Servers)
		return rtpio.New(c)
	}
	c := rtc.Config{Codecs: l.Codecs, Stream: o.voice(), Loopback: o.Loopback, LoopbackOnly: o.Loopback, Clock: o.Clock, Log: o.Log}
	for _, ice := range o.Config.ICEServers.Value {
		c.ICEServers = append(c.ICEServers, rtc.ICEServer{URLs: ice.URLs, Username: ice.Username, Password: ice.Credential})
	}
	return rtc.New(c)
}

// voice is how a session's stream codes sound: as the configuration says, else
// as the board can.
func (o Options) voice() stream.Config {
	c := o.Voice
	if b := o.Config.OpusBitrate.Value; b > 0 {
		c.Bitrate = int(b)
	}
	c.DTX = c.DTX || o.Config.OpusDTX.Value
	return c
}

// toward is where media will probably go: the first server, if it is an
// address.
func toward(servers []string) netip.Addr {
	for _, s := range servers {
		u, err := url.Parse(s)
		if err != nil {
			continue
		}
		if a, err := netip.ParseAddr(u.Hostname()); err == nil {
			return a
		}
	}
	return netip.Addr{}
}
