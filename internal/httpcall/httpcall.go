package httpcall

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"phoned/internal/clock"
	"phoned/internal/secret"
	"phoned/internal/walltime"
)

// Limits that hold unless a Request says otherwise.
const (
	DefaultTimeout = 15 * time.Second
	DefaultMaxBody = 1 << 20
	maxRedirects   = 3
	maxRetryAfter  = time.Hour
)

// Client makes requests. It is safe for concurrent use.
type Client struct {
	http    *http.Client
	clock   clock.Clock
	timeout time.Duration
	agent   string
	gate    *walltime.Gate
}

// Config of a Client; the zero value works.
type Config struct {
	// HTTP is the client underneath; its redirect policy is replaced, its
	// Jar is dropped. nil: one of its own.
	HTTP *http.Client
	// Roots are trusted instead of the system's: to add to those, begin with
	// x509.SystemCertPool. nil: the system's. Ignored when HTTP is given.
	Roots *x509.CertPool
	Clock clock.Clock // nil: clock.Real
	// Gate holds requests over TLS back until the time of day is plausible, and
	// tells the time that certificates are judged by. nil: the machine's clock.
	// When HTTP is given, its TLS configuration must use Gate.Time itself.
	Gate *walltime.Gate
	// Timeout of one request with its answer, 0: DefaultTimeout.
	Timeout time.Duration
	// UserAgent, "": "phoned".
	UserAgent string
}

// New makes a Client.
func New(c Config) *Client {
	out := &Client{clock: c.Clock, timeout: c.Timeout, agent: c.UserAgent, gate: c.Gate}
	if out.clock == nil {
		out.clock = clock.Real{}
	}
	if out.timeout == 0 {
		out.timeout = DefaultTimeout
	}
	if out.agent == "" {
		out.agent = "phoned"
	}
	var h http.Client
	if c.HTTP != nil {
		h = *c.HTTP
	} else {
		h.Transport = &http.Transport{
			Proxy:               http.ProxyFromEnvironment,
			DialContext:         (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
			TLSClientConfig:     &tls.Config{RootCAs: c.Roots, MinVersion: tls.VersionTLS12, Time: c.Gate.Time},
			TLSHandshakeTimeout: 10 * time.Second,
			ForceAttemptHTTP2:   true,
			MaxIdleConnsPerHost: 2,
			IdleConnTimeout:     60 * time.Second,
		}
	}
	h.Jar = nil
	h.CheckRedirect = sameHost
	out.http = &h
	return out
}

// sameHost follows a few redirects, but only where scheme, host and port stay
// the same: neither the bearer nor a refresh token in a body may be carried to
// another party.
func sameHost(req *http.Request, via []*http.Request) error {
	first := via[0].URL
	if req.URL.Scheme != first.Scheme || !strings.EqualFold(req.URL.Host, first.Host) {
		return &redirectError{to: req.URL.Scheme + "://" + req.URL.Host}
	}
	if len(via) > maxRedirects {
		return &redirectError{to: "itself, again and again"}
	}
	return nil
}

// Close lets go of connections that wait for another request; the Client can
// still be used.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Request is one request. Either JSON or Form may be set.
type Request struct {
	Op     string // in errors: "fetch the session"
	Method string // "": GET
	URL    string
	Query  url.Values // added to the URL's own
	Bearer secret.String
	JSON   any         // marshalled as the body
	Form   url.Values  // sent as application/x-www-form-urlencoded
	ETag   string      // sent as If-None-Match; a 304 is then no error
	Header http.Header // more fields; never secrets
	// MaxBody in bytes, 0: DefaultMaxBody.
	MaxBody int64
	// Timeout of this request with its answer, 0: the Client's. More than the
	// Client's needs an HTTP client without one of its own.
	Timeout time.Duration
}

// Answer is a 2xx (or an asked-for 304).
type Answer struct {
	Status int
	ETag   string
	Body   []byte
}

// CheckURL says whether an address may be asked: absolute, https, without
// credentials in it. Plain http is allowed only to this machine itself.
func CheckURL(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: not a URL", ErrURL)
	case u.User != nil:
		return nil, fmt.Errorf("%w: a URL must not hold a user or password", ErrURL)
	case u.Hostname() == "":
		return nil, fmt.Errorf("%w: the host is missing", ErrURL)
	case u.Scheme == "https":
		return u, nil
	case u.Scheme == "http" && isLoopback(u.Hostname()):
		return u, nil
	case u.Scheme == "http":
		return nil, fmt.Errorf("%w: it must begin with https://", ErrURL)
	}
	return nil, fmt.Errorf("%w: the scheme must be https", ErrURL)
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Do makes one request. The error is an *Error, or a marshalling error of the
// caller's own body.
func (c *Client) Do(ctx context.Context, r Request) (Answer, error) {
	u, err := c.where(r)
	if err != nil {
		return Answer{}, err
	}
	if u.Scheme == "https" {
		if err := c.gate.Wait(ctx); err != nil {
			return Answer{}, classify(r.Op, u.Host, ctx, err)
		}
	}
	bounded, cancel := context.WithTimeout(ctx, cmp.Or(r.Timeout, c.timeout))
	defer cancel()
	req, err := c.build(bounded, r, u)
	if err != nil {
		return Answer{}, err
	}
	resp, err := c.send(req)
	if err != nil {
		return Answer{}, classify(r.Op, u.Host, ctx, err)
	}
	defer func() { _ = resp.Body.Close() }()
	limit := r.MaxBody
	if limit == 0 {
		limit = DefaultMaxBody
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	if err != nil {
		return Answer{}, classify(r.Op, u.Host, ctx, err)
	}
	ok := resp.StatusCode/100 == 2 || resp.StatusCode == http.StatusNotModified && r.ETag != ""
	if !ok {
		return Answer{}, c.refused(r.Op, u.Host, resp, body)
	}
	if int64(len(body)) > limit {
		return Answer{}, &Error{Op: r.Op, Host: u.Host, Kind: ErrTooLarge, cause: fmt.Sprintf("more than %d bytes", limit)}
	}
	return Answer{Status: resp.StatusCode, ETag: resp.Header.Get("ETag"), Body: body}, nil
}

// where is the request's address, if it may be asked.
func (c *Client) where(r Request) (*url.URL, error) {
	u, err := CheckURL(r.URL)
	if err != nil {
		host := "?"
		if u, perr := url.Parse(r.URL); perr == nil && u.Host != "" {
			host = u.Host
		}
		return nil, &Error{Op: r.Op, Host: host, Kind: ErrURL, cause: strings.TrimPrefix(err.Error(), ErrURL.Error()+": ")}
	}
	if len(r.Query) > 0 {
		q := u.Query()
		for k, v := range r.Query {
			q[k] = v
		}
		u.RawQuery = q.Encode()
	}
	return u, nil
}

// send makes one request, and once more where the handshake taught the gate the
// time: a request whose handshake failed was not sent.
func (c *Client) send(req *http.Request) (*http.Response, error) {
	resp, err := c.http.Do(req)
	if err == nil || !c.gate.Learn(err) {
		return resp, err
	}
	if req.GetBody != nil {
		body, berr := req.GetBody()
		if berr != nil {
			return nil, berr
		}
		req.Body = body
	}
	if resp, err = c.http.Do(req); err != nil {
		c.gate.Unlearn()
	}
	return resp, err
}

func (c *Client) build(ctx context.Context, r Request, u *url.URL) (*http.Request, error) {
	var body io.Reader
	kind := ""
	switch {
	case r.JSON != nil:
		b, err := json.Marshal(r.JSON)
		if err != nil {
			return nil, fmt.Errorf("%s: encode the request: %w", r.Op, err)
		}
		body, kind = bytes.NewReader(b), "application/json"
	case r.Form != nil:
		body, kind = strings.NewReader(r.Form.Encode()), "application/x-www-form-urlencoded"
	}
	method := r.Method
	if method == "" {
		method = http.MethodGet
	}
	req, err := http.NewRequestWithContext(ctx, method, u.String(), body)
	if err != nil {
		return nil, &Error{Op: r.Op, Host: u.Host, Kind: ErrURL}
	}
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", c.agent)
	if !r.Bearer.Empty() {
		req.Header.Set("Authorization", "Bearer "+r.Bearer.Reveal())
	}
	for name, v := range r.Header {
		req.Header[name] = v
	}
	if r.ETag != "" {
		req.Header.Set("If-None-Match", r.ETag)
	}
	return req, nil
}

// oauthWords are the error codes a body may bring into our error text. Any
// other text of a body stays out: a server may quote a token back.
var oauthWords = map[string]bool{
	"invalid_request": true, "invalid_client": true, "invalid_grant": true, "unauthorized_client": true,
	"unsupported_grant_type": true, "invalid_scope": true, "authorization_pending": true, "slow_down": true,
	"access_denied": true, "expired_token": true, "invalid_token": true, "insufficient_scope": true,
}

func (c *Client) refused(op, host string, resp *http.Response, body []byte) *Error {
	e := &Error{Op: op, Host: host, Kind: ErrStatus, Status: resp.StatusCode}
	e.RetryAfter = retryAfter(resp.Header.Get("Retry-After"), c.clock.Now())
	var doc map[string]any
	if json.Unmarshal(body, &doc) == nil {
		if w, _ := doc["error"].(string); oauthWords[w] {
			e.OAuth = w
		}
	}
	e.Duplicate = resp.StatusCode == http.StatusConflict || bytes.Contains(bytes.ToLower(body), []byte("duplicate"))
	return e
}

// retryAfter reads RFC 9110 §10.2.3: seconds or an HTTP date; at most an hour.
func retryAfter(s string, now time.Time) time.Duration {
	if s == "" {
		return 0
	}
	d := time.Duration(0)
	if n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64); err == nil {
		if n > int64(maxRetryAfter/time.Second) {
			return maxRetryAfter
		}
		d = time.Duration(n) * time.Second
	} else if t, err := http.ParseTime(s); err == nil {
		d = t.Sub(now)
	}
	return min(max(d, 0), maxRetryAfter)
}

// Fetch makes one request whose answer may be long and goes to a writer: open is
// called once with its length, -1: unknown, when the answer is a good one. The
// request's Timeout bounds each pause of the answer, not the whole of it; MaxBody
// bounds its length. An error of open or its writer is returned as it is.
func (c *Client) Fetch(ctx context.Context, r Request, open func(size int64) (io.Writer, error)) error {
	u, err := c.where(r)
	if err != nil {
		return err
	}
	if u.Scheme == "https" {
		if err := c.gate.Wait(ctx); err != nil {
			return classify(r.Op, u.Host, ctx, err)
		}
	}
	pause := cmp.Or(r.Timeout, c.timeout)
	live, cancel := context.WithCancel(ctx)
	defer cancel()
	stalled := c.clock.AfterFunc(pause, cancel)
	defer func() { stalled.Stop() }()
	req, err := c.build(live, r, u)
	if err != nil {
		return err
	}
	req.Header.Set("Accept", "*/*")
	resp, err := c.send(req)
	if err != nil {
		return classify(r.Op, u.Host, ctx, err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		body, _ := io.ReadAll(io.LimitReader(resp.Body, DefaultMaxBody))
		return c.refused(r.Op, u.Host, resp, body)
	}
	limit := cmp.Or(r.MaxBody, DefaultMaxBody)
	if resp.ContentLength > limit {
		return &Error{Op: r.Op, Host: u.Host, Kind: ErrTooLarge, cause: fmt.Sprintf("more than %d bytes", limit)}
	}
	out, err := open(resp.ContentLength)
	if err != nil {
		return err
	}
	b := make([]byte, 64<<10)
	for have := int64(0); ; {
		stalled.Stop()
		stalled = c.clock.AfterFunc(pause, cancel)
		n, err := resp.Body.Read(b)
		if have += int64(n); have > limit {
			return &Error{Op: r.Op, Host: u.Host, Kind: ErrTooLarge, cause: fmt.Sprintf("more than %d bytes", limit)}
		}
		if _, werr := out.Write(b[:n]); werr != nil {
			return werr
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return classify(r.Op, u.Host, ctx, err)
		}
	}
}
