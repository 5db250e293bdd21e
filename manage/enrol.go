package manage

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"

	"phoned/internal/clock"
	"phoned/internal/secret"
	"phoned/phone"
)

// What the enrolment page can end with, beside a sign-in.
var (
	// ErrEnrolExpired: nobody used the code in time.
	ErrEnrolExpired = errors.New("the code of the sign-in page has expired")
	// ErrEnrolTries: there were too many wrong codes or sign-ins.
	ErrEnrolTries = errors.New("too many tries on the sign-in page")
	// ErrEnrolNowhere: the phone has no address that a browser could reach.
	ErrEnrolNowhere = errors.New("the phone has no network address for its sign-in page")
)

// EnrolConfig of an Enrolment.
type EnrolConfig struct {
	// SignIn signs in with what was entered and says why it did not work, "": it
	// did. It waits for the outcome.
	SignIn func(ctx context.Context, email string, password secret.String) phone.SignInWhy
	// Certificate is the phone's own.
	Certificate func() (*tls.Certificate, error)
	// Address is where browsers reach the phone; the zero Addr: nowhere.
	Address func() netip.Addr
	Port    uint16 // preferred; another is taken if it is in use
	// Audit is told what happened: opened, refused, signed_in, closed, with details
	// that are no secrets.
	Audit func(what string, detail map[string]any)
	Life  time.Duration // of a code, 0: ten minutes
	Clock clock.Clock
	Log   *slog.Logger
}

// EnrolOffer is what the phone's display shows.
type EnrolOffer struct {
	URL         string // to be typed, without the code
	QR          string // the same with the code in its fragment, which browsers send to nobody
	Code        string // in two groups
	Fingerprint string // SHA-256 of the certificate, 64 hexadecimal digits
	Expires     time.Time
}

// Bounds of one code.
const (
	enrolLife      = 10 * time.Minute
	enrolCodes     = 5           // wrong codes, then it is worth nothing
	enrolSignIns   = 10          // wrong passwords, likewise
	enrolSpacing   = time.Second // between tries
	enrolRemember  = 16          // codes that are over, to say why
	enrolBody      = 4 << 10     // bytes
	enrolLetters   = "BCDFGHJKLMNPQRSTVWXZ"
	enrolCodeSize  = 8                // letters: 34 bits
	enrolGoodbye   = 10 * time.Second // for an answer on its way when the page closes
	enrolEmailMost = 254
)

// Enrolment is a page of the phone's own on which somebody signs it in from a
// browser, where the server offers no sign-in by a code. It has a listener of its
// own, on the one address that the display names, and only while Run runs: one
// code, one use, ten minutes. It is safe for concurrent use.
//
// It is a last resort: the certificate is the phone's own, so the display shows
// its fingerprint, and nothing but comparing that keeps out who sits between.
type Enrolment struct {
	cfg EnrolConfig

	mu   sync.Mutex
	port uint16 // where it was last: an old page must reach the next one, to be told so
	now  *enrolling
	past []pastCode // the newest last
}

// pastCode is a code that is over, and why.
type pastCode struct{ code, why string }

// enrolling is one code.
type enrolling struct {
	code    string
	expires time.Time
	codes   int       // wrong ones so far
	signIns int       // wrong ones so far
	next    time.Time // the earliest next try
	busy    bool      // the server is being asked
	over    chan error
}

// NewEnrolment makes an Enrolment; nothing listens yet.
func NewEnrolment(cfg EnrolConfig) *Enrolment {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Clock == nil {
		cfg.Clock = clock.Real{}
	}
	if cfg.Life == 0 {
		cfg.Life = enrolLife
	}
	if cfg.Audit == nil {
		cfg.Audit = func(string, map[string]any) {}
	}
	return &Enrolment{cfg: cfg}
}

// Run offers the page until somebody has signed in on it (nil), its code is over
// (ErrEnrolExpired, ErrEnrolTries) or ctx ends; show is told what to display. A
// request on its way is answered before the listener closes.
func (e *Enrolment) Run(ctx context.Context, show func(EnrolOffer)) error {
	cert, err := e.cfg.Certificate()
	if err != nil {
		return fmt.Errorf("sign-in page: the phone's certificate: %w", err)
	}
	l, err := e.listen()
	if err != nil {
		return fmt.Errorf("sign-in page: %w", err)
	}
	run := e.begin()
	expired := e.cfg.Clock.AfterFunc(e.cfg.Life, func() { e.end(run, ErrEnrolExpired) })
	defer expired.Stop()
	srv := &http.Server{
		Handler: e.Handler(), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second, IdleTimeout: 30 * time.Second,
		MaxHeaderBytes: 16 << 10, ErrorLog: slog.NewLogLogger(e.cfg.Log.Handler(), slog.LevelDebug),
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{*cert}, MinVersion: tls.VersionTLS12},
	}
	served := make(chan error, 1)
	go func() { served <- srv.ServeTLS(l, "", "") }()
	offer := e.offer(run, l.Addr(), cert)
	e.audit("opened", "address", l.Addr().String())
	show(offer)
	select {
	case err = <-run.over:
	case <-ctx.Done():
		err = ctx.Err()
	}
	// A sign-in that is on its way ends ctx itself, as whoever signs in ends what
	// offered it: it has its outcome first, and the code counts as used.
	stop, cancel := context.WithTimeout(context.Background(), enrolGoodbye)
	defer cancel()
	if srv.Shutdown(stop) != nil {
		_ = srv.Close()
	}
	select {
	case err = <-run.over:
	default:
		e.end(run, err)
	}
	if s := <-served; !errors.Is(s, http.ErrServerClosed) {
		e.cfg.Log.Warn("the sign-in page ended", "err", s)
	}
	e.audit("closed", "", "")
	return err
}

func (e *Enrolment) audit(what, key, value string) {
	d := map[string]any{}
	if key != "" {
		d[key] = value
	}
	e.cfg.Log.Info("sign-in page", "state", what, "detail", value)
	e.cfg.Audit(what, d)
}

func (e *Enrolment) listen() (net.Listener, error) {
	at := e.cfg.Address()
	if !at.IsValid() || at.IsUnspecified() {
		return nil, ErrEnrolNowhere
	}
	e.mu.Lock()
	ports := []uint16{e.port, e.cfg.Port, 0}
	e.mu.Unlock()
	if ports[0] == 0 {
		ports = ports[1:]
	}
	var l net.Listener
	var err error
	for _, p := range ports {
		if l, err = net.Listen("tcp", netip.AddrPortFrom(at, p).String()); err == nil {
			break
		}
	}
	if err != nil {
		return nil, err
	}
	if a, ok := l.Addr().(*net.TCPAddr); ok {
		e.mu.Lock()
		e.port = a.AddrPort().Port()
		e.mu.Unlock()
	}
	return l, nil
}

// begin makes a new code; the one before is worth nothing from now on.
func (e *Enrolment) begin() *enrolling {
	raw := make([]byte, 0, enrolCodeSize)
	for b := make([]byte, 1); len(raw) < enrolCodeSize; {
		_, _ = rand.Read(b) // never fails
		if int(b[0]) < 256/len(enrolLetters)*len(enrolLetters) {
			raw = append(raw, enrolLetters[int(b[0])%len(enrolLetters)])
		}
	}
	run := &enrolling{code: string(raw), expires: e.cfg.Clock.Now().Add(e.cfg.Life), over: make(chan error, 1)}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.now = run
	return run
}

func (e *Enrolment) offer(run *enrolling, at net.Addr, cert *tls.Certificate) EnrolOffer {
	sum := sha256.Sum256(cert.Certificate[0])
	url := "https://" + at.String() + enrolPath
	return EnrolOffer{URL: url, QR: url + "#" + run.code, Code: run.code[:enrolCodeSize/2] + "-" + run.code[enrolCodeSize/2:],
		Fingerprint: strings.ToUpper(hex.EncodeToString(sum[:])), Expires: run.expires}
}

// end makes a code worth nothing; nil: it was used.
func (e *Enrolment) end(run *enrolling, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.endLocked(run, err)
}

func (e *Enrolment) endLocked(run *enrolling, err error) {
	if e.now != run {
		return
	}
	e.now = nil
	why := "closed"
	switch {
	case err == nil:
		why = "used"
	case errors.Is(err, ErrEnrolExpired):
		why = "expired"
	case errors.Is(err, ErrEnrolTries):
		why = "tries"
	}
	e.past = append(e.past, pastCode{run.code, why})
	e.past = e.past[max(0, len(e.past)-enrolRemember):]
	run.over <- err
}

// plainCode is a code as it is compared.
func plainCode(s string) string {
	return strings.ToUpper(strings.NewReplacer("-", "", " ", "").Replace(s))
}

// claim takes the right to ask the server with this code; why says why not.
func (e *Enrolment) claim(code string) (run *enrolling, why string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	run = e.now
	if run == nil {
		return nil, e.whyOverLocked(code, "closed")
	}
	now := e.cfg.Clock.Now()
	if now.Before(run.next) {
		return nil, "slow"
	}
	run.next = now.Add(enrolSpacing)
	// Both have the same length, or the answer is no without a look at any letter.
	if subtle.ConstantTimeCompare([]byte(code), []byte(run.code)) != 1 {
		why := e.whyOverLocked(code, "code")
		if run.codes++; run.codes >= enrolCodes {
			e.endLocked(run, ErrEnrolTries)
			return nil, "tries"
		}
		return nil, why
	}
	if run.busy {
		return nil, "busy_now"
	}
	run.busy = true
	return run, ""
}

// whyOverLocked says what became of an earlier code.
func (e *Enrolment) whyOverLocked(code, otherwise string) string {
	why := otherwise
	for _, p := range e.past {
		if subtle.ConstantTimeCompare([]byte(code), []byte(p.code)) == 1 {
			why = p.why
		}
	}
	return why
}

// settle notes the outcome of a sign-in with a code.
func (e *Enrolment) settle(run *enrolling, why phone.SignInWhy) {
	e.mu.Lock()
	defer e.mu.Unlock()
	run.busy = false
	switch {
	case why == "":
		e.endLocked(run, nil)
	case why == phone.WhyPassword:
		if run.signIns++; run.signIns >= enrolSignIns {
			e.endLocked(run, ErrEnrolTries)
		}
	}
}

// retryAfter is what a page that was too fast is told.
func retryAfter(w http.ResponseWriter) {
	w.Header().Set("Retry-After", strconv.Itoa(int(enrolSpacing/time.Second)))
}
