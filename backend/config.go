package backend

import (
	"crypto/x509"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"phoned/internal/clock"
	"phoned/internal/httpcall"
	"phoned/internal/secret"
	"phoned/internal/walltime"
)

// Defaults of Config.
const (
	DefaultNumbersPath = "/v3/phone-numbers"
	oauthSuffix        = "/oauth/internal"
)

// Config of an Account. Only OAuthEndpoint is needed to sign in.
type Config struct {
	// OAuthEndpoint ends in /oauth/internal. "": signing in is impossible and
	// says so.
	OAuthEndpoint string
	// APIURL is the root of the REST calls. "": each of them gives
	// ErrNotConfigured.
	APIURL string
	// AuthToken is sent to APIURL instead of the access token. A 401 to it is
	// final: refreshing the sign-in would not change it.
	AuthToken secret.String
	// NumbersPath below APIURL, "": DefaultNumbersPath.
	NumbersPath string
	// WSServers replaces the servers derived from the session's proxies.
	WSServers []string
	// DomainID replaces the one the session gives, "": the session's.
	DomainID string

	// HTTP is the client underneath, nil: one of our own that trusts Roots
	// (nil: the system's). Certificates are always verified.
	HTTP  *http.Client
	Roots *x509.CertPool
	// Gate holds the first request back until the time of day is plausible; nil:
	// the machine's clock is believed.
	Gate *walltime.Gate
	// Timeout of one request, 0: 15 s.
	Timeout   time.Duration
	UserAgent string

	Clock clock.Clock  // nil: clock.Real
	Log   *slog.Logger // nil: discard
	// Rand in [0,1) for jitter; nil: math/rand/v2.
	Rand func() float64
}

// Validate checks the addresses; an empty one is no error.
func (c Config) Validate() error {
	if c.OAuthEndpoint != "" {
		if _, err := httpcall.CheckURL(c.OAuthEndpoint); err != nil {
			return fmt.Errorf("oauth_endpoint: %w", err)
		}
		if !strings.HasSuffix(strings.TrimRight(c.OAuthEndpoint, "/"), oauthSuffix) {
			return fmt.Errorf("oauth_endpoint: %w: it must end in %s", httpcall.ErrURL, oauthSuffix)
		}
	}
	if c.APIURL != "" {
		if _, err := httpcall.CheckURL(c.APIURL); err != nil {
			return fmt.Errorf("api_url: %w", err)
		}
	}
	for i, s := range c.WSServers {
		u, err := url.Parse(s)
		if err != nil || u.Hostname() == "" || u.Scheme != "wss" && u.Scheme != "ws" {
			return fmt.Errorf("ws_servers[%d]: %w: it must begin with wss://", i, httpcall.ErrURL)
		}
	}
	return nil
}

func (c Config) oauth(path string) string {
	return strings.TrimRight(c.OAuthEndpoint, "/") + path
}

func (c Config) api(path string) string {
	return strings.TrimRight(c.APIURL, "/") + "/" + strings.TrimLeft(path, "/")
}

func (c Config) client() *httpcall.Client {
	return httpcall.New(httpcall.Config{HTTP: c.HTTP, Roots: c.Roots, Clock: c.Clock, Gate: c.Gate, Timeout: c.Timeout, UserAgent: c.UserAgent})
}

func (c *Config) defaults() {
	if c.Clock == nil {
		c.Clock = clock.Real{}
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.NumbersPath == "" {
		c.NumbersPath = DefaultNumbersPath
	}
}
