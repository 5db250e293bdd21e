package provisioning

import (
	"encoding/pem"
	"errors"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"phoned/internal/netsettings"
)

func TestWhatTheSignInNeeds(t *testing.T) {
	c, _, err := Load(text(LayerImage, "x", fullTOML))
	if err != nil {
		t.Fatal(err)
	}
	b := c.Backend()
	if b.OAuthEndpoint != "https://login.example.net/oauth/internal" || b.APIURL != "https://api.example.net" || b.AuthToken.Reveal() != "apikey-value" ||
		b.NumbersPath != "/v3/nums" || len(b.WSServers) != 2 || b.DomainID != "42" || b.Validate() != nil {
		t.Errorf("got %+v", b)
	}
	if tk := c.Tokens(); tk.Access.Reveal() != "access-token-value" || tk.Refresh.Reveal() != "refresh-token-value" {
		t.Error("tokens differ")
	}
	d := Defaults()
	if b := d.Backend(); b.DomainID != "" || b.Validate() != nil {
		t.Errorf("got %+v", b)
	}
}

func TestNetwork(t *testing.T) {
	c, _, err := Load(text(LayerImage, "x", fullTOML))
	if err != nil {
		t.Fatal(err)
	}
	want := netsettings.Settings{IPv4: "192.0.2.10/24", IPv4Gateway: "192.0.2.1", IPv6: "2001:db8::10/64", IPv6Gateway: "fe80::1", DNS: []string{"192.0.2.53"},
		NTP: []string{"ntp.example.net"}, VLAN: 17, TimeZone: "Europe/Zurich", Country: "CH"}
	for _, w := range c.WiFi.Value {
		want.WiFi = append(want.WiFi, netsettings.WiFi{SSID: w.SSID, Passphrase: w.Passphrase, Security: w.Security, Hidden: w.Hidden})
	}
	if len(want.WiFi) == 0 {
		t.Fatal("the document has no Wi-Fi")
	}
	if got := c.Network(); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
	d := Defaults()
	if n := d.Network(); !n.Empty() || n.TimeZone != "" {
		t.Errorf("nobody has asked for anything: %+v", n)
	}
}

// A document is refused for what the helper would refuse, and the key is named.
func TestNetworkIsChecked(t *testing.T) {
	for doc, key := range map[string]string{
		`ipv4_address = "192.0.2.255/24"`:                               "ipv4_address",
		"ipv4_address = \"192.0.2.1/24\"\nipv4_gateway = \"192.0.3.1\"": "ipv4_gateway",
		`dns_servers = ["192.0.2.1", "x"]`:                              "dns_servers[1]",
		`vlan = 4095`:                                                   "vlan",
		`vlan = -9223372036854775808`:                                   "vlan",
		`ntp_servers = ["a b"]`:                                         "ntp_servers[0]",
	} {
		_, _, err := Load(text(LayerImage, "x", doc))
		if err == nil || !strings.Contains(err.Error(), key) || !strings.Contains(err.Error(), "line ") {
			t.Errorf("%s: %v", doc, err)
		}
	}
}

func TestRoots(t *testing.T) {
	s := httptest.NewTLSServer(nil)
	defer s.Close()
	dir := t.TempDir()
	path := filepath.Join(dir, "ca.pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	roots := func(p string) error {
		c := Config{CAFile: Value[string]{Value: p, Source: Origin{Layer: LayerImage, Name: "x", Line: 3}}}
		pool, err := c.Roots()
		if err == nil && p != "" && pool == nil {
			t.Error("no pool")
		}
		return err
	}
	if err := errors.Join(roots(""), roots(path)); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "empty"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{filepath.Join(dir, "gone"), filepath.Join(dir, "empty"), dir} {
		var ke *KeyError
		if err := roots(p); !errors.As(err, &ke) || ke.Key != "ca_file" || ke.Origin.Line != 3 {
			t.Errorf("%v", err)
		}
	}
}
