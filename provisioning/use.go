package provisioning

import (
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"regexp"
	"strconv"
	"strings"

	"phoned/backend"
	"phoned/internal/netsettings"
)

// Backend is what the sign-in needs of the configuration; HTTP, clock, log and
// roots are the caller's.
func (c *Config) Backend() backend.Config {
	b := backend.Config{
		OAuthEndpoint: c.OAuthEndpoint.Value, APIURL: c.APIURL.Value, AuthToken: c.AuthToken.Value,
		NumbersPath: c.NumbersPath.Value, WSServers: c.WSServers.Value,
	}
	if c.DomainID.Value > 0 {
		b.DomainID = strconv.FormatInt(c.DomainID.Value, 10)
	}
	return b
}

// Keys are those that may sign codes and bundles.
func (c *Config) Keys() []PublicKey {
	var out []PublicKey
	for _, s := range c.ProvisioningKeys.Value {
		if k, err := ParsePublicKey(s); err == nil { // checked when it was read
			out = append(out, k)
		}
	}
	return out
}

// Tokens are the provisioned ones, for backend.Account.Start.
func (c *Config) Tokens() backend.Tokens {
	return backend.Tokens{Access: c.AccessToken.Value, Refresh: c.RefreshToken.Value}
}

// syslogPort is that of syslog over TLS (RFC 5425 §4.1).
const syslogPort = "6514"

// LogServer is syslog_server as host:port; false: it is none.
func (c *Config) LogServer() (string, bool) {
	s := c.SyslogServer.Value
	host, port, err := net.SplitHostPort(s)
	if err != nil { // no port: "host", "192.0.2.1", "2001:db8::1", "[2001:db8::1]"
		host, port = strings.TrimSuffix(strings.TrimPrefix(s, "["), "]"), syslogPort
	}
	n, err := strconv.Atoi(port)
	if err != nil || n < 1 || n > 65535 || !hostName.MatchString(host) {
		return "", false
	}
	if _, err := netip.ParseAddr(host); err != nil && strings.ContainsAny(host, ":[]") {
		return "", false
	}
	return net.JoinHostPort(host, port), true
}

var daySpan = regexp.MustCompile(`^([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-4]):([0-5][0-9])$`)

// minSpan is the shortest update_window, in minutes.
const minSpan = 10

// UpdateSpan is update_window in minutes after midnight; where to is not after from it
// is on the next day. False: there is none.
func (c *Config) UpdateSpan() (from, to int, ok bool) {
	m := daySpan.FindStringSubmatch(c.UpdateWindow.Value)
	if m == nil {
		return 0, 0, false
	}
	var n [4]int
	for i, s := range m[1:] {
		n[i], _ = strconv.Atoi(s) // two digits
	}
	from, to = n[0]*60+n[1], n[2]*60+n[3]
	length := to - from
	if length <= 0 {
		length += 24 * 60
	}
	return from, to, to <= 24*60 && from != to%(24*60) && length >= minSpan
}

// maxRoots bounds a file of authorities.
const maxRoots = 4 << 20

// isPEM: a value is a certificate itself and not the name of a file.
func isPEM(s string) bool { return strings.Contains(s, "-----BEGIN CERTIFICATE-----") }

// ClientCAs are the authorities of client certificates, nil: none. The error is a
// *KeyError.
func (c *Config) ClientCAs() (*x509.CertPool, error) {
	v := c.WebClientCA
	if v.Value == "" {
		return nil, nil
	}
	text := []byte(v.Value)
	if !isPEM(v.Value) {
		var err error
		if text, err = readPEM("web_client_ca", v); err != nil {
			return nil, err
		}
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, noPEM("web_client_ca", v, "a text without one")
	}
	return pool, nil
}

func noPEM(key string, v Value[string], why string) error {
	return &KeyError{Key: key, Origin: v.Source, Want: "a PEM file with certificates", Got: why}
}

// readPEM reads the file that a key names.
func readPEM(key string, v Value[string]) ([]byte, error) {
	f, err := os.Open(v.Value)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", noPEM(key, v, "none that can be opened"), withoutPath(err))
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxRoots))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", noPEM(key, v, "none that can be read"), withoutPath(err))
	}
	return b, nil
}

// Roots are the system's authorities and those of ca_file; nil without one:
// the system's then. The error is a *KeyError; without the file nothing else is
// trusted, so the caller goes on with the system's.
func (c *Config) Roots() (*x509.CertPool, error) {
	if c.CAFile.Value == "" {
		return nil, nil
	}
	b, err := readPEM("ca_file", c.CAFile)
	if err != nil {
		return nil, err
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(b) {
		return nil, noPEM("ca_file", c.CAFile, "a file without one")
	}
	return pool, nil
}

// Network is what the configuration wants of the device's network. A time zone that
// nobody has set is none.
func (c *Config) Network() netsettings.Settings {
	s := netsettings.Settings{
		IPv4: c.IPv4Address.Value, IPv4Gateway: c.IPv4Gateway.Value, IPv6: c.IPv6Address.Value, IPv6Gateway: c.IPv6Gateway.Value,
		DNS: c.DNSServers.Value, NTP: c.NTPServers.Value, VLAN: int(min(max(c.VLAN.Value, -1), 1<<16)), Country: c.Country.Value,
	}
	if c.TimeZone.Source.Layer > LayerBuiltIn {
		s.TimeZone = c.TimeZone.Value
	}
	for _, w := range c.WiFi.Value {
		s.WiFi = append(s.WiFi, netsettings.WiFi{SSID: w.SSID, Passphrase: w.Passphrase, Security: w.Security, Hidden: w.Hidden})
	}
	return s
}
