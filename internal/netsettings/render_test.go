package netsettings

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"phoned/internal/secret"
)

// sections reads a file of systemd's: "Section.Key" to its values.
func sections(t *testing.T, text string) map[string][]string {
	t.Helper()
	out, section := map[string][]string{}, ""
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch key, value, ok := strings.Cut(line, "="); {
		case line == "" || line[0] == '#':
		case line[0] == '[':
			section = strings.Trim(line, "[]")
		case ok:
			out[section+"."+key] = append(out[section+"."+key], value)
		default:
			t.Errorf("no line of such a file: %q", line)
		}
	}
	return out
}

func TestFiles(t *testing.T) {
	one := func(v ...string) []string { return v }
	for _, c := range []struct {
		name string
		s    Settings
		file string
		want map[string][]string
		not  []string
	}{
		{"static", Settings{IPv4: "192.0.2.10/24", IPv4Gateway: "192.0.2.1", IPv6: Off, DNS: []string{"192.0.2.1", "192.0.2.53"}, NTP: []string{"a.example", "192.0.2.9"}}, wiredFile,
			map[string][]string{
				"Match.Name": one("en* eth*"), "Network.DHCP": one("no"), "Network.Address": one("192.0.2.10/24"), "Network.Gateway": one("192.0.2.1"),
				"Network.DNS": one("192.0.2.1", "192.0.2.53"), "Network.NTP": one("a.example 192.0.2.9"), "Network.IPv6AcceptRA": one("no"), "Network.LinkLocalAddressing": one("no"),
			}, nil},
		{"DHCP with other servers", Settings{DNS: []string{"2001:DB8::53"}, NTP: []string{"ntp"}}, wiredFile,
			map[string][]string{
				"Network.DHCP": one("yes"), "Network.IPv6AcceptRA": one("yes"), "Network.DNS": one("2001:db8::53"), "DHCPv4.UseDNS": one("no"), "DHCPv6.UseDNS": one("no"),
				"IPv6AcceptRA.UseDNS": one("no"), "DHCPv4.UseNTP": one("no"), "DHCPv4.ClientIdentifier": one("mac"),
			}, []string{"Network.Address", "Network.Gateway"}},
		{"half static", Settings{IPv6: "2001:db8::10/64", IPv6Gateway: "fe80::1"}, wiredFile,
			map[string][]string{"Network.DHCP": one("ipv4"), "Network.IPv6AcceptRA": one("no"), "Network.Address": one("2001:db8::10/64"), "Network.Gateway": one("fe80::1")}, nil},
		{"only IPv6", Settings{IPv4: Off}, wiredFile, map[string][]string{"Network.DHCP": one("ipv6")}, nil},
		{"the port of a VLAN", Settings{VLAN: 17, IPv4: "192.0.2.10/24"}, wiredFile,
			map[string][]string{"Network.VLAN": one("voice17"), "Network.DHCP": one("no"), "Network.LinkLocalAddressing": one("no")}, []string{"Network.Address"}},
		{"a VLAN", Settings{VLAN: 17, IPv4: "192.0.2.10/24"}, voiceFile, map[string][]string{"Match.Name": one("voice17"), "Network.Address": one("192.0.2.10/24"), "Network.DHCP": one("ipv6")}, nil},
		{"its interface", Settings{VLAN: 17}, netdevFile, map[string][]string{"NetDev.Name": one("voice17"), "NetDev.Kind": one("vlan"), "VLAN.Id": one("17")}, nil},
		{"Wi-Fi", Settings{WiFi: []WiFi{{SSID: "x", Security: "open"}}}, radioFile,
			map[string][]string{"Match.Type": one("wlan"), "Network.DHCP": one("yes"), "DHCPv4.RouteMetric": one("2048")}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if !c.s.Valid() {
				t.Fatal("the settings are not valid")
			}
			got := sections(t, c.s.Files()[c.file])
			for k, v := range c.want {
				if !slices.Equal(got[k], v) {
					t.Errorf("%s is %q, want %q", k, got[k], v)
				}
			}
			for _, k := range c.not {
				if len(got[k]) > 0 {
					t.Errorf("%s is %q", k, got[k])
				}
			}
		})
	}
	if f := (Settings{TimeZone: "Europe/Berlin"}).Files(); len(f) != 0 {
		t.Errorf("nothing is wanted of the network: %v", slices.Collect(maps.Keys(f)))
	}
}

var radios = []WiFi{
	{SSID: "Office", Passphrase: secret.New(`correct "horse" \ battery`)},
	{SSID: "Zwei ü \"", Passphrase: secret.New("correct horse"), Security: "wpa2", Hidden: true},
	{SSID: "Drei", Passphrase: secret.New("correct horse"), Security: "wpa3"},
	{SSID: "Key", Passphrase: secret.New(strings.Repeat("0f", 32))},
	{SSID: "Guests", Security: "open"},
}

// The key is that of IEEE 802.11 Annex J.4.2's test vector.
func TestSupplicant(t *testing.T) {
	s := Settings{Country: "DE", WiFi: append([]WiFi{{SSID: "IEEE", Passphrase: secret.New("password"), Security: "wpa2"}}, radios...)}
	text, err := s.Supplicant()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"country=DE\n", "ssid=49454545\n", "psk=f42c6fc52df0ebef9ebb4b90b38a5f902e83fe1b135a70e23aed762e9710a12e\n", "scan_ssid=1\n", "priority=6\n", "key_mgmt=NONE\n", "ieee80211w=2\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("missing %q", want)
		}
	}
	if strings.Contains(text, "password\n") || strings.Count(text, "correct horse") != 1 {
		t.Errorf("passphrases stand where their key would do:\n%s", text)
	}
	if text, err := (Settings{}).Supplicant(); text != "" || err != nil {
		t.Errorf("%q %v", text, err)
	}
}

// wpa_supplicant itself reads every kind of network. It fails for the interface that is
// not there, after it has read its file.
func TestSupplicantReadsIt(t *testing.T) {
	program, err := exec.LookPath("wpa_supplicant")
	if err != nil {
		t.Skip("wpa_supplicant is not installed")
	}
	text, err := Settings{Country: "DE", WiFi: radios}.Supplicant()
	if err != nil {
		t.Fatal(err)
	}
	read := func(text string) string {
		file := filepath.Join(t.TempDir(), "wpa.conf")
		if err := os.WriteFile(file, []byte(strings.ReplaceAll(text, controlDir, t.TempDir())), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.CommandContext(t.Context(), program, "-dd", "-D", "none", "-c", file, "-i", "nosuch0").CombinedOutput()
		if err == nil {
			t.Fatal("it found an interface that is not there")
		}
		return string(out)
	}
	out := read(text)
	if strings.Contains(out, "Line ") || strings.Contains(out, "Failed to read or parse") {
		t.Errorf("%s", out)
	}
	for _, want := range []string{"country='DE'", "4f6666696365", "47756573"} {
		if !strings.Contains(strings.ReplaceAll(out, " ", ""), want) {
			t.Errorf("it did not read %q:\n%s", want, out)
		}
	}
	if out := read(strings.Replace(text, "key_mgmt=SAE\n", "key_mgmt=SEA\n", 1)); !strings.Contains(out, "Line ") {
		t.Errorf("it took a wrong file: this test could not fail\n%s", out)
	}
}
