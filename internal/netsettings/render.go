package netsettings

import (
	"crypto/pbkdf2"
	"crypto/sha1" //nolint:gosec // IEEE 802.11 Annex J.4 has it so
	"encoding/hex"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// The files for systemd-networkd, in /run/systemd/network; they go before the system's
// own by their numbers.
const (
	wiredFile  = "70-phoned-wired.network"
	netdevFile = "70-phoned-voice.netdev"
	voiceFile  = "71-phoned-voice.network"
	radioFile  = "72-phoned-wifi.network"
)

// voice is the name of the VLAN's interface, with its number.
const voice = "voice"

const head = "# Written by the phone; its settings are the place to change it.\n"

// wiredMatch are the wired ports, as in the image's own 80-phoned-dhcp.network.
const wiredMatch = "[Match]\nName=en* eth*\n"

// Files are what systemd-networkd is to read, by name. Nothing of a stranger is in
// them but canonical addresses, names of hosts and numbers.
func (s Settings) Files() map[string]string {
	out := map[string]string{}
	switch {
	case s.VLAN != 0:
		link := voice + strconv.Itoa(s.VLAN)
		out[netdevFile] = head + fmt.Sprintf("[NetDev]\nName=%s\nKind=vlan\n\n[VLAN]\nId=%d\n", link, s.VLAN)
		// The port itself carries the VLAN and has no address of its own.
		out[wiredFile] = head + wiredMatch + "\n[Network]\nVLAN=" + link + "\nDHCP=no\nLinkLocalAddressing=no\nIPv6AcceptRA=no\nLLDP=yes\n\n[Link]\nRequiredForOnline=no\n"
		out[voiceFile] = head + "[Match]\nName=" + link + "\n" + s.addressing()
	case s.Wired():
		out[wiredFile] = head + wiredMatch + s.addressing()
	}
	if len(s.WiFi) > 0 {
		// A cable is preferred while it is plugged in.
		out[radioFile] = head + "[Match]\nType=wlan\n" + Settings{DNS: s.DNS, NTP: s.NTP}.addressing() + "RouteMetric=2048\n\n[IPv6AcceptRA]\nRouteMetric=2048\n\n[Link]\nRequiredForOnline=no\n"
	}
	return out
}

// addressing is the part of a .network file from [Network] to [DHCPv4], the last.
func (s Settings) addressing() string {
	var b strings.Builder
	line := func(key, value string) { b.WriteString(key + "=" + value + "\n") }
	b.WriteString("\n[Network]\n")
	line("DHCP", map[[2]bool]string{{true, true}: "yes", {true, false}: "ipv4", {false, true}: "ipv6", {false, false}: "no"}[[2]bool{s.IPv4 == "", s.IPv6 == ""}])
	if s.IPv6 == Off {
		line("LinkLocalAddressing", "no")
		line("IPv6AcceptRA", "no")
	} else {
		line("LinkLocalAddressing", "ipv6")
		line("IPv6AcceptRA", map[bool]string{true: "yes", false: "no"}[s.IPv6 == ""])
	}
	for _, a := range []string{s.IPv4, s.IPv6} {
		if p, err := netip.ParsePrefix(a); err == nil {
			line("Address", p.String())
		}
	}
	addresses := func(key string, list ...string) {
		for _, a := range list {
			if ip, err := netip.ParseAddr(a); err == nil {
				line(key, ip.String())
			}
		}
	}
	addresses("Gateway", s.IPv4Gateway, s.IPv6Gateway)
	addresses("DNS", s.DNS...)
	if len(s.NTP) > 0 {
		line("NTP", strings.Join(s.NTP, " "))
	}
	ask := func(section string) {
		b.WriteString("\n[" + section + "]\n")
		if len(s.DNS) > 0 {
			line("UseDNS", "no")
		}
		if len(s.NTP) > 0 && section != "IPv6AcceptRA" {
			line("UseNTP", "no")
		}
	}
	ask("IPv6AcceptRA")
	ask("DHCPv6")
	ask("DHCPv4")
	line("ClientIdentifier", "mac")
	return b.String()
}

// controlDir is where wpa_supplicant listens, for root alone.
const (
	controlDir     = "/run/phoned-wifi"
	supplicantHead = head + "ctrl_interface=DIR=" + controlDir + " GROUP=root\nupdate_config=0\n"
)

// Supplicant is wpa_supplicant's configuration for the wireless networks, "" without
// one. It holds what opens them: it is for root's eyes. An earlier network goes before
// a later one.
func (s Settings) Supplicant() (string, error) {
	if len(s.WiFi) == 0 {
		return "", nil
	}
	var b strings.Builder
	b.WriteString(supplicantHead)
	if s.Country != "" {
		b.WriteString("country=" + s.Country + "\n")
	}
	for i, w := range s.WiFi {
		fmt.Fprintf(&b, "network={\n\tssid=%s\n\tpriority=%d\n", hex.EncodeToString([]byte(w.SSID)), len(s.WiFi)-i)
		if w.Hidden {
			b.WriteString("\tscan_ssid=1\n")
		}
		if err := w.keys(&b); err != nil {
			return "", err
		}
		b.WriteString("}\n")
	}
	return b.String(), nil
}

// keys writes how to get in. WPA2's key is computed here (PBKDF2, as IEEE 802.11 Annex
// J.4 has it), so that the passphrase itself stands there only where WPA3 needs it.
func (w WiFi) keys(b *strings.Builder) error {
	p := w.Passphrase.Reveal()
	psk := p
	if !hexKey.MatchString(p) && w.Security != "open" {
		key, err := pbkdf2.Key(sha1.New, p, []byte(w.SSID), 4096, 32)
		if err != nil {
			return fmt.Errorf("key of a wireless network: %w", err)
		}
		psk = hex.EncodeToString(key)
	}
	switch {
	case w.Security == "open":
		b.WriteString("\tkey_mgmt=NONE\n")
	case w.Security == "wpa2" || hexKey.MatchString(p):
		b.WriteString("\tkey_mgmt=WPA-PSK WPA-PSK-SHA256\n\tproto=RSN\n\tieee80211w=1\n\tpsk=" + psk + "\n")
	case w.Security == "wpa3":
		b.WriteString("\tkey_mgmt=SAE\n\tproto=RSN\n\tieee80211w=2\n\tsae_password=\"" + p + "\"\n")
	default:
		b.WriteString("\tkey_mgmt=SAE WPA-PSK WPA-PSK-SHA256\n\tproto=RSN\n\tieee80211w=1\n\tpsk=" + psk + "\n\tsae_password=\"" + p + "\"\n")
	}
	return nil
}
