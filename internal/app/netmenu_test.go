package app

import (
	"encoding/json"
	"testing"

	"phoned/internal/secret"
	"phoned/phone"
	"phoned/provisioning"
)

// What the network's menu says becomes a document that reads back as it was meant.
func TestNetworkMenuKeys(t *testing.T) {
	known := []provisioning.WiFi{{SSID: "Old", Passphrase: secret.New("correct horse"), Security: "wpa2", Hidden: true}, {SSID: "Office", Passphrase: secret.New("12345678")}}
	for _, c := range []struct {
		name string
		set  map[string]any
		good func(provisioning.Config) bool
	}{
		{"static", wiredKeys(phone.Wired{Address: "192.0.2.10/24", Gateway: "192.0.2.1", DNS: "192.0.2.53", VLAN: 17}), func(c provisioning.Config) bool {
			return c.IPv4Address.Value == "192.0.2.10/24" && c.IPv4Gateway.Value == "192.0.2.1" && c.DNSServers.Value[0] == "192.0.2.53" && c.VLAN.Value == 17 && c.Theme.Value == "light"
		}},
		{"automatic", wiredKeys(phone.Wired{Gateway: "192.0.2.1"}), func(c provisioning.Config) bool {
			return !c.IPv4Address.Set() && !c.IPv4Gateway.Set() && !c.DNSServers.Set() && !c.VLAN.Set() && c.Theme.Value == "light"
		}},
		{"Wi-Fi", wifiKeys(known, phone.JoinWiFi{Name: "Office", Passphrase: `new "key" \`}), func(c provisioning.Config) bool {
			w := c.WiFi.Value
			return len(w) == 2 && w[0].SSID == "Office" && w[0].Passphrase.Reveal() == `new "key" \` && w[1].SSID == "Old" && w[1].Passphrase.Reveal() == "correct horse" && w[1].Hidden && w[1].Security == "wpa2"
		}},
		{"open Wi-Fi", wifiKeys(nil, phone.JoinWiFi{Name: "Guests"}), func(c provisioning.Config) bool {
			return len(c.WiFi.Value) == 1 && c.WiFi.Value[0].Security == "open"
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			doc, err := provisioning.Merge([]byte("theme = \"light\" # mine\nipv4_address = \"198.51.100.7/24\"\nvlan = 3\n"), c.set)
			if err != nil {
				t.Fatal(err)
			}
			cfg, _, err := provisioning.Load(provisioning.Text{From: provisioning.Origin{Layer: provisioning.LayerUser, Name: "keypad"}, Data: doc})
			if err != nil || !c.good(cfg) {
				t.Errorf("%v %s", err, doc)
			}
		})
	}
	if _, err := provisioning.Merge([]byte("= 3"), nil); err == nil {
		t.Error("what can't be read was merged")
	}
	if b, err := provisioning.Merge(nil, map[string]any{"vlan": 3}); err != nil || !json.Valid(b) {
		t.Errorf("%s %v", b, err)
	}
}
