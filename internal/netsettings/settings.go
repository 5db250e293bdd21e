// Package netsettings is the phone's own settings of its network: how its wired port
// gets its addresses, its VLAN, its wireless networks, its time servers and its time
// zone. It renders them as files of systemd-networkd and wpa_supplicant, and has both
// sides of the helper that puts them in force as root (phoned-network@.service).
//
// Everything lies in /run: a phone that starts anew starts with the system's own
// settings, and puts its own in force again. Whether they are any good is not judged
// here but by the trial of the configuration they come from (internal/app): a phone
// that had service and has none with them goes back to the ones before.
package netsettings

import (
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"phoned/internal/secret"
)

// Off in place of an address: that version of IP is not used.
const Off = "off"

// Bounds of lists.
const (
	maxServers  = 8
	maxNetworks = 16
)

// Settings are what the phone wants of its network. The zero value wants nothing: the
// system's own settings are left alone.
type Settings struct {
	// IPv4 is "" for DHCP, an address with its prefix ("192.0.2.10/24") or Off.
	IPv4        string `json:"ipv4,omitempty"`
	IPv4Gateway string `json:"ipv4Gateway,omitempty"`
	// IPv6 is "" for what routers and DHCPv6 say, an address with its prefix or Off.
	IPv6        string   `json:"ipv6,omitempty"`
	IPv6Gateway string   `json:"ipv6Gateway,omitempty"`
	DNS         []string `json:"dns,omitempty"` // addresses; empty: what the network says
	NTP         []string `json:"ntp,omitempty"` // names or addresses; likewise
	VLAN        int      `json:"vlan,omitempty"`
	// TimeZone is the system's, "": as it is.
	TimeZone string `json:"timeZone,omitempty"`

	Country string `json:"country,omitempty"` // ISO 3166, of the radio
	WiFi    []WiFi `json:"wifi,omitempty"`
}

// WiFi is one wireless network.
type WiFi struct {
	SSID string `json:"ssid"`
	// Passphrase has 8 to 63 printable ASCII characters, or is a key of 64
	// hexadecimal digits (IEEE 802.11 Annex J.4).
	Passphrase secret.String `json:"passphrase"`
	Security   string        `json:"security,omitempty"` // "" (WPA2 or WPA3), "wpa2", "wpa3", "open"
	Hidden     bool          `json:"hidden,omitempty"`
}

// Wired says whether anything is wanted of the wired port.
func (s Settings) Wired() bool {
	return s.IPv4 != "" || s.IPv4Gateway != "" || s.IPv6 != "" || s.IPv6Gateway != "" || len(s.DNS) > 0 || len(s.NTP) > 0 || s.VLAN != 0
}

// Empty says whether nothing is wanted that needs systemd-networkd.
func (s Settings) Empty() bool { return !s.Wired() && len(s.WiFi) == 0 }

// Fault is a setting that can't be.
type Fault struct {
	Key  string // as in the configuration: "ipv4_address", "dns_servers[1]"
	Want string // what is expected there
}

var (
	hostName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]{0,62})(\.[A-Za-z0-9]([A-Za-z0-9-]{0,62}))*\.?$`)
	zoneName = regexp.MustCompile(`^[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+){0,2}$`)
	country  = regexp.MustCompile(`^[A-Z]{2}$`)
	hexKey   = regexp.MustCompile(`^[0-9a-fA-F]{64}$`)
)

// Check names everything that is wrong with the wired port, the time servers and the
// VLAN; what it says nothing about can be put in force.
func (s Settings) Check() []Fault {
	var out []Fault
	wrong := func(ok bool, key, want string) {
		if !ok {
			out = append(out, Fault{key, want})
		}
	}
	four, isFour := prefix(s.IPv4, true)
	six, isSix := prefix(s.IPv6, false)
	wrong(s.IPv4 == "" || s.IPv4 == Off || isFour, "ipv4_address", `nothing (DHCP), an address of a host such as "192.0.2.10/24", or "off"`)
	wrong(s.IPv6 == "" || s.IPv6 == Off || isSix, "ipv6_address", `nothing (automatic), an address of a host such as "2001:db8::10/64", or "off"`)
	wrong(s.IPv4 != Off || s.IPv6 != Off, "ipv6_address", "an address, because IPv4 is off")
	gate, err := netip.ParseAddr(s.IPv4Gateway)
	wrong(s.IPv4Gateway == "" || isFour && err == nil && gate.Is4() && four.Masked().Contains(gate) && gate != four.Addr(),
		"ipv4_gateway", "another address of ipv4_address's network, or nothing")
	gate, err = netip.ParseAddr(s.IPv6Gateway)
	wrong(s.IPv6Gateway == "" || isSix && err == nil && gate.Is6() && gate.Zone() == "" && gate != six.Addr() && (gate.IsLinkLocalUnicast() || six.Masked().Contains(gate)),
		"ipv6_gateway", `another address of ipv6_address's network or one that begins with "fe80", or nothing`)
	wrong(len(s.DNS) <= maxServers, "dns_servers", "8 addresses at most")
	for i, d := range s.DNS {
		a, err := netip.ParseAddr(d)
		wrong(err == nil && a.Zone() == "" && !a.IsUnspecified() && !a.IsMulticast(), "dns_servers["+strconv.Itoa(i)+"]", "an address")
	}
	wrong(len(s.NTP) <= maxServers, "ntp_servers", "8 servers at most")
	for i, n := range s.NTP {
		a, err := netip.ParseAddr(n)
		wrong(err == nil && a.Zone() == "" || len(n) <= 253 && hostName.MatchString(n), "ntp_servers["+strconv.Itoa(i)+"]", "a name or an address")
	}
	wrong(s.VLAN >= 0 && s.VLAN <= 4094, "vlan", "0 (none) to 4094")
	return out
}

// Valid is Check together with what the configuration checks elsewhere: the helper
// believes nobody.
func (s Settings) Valid() bool {
	if len(s.Check()) > 0 || s.TimeZone != "" && !zoneName.MatchString(s.TimeZone) || s.Country != "" && !country.MatchString(s.Country) || len(s.WiFi) > maxNetworks {
		return false
	}
	return !slices.ContainsFunc(s.WiFi, func(w WiFi) bool { return !w.valid() })
}

func (w WiFi) valid() bool {
	p := w.Passphrase.Reveal()
	switch {
	case w.SSID == "" || len(w.SSID) > 32 || !slices.Contains([]string{"", "wpa2", "wpa3", "open"}, w.Security):
		return false
	case w.Security == "open":
		return p == ""
	case hexKey.MatchString(p):
		return w.Security != "wpa3"
	}
	return len(p) >= 8 && len(p) <= 63 && !strings.ContainsFunc(p, func(r rune) bool { return r < ' ' || r > '~' })
}

// prefix reads the address of a host with its prefix.
func prefix(s string, four bool) (netip.Prefix, bool) {
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return p, false
	}
	a := p.Addr()
	switch {
	case a.Is4() != four || a.Is4In6() || p.Bits() == 0 || a.IsUnspecified() || a.IsLoopback() || a.IsMulticast() || a.IsLinkLocalUnicast():
		return p, false
	case four && p.Bits() < 31: // the first and the last are no host's (RFC 1122 §3.2.1.3; RFC 3021 for 31)
		return p, a != p.Masked().Addr() && a != last4(p)
	}
	return p, true
}

// last4 is the broadcast address of a network.
func last4(p netip.Prefix) netip.Addr {
	b := p.Masked().Addr().As4()
	for i := p.Bits(); i < 32; i++ {
		b[i/8] |= 0x80 >> (i % 8)
	}
	return netip.AddrFrom4(b)
}
