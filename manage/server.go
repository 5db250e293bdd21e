package manage

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"phoned/internal/clock"
	"phoned/internal/devicecert"
	"phoned/internal/flight"
	"phoned/internal/health"
	"phoned/internal/logring"
	"phoned/manage/access"
	"phoned/phone"
)

// ErrNotLoopback: Listen was asked for an address that others can reach.
var ErrNotLoopback = errors.New("the management server listens on loopback addresses only")

// Phone is what the server needs of the phone. Post never blocks; View returns
// an immutable snapshot; Subscribe's channel tells that there is a newer one
// (coalesced) until cancel is called.
type Phone interface {
	View() phone.View
	Post(phone.What) bool
	Subscribe() (changed <-chan phone.View, cancel func())
}

// Config of a Server.
type Config struct {
	Phone    Phone
	Screen   Screen
	Bus      *Bus
	Health   *health.Registry
	Info     func() Info    // identity and figures for /api/v1/status
	Figures  func() Figures // counters for /metrics; nil: none
	Levels   func() Levels
	Brand    func() Brand // nil: none
	Owner    Owner        // nil: none of its routes
	Contacts Contacts     // nil: likewise
	// Nil: none of the routes of each.
	Flight        *flight.Recorder
	Logs          *logring.Ring
	Sound         Sound
	Maintainer    Maintainer
	Configuration Configuration
	Reports       Reports
	// Updater brings new software; nil: its routes say so.
	Updater  Updater
	Pages    fs.FS // the front panel; nil: none
	FewKeys  bool  // the panel shows digits and soft keys only
	Panel    bool  // the root is the front panel; else it leads to the administrator's pages
	Log      *slog.Logger
	Clock    clock.Clock
	Extra    map[string]http.Handler // further routes, e.g. the simulator's own
	MaxBody  int64                   // 0: 64 KiB
	Attached []string                // further host names accepted in Host
	// TrustLocal: whoever connects from this machine is its administrator and signs
	// in nowhere. For the simulator and for tests; on a network it must be off.
	TrustLocal bool
	// Access are the accounts; nil: none, and only TrustLocal lets somebody in.
	Access *access.Book
	First  FirstAccess // nil: there is no screen for it
	Audit  AuditLog    // nil: nothing is written down
	// Certificate is what the phone serves TLS with; nil: it does not.
	Certificate *devicecert.Keeper
	// ClientCAs vouch for client certificates, by whose names Access knows people and
	// programs; nil: none is asked for. CertificateTime is what they are judged by; nil:
	// the Clock's.
	ClientCAs       *x509.CertPool
	CertificateTime func() time.Time
	// NetworkOff: nobody is served over TLS for now, connections there are included; nil: never.
	NetworkOff func() bool
}

// Info is what the status shows beside the View.
type Info struct {
	Version  string         `json:"version"`
	Started  time.Time      `json:"started"`
	Board    string         `json:"board"`
	Media    map[string]any `json:"media,omitempty"`
	Counters map[string]any `json:"counters,omitempty"`
}

// Levels are the meters of the panel, 0–1.
type Levels struct {
	Mic     float64 `json:"mic"`
	Speaker float64 `json:"speaker"`
}

// Server answers HTTP. Make it with New, run it with Serve.
type Server struct {
	cfg  Config
	http *http.Server
	held *heldKeys
	// base ends when Close is called, and with it every open stream.
	base   context.Context
	cancel context.CancelFunc
	fresh  freshConns
	book   auditor
	hands  remoteHands
	// streams are the open event streams: no more than maxStreams at a time.
	streams chan struct{}
	tally   *tally
}

// New makes a Server; nothing listens yet.
func New(cfg Config) *Server {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Clock == nil {
		cfg.Clock = clock.Real{}
	}
	if cfg.MaxBody == 0 {
		cfg.MaxBody = 64 << 10
	}
	s := &Server{cfg: cfg, tally: newTally(), held: newHeldKeys(cfg.Phone, cfg.Clock), streams: make(chan struct{}, maxStreams)}
	if cfg.Bus != nil {
		cfg.Bus.Observe(s.tally.note)
	}
	s.base, s.cancel = context.WithCancel(context.Background())
	s.http = &http.Server{
		Handler:           s.guard(s.routes()),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		IdleTimeout:       60 * time.Second,
		MaxHeaderBytes:    16 << 10,
		ConnState:         s.fresh.note,
		BaseContext:       func(net.Listener) context.Context { return s.base },
		ErrorLog:          slog.NewLogLogger(cfg.Log.Handler(), slog.LevelDebug),
	}
	return s
}

// Listen opens addr, which must be a loopback address.
func Listen(addr string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("management address %q: %w", addr, err)
	}
	if host != "localhost" {
		ip, err := netip.ParseAddr(host)
		if err != nil || !ip.IsLoopback() {
			return nil, fmt.Errorf("%w, not on %q", ErrNotLoopback, addr)
		}
	}
	return net.Listen("tcp", addr)
}

// Serve answers on l until Close. It returns nil after Close.
func (s *Server) Serve(l net.Listener) error {
	err := s.http.Serve(l)
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// Close ends every stream and waits for open requests as long as ctx allows;
// then it cuts them off and returns ctx's error.
func (s *Server) Close(ctx context.Context) error {
	s.cancel()
	s.fresh.close()
	s.book.close()
	s.hands.close()
	if err := s.http.Shutdown(ctx); err != nil {
		return errors.Join(fmt.Errorf("requests were cut off: %w", err), s.http.Close())
	}
	return nil
}

// Handler is the whole server as a handler, for tests.
func (s *Server) Handler() http.Handler { return s.http.Handler }

func (s *Server) routes() http.Handler {
	m := http.NewServeMux()
	s.mount(m)
	for pattern, h := range s.cfg.Extra {
		m.Handle(pattern, http.MaxBytesHandler(h, s.cfg.MaxBody))
	}
	if s.cfg.Pages != nil {
		m.Handle("/", pages(s.cfg.Pages))
		if !s.cfg.Panel {
			s.home(m)
		}
		m.HandleFunc("GET "+panelPath, s.panel)
		m.HandleFunc("GET /profile.css", s.profile)
	}
	return m
}

// guard is what every request passes: the Host header against DNS rebinding,
// cross-origin protection, a bound on bodies, strict headers, and a recovery
// that keeps one broken request from ending the phone.
func (s *Server) guard(next http.Handler) http.Handler {
	cross := http.NewCrossOriginProtection()
	cross.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		failAs(w, "foreign-origin", "This request came from another web site and was refused.", r.Header.Get("Origin"))
	}))
	known := cross.Handler(s.identify(next))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			e := recover()
			if e == nil {
				return
			}
			if err, ok := e.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(e) // meant: the connection is to break
			}
			s.cfg.Log.Error("request failed", "path", r.URL.Path, "err", fmt.Sprint(e))
			fail(w, http.StatusInternalServerError, "The phone could not answer this request.", "")
		}()
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'")
		if r.TLS != nil && s.networkOff() {
			h.Set("Connection", "close")
			fail(w, http.StatusServiceUnavailable, "The web access was turned off at the phone.", "")
			return
		}
		s.strictTransport(r, h)
		if !s.knownHost(r) {
			fail(w, http.StatusMisdirectedRequest, "This phone does not answer to that name.", r.Host)
			return
		}
		// http.CrossOriginProtection compares hosts and not schemes: a page that somebody
		// on the way slipped in without TLS would pass for the phone's own.
		if o := r.Header.Get("Origin"); r.TLS != nil && o != "" && !strings.HasPrefix(o, "https://") && r.Method != http.MethodGet && r.Method != http.MethodHead {
			failAs(w, "foreign-origin", "This request came from another web site and was refused.", o)
			return
		}
		known.ServeHTTP(w, r)
	})
}

func pages(f fs.FS) http.Handler {
	h := http.FileServerFS(f)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			fail(w, http.StatusMethodNotAllowed, "Pages can only be read.", r.Method)
			return
		}
		w.Header().Set("Cache-Control", "no-cache")
		h.ServeHTTP(w, r)
	})
}
