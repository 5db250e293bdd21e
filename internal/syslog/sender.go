package syslog

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync/atomic"
	"time"

	"phoned/internal/backoff"
	"phoned/internal/clock"
	"phoned/internal/devicecert"
	"phoned/internal/health"
	"phoned/internal/logring"
	"phoned/internal/walltime"
)

// The problems of a log server.
const (
	CodeUnreachable = "log.unreachable"
	CodeCertificate = "log.certificate"
)

// ErrPin: the server has another key than the configuration says.
var ErrPin = errors.New("the log server has another key than syslog_pin")

const (
	dialTime  = 15 * time.Second // to connect and greet
	writeTime = 15 * time.Second // for a batch
	longAway  = 5 * time.Minute  // until it is a problem
	firstTry  = time.Second
	lastTry   = 2 * time.Minute
	steady    = 30 * time.Second // a connection that lasted so long was a good one
	batch     = 64               // lines in one write
	flushTime = 2 * time.Second  // for what is left at the end
	probation = time.Second      // in TLS 1.3 a server refuses our certificate after the greeting
)

// Config of a Sender.
type Config struct {
	Ring     *logring.Ring
	Server   string // host:port
	Facility Facility
	Least    slog.Level // what is less is not sent
	Origin   Origin
	// TLS has the roots and, for servers that ask for one, our certificate; its
	// ServerName and Time are set here.
	TLS *tls.Config
	// Pin is the SHA-256 of the server's public key as devicecert.KeyPin writes it:
	// whoever has that key is the server, whatever its certificate says. "": the
	// certificate is judged by the roots.
	Pin string
	// Hush gives what takes secrets out of a message: a last look, for what redacts
	// itself by its type. It is asked for each batch; nil: nothing is looked for.
	Hush     func() func([]byte) []byte
	Gate     *walltime.Gate // nil: the machine's clock is right
	Problems walltime.Problems
	Clock    clock.Clock  // nil: clock.Real
	Log      *slog.Logger // nil: discard
	// Dial connects by TCP; nil: a net.Dialer.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
}

// Sender sends a ring's lines. Make it with New, run it with Run.
type Sender struct {
	cfg    Config
	header header
	sent   atomic.Uint64
	lost   atomic.Uint64

	// Run's own:
	last int64 // the newest line that was sent or passed over
	seq  uint64
	away time.Time // since when nothing can be sent; zero: it can
	told bool      // the server is a problem
}

// New makes a Sender.
func New(c Config) *Sender {
	if c.Clock == nil {
		c.Clock = clock.Real{}
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Dial == nil {
		c.Dial = (&net.Dialer{}).DialContext
	}
	if c.TLS == nil {
		c.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	return &Sender{cfg: c, header: newHeader(c.Facility, c.Origin)}
}

// Counters are lines sent, and lines that the ring dropped before they were.
func (s *Sender) Counters() (sent, lost uint64) { return s.sent.Load(), s.lost.Load() }

// Run sends until ctx ends, then what is left, for two seconds at most.
func (s *Sender) Run(ctx context.Context) {
	wait := backoff.New(firstTry, lastTry, 0.3, nil)
	for ctx.Err() == nil {
		begun := s.cfg.Clock.Now()
		err := s.connected(ctx)
		if ctx.Err() != nil {
			return
		}
		now := s.cfg.Clock.Now()
		if now.Sub(begun) >= steady && s.away.IsZero() {
			wait.Reset()
		}
		s.failed(now, err)
		if !clock.Sleep(ctx, s.cfg.Clock, wait.Next()) {
			return
		}
	}
}

// failed notes that the server is away, once in the log, and as a problem when it
// stays away or is not to be trusted.
func (s *Sender) failed(now time.Time, err error) {
	if s.away.IsZero() {
		s.away = now
		s.cfg.Log.Warn("the log server can't be reached; lines are kept for it as long as there is room", "server", s.cfg.Server, "err", err)
	}
	if s.cfg.Problems == nil {
		return
	}
	p := health.Problem{Code: CodeUnreachable, Subject: s.cfg.Server, Severity: health.Warning, Title: "The log server can't be reached",
		Advice: "Look at the server and at syslog_server. The phone keeps trying; what it can't keep for it is counted as lost.", Detail: err.Error()}
	other := CodeCertificate
	if untrusted(err) {
		other, p.Code = p.Code, CodeCertificate
		p.Title, p.Advice = "The log server's certificate is not trusted", "Correct syslog_pin or ca_file, or the server's certificate. Nothing is sent to it until then."
	} else if now.Sub(s.away) < longAway && !s.told {
		return
	}
	s.told = true
	s.cfg.Problems.Clear(other, s.cfg.Server)
	s.cfg.Problems.Set(p)
}

func untrusted(err error) bool {
	var verify *tls.CertificateVerificationError
	return errors.Is(err, ErrPin) || errors.As(err, &verify)
}

// back notes that lines arrive again.
func (s *Sender) back() {
	if s.told {
		s.cfg.Problems.Clear(CodeUnreachable, s.cfg.Server)
		s.cfg.Problems.Clear(CodeCertificate, s.cfg.Server)
		s.told = false
	}
	if !s.away.IsZero() {
		s.cfg.Log.Info("the log server is back", "server", s.cfg.Server)
	}
	s.away = time.Time{}
}

// connected connects once and sends for as long as that holds.
func (s *Sender) connected(ctx context.Context) error {
	if err := s.cfg.Gate.Wait(ctx); err != nil {
		return err
	}
	conn, err := s.dial(ctx)
	if s.cfg.Gate.Learn(err) { // the clock may be behind the certificate: once more
		if conn, err = s.dial(ctx); err != nil {
			s.cfg.Gate.Unlearn()
		}
	}
	if err != nil {
		return err
	}
	broken := make(chan error, 1)
	go func() { // ends with the connection: a collector says nothing
		for b := make([]byte, 512); ; {
			if _, err := conn.Read(b); err != nil {
				broken <- err
				return
			}
		}
	}()
	defer func() { _, _ = conn.Close(), <-broken }() // the goodbye of RFC 5425 §4.4 is Close's
	settled := make(chan struct{})
	t := s.cfg.Clock.AfterFunc(probation, func() { close(settled) })
	defer t.Stop()
	select {
	case <-settled:
	case <-ctx.Done():
	case err := <-broken:
		broken <- err
		return fmt.Errorf("the log server refused: %w", err)
	}
	s.back()
	for {
		more, err := s.drain(conn, writeTime)
		if err != nil {
			return err
		}
		select {
		case <-more:
		case err := <-broken:
			broken <- err
			return fmt.Errorf("the log server broke off: %w", err)
		case <-ctx.Done():
			_, err := s.drain(conn, flushTime)
			return err
		}
	}
}

func (s *Sender) dial(ctx context.Context) (*tls.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTime)
	defer cancel()
	conn, err := s.cfg.Dial(ctx, "tcp", s.cfg.Server)
	if err != nil {
		return nil, err
	}
	host, _, _ := net.SplitHostPort(s.cfg.Server)
	conf := s.cfg.TLS.Clone()
	conf.ServerName, conf.Time = host, s.cfg.Gate.Time
	conf.MinVersion = tls.VersionTLS12
	if s.cfg.Pin != "" {
		conf.InsecureSkipVerify = true //nolint:gosec // VerifyConnection holds it to its key
		conf.VerifyConnection = func(c tls.ConnectionState) error {
			if !pinned(c.PeerCertificates, s.cfg.Pin) {
				return ErrPin
			}
			return nil
		}
	}
	t := tls.Client(conn, conf)
	if err := t.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return t, nil
}

func pinned(certs []*x509.Certificate, pin string) bool {
	return len(certs) > 0 && devicecert.KeyPin(certs[0]) == pin
}

// drain sends all that the ring has, and gives the channel that tells of more.
func (s *Sender) drain(conn net.Conn, limit time.Duration) (more <-chan struct{}, err error) {
	for {
		lines, more := s.cfg.Ring.After(s.last)
		if len(lines) == 0 {
			return more, nil
		}
		if gap := lines[0].ID - s.last - 1; gap > 0 {
			s.lost.Add(uint64(gap)) //nolint:gosec // more than 0
			s.seq += uint64(gap)    //nolint:gosec // likewise: the collector sees the gap
			s.last += gap
			s.cfg.Log.Warn("lines of the log were lost on their way to the log server", "count", gap)
		}
		lines = lines[:min(len(lines), batch)]
		b, n := s.encode(lines)
		if n > 0 {
			if err := conn.SetWriteDeadline(time.Now().Add(limit)); err != nil {
				return nil, err
			}
			if _, err := conn.Write(b); err != nil {
				return nil, err
			}
		}
		s.seq += n
		s.sent.Add(n)
		s.last = lines[len(lines)-1].ID
	}
}

// encode frames the lines that are to be sent.
func (s *Sender) encode(lines []logring.Line) (b []byte, n uint64) {
	synced := s.cfg.Gate.State() == walltime.Synchronised
	hush := func(b []byte) []byte { return b }
	if s.cfg.Hush != nil {
		hush = s.cfg.Hush()
	}
	var message []byte
	for _, l := range lines {
		if level, ok := logring.ParseLevel(l.Level); ok && level < s.cfg.Least {
			continue
		}
		n++
		message = s.header.append(message[:0], l, s.seq+n, synced)
		b = frame(b, hush(message))
	}
	return b, n
}
