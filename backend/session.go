package backend

import (
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"phoned/internal/secret"
)

// Session is what the sign-in gives: who, and the lines to register.
type Session struct {
	UserID string
	Lines  []Line
	// FetchedAt is when the server said so; a session from the vault keeps the
	// time of the answer it came from.
	FetchedAt time.Time
}

// Line is one extension of one domain, ready to register.
type Line struct {
	ID        string // "1001@prod-registration", stable over sessions
	Extension string // the SIP user
	SIPDomain string // a name of the exchange, never resolved
	Password  secret.String
	// Servers in the order of fail-over: wss://host:port.
	Servers []string
	// DomainID is the number the numbers API asks for; "": unknown.
	DomainID string
}

// Bounds of a session: more is ignored.
const (
	maxDomains    = 50
	maxExtensions = 50
	maxProxies    = 9
	sipProxyPort  = "8443"
)

// Equal says whether two sessions describe the same user and lines.
func (s Session) Equal(o Session) bool {
	return s.UserID == o.UserID && slices.EqualFunc(s.Lines, o.Lines, Line.equal)
}

func (l Line) equal(o Line) bool {
	return l.ID == o.ID && l.Extension == o.Extension && l.SIPDomain == o.SIPDomain &&
		l.Password == o.Password && l.DomainID == o.DomainID && slices.Equal(l.Servers, o.Servers)
}

// readSession reads the answer of GET /session, or the user of a refresh,
// whose user_id is missing: then userID is kept.
func readSession(root node, userID string, c Config) (Session, error) {
	root = underData(root, "user")
	user := root.get("user")
	if !user.present() {
		user.fail("an object")
	}
	user.knows("user_id", "dialer_config")
	if id := user.get("user_id"); id.present() || userID == "" {
		userID = id.text()
	}
	dialer := user.get("dialer_config")
	if !dialer.present() {
		dialer.fail("an object")
	}
	dialer.knows("domains")
	s := Session{UserID: userID, FetchedAt: c.Clock.Now()}
	for _, d := range dialer.get("domains").list(maxDomains) {
		s.Lines = append(s.Lines, readDomain(d, userID, c)...)
	}
	if err := root.doc.err; err != nil {
		return Session{}, err
	}
	if len(s.Lines) == 0 {
		return Session{}, ErrNoDomains
	}
	return s, nil
}

func readDomain(d node, userID string, c Config) []Line {
	known := []string{"sip_domain", "extensions", "id", "domain_id"}
	domain := d.get("sip_domain").text()
	servers := slices.Clone(c.WSServers)
	for i := 1; i <= maxProxies; i++ {
		name := "sip_proxy_" + strconv.Itoa(i)
		known = append(known, name)
		p := d.get(name)
		if len(c.WSServers) > 0 || i > 1 && !p.present() {
			continue
		}
		text := p.optText()
		if text == "" && i > 1 {
			continue
		}
		server, ok := proxyURL(text)
		if !ok {
			p.fail("a host name")
			continue
		}
		servers = append(servers, server)
	}
	d.knows(known...)
	id := c.DomainID
	if id == "" {
		id = d.get("domain_id", "id").optText()
	}
	var out []Line
	for _, e := range d.get("extensions").list(maxExtensions) {
		e.knows("extension")
		ext := e.get("extension").text()
		l := Line{
			ID: ext + "@" + domain, Extension: ext, SIPDomain: domain, Servers: servers, DomainID: id,
			Password: secret.New(userID + "@" + domain),
		}
		if !slices.ContainsFunc(out, func(o Line) bool { return o.ID == l.ID }) {
			out = append(out, l)
		}
	}
	return out
}

// proxyURL makes wss://host:8443 of a proxy's name; a port or a wss:// that is
// already there is kept.
func proxyURL(s string) (string, bool) {
	s = strings.TrimSuffix(strings.TrimPrefix(s, "wss://"), "/")
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		host, port = strings.Trim(s, "[]"), sipProxyPort
	}
	if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 || !validHost(host) {
		return "", false
	}
	return (&url.URL{Scheme: "wss", Host: net.JoinHostPort(host, port)}).String(), true
}

func validHost(h string) bool {
	if h == "" || len(h) > 253 {
		return false
	}
	if net.ParseIP(h) != nil {
		return true
	}
	for _, r := range h {
		switch {
		case r == '.', r == '-', r == '_', r >= '0' && r <= '9', r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z':
		default:
			return false
		}
	}
	return true
}
