package phone

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// NetworkSetup is how the phone gets its network, as its settings have it.
type NetworkSetup struct {
	Able  bool // it can be changed at the phone
	Radio bool // there is Wi-Fi
	Wired
	// WiFi is the wireless network that is preferred, "": none is known.
	WiFi string
}

// Wired are the settings of the wired port that can be made at the phone.
type Wired struct {
	Address string // of IPv4 with its prefix, "": automatic (DHCP)
	Gateway string
	DNS     string // one name server, "": what the network says
	VLAN    int    // 0: none
}

// HeardNetwork is a wireless network that can be heard.
type HeardNetwork struct {
	Name   string
	Signal int  // dBm
	Open   bool // nothing is asked of who joins it
	Usable bool // this phone can join it
}

type (
	// SetNetwork changes the wired port's settings. Result: a phone that is made anew, or
	// NetworkRefused.
	SetNetwork struct{ Wired Wired }
	// ScanWiFi listens for wireless networks. Result: WiFiHeard.
	ScanWiFi struct{}
	// JoinWiFi prefers a wireless network from now on. Result as SetNetwork's.
	JoinWiFi struct {
		Name       string
		Passphrase Password // "": it is open
	}
	// WiFiHeard brings what was heard, the strongest first.
	WiFiHeard struct{ Networks []HeardNetwork }
	// NetworkRefused: nothing was changed.
	NetworkRefused struct{}
)

func (SetNetwork) effect()   {}
func (ScanWiFi) effect()     {}
func (JoinWiFi) effect()     {}
func (WiFiHeard) what()      {}
func (NetworkRefused) what() {}

// The toasts of the network.
const (
	ToastNetworkSet     = "network_set"
	ToastNetworkRefused = "network_refused"
)

// The menus and forms of the network.
const (
	menuNetwork = "network_setup"
	menuWiFi    = "wifi"

	formAddress = "net_address"
	formGateway = "net_gateway"
	formDNS     = "net_dns"
	formVLAN    = "net_vlan"
	formWiFi    = "wifi_key"

	errAddress = "form.error.address"
	errVLAN    = "form.error.vlan"
	errWiFi    = "form.error.wifi_key"
)

// The bounds of a passphrase of WPA (IEEE 802.11 Annex J.4.1).
const (
	passphraseLeast = 8
	passphraseMost  = 63
)

// wiring is what is being changed in the menu.
type wiring struct {
	draft     Wired
	heard     []HeardNetwork // replaced, never changed
	listening bool
}

func (t *turn) openNetworkMenu() {
	t.wiring = wiring{draft: t.device.Network.Wired}
	t.openPage(page{screen: ScreenMenu, menu: menuNetwork, parent: true})
}

// networkMenu is Settings → Set up network.
func (s *State) networkMenu() []entry {
	d := s.wiring.draft
	row := func(form, value, none string, kind FormKind) entry {
		e := entry{form, "@" + form, value, func(t *turn) { t.openForm(newForm(form, "", kind, value)) }}
		if value == "" {
			e.value = "@" + none
		}
		return e
	}
	list := []entry{row(formAddress, d.Address, "net_automatic", FormAddress)}
	if d.Address != "" {
		list = append(list, row(formGateway, d.Gateway, "none", FormAddress))
	}
	vlan := ""
	if d.VLAN != 0 {
		vlan = itoa(d.VLAN)
	}
	list = append(list, row(formDNS, d.DNS, "net_automatic", FormAddress), row(formVLAN, vlan, "off", FormNumber))
	if s.device.Network.Radio {
		list = append(list, entry{menuWiFi, "@" + menuWiFi, s.device.Network.WiFi, (*turn).listen})
	}
	if d != s.device.Network.Wired {
		list = append(list, entry{"net_apply", "@net_apply", "", func(t *turn) {
			t.emit(SetNetwork{t.wiring.draft})
			t.closePage()
			t.say(ToastNetworkSet, "", false)
		}})
	}
	return list
}

// listen opens the list of wireless networks.
func (t *turn) listen() {
	t.wiring.heard, t.wiring.listening = nil, true
	t.openPage(page{screen: ScreenMenu, menu: menuWiFi, parent: true})
	t.emit(ScanWiFi{})
}

func (t *turn) wifiHeard(e WiFiHeard) {
	t.wiring.listening = false
	t.wiring.heard = e.Networks
	if t.page.screen == ScreenMenu && t.page.menu == menuWiFi {
		t.page.index = 0
	}
}

// wifiMenu are the wireless networks that were heard.
func (s *State) wifiMenu() []entry {
	still := func(*turn) {}
	switch {
	case s.wiring.listening:
		return []entry{{"wifi_listening", "@wifi_listening", "", still}}
	case len(s.wiring.heard) == 0:
		return []entry{{"wifi_none", "@wifi_none", "", (*turn).listenAgain}}
	}
	var list []entry
	for i, n := range s.wiring.heard {
		e := entry{"wifi/" + itoa(i), n.Name, "@" + signalWord(n.Signal), func(t *turn) { t.joinWiFi(n) }}
		if !n.Usable {
			e.value, e.do = "@wifi_unusable", (*turn).blip
		}
		list = append(list, e)
	}
	return list
}

func (t *turn) listenAgain() {
	t.wiring.listening = true
	t.emit(ScanWiFi{})
}

// signalWord weighs a level in dBm: voice wants −67 at least.
func signalWord(dBm int) string {
	switch {
	case dBm >= -60:
		return "quality.good"
	case dBm >= -70:
		return "quality.fair"
	}
	return "quality.poor"
}

func (t *turn) joinWiFi(n HeardNetwork) {
	if n.Open {
		t.emitJoin(JoinWiFi{Name: n.Name})
		return
	}
	t.openForm(newForm(formWiFi, n.Name, FormPassword, ""))
}

func (t *turn) emitJoin(e JoinWiFi) {
	t.emit(e)
	t.closePage()
	t.say(ToastNetworkSet, "", false)
}

// networkForms are what is done with an entry of the network's forms.
var networkForms = map[string]func(t *turn, f *form, text string){
	formAddress: func(t *turn, _ *form, text string) {
		if text != "" && !strings.Contains(text, "/") {
			text += "/24"
		}
		p, err := netip.ParsePrefix(text)
		if text != "" && (err != nil || !p.Addr().Is4()) {
			t.wrong(errAddress)
			return
		}
		t.redraft(func(w *Wired) {
			w.Address = text
			if gate, err := netip.ParseAddr(w.Gateway); err != nil || !p.Masked().Contains(gate) {
				w.Gateway = "" // of another network
			}
		})
	},
	formGateway: func(t *turn, _ *form, text string) {
		p, _ := netip.ParsePrefix(t.wiring.draft.Address)
		if a, err := netip.ParseAddr(text); text != "" && (err != nil || !p.Masked().Contains(a) || a == p.Addr()) {
			t.wrong(errAddress)
			return
		}
		t.redraft(func(w *Wired) { w.Gateway = text })
	},
	formDNS: func(t *turn, _ *form, text string) {
		if a, err := netip.ParseAddr(text); text != "" && (err != nil || a.IsUnspecified()) {
			t.wrong(errAddress)
			return
		}
		t.redraft(func(w *Wired) { w.DNS = text })
	},
	formVLAN: func(t *turn, _ *form, text string) {
		n, err := strconv.Atoi(text)
		if text != "" && (err != nil || n < 0 || n > 4094) {
			t.wrong(errVLAN)
			return
		}
		t.redraft(func(w *Wired) { w.VLAN = n })
	},
	formWiFi: func(t *turn, f *form, _ string) {
		key := string(f.text) // a passphrase may begin and end with a space
		if len(key) < passphraseLeast || len(key) > passphraseMost || slices.ContainsFunc([]byte(key), func(b byte) bool { return b < ' ' || b > '~' }) {
			t.wrong(errWiFi)
			return
		}
		t.emitJoin(JoinWiFi{Name: f.arg, Passphrase: Password(key)})
	},
}

// redraft changes what is being set up and returns to the menu.
func (t *turn) redraft(edit func(*Wired)) {
	edit(&t.wiring.draft)
	t.pageBack()
}
