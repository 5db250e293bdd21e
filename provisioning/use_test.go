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

func TestUpdateSpan(t *testing.T) {
	for in, want := range map[string][2]int{"02:00-05:00": {120, 300}, "22:30-05:00": {1350, 300}, "00:00-24:00": {}, "23:00-24:00": {1380, 1440}, "23:55-00:05": {1435, 5}, "00:00-00:10": {0, 10},
		"": {}, "02:00-02:00": {}, "02:00-02:09": {}, "2:00-5:00": {}, "24:00-05:00": {}, "02:00-24:01": {}, "02:60-05:00": {}, "02:00–05:00": {}, "02:00-05:00 ": {}, "night": {}} {
		var c Config
		c.UpdateWindow.Value = in
		from, to, ok := c.UpdateSpan()
		if ok != (want != [2]int{}) || ok && (from != want[0] || to != want[1]) {
			t.Errorf("%q: %d to %d, %v", in, from, to, ok)
		}
		if _, _, err := Load(text(LayerImage, "x", `update_window = "`+in+`"`)); (err == nil) != (ok || in == "") {
			t.Errorf("%q: %v", in, err)
		}
	}
}

func TestUpdatesAreChecked(t *testing.T) {
	for doc, good := range map[string]bool{
		`update_url = "https://fw.example.net/i.json"`: true, `update_url = "http://fw.example.net/i.json"`: false, `update_url = "https://u:p@fw.example.net/i"`: false, `update_url = "fw"`: false,
		`update_check = 0`: true, `update_check = 3600000`: true, `update_check = 3599999`: false, `update_check = 2592000001`: false,
		`update_mode = "tell"`: true, `update_mode = "install"`: true, `update_mode = "never"`: false,
	} {
		_, _, err := Load(text(LayerImage, "x", doc))
		key, _, _ := strings.Cut(doc, " ")
		if (err == nil) != good || err != nil && !strings.Contains(err.Error(), key) {
			t.Errorf("%s: %v", doc, err)
		}
	}
}
