package app

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"phoned/internal/netsettings"
	"phoned/phone"
	"phoned/provisioning"
)

// errLocked: a lower layer keeps the key for itself.
var errLocked = errors.New("the site's configuration does not let anybody change that here")

// SetKeys changes keys of what a person at the phone has said, and has the phone made
// anew; nil takes a key away. A change that could cost the service is on trial. Errors
// are those of Take.
func (p *Provisioner) SetKeys(set map[string]any) error {
	cfg, _, _ := p.Config()
	for k := range set {
		if o, locked, _ := cfg.Where(k); locked && o.Layer < provisioning.LayerUser {
			return fmt.Errorf("%s: %w", k, errLocked)
		}
	}
	doc := provisioning.Document{Layer: provisioning.LayerUser, Name: typedName}
	var have []byte
	for _, s := range p.cfg.Depot.Sources() {
		if s.Origin().Layer == doc.Layer {
			doc.Name = s.Origin().Name
			var err error
			if have, err = s.Read(); err != nil {
				return fmt.Errorf("what was set at the phone: %w", err)
			}
		}
	}
	var err error
	if doc.Data, err = provisioning.Merge(have, set); err != nil {
		return err
	}
	_, err = p.Take(doc)
	return err
}

// wiredKeys are the keys of the network's menu.
func wiredKeys(w phone.Wired) map[string]any {
	set := map[string]any{"ipv4_address": nil, "ipv4_gateway": nil, "dns_servers": nil, "vlan": nil}
	if w.Address != "" {
		set["ipv4_address"] = w.Address
		if w.Gateway != "" {
			set["ipv4_gateway"] = w.Gateway
		}
	}
	if w.DNS != "" {
		set["dns_servers"] = []string{w.DNS}
	}
	if w.VLAN != 0 {
		set["vlan"] = w.VLAN
	}
	return set
}

// wifiKeys put a network before the ones that are known.
func wifiKeys(known []provisioning.WiFi, join phone.JoinWiFi) map[string]any {
	table := func(w provisioning.WiFi) map[string]any {
		t := map[string]any{"ssid": w.SSID}
		if !w.Passphrase.Empty() {
			t["passphrase"] = w.Passphrase.Reveal() // into the sealed document
		}
		if w.Security != "" {
			t["security"] = w.Security
		}
		if w.Hidden {
			t["hidden"] = true
		}
		return t
	}
	first := map[string]any{"ssid": join.Name}
	if join.Passphrase == "" {
		first["security"] = "open"
	} else {
		first["passphrase"] = string(join.Passphrase)
	}
	list := []any{first}
	for _, w := range known {
		if w.SSID != join.Name && len(list) < wifiKept {
			list = append(list, table(w))
		}
	}
	return map[string]any{"wifi": list}
}

// wifiKept is how many wireless networks the menu keeps.
const wifiKept = 8

// networkSetup is what the network's menu shows.
func networkSetup(o Options) phone.NetworkSetup {
	c := &o.Config
	locked := func(key string) bool {
		at, locked, _ := c.Where(key)
		return locked && at.Layer < provisioning.LayerUser
	}
	n := phone.NetworkSetup{
		Able:  o.Network != nil && o.SetKeys != nil && !slices.ContainsFunc([]string{"ipv4_address", "ipv4_gateway", "dns_servers", "vlan"}, locked),
		Wired: phone.Wired{Address: c.IPv4Address.Value, Gateway: c.IPv4Gateway.Value, VLAN: int(c.VLAN.Value)},
	}
	n.Radio = n.Able && !locked("wifi") && netsettings.Wireless("") != ""
	if len(c.DNSServers.Value) > 0 {
		n.DNS = c.DNSServers.Value[0]
	}
	if len(c.WiFi.Value) > 0 {
		n.WiFi = c.WiFi.Value[0].SSID
	}
	return n
}

// setKeys keeps what was set up at the phone.
func (p *Phone) setKeys(set map[string]any) {
	err := errors.ErrUnsupported
	if p.cfg.SetKeys != nil {
		err = p.cfg.SetKeys(set)
	}
	if err != nil {
		p.log.Warn("the network is not set up as it was asked at the phone", "err", err)
		p.loop.Post(phone.NetworkRefused{})
	}
}

// scanWiFi listens for wireless networks.
func (p *Phone) scanWiFi() {
	ctx, cancel := context.WithTimeout(p.ctx, hearTime)
	defer cancel()
	var out []phone.HeardNetwork
	if p.cfg.ScanWiFi != nil {
		heard, err := p.cfg.ScanWiFi(ctx)
		if err != nil {
			p.log.Warn("no wireless networks can be listened for", "err", err)
		}
		for _, n := range heard {
			out = append(out, phone.HeardNetwork{Name: n.SSID, Signal: n.Signal, Open: n.Open, Usable: n.Usable})
		}
	}
	p.loop.Post(phone.WiFiHeard{Networks: out})
}
