package httpcall

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// What a request can fail with. An Error wraps exactly one of them.
var (
	// ErrUnreachable: no answer came: no route, refused, name not found, time
	// out, broken off.
	ErrUnreachable = errors.New("no answer")
	// ErrCertificate: the server's certificate is not trusted for its name at
	// this time.
	ErrCertificate = errors.New("the certificate is not trusted")
	// ErrRedirect: the answer leads to another host, which was not followed.
	ErrRedirect = errors.New("the answer leads to another host")
	// ErrTooLarge: the answer is larger than allowed.
	ErrTooLarge = errors.New("the answer is too large")
	// ErrStatus: the answer's status is not 2xx.
	ErrStatus = errors.New("refused")
	// ErrURL: the address is not one that may be asked.
	ErrURL = errors.New("the address can't be used")
)

// Error is a failed request. Its text names the host, never the query, the
// headers or the body.
type Error struct {
	Op     string // "sign in", "refresh the sign-in" …
	Host   string // host[:port] asked
	Kind   error  // one of the sentinels
	Status int    // of the answer, 0: none
	// OAuth is the error code of RFC 6749 §5.2 or RFC 8628 §3.5 in the answer,
	// if it is one of the registered words.
	OAuth string
	// RetryAfter is what the server asked for (RFC 9110 §10.2.3), 0: nothing.
	RetryAfter time.Duration
	// Duplicate: the body says that the thing is there already.
	Duplicate bool
	// Expired: the certificate is outside its validity by this clock.
	Expired   bool
	OtherName bool // with ErrCertificate: it is made for another name
	cause     string
	ctx       error
}

// Error implements error.
func (e *Error) Error() string {
	s := fmt.Sprintf("%s: %s: %v", e.Op, e.Host, e.Kind)
	if e.Status != 0 {
		s += fmt.Sprintf(" (%d %s)", e.Status, http.StatusText(e.Status))
	}
	if e.OAuth != "" {
		s += ": " + e.OAuth
	}
	if e.cause != "" {
		s += ": " + e.cause
	}
	return s
}

// Unwrap gives the sentinel, and the context's error if that ended it.
func (e *Error) Unwrap() []error {
	if e.ctx != nil {
		return []error{e.Kind, e.ctx}
	}
	return []error{e.Kind}
}

// Temporary says whether the same request may succeed later without anybody
// changing anything: no answer, 408, 425, 429 and 5xx.
func (e *Error) Temporary() bool {
	switch {
	case errors.Is(e.Kind, ErrUnreachable):
		return true
	case e.Status == http.StatusRequestTimeout, e.Status == http.StatusTooEarly, e.Status == http.StatusTooManyRequests:
		return true
	}
	return e.Status >= 500
}

// classify turns a transport error into an Error. The text of the cause is
// rebuilt from types, because a url.Error quotes the address with its query.
func classify(op, host string, ctx context.Context, err error) *Error {
	e := &Error{Op: op, Host: host, Kind: ErrUnreachable, ctx: ctx.Err()}
	var (
		redirect  *redirectError
		invalid   x509.CertificateInvalidError
		unknown   x509.UnknownAuthorityError
		name      x509.HostnameError
		verify    *tls.CertificateVerificationError
		record    tls.RecordHeaderError
		alert     tls.AlertError
		dns       *net.DNSError
		operation *net.OpError
		timeout   net.Error
	)
	switch {
	case errors.As(err, &redirect):
		e.Kind, e.cause = ErrRedirect, redirect.to
	case errors.As(err, &invalid):
		e.Kind, e.Expired = ErrCertificate, invalid.Reason == x509.Expired
		e.cause = "invalid"
		if e.Expired {
			e.cause = "expired or not yet valid"
		}
	case errors.As(err, &unknown):
		e.Kind, e.cause = ErrCertificate, "signed by an unknown authority"
	case errors.As(err, &name):
		e.Kind, e.OtherName, e.cause = ErrCertificate, true, "made for another name"
	case errors.As(err, &verify):
		e.Kind, e.cause = ErrCertificate, "can't be verified"
	case errors.As(err, &record):
		e.cause = "the server does not speak TLS"
	case errors.As(err, &alert):
		e.cause = alert.Error()
	case e.ctx != nil:
		e.cause = e.ctx.Error()
	case errors.As(err, &dns):
		e.cause = "name not found"
		if dns.IsTimeout {
			e.cause = "the name server does not answer"
		}
	case errors.As(err, &timeout) && timeout.Timeout():
		e.cause = "time out"
	case errors.As(err, &operation):
		e.cause = operation.Err.Error()
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		e.cause = "connection broken off"
	}
	return e
}

// redirectError leaves http.Client's redirect policy with the host only.
type redirectError struct{ to string }

func (e *redirectError) Error() string { return "redirected to " + e.to }
