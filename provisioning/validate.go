package provisioning

import (
	"errors"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"phoned/internal/httpcall"
)

// Codecs a line may name.
var Codecs = []string{"opus", "pcmu", "pcma", "g722"}

var (
	colorHex    = regexp.MustCompile(`^#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$`)
	colorRGB    = regexp.MustCompile(`^rgb\(\s*([0-9]{1,3})\s*,\s*([0-9]{1,3})\s*,\s*([0-9]{1,3})\s*\)$`)
	localeBCP47 = regexp.MustCompile(`^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$`)
	countryISO  = regexp.MustCompile(`^[A-Z]{2}$`)
	zoneName    = regexp.MustCompile(`^[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+){0,2}$`)
	headerName  = regexp.MustCompile(`^[A-Za-z0-9-]{1,64}$`)
	sipUser     = regexp.MustCompile(`^[A-Za-z0-9_.!~*'()&=+$,;?/%-]{1,128}$`) // RFC 3261 §25.1, user
	hostName    = regexp.MustCompile(`^[A-Za-z0-9_.:\[\]-]{1,253}$`)
)

// Limits of what a person can mean.
const (
	minPoll = time.Second
	maxPoll = 10 * time.Minute
	maxText = 200

	minAsk = time.Minute
	// minCheck is for firmware: nobody needs it sooner, and a fleet is large.
	minCheck = time.Hour
	maxAsk   = 30 * 24 * time.Hour

	maxLines = 32
	maxKeys  = 8

	maxClientCA  = 64 << 10 // bytes of PEM
	maxCertified = 64

	minBitrate = 6000 // of Opus, RFC 7587 section 6.1
	maxBitrate = 128000
)

// Validate checks the configuration as a whole and names every problem; the
// errors inside are *KeyError.
func (c *Config) Validate() error {
	errs := c.check()
	wrong := func(key, want string) {
		o, _, _ := c.Where(key)
		errs = append(errs, &KeyError{Key: key, Origin: o, Want: want})
	}
	if !c.AutoConfigure.Value && len(c.Lines.Value) == 0 {
		wrong("lines", "at least one line, because auto_configure is off")
	}
	if c.AccessToken.Value.Empty() != c.RefreshToken.Value.Empty() {
		wrong("refresh_token", "both tokens or none")
	}
	if (c.DeviceEndpoint.Value == "") != (c.TokenEndpoint.Value == "") {
		wrong("token_endpoint", "both addresses of the one-time code sign-in or none")
	}
	return errors.Join(errs...)
}

// Missing lists the keys without which nobody can sign in and no line exists;
// empty: the phone has what it needs to start.
func (c *Config) Missing() []string {
	if len(c.Lines.Value) > 0 || !c.AutoConfigure.Value || c.OAuthEndpoint.Value != "" {
		return nil
	}
	return []string{"oauth_endpoint"}
}

// checker notes problems of the values that are set.
type checker struct {
	c    *Config
	errs []error
}

func (k *checker) wrong(key, path, want string) {
	o, _, _ := k.c.Where(key)
	k.errs = append(k.errs, &KeyError{Key: path, Origin: o, Want: want})
}

func (k *checker) that(ok bool, key, want string) {
	if !ok {
		k.wrong(key, key, want)
	}
}

// check looks at every value by itself; an empty one is always allowed.
func (c *Config) check() []error {
	k := &checker{c: c}
	k.addresses()
	k.sources()
	k.place()
	k.looks()
	for i, s := range c.WSServers.Value {
		if !serverURL(s, "wss", "ws") {
			k.wrong("ws_servers", "ws_servers["+strconv.Itoa(i)+"]", "an address that begins with wss://")
		}
	}
	for i, s := range c.ICEServers.Value {
		k.iceServer("ice_servers["+strconv.Itoa(i)+"]", s)
	}
	k.wired()
	k.wifi()
	k.that(len(c.Lines.Value) <= maxLines, "lines", "at most "+strconv.Itoa(maxLines)+" lines")
	seen := map[string]bool{}
	for i, l := range c.Lines.Value {
		path := "lines[" + strconv.Itoa(i) + "]"
		k.line(path, l)
		if seen[l.Key()] {
			k.wrong("lines", path, "a line that is not there already")
		}
		seen[l.Key()] = true
	}
	if p := c.ParkPollInterval; p.Set() {
		k.that(p.Value >= minPoll && p.Value <= maxPoll, "park_poll_interval", "1000 to 600000 milliseconds")
	}
	k.that(len(c.ProgramKeys.Value) <= maxKeys, "program_keys", "at most "+strconv.Itoa(maxKeys)+" keys")
	for i, n := range c.EmergencyNumbers.Value {
		if strings.Trim(n, "0123456789*#+") != "" || n == "" {
			k.wrong("emergency_numbers", "emergency_numbers["+strconv.Itoa(i)+"]", "digits only")
		}
	}
	k.calling()
	k.that(slices.Contains([]string{"", "own", "accept", "ask", "refuse"}, c.Transfers.Value), "transfers", `"own", "accept", "ask" or "refuse"`)
	k.that(slices.Contains([]string{"", "off", "muted", "open"}, c.AutoAnswer.Value), "auto_answer", `"off", "muted" or "open"`)
	k.that(!c.Brightness.Set() || c.Brightness.Value >= 10 && c.Brightness.Value <= 100, "display_brightness", "10 to 100 percent")
	k.that(c.MuteReminder.Value >= 0 && c.MuteReminder.Value <= 3600, "mute_reminder", "0 to 3600 seconds")
	if b := c.OpusBitrate; b.Set() {
		k.that(b.Value >= minBitrate && b.Value <= maxBitrate, "opus_bitrate", "6000 to 128000 bit/s")
	}
	k.that(c.DomainID.Value >= 0, "domain_id", "a positive number")
	for _, f := range fields {
		if v, ok := f.of(c).(*Value[string]); ok && len(v.Value) > 4*maxText && f.key != "web_client_ca" {
			k.that(false, f.key, "a shorter text")
		}
	}
	return k.errs
}

// maxNumbers bounds the lists of numbers.
const maxNumbers = 500

// calling checks numbers and timers of the person's service.
func (k *checker) calling() {
	c := k.c
	k.that(slices.Contains([]string{"", "collect", "send", "reject"}, c.NoMatch.Value), "no_match", `"collect", "send" or "reject"`)
	k.that(slices.Contains([]string{"", "busy", "decline"}, c.RejectWith.Value), "reject_with", `"busy" or "decline"`)
	for key, list := range map[string][]string{"vip_numbers": c.VIPNumbers.Value, "blocked_numbers": c.BlockedNumbers.Value} {
		k.that(len(list) <= maxNumbers, key, "at most "+strconv.Itoa(maxNumbers)+" numbers")
		k.that(!slices.Contains(list, ""), key, "numbers that are not empty")
	}
	for _, d := range []struct {
		v         Value[time.Duration]
		key, want string
		low, high time.Duration
	}{
		{c.HotLineDelay, "hot_line_delay", "0 to 60000 milliseconds", 0, time.Minute},
		{c.ForwardAfter, "forward_no_answer_delay", "1000 to 180000 milliseconds", time.Second, 3 * time.Minute},
		{c.FirstDigit, "first_digit_timeout", "1000 to 300000 milliseconds", time.Second, 5 * time.Minute},
		{c.InterDigit, "inter_digit_timeout", "500 to 60000 milliseconds", 500 * time.Millisecond, time.Minute},
		{c.InterDigitLong, "inter_digit_long_timeout", "500 to 120000 milliseconds", 500 * time.Millisecond, 2 * time.Minute},
		{c.NoAnswer, "no_answer_timeout", "5000 to 600000 milliseconds", 5 * time.Second, 10 * time.Minute},
		{c.RingLimit, "ring_timeout", "5000 to 600000 milliseconds", 5 * time.Second, 10 * time.Minute},
		{c.ReorderTone, "reorder_timeout", "1000 to 600000 milliseconds", time.Second, 10 * time.Minute},
		{c.HowlerTone, "howler_timeout", "1000 to 600000 milliseconds", time.Second, 10 * time.Minute},
		{c.EndedShown, "ended_timeout", "1000 to 60000 milliseconds", time.Second, time.Minute},
		{c.MenuShown, "menu_timeout", "5000 to 3600000 milliseconds", 5 * time.Second, time.Hour},
		{c.PredialShown, "predial_timeout", "5000 to 3600000 milliseconds", 5 * time.Second, time.Hour},
		{c.WaitingShown, "waiting_timeout", "1000 to 120000 milliseconds", time.Second, 2 * time.Minute},
		{c.HoldRemindFirst, "hold_reminder", "5000 to 3600000 milliseconds", 5 * time.Second, time.Hour},
		{c.HoldRemind, "hold_reminder_interval", "5000 to 3600000 milliseconds", 5 * time.Second, time.Hour},
		{c.HoldRecallIdle, "hold_recall_timeout", "10000 to 3600000 milliseconds", 10 * time.Second, time.Hour},
		{c.TransferLimit, "transfer_timeout", "5000 to 180000 milliseconds", 5 * time.Second, 3 * time.Minute},
		{c.AutoLock, "auto_lock", "0 to 86400000 milliseconds", 0, 24 * time.Hour},
		{c.DisplayDim, "display_dim", "0 to 86400000 milliseconds", 0, 24 * time.Hour},
		{c.DisplaySleep, "display_sleep", "0 to 86400000 milliseconds", 0, 24 * time.Hour},
	} {
		k.that(!d.v.Set() || d.v.Value >= d.low && d.v.Value <= d.high, d.key, d.want)
	}
}

func (k *checker) addresses() {
	const https = "an address that begins with https:// and holds no user or password"
	c := k.c
	for _, a := range []struct{ key, url string }{
		{"oauth_endpoint", c.OAuthEndpoint.Value}, {"api_url", c.APIURL.Value},
		{"device_authorization_endpoint", c.DeviceEndpoint.Value}, {"token_endpoint", c.TokenEndpoint.Value},
	} {
		if a.url != "" {
			_, err := httpcall.CheckURL(a.url)
			k.that(err == nil, a.key, https)
		}
	}
	if s := c.OAuthEndpoint.Value; s != "" {
		k.that(strings.HasSuffix(strings.TrimRight(s, "/"), "/oauth/internal"), "oauth_endpoint", "an address that ends in /oauth/internal")
	}
	if s := c.NumbersPath.Value; s != "" {
		u, err := url.Parse(s)
		k.that(err == nil && strings.HasPrefix(s, "/") && u.Host == "", "numbers_path", "a path that begins with /")
	}
}

func (k *checker) sources() {
	c := k.c
	k.that(!c.WebPort.Set() || c.WebPort.Value >= 1 && c.WebPort.Value <= 65535, "web_port", "1 to 65535")
	k.that(!c.WebHTTPPort.Set() || c.WebHTTPPort.Value >= 0 && c.WebHTTPPort.Value <= 65535, "web_http_port", "0 (none) to 65535")
	k.that(len(c.WebListen.Value) <= 16 && !slices.Contains(c.WebListen.Value, ""), "web_listen", `"off", "all", "loopback", interfaces and addresses, 16 at most`)
	k.that(len(c.WebNames.Value) <= 16, "web_names", "16 names at most")
	for i, n := range c.WebNames.Value {
		if !hostName.MatchString(n) {
			k.wrong("web_names", "web_names["+strconv.Itoa(i)+"]", "the name of a host")
		}
	}
	k.clientCertificates()
	k.syslog()
	k.updates()
	if s := c.ProvisioningURL.Value; s != "" {
		// Every placeholder has a value for this; whether the phone has one is seen when it asks.
		_, err := SiteURL(s, Identity{MAC: "000000000000", Serial: "0", ID: "0", Model: "0"})
		k.that(err == nil, "provisioning_url", "an address that begins with https://, with {mac}, {serial}, {id} or {model} in it if need be")
	}
	if i := c.ProvisioningInterval; i.Set() {
		k.that(i.Value >= minAsk && i.Value <= maxAsk, "provisioning_interval", "60000 to 2592000000 milliseconds")
	}
	for i, s := range c.ProvisioningKeys.Value {
		if _, err := ParsePublicKey(s); err != nil {
			k.wrong("provisioning_keys", "provisioning_keys["+strconv.Itoa(i)+"]", `a key that begins with "ed25519:"`)
		}
	}
}

// certified is "NAME:ROLE".
var certified = regexp.MustCompile(`^[^\x00-\x1f]{1,256}:(viewer|operator|administrator)$`)

func (k *checker) clientCertificates() {
	c := k.c
	ca := c.WebClientCA.Value
	k.that(len(ca) <= maxClientCA && (len(ca) <= maxText || isPEM(ca)), "web_client_ca", "the name of a PEM file with certificates, or its text")
	k.that((ca == "") == (len(c.WebClientAccounts.Value) == 0), "web_client_accounts", "both web_client_ca and web_client_accounts, or none")
	k.that(len(c.WebClientAccounts.Value) <= maxCertified, "web_client_accounts", strconv.Itoa(maxCertified)+" names at most")
	for i, n := range c.WebClientAccounts.Value {
		if !certified.MatchString(n) {
			k.wrong("web_client_accounts", "web_client_accounts["+strconv.Itoa(i)+"]", `a name of a certificate and a role: "ops@example.net:administrator"`)
		}
	}
}

// keyPin is a SHA-256 as browsers show it, the colons at will.
var keyPin = regexp.MustCompile(`^[0-9A-Fa-f]{2}(:?[0-9A-Fa-f]{2}){31}$`)

func (k *checker) syslog() {
	c := k.c
	_, ok := c.LogServer()
	k.that(c.SyslogServer.Value == "" || ok, "syslog_server", `a name or an address, with a port if it is not 6514: "logs.example.net:6514"`)
	k.that(c.SyslogPin.Value == "" || keyPin.MatchString(c.SyslogPin.Value), "syslog_pin", "the SHA-256 of the server's public key in hexadecimal")
	for key, word := range map[string]string{"syslog_facility": c.SyslogFacility.Value, "syslog_level": c.SyslogLevel.Value} {
		k.that(word == "" || slices.Contains(wordsOf(key), word), key, "one of "+strings.Join(wordsOf(key), ", "))
	}
}

// updates checks how the phone asks for firmware.
func (k *checker) updates() {
	c := k.c
	if s := c.UpdateURL.Value; s != "" {
		_, err := httpcall.CheckURL(s)
		k.that(err == nil, "update_url", "an address that begins with https:// and holds no user or password")
	}
	i := c.UpdateCheck
	k.that(!i.Set() || i.Value == 0 || i.Value >= minCheck && i.Value <= maxAsk, "update_check", "0 (never by itself) or 3600000 to 2592000000 milliseconds")
	k.that(c.UpdateMode.Value == "" || slices.Contains(wordsOf("update_mode"), c.UpdateMode.Value), "update_mode", `"install" or "tell"`)
	_, _, ok := c.UpdateSpan()
	k.that(c.UpdateWindow.Value == "" || ok, "update_window", `two times of day of a span of 10 minutes or more: "02:00-05:00"`)
}

// wired checks the wired port's settings as the part does that puts them in force.
func (k *checker) wired() {
	for _, f := range k.c.Network().Check() {
		key, _, _ := strings.Cut(f.Key, "[")
		k.wrong(key, f.Key, f.Want)
	}
}

// maxNetworks bounds the wireless networks.
const maxNetworks = 16

var hexKey = regexp.MustCompile(`^[0-9a-fA-F]{64}$`)

func (k *checker) wifi() {
	c := k.c
	k.that(len(c.WiFi.Value) <= maxNetworks, "wifi", "at most "+strconv.Itoa(maxNetworks)+" networks")
	seen := map[string]bool{}
	for i, n := range c.WiFi.Value {
		path := "wifi[" + strconv.Itoa(i) + "]."
		that := func(ok bool, key, want string) {
			if !ok {
				k.wrong("wifi", path+key, want)
			}
		}
		that(n.SSID != "" && len(n.SSID) <= 32 && !strings.ContainsFunc(n.SSID, unicode.IsControl), "ssid", "a network's name of 1 to 32 bytes")
		that(!seen[n.SSID], "ssid", "a network that is not there already")
		seen[n.SSID] = true
		that(slices.Contains([]string{"", "wpa2", "wpa3", "open"}, n.Security), "security", `"wpa2", "wpa3" or "open"`)
		p := n.Passphrase.Reveal()
		if n.Security == "open" {
			that(p == "", "passphrase", "none, because the network is open")
			continue
		}
		that(hexKey.MatchString(p) && n.Security != "wpa3" || len(p) >= 8 && len(p) <= 63 && printableASCII(p), "passphrase",
			"8 to 63 printable characters, or security = \"open\"")
	}
}

func (k *checker) place() {
	c := k.c
	k.that(c.Locale.Value == "" || localeBCP47.MatchString(c.Locale.Value), "locale", `a language such as "en" or "de-CH"`)
	k.that(c.Country.Value == "" || countryISO.MatchString(c.Country.Value), "country", `a country such as "DE"`)
	if z := c.TimeZone.Value; z != "" {
		k.that(z != "Local" && zoneName.MatchString(z) && zoneExists(z), "time_zone", `a time zone such as "Europe/Berlin"`)
	}
}

// zoneExists asks the system's zone data; without any, the form must do.
func zoneExists(z string) bool {
	if _, err := time.LoadLocation(z); err == nil {
		return true
	}
	_, err := time.LoadLocation("Europe/London")
	return err != nil
}

// wordsOf are the words that a key may have, as its tag says: the schema's too.
func wordsOf(key string) []string {
	return strings.Fields(reflect.TypeFor[Config]().Field(fieldByKey[key].index).Tag.Get("enum"))
}

func (k *checker) looks() {
	c := k.c
	k.that(c.Theme.Value == "" || slices.Contains(wordsOf("theme"), c.Theme.Value), "theme", `"dark", "light", "contrast", "large" or "large-light"`)
	const color = `a colour such as "#0a84ff" or "rgb(10, 132, 255)"`
	k.that(c.PrimaryColor.Value == "" || isColor(c.PrimaryColor.Value), "primary_color", color)
	k.that(c.AccentColor.Value == "" || isColor(c.AccentColor.Value), "accent_color", color)
	if s := c.BrandLogo.Value; s != "" {
		u, err := url.Parse(s)
		k.that(err == nil && u.User == nil && (u.Scheme == "" || u.Scheme == "https" && u.Host != ""), "brand_logo", "a file name or an address that begins with https://")
	}
}

func isColor(s string) bool {
	if colorHex.MatchString(s) {
		return true
	}
	m := colorRGB.FindStringSubmatch(s)
	if m == nil {
		return false
	}
	for _, part := range m[1:] {
		if n, err := strconv.Atoi(part); err != nil || n > 255 {
			return false
		}
	}
	return true
}

func (k *checker) iceServer(path string, s ICEServer) {
	if len(s.URLs) == 0 {
		k.wrong("ice_servers", path+".urls", "at least one address")
	}
	for i, u := range s.URLs {
		scheme, rest, _ := strings.Cut(u, ":")
		if !slices.Contains([]string{"stun", "stuns", "turn", "turns"}, scheme) || rest == "" {
			k.wrong("ice_servers", path+".urls["+strconv.Itoa(i)+"]", "an address that begins with stun:, stuns:, turn: or turns:")
		} else if strings.HasPrefix(scheme, "turn") && (s.Username == "" || s.Credential.Empty()) {
			k.wrong("ice_servers", path, "username and credential, which TURN needs")
		}
	}
}

func (k *checker) line(path string, l Line) {
	that := func(ok bool, key, want string) {
		if !ok {
			k.wrong("lines", path+"."+key, want)
		}
	}
	that(sipUser.MatchString(l.User), "user", "the name of the extension")
	that(hostName.MatchString(l.Domain), "domain", "the exchange's name")
	all := l.AllServers()
	that(len(all) > 0, "server", "an address that begins with udp://, tcp://, tls://, wss:// or ws://")
	for _, s := range all {
		that(serverURL(s, "udp", "tcp", "tls", "wss", "ws"), "server", "an address that begins with udp://, tcp://, tls://, wss:// or ws://")
	}
	that(slices.Contains([]Media{"", MediaWebRTC, MediaRTP, MediaSRTP}, l.Media), "media", `"webrtc", "rtp" or "srtp"`)
	that(slices.Contains([]DTMF{"", DTMFAuto, DTMFRFC, DTMFInfo, DTMFInband}, l.DTMF), "dtmf", `"auto", "rfc4733", "info" or "inband"`)
	for i, codec := range l.Codecs {
		that(slices.Contains(Codecs, codec), "codecs["+strconv.Itoa(i)+"]", "one of "+strings.Join(Codecs, ", "))
	}
	that(slices.Contains([]string{"", "asserted", "preferred", "remote", "from"}, l.CallerID), "caller_id", `"asserted", "preferred", "remote" or "from"`)
	that(l.ServerName == "" || hostName.MatchString(l.ServerName), "server_name", "the name in the server's certificate")
	that(l.CallUUIDHeader == "" || headerName.MatchString(l.CallUUIDHeader), "call_uuid_header", "the name of a header")
}

// serverURL: scheme://host[:port], and a path for WebSocket only.
func serverURL(s string, schemes ...string) bool {
	u, err := url.Parse(s)
	if err != nil || !slices.Contains(schemes, u.Scheme) || u.Hostname() == "" || u.User != nil || u.Fragment != "" {
		return false
	}
	if p := u.Port(); p != "" {
		if n, err := strconv.Atoi(p); err != nil || n < 1 || n > 65535 {
			return false
		}
	}
	return u.Scheme == "wss" || u.Scheme == "ws" || u.Path == "" && u.RawQuery == ""
}
