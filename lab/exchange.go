// Package lab is the lab exchange: a small SIP exchange over WebSocket and UDP
// with the OAuth and REST backend that the phone expects, for tests and for
// phonesim. It never gets into the firmware and shares no code with the phone's
// own SIP and media packages.
//
// Start listens on loopback and starts the exchange's goroutines; they end with
// Close or with the context. README.md describes numbers, faults and the admin
// interface.
package lab

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"phoned/internal/clock"
	"phoned/internal/closegroup"
	"phoned/lab/b2b"
	"phoned/lab/faults"
	"phoned/lab/flow"
	"phoned/lab/oauth"
	"phoned/lab/pki"
	"phoned/lab/sdptext"
)

// Defaults of a Config.
const (
	DefaultDomain = "prod-registration"
	DomainID      = 7
	// AccountPassword is what every account signs in with.
	AccountPassword = "lab-secret"
	// ClassicPassword is the SIP password of the lines 1101 to 1105.
	ClassicPassword = "classic"
)

// Config of an Exchange. The zero value is a working exchange on free ports.
type Config struct {
	Address string // to listen on; "": 127.0.0.1
	Domain  string // "": prod-registration
	// Ports; 0: any free one, negative: that listener is left out.
	WSSPort, WSPort, UDPPort, HTTPSPort, AdminPort int
	Digest                                         []string      // algorithms offered, in order; nil: MD5
	NonceLife                                      time.Duration // 0: five minutes
	Style                                          sdptext.Style // "": as Pion writes
	RecordInfo                                     bool          // the exchange reports recording by INFO
	Orphans                                        time.Duration // how long a call outlives its phone's socket; 0: 32 s
	TokenLife                                      time.Duration // 0: one hour
	Proxy                                          string        // sip_proxy_1 of the session; "": Address
	Speech                                         []int16       // mono, 8000 Hz: the second phone's sentence
	Clock                                          clock.Clock   // nil: clock.Real
	Log                                            *slog.Logger  // nil: discard
}

// Exchange is a running lab. Its methods are safe for concurrent use.
type Exchange struct {
	Faults *faults.Set
	Engine *b2b.Engine
	OAuth  *oauth.Server

	cfg     Config
	ca      *pki.Authority
	certs   map[string]tls.Certificate // by faults.Token.BadCertificate
	servers []*http.Server
	udp     *flow.UDP
	addr    struct{ wss, ws, udp, https, admin string }
	conns   closegroup.Group // WebSockets being served
	wg      sync.WaitGroup
	stop    func() bool
	life    context.Context // of WebSockets
	end     context.CancelFunc
	closing atomic.Bool
}

// Start starts an exchange. It ends when ctx does or by Close.
func Start(ctx context.Context, cfg Config) (*Exchange, error) {
	defaults(&cfg)
	ex := &Exchange{cfg: cfg, Faults: &faults.Set{}}
	ex.life, ex.end = context.WithCancel(context.Background())
	if err := ex.certificates(); err != nil {
		return nil, err
	}
	ex.Engine = b2b.New(b2b.Config{Domain: cfg.Domain, MediaIP: cfg.Address, Users: users(cfg.Domain),
		Algorithms: cfg.Digest, NonceLife: cfg.NonceLife, Style: cfg.Style, RecordInfo: cfg.RecordInfo,
		Orphans: cfg.Orphans, Faults: ex.Faults, Clock: cfg.Clock, Log: cfg.Log, Speech: cfg.Speech})
	ex.OAuth = oauth.New(oauth.Config{Domain: cfg.Domain, DomainID: DomainID, Proxy: cfg.Proxy, Accounts: accounts(),
		Life: cfg.TokenLife, Now: cfg.Clock.Now, Faults: ex.Faults, Slots: ex.slots, Park: ex.park, Note: ex.Engine.Record.Note})
	if err := ex.listen(); err != nil {
		return nil, errors.Join(err, ex.Close())
	}
	ex.stop = context.AfterFunc(ctx, func() { _ = ex.Close() })
	return ex, nil
}

func defaults(c *Config) {
	if c.Address == "" {
		c.Address = "127.0.0.1"
	}
	if c.Domain == "" {
		c.Domain = DefaultDomain
	}
	if len(c.Digest) == 0 {
		c.Digest = []string{"MD5"}
	}
	if c.NonceLife == 0 {
		c.NonceLife = 5 * time.Minute
	}
	if c.Orphans == 0 {
		c.Orphans = 32 * time.Second
	}
	if c.Proxy == "" {
		c.Proxy = c.Address
	}
	if c.Clock == nil {
		c.Clock = clock.Real{}
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
}

// names are the display names of 1001 to 1005, whose user ids are 123 to 127.
var names = []string{"Ben", "Anna", "Carla", "David", "Eva"}

func users(domain string) map[string]b2b.User {
	out := map[string]b2b.User{}
	for i, n := range names {
		session, classic := strconv.Itoa(1001+i), strconv.Itoa(1101+i)
		out[session] = b2b.User{Name: session, Display: n, Password: fmt.Sprintf("%d@%s", 123+i, domain)}
		out[classic] = b2b.User{Name: classic, Display: n + " classic", Password: ClassicPassword}
	}
	return out
}

// Email is the sign-in name of an extension.
func Email(extension string) string { return extension + "@lab.test" }

func accounts() []oauth.Account {
	var out []oauth.Account
	for i := range names {
		ext := strconv.Itoa(1001 + i)
		out = append(out, oauth.Account{Email: Email(ext), Password: AccountPassword, UserID: 123 + i, Extensions: []string{ext}})
	}
	return out
}

// certificates makes the authority, the good certificate and the bad ones.
func (ex *Exchange) certificates() error {
	var err error
	if ex.ca, err = pki.New("lab authority", time.Now); err != nil {
		return err
	}
	stranger, err := pki.New("unknown authority", time.Now)
	if err != nil {
		return err
	}
	good := []string{"localhost", "127.0.0.1", "sip.lab.test"}
	if ex.cfg.Address != good[1] {
		good = append(good, ex.cfg.Address)
	}
	ex.certs = map[string]tls.Certificate{}
	for _, c := range []struct {
		kind  string
		by    *pki.Authority
		names []string
		ttl   time.Duration
	}{
		{"", ex.ca, good, 90 * 24 * time.Hour},
		{"expired", ex.ca, good, -time.Hour},
		{"name", ex.ca, []string{"other.lab.test"}, 90 * 24 * time.Hour},
		{"unknown", stranger, good, 90 * 24 * time.Hour},
	} {
		if ex.certs[c.kind], err = c.by.Server(c.names, c.ttl); err != nil {
			return err
		}
	}
	return nil
}

func (ex *Exchange) tls() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		c, ok := ex.certs[ex.Faults.Token().BadCertificate]
		if !ok {
			c = ex.certs[""]
		}
		return &c, nil
	}}
}

func (ex *Exchange) listen() error {
	c := ex.cfg
	socket := func(transport string) http.Handler {
		ws := &flow.WebSocket{Transport: transport, Handler: ex.Engine, Context: ex.life,
			Refuse: func(*http.Request) int { return ex.Faults.SIP().RefuseUpgrade }}
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if ex.closing.Load() || !ex.conns.Enter() {
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			defer ex.conns.Leave()
			ws.ServeHTTP(w, r)
		})
	}
	for _, l := range []struct {
		port    int
		secure  bool
		handler http.Handler
		addr    *string
	}{
		{c.WSSPort, true, socket("WSS"), &ex.addr.wss}, {c.WSPort, false, socket("WS"), &ex.addr.ws},
		{c.HTTPSPort, true, ex.OAuth, &ex.addr.https}, {c.AdminPort, false, ex.admin(), &ex.addr.admin},
	} {
		if l.port < 0 {
			continue
		}
		ln, err := net.Listen("tcp", net.JoinHostPort(c.Address, strconv.Itoa(l.port)))
		if err != nil {
			return fmt.Errorf("lab exchange: %w", err)
		}
		*l.addr = ln.Addr().String()
		if l.secure {
			ln = tls.NewListener(ln, ex.tls())
		}
		s := &http.Server{Handler: l.handler, ReadHeaderTimeout: 10 * time.Second, ErrorLog: log.New(io.Discard, "", 0)}
		ex.servers = append(ex.servers, s)
		ex.wg.Go(func() { _ = s.Serve(ln) }) // ends with Close: always an error
	}
	if c.UDPPort >= 0 {
		pc, err := net.ListenPacket("udp", net.JoinHostPort(c.Address, strconv.Itoa(c.UDPPort)))
		if err != nil {
			return fmt.Errorf("lab exchange: %w", err)
		}
		ex.addr.udp = pc.LocalAddr().String()
		ex.udp = flow.ServeUDP(pc, ex.Engine)
	}
	return nil
}

// Close ends everything and waits for it. It is idempotent.
func (ex *Exchange) Close() error {
	if ex.closing.Swap(true) {
		ex.wg.Wait()
		return nil
	}
	if ex.stop != nil {
		ex.stop()
	}
	var errs []error
	for _, s := range ex.servers {
		errs = append(errs, s.Close())
	}
	ex.end()
	ex.conns.Close()
	if ex.udp != nil {
		ex.udp.Close()
	}
	ex.Engine.Close()
	ex.wg.Wait()
	return errors.Join(errs...)
}

// WSSURL, WSURL, OAuthURL, APIURL and AdminURL are where to reach the lab.
func (ex *Exchange) WSSURL() string { return "wss://" + ex.addr.wss + "/" }

// WSURL is the WebSocket without TLS.
func (ex *Exchange) WSURL() string { return "ws://" + ex.addr.ws + "/" }

// UDPAddress is host:port of the classic lines' SIP.
func (ex *Exchange) UDPAddress() string { return ex.addr.udp }

// OAuthURL ends in /oauth/internal.
func (ex *Exchange) OAuthURL() string { return "https://" + ex.addr.https + "/oauth/internal" }

// APIURL is the base of the REST interface.
func (ex *Exchange) APIURL() string { return "https://" + ex.addr.https }

// AdminURL is the base of the admin interface.
func (ex *Exchange) AdminURL() string { return "http://" + ex.addr.admin }

// Domain is the SIP domain.
func (ex *Exchange) Domain() string { return ex.cfg.Domain }

// CertPool holds the lab's authority; CAPEM is the same as text.
func (ex *Exchange) CertPool() *x509.CertPool { return ex.ca.Pool() }

// CAPEM is the authority's certificate.
func (ex *Exchange) CAPEM() []byte { return ex.ca.PEM() }

// Tokens signs an extension in.
func (ex *Exchange) Tokens(extension string) (access, refresh string, ok bool) {
	return ex.OAuth.Issue(Email(extension))
}

// SecondPhone is extension 1002, "Anna", inside the lab.
func (ex *Exchange) SecondPhone() *b2b.SecondPhone { return ex.Engine.Second() }

// Calls lists the calls, oldest first.
func (ex *Exchange) Calls() []b2b.Call { return ex.Engine.Calls() }

// Await waits for the first event after number n that match accepts.
func (ex *Exchange) Await(ctx context.Context, n int, match func(b2b.Event) bool) (b2b.Event, error) {
	return ex.Engine.Record.Await(ctx, n, match)
}

func (ex *Exchange) slots() []oauth.Slot {
	out := []oauth.Slot{}
	for _, s := range ex.Engine.Slots() {
		o := oauth.Slot{Extension: s.Extension, Label: s.Label}
		if s.Party != "" {
			o.Occupied = true
			o.Parked = &oauth.Parked{PhoneNumber: s.Party, ParkedBy: s.By, ParkedAt: s.At.UnixMilli()}
		}
		out = append(out, o)
	}
	return out
}

func (ex *Exchange) park(uuid, slot string) (int, string) {
	switch err := ex.Engine.Park(uuid, slot, false); {
	case err == nil:
		return http.StatusOK, ""
	case errors.Is(err, b2b.ErrNoCall), errors.Is(err, b2b.ErrNoSlot):
		return http.StatusNotFound, err.Error()
	default:
		return http.StatusServiceUnavailable, err.Error()
	}
}
