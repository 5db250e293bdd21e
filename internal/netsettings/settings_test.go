package netsettings

import (
	"slices"
	"strings"
	"testing"

	"phoned/internal/secret"
)

func TestCheck(t *testing.T) {
	for _, c := range []struct {
		name string
		s    Settings
		want []string // keys, in order
	}{
		{"nothing", Settings{}, nil},
		{"static", Settings{IPv4: "192.0.2.10/24", IPv4Gateway: "192.0.2.1", IPv6: "2001:db8::10/64", IPv6Gateway: "fe80::1", DNS: []string{"192.0.2.53", "2001:db8::53"}, NTP: []string{"ntp.example.net", "192.0.2.123", "pool.ntp.org."}, VLAN: 4094}, nil},
		{"point to point", Settings{IPv4: "192.0.2.0/31", IPv4Gateway: "192.0.2.1"}, nil},
		{"one off", Settings{IPv4: Off}, nil},
		{"both off", Settings{IPv4: Off, IPv6: Off}, []string{"ipv6_address"}},
		{"no prefix", Settings{IPv4: "192.0.2.10"}, []string{"ipv4_address"}},
		{"a network", Settings{IPv4: "192.0.2.0/24"}, []string{"ipv4_address"}},
		{"a broadcast", Settings{IPv4: "192.0.2.127/25"}, []string{"ipv4_address"}},
		{"multicast", Settings{IPv4: "224.0.0.9/24"}, []string{"ipv4_address"}},
		{"loopback", Settings{IPv4: "127.0.0.2/8", IPv6: "::1/128"}, []string{"ipv4_address", "ipv6_address"}},
		{"link-local", Settings{IPv4: "169.254.1.1/16", IPv6: "fe80::1/64"}, []string{"ipv4_address", "ipv6_address"}},
		{"the other kind", Settings{IPv4: "2001:db8::10/64", IPv6: "192.0.2.10/24"}, []string{"ipv4_address", "ipv6_address"}},
		{"mapped", Settings{IPv6: "::ffff:192.0.2.1/96"}, []string{"ipv6_address"}},
		{"everything", Settings{IPv4: "192.0.2.10/0"}, []string{"ipv4_address"}},
		{"a gateway elsewhere", Settings{IPv4: "192.0.2.10/24", IPv4Gateway: "198.51.100.1", IPv6: "2001:db8::10/64", IPv6Gateway: "2001:db9::1"}, []string{"ipv4_gateway", "ipv6_gateway"}},
		{"itself as gateway", Settings{IPv4: "192.0.2.10/24", IPv4Gateway: "192.0.2.10"}, []string{"ipv4_gateway"}},
		{"a gateway with DHCP", Settings{IPv4Gateway: "192.0.2.1", IPv6Gateway: "fe80::1"}, []string{"ipv4_gateway", "ipv6_gateway"}},
		{"a zone", Settings{IPv6: "2001:db8::10/64", IPv6Gateway: "fe80::1%eth0", DNS: []string{"fe80::1%eth0"}}, []string{"ipv6_gateway", "dns_servers[0]"}},
		{"servers", Settings{DNS: []string{"192.0.2.53", "dns.example.net", "0.0.0.0"}, NTP: []string{"", "a b", "x\ny", "-x"}}, []string{"dns_servers[1]", "dns_servers[2]", "ntp_servers[0]", "ntp_servers[1]", "ntp_servers[2]", "ntp_servers[3]"}},
		{"too many", Settings{DNS: slices.Repeat([]string{"192.0.2.1"}, 9), NTP: slices.Repeat([]string{"a"}, 9)}, []string{"dns_servers", "ntp_servers"}},
		{"VLAN", Settings{VLAN: 4095}, []string{"vlan"}},
		{"less than none", Settings{VLAN: -1}, []string{"vlan"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var keys []string
			for _, f := range c.s.Check() {
				keys = append(keys, f.Key)
				if f.Want == "" {
					t.Errorf("%s: nothing says what is expected", f.Key)
				}
			}
			if !slices.Equal(keys, c.want) {
				t.Errorf("wrong: %q, want %q", keys, c.want)
			}
			if c.s.Valid() != (len(c.want) == 0) {
				t.Error("Valid disagrees with Check")
			}
		})
	}
}

func TestValidWiFi(t *testing.T) {
	with := func(ssid, pass, security string) Settings {
		return Settings{WiFi: []WiFi{{SSID: ssid, Passphrase: secret.New(pass), Security: security}}}
	}
	key := strings.Repeat("0f", 32)
	for _, c := range []struct {
		s    Settings
		want bool
	}{
		{with("Office", "correct horse", ""), true},
		{with("Office", "correct horse", "wpa3"), true},
		{with("Office", key, "wpa2"), true},
		{with("Office", key, "wpa3"), false},
		{with("Guests", "", "open"), true},
		{with("Guests", "correct horse", "open"), false},
		{with("Office", "short", ""), false},
		{with("Office", "correct\nhorse", ""), false},
		{with("Office", "korrektes Pferd ü", ""), false},
		{with("Office", strings.Repeat("x", 64), ""), false},
		{with("", "correct horse", ""), false},
		{with(strings.Repeat("x", 33), "correct horse", ""), false},
		{with("Office", "correct horse", "wep"), false},
		{Settings{Country: "de"}, false},
		{Settings{TimeZone: "../../etc/passwd"}, false},
		{Settings{TimeZone: "Europe/Berlin", Country: "DE"}, true},
	} {
		if got := c.s.Valid(); got != c.want {
			t.Errorf("%+v: %v", c.s, got)
		}
	}
}
