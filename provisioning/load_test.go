package provisioning

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"phoned/store"
)

func text(layer Layer, name, doc string) Text {
	return Text{From: Origin{Layer: layer, Name: name}, Data: []byte(doc)}
}

const fullTOML = `version = 1
access_token = "access-token-value"
refresh_token = "refresh-token-value"
oauth_endpoint = "https://login.example.net/oauth/internal"
api_url = "https://api.example.net"
auth_token = "apikey-value"
numbers_path = "/v3/nums"
domain_id = 42
device_authorization_endpoint = "https://login.example.net/device"
token_endpoint = "https://login.example.net/token"
client_id = "phoned"
device_scope = "phone"
ca_file = "ca.pem"
contacts_file = "people.vcf"
ipv4_address = "192.0.2.10/24"
ipv4_gateway = "192.0.2.1"
ipv6_address = "2001:db8::10/64"
ipv6_gateway = "fe80::1"
dns_servers = ["192.0.2.53"]
ntp_servers = ["ntp.example.net"]
vlan = 17
auto_configure = false
display_name = "Ann"
ws_servers = ["wss://a.example.net:8443", "wss://b.example.net/ws"]
provisioning_url = "https://cfg.example.net/{mac}.toml"
provisioning_interval = 3600000
provisioning_keys = ["ed25519:iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w"]
provisioning_dhcp = true
microphone_id = "hw:1"
speaker_id = "hw:2"
opus_bitrate = 32000
opus_dtx = true
park_poll_interval = 7000
voicemail_number = "*97"
page_group = "750"
emergency_numbers = ["112"]
digit_map = "x.T"
transfers = "ask"
auto_answer = "open"
hook_flash = true
mute_reminder = 60
web_listen = ["eth0", "192.0.2.1"]
web_port = 8443
web_http_port = 8080
web_names = ["phone.example.net"]
web_announce = false
web_client_ca = "client-ca.pem"
web_client_accounts = ["ops@example.net:administrator"]
syslog_server = "logs.example.net"
syslog_pin = "abababababababababababababababababababababababababababababababab"
syslog_facility = "local7"
syslog_level = "warn"
update_url = "https://fw.example.net/index.json"
update_check = 7200000
update_mode = "tell"
update_window = "22:00-05:30"
web_accounts = "admin:administrator:$argon2id$v=19$web-account-hash"
web_tokens = "scraper:viewer:web-token-hash"
follow_redirects = false
conference_connect = true
transfer_on_hook = false
no_match = "reject"
vip_numbers = ["1002"]
blocked_numbers = ["0900"]
reject_anonymous = true
hot_line = "1003"
hot_line_delay = 2000
forward_always = "1004"
forward_busy = "1005"
forward_no_answer = "1006"
forward_no_answer_delay = 15000
first_digit_timeout = 20000
inter_digit_timeout = 2000
inter_digit_long_timeout = 8000
no_answer_timeout = 60000
reorder_timeout = 30000
howler_timeout = 45000
ended_timeout = 5000
menu_timeout = 30000
predial_timeout = 30000
waiting_timeout = 5000
hold_reminder = 60000
hold_reminder_interval = 20000
hold_recall_timeout = 90000
transfer_timeout = 20000
predial_sends = true
send_hash = true
soft_ring = true
reject_with = "decline"
ring_timeout = 90000
auto_lock = 600000
program_keys = ["blf:1003"]
locale = "de-CH"
time_zone = "Europe/Zurich"
country = "CH"
theme = "light"
display_dim = 60000
display_sleep = 600000
display_brightness = 60
reduced_motion = true
primary_color = "#0a84ff"
accent_color = "rgb(10, 132, 255)"
brand_name = "Acme"
brand_logo = "https://acme.example/logo.png"

[[ice_servers]]
urls = ["stun:stun.example.net"]

[[ice_servers]]
urls = ["turn:turn.example.net:3478?transport=tcp"]
username = "u"
credential = "turn-credential"

[[lines]]
server = "udp://10.0.0.1"
servers = ["tls://10.0.0.2:5061"]
user = "1001"
domain = "10.0.0.1"
password = "line-password"
codecs = ["opus", "pcma"]
dtmf = "rfc4733"
media = "srtp"
label = "Front desk"
call_uuid_header = "X-UUID"
caller_id = "from"
server_name = "pbx"
certificate_file = "c.pem"
recording_unconfirmed = true

[[wifi]]
ssid = "Office"
passphrase = "wifi-passphrase"
security = "wpa2"
hidden = true
`

const fullJSON = `{
 "version": 1, "access_token": "access-token-value", "refresh_token": "refresh-token-value",
 "oauth_endpoint": "https://login.example.net/oauth/internal", "api_url": "https://api.example.net", "auth_token": "apikey-value",
 "numbers_path": "/v3/nums", "domain_id": 42, "device_authorization_endpoint": "https://login.example.net/device",
 "token_endpoint": "https://login.example.net/token", "client_id": "phoned", "device_scope": "phone", "ca_file": "ca.pem", "contacts_file": "people.vcf",
 "ipv4_address": "192.0.2.10/24", "ipv4_gateway": "192.0.2.1", "ipv6_address": "2001:db8::10/64", "ipv6_gateway": "fe80::1", "dns_servers": ["192.0.2.53"], "ntp_servers": ["ntp.example.net"], "vlan": 17,
 "auto_configure": false, "display_name": "Ann", "ws_servers": ["wss://a.example.net:8443", "wss://b.example.net/ws"],
 "provisioning_url": "https://cfg.example.net/{mac}.toml", "provisioning_interval": 3600000, "provisioning_dhcp": true,
 "provisioning_keys": ["ed25519:iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w"],
 "microphone_id": "hw:1", "speaker_id": "hw:2", "opus_bitrate": 32000, "opus_dtx": true, "park_poll_interval": 7000, "voicemail_number": "*97", "page_group": "750", "emergency_numbers": ["112"], "digit_map": "x.T", "transfers": "ask", "auto_answer": "open", "hook_flash": true, "mute_reminder": 60, "web_listen": ["eth0", "192.0.2.1"], "web_port": 8443, "web_http_port": 8080, "web_names": ["phone.example.net"], "web_announce": false, "web_client_ca": "client-ca.pem", "web_client_accounts": ["ops@example.net:administrator"], "syslog_server": "logs.example.net", "syslog_pin": "abababababababababababababababababababababababababababababababab", "syslog_facility": "local7", "syslog_level": "warn", "update_url": "https://fw.example.net/index.json", "update_check": 7200000, "update_mode": "tell", "update_window": "22:00-05:30", "web_accounts": "admin:administrator:$argon2id$v=19$web-account-hash", "web_tokens": "scraper:viewer:web-token-hash", "follow_redirects": false, "conference_connect": true, "transfer_on_hook": false, "no_match": "reject", "vip_numbers": ["1002"], "blocked_numbers": ["0900"], "reject_anonymous": true, "hot_line": "1003", "hot_line_delay": 2000, "forward_always": "1004", "forward_busy": "1005", "forward_no_answer": "1006", "forward_no_answer_delay": 15000, "first_digit_timeout": 20000, "inter_digit_timeout": 2000, "inter_digit_long_timeout": 8000, "no_answer_timeout": 60000, "reorder_timeout": 30000, "howler_timeout": 45000, "ended_timeout": 5000, "menu_timeout": 30000, "predial_timeout": 30000, "waiting_timeout": 5000, "hold_reminder": 60000, "hold_reminder_interval": 20000, "hold_recall_timeout": 90000, "transfer_timeout": 20000, "predial_sends": true, "send_hash": true, "soft_ring": true, "reject_with": "decline", "ring_timeout": 90000, "auto_lock": 600000, "program_keys": ["blf:1003"], "locale": "de-CH",
 "time_zone": "Europe/Zurich", "country": "CH", "theme": "light", "display_dim": 60000, "display_sleep": 600000, "display_brightness": 60, "reduced_motion": true, "primary_color": "#0a84ff", "accent_color": "rgb(10, 132, 255)",
 "brand_name": "Acme", "brand_logo": "https://acme.example/logo.png",
 "wifi": [{"ssid": "Office", "passphrase": "wifi-passphrase", "security": "wpa2", "hidden": true}],
 "ice_servers": [{"urls": ["stun:stun.example.net"]},
  {"urls": ["turn:turn.example.net:3478?transport=tcp"], "username": "u", "credential": "turn-credential"}],
 "lines": [{"server": "udp://10.0.0.1", "servers": ["tls://10.0.0.2:5061"], "user": "1001", "domain": "10.0.0.1", "password": "line-password",
  "codecs": ["opus", "pcma"], "dtmf": "rfc4733", "media": "srtp", "label": "Front desk", "call_uuid_header": "X-UUID", "caller_id": "from", "server_name": "pbx", "certificate_file": "c.pem", "recording_unconfirmed": true}]
}`

// secretsInTests is what must not come out of anything.
var secretsInTests = []string{"access-token-value", "refresh-token-value", "apikey-value", "turn-credential", "line-password", "device-code-value", "wifi-passphrase", "web-account-hash", "web-token-hash"}

func searchSecrets(t *testing.T, what, s string) {
	t.Helper()
	for _, secret := range secretsInTests {
		if strings.Contains(s, secret) {
			t.Errorf("%s holds %q: %s", what, secret, s)
		}
	}
}

func TestEveryKeyIsReadFromBothForms(t *testing.T) {
	a, warns, err := Load(text(LayerImage, "x", fullTOML))
	if err != nil || len(warns) != 0 {
		t.Fatal(err, warns)
	}
	b, warns, err := Load(text(LayerImage, "x", fullJSON))
	if err != nil || len(warns) != 0 {
		t.Fatal(err, warns)
	}
	if d := Diff(&a, &b); len(d) != 0 {
		t.Errorf("TOML and JSON differ: %v", Words(d))
	}
	if err := a.Validate(); err != nil {
		t.Error(err)
	}
	for i, key := range Keys() {
		o, _, known := a.Where(key)
		if !known || o.Layer != LayerImage || o.Line == 0 {
			t.Errorf("%s is not in the test's document: %+v", key, o)
		}
		if reflect.ValueOf(a).Field(i).Field(0).IsZero() && !slices.Contains([]string{"auto_configure", "follow_redirects", "transfer_on_hook", "web_announce"}, key) {
			t.Errorf("%s was not read", key)
		}
	}
	if a.ParkPollInterval.Value != 7*time.Second || a.DomainID.Value != 42 || a.RefreshToken.Value.Reveal() != "refresh-token-value" {
		t.Errorf("got %+v", a)
	}
	l := a.Lines.Value[0]
	want := Line{Label: "Front desk", Server: "udp://10.0.0.1", Servers: []string{"tls://10.0.0.2:5061"}, User: "1001", Domain: "10.0.0.1", Password: l.Password,
		Codecs: []string{"opus", "pcma"}, DTMF: DTMFRFC, Media: MediaSRTP, CallUUIDHeader: "X-UUID", CallerID: "from", ServerName: "pbx", CertificateFile: "c.pem", RecordingUnconfirmed: true}
	if !reflect.DeepEqual(l, want) || l.Password.Reveal() != "line-password" {
		t.Errorf("got %+v", l)
	}
	searchSecrets(t, "the configuration printed", fmt.Sprintf("%v %+v %#v", a, a, a))
	searchSecrets(t, "the difference", Words(Diff(new(Config), &a)))
}

func TestLayersLocksAndOrigins(t *testing.T) {
	c, warns, err := Load(
		text(LayerUser, "web page", `{"theme":"dark","brand_name":"Mine","locale":"de"}`),
		text(LayerImage, "image.toml", "theme = \"light\"\nbrand_name = \"Acme\"\ncountry = \"DE\"\nlocked = [\"brand_name\", \"nonsense\"]\n"),
		text(LayerMedia, "stick", "\ncountry = \"FR\""),
		text(LayerMedia, "QR code", `country = "IT"`),
		Text{From: Origin{Layer: LayerSite, Name: "nothing there"}},
	)
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{
		"theme": "dark: web page, line 1", "brand_name": "Acme: image.toml, line 2", "country": "IT: QR code, line 1", "locale": "de: web page, line 1",
		"time_zone": "UTC: built-in", "api_url": "nothing: not set",
	} {
		o, _, _ := c.Where(key)
		if got := c.Show(key) + ": " + o.String(); got != want {
			t.Errorf("%s: %s, want %s", key, got, want)
		}
	}
	if _, locked, _ := c.Where("brand_name"); !locked {
		t.Error("the lock is gone")
	}
	if _, _, known := c.Where("nonsense"); known {
		t.Error("knows nonsense")
	}
	if got := fmt.Sprint(warns); got != "[image.toml, line 4: locked[1]: no such key to lock web page, line 1: brand_name: passed over: locked by image.toml, line 2]" {
		t.Errorf("warned %s", got)
	}
	c, _, err = Load(text(LayerImage, "image.toml", "locked = true\ntheme = \"light\""), text(LayerUser, "user", `theme = "dark"`))
	if err != nil || c.Theme.Value != "light" {
		t.Errorf("%v, %v", c.Theme, err)
	}
}

func TestUnknownKeysAreWarnedAbout(t *testing.T) {
	c, warns, err := Load(text(LayerImage, "f", "theme = \"light\"\ncolour = 1\n\n[[lines]]\nuser = \"1\"\ndomain = \"d\"\nserver = \"udp://d\"\n  volum = 5\n[new.table]\nx = 1\n"))
	want := "[f, line 2: colour: unknown key, passed over f, line 8: lines[0].volum: unknown key, passed over f, line 9: new: unknown key, passed over]"
	if err != nil || c.Theme.Value != "light" || fmt.Sprint(warns) != want {
		t.Errorf("%v, warned %v", err, warns)
	}
	_, _, err = Load(text(LayerImage, "f", "{\n\"theme\":\"light\",\n\"lines\":[{\"user\":\"1\",\"domain\":\"d\",\n\"server\":\"udp://d\",\"volum\":5}],\n\"theme\":\"dark\",\"\x01"+strings.Repeat("y", 100)+"\":1}"))
	if err == nil {
		t.Error("took a control character in JSON")
	}
	_, warns, err = Load(text(LayerImage, "f", "{\n\"theme\":\"light\",\n\"lines\":[{\"user\":\"1\",\"domain\":\"d\",\n\"server\":\"udp://d\",\"volum\":5}],\n\"theme\":\"dark\",\"\\u0001"+strings.Repeat("y", 100)+"\":1}"))
	if err != nil || len(warns) != 3 || warns[1].String() != "f, line 4: lines[0].volum: unknown key, passed over" || warns[2].String() != "f, line 5: theme: there twice; the last one counts" ||
		strings.Contains(warns[0].String(), "\x01") || len(warns[0].Key) > 80 {
		t.Errorf("%v, warned %q", err, warns)
	}
}

func TestWrongTypesNameKeyLineAndWhatWasExpected(t *testing.T) {
	for doc, want := range map[string]string{
		"theme = 3": "f, line 1: theme: expected a text, got a number",
		"\n\naccess_token = [\"access-token-value\"]":    "f, line 3: access_token: expected a text, got a list",
		"auto_configure = \"yes\"":                       "f, line 1: auto_configure: expected true or false, got a text",
		"park_poll_interval = 1.5":                       "f, line 1: park_poll_interval: expected a whole number of milliseconds, got a number with a fraction",
		"park_poll_interval = -1":                        "f, line 1: park_poll_interval: expected a whole number of milliseconds, got a number",
		"domain_id = \"7\"":                              "f, line 1: domain_id: expected a whole number, got a text",
		"ws_servers = \"wss://a\"":                       "f, line 1: ws_servers: expected a list, got a text",
		"ws_servers = [\n\"wss://a\",\n5]":               "f, line 3: ws_servers[1]: expected a text, got a number",
		"lines = 5":                                      "f, line 1: lines: expected a list, got a number",
		"[lines]\nuser = \"1\"":                          "f, line 1: lines: expected a list, got a table",
		"lines = [1]":                                    "f, line 1: lines[0]: expected a table, got a number",
		"[[lines]]\nuser = \"1\"\n[[lines]]\n\ndtmf = 5": "f, line 5: lines[1].dtmf: expected a text, got a number",
		"lines = [{ user = \"1\",\n password = 5 }]":     "f, line 2: lines[0].password: expected a text, got a number",
		"locale = 2024-01-01":                            "f, line 1: locale: expected a text, got a date or time",
		"{\n \"theme\":\n null}":                         "f, line 2: theme: expected a text, got null",
		"{\"lines\":[{},\n{\"user\":{}}]}":               "f, line 2: lines[1].user: expected a text, got a table",
		"{\"domain_id\": 1.5}":                           "f, line 1: domain_id: expected a whole number, got a number",
		"version = 2":                                    "made for a newer firmware",
		"theme = \"dark\"\nx = \"access-token-value":     "f: the configuration can't be used: line 2: not valid TOML",
		"a = 1\na = 2":                                   "line 2: not valid TOML: a key is there twice",
		"theme":                                          "line 1: not valid TOML",
		"{\"theme\":\n\"access-token-value}":             "line 2: not valid JSON",
		"{\"theme\":\"dark\"} {":                         "not valid JSON",
		"{" + strings.Repeat("\"a\":{", 100):             "nested too deeply",
		"x = \"\xff\"":                                   "not valid TOML",
	} {
		_, _, err := Load(text(LayerImage, "f", doc))
		if err == nil || !strings.Contains(err.Error(), want) || !errors.Is(err, ErrDocument) {
			t.Errorf("%q\ngot  %v\nwant %s", doc, err, want)
			continue
		}
		searchSecrets(t, "the error", err.Error())
	}
}

func TestValuesAreCheckedAndAllProblemsNamed(t *testing.T) {
	_, _, err := Load(text(LayerImage, "f", `theme = "purple"
oauth_endpoint = "http://login.example.net/oauth/internal"
api_url = "https://user:line-password@api.example.net"
ws_servers = ["https://a"]
locale = "english"
time_zone = "Mars/Olympus"
country = "Germany"
primary_color = "red"
accent_color = "rgb(256,0,0)"
park_poll_interval = 10
domain_id = -1
numbers_path = "//evil.example/x"
brand_logo = "http://x/y"
[[ice_servers]]
urls = ["http://x", "turn:y"]
[[lines]]
user = "a b"
domain = ""
server = "sip:x"
media = "carrier-pigeon"
dtmf = "loud"
codecs = ["g729"]
call_uuid_header = "X: y"
caller_id = "loud"
[[lines]]
`))
	if err == nil {
		t.Fatal("took it")
	}
	var de *DocumentError
	if !errors.As(err, &de) {
		t.Fatal(err)
	}
	var keys []string
	for _, e := range de.Errs {
		var ke *KeyError
		if !errors.As(e, &ke) || ke.Origin.Line == 0 || ke.Want == "" {
			t.Errorf("%v", e)
			continue
		}
		keys = append(keys, ke.Key)
	}
	want := "oauth_endpoint api_url numbers_path locale country time_zone theme primary_color accent_color brand_logo ws_servers[0] ice_servers[0].urls[0] ice_servers[0] " +
		"lines[0].user lines[0].domain lines[0].server lines[0].media lines[0].dtmf lines[0].codecs[0] lines[0].caller_id lines[0].call_uuid_header lines[1].user lines[1].domain lines[1].server " +
		"park_poll_interval domain_id"
	if got := strings.Join(keys, " "); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	searchSecrets(t, "the error", err.Error())
}

func TestValidateLooksAtTheWhole(t *testing.T) {
	c, _, err := Load(text(LayerImage, "f", "auto_configure = false\naccess_token = \"access-token-value\"\ntoken_endpoint = \"https://x\""))
	if err != nil {
		t.Fatal(err)
	}
	err = c.Validate()
	for _, want := range []string{"lines: expected at least one line", "refresh_token: expected both", "token_endpoint: expected both"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %s", err, want)
		}
	}
	d := Defaults()
	if err := d.Validate(); err != nil {
		t.Error(err)
	}
	if got := fmt.Sprint(d.Missing()); got != "[oauth_endpoint]" {
		t.Errorf("missing %s", got)
	}
}

func TestBadFileLosesNothing(t *testing.T) {
	dir, state := t.TempDir(), filepath.Join(t.TempDir(), "kept", "good")
	path := filepath.Join(dir, "phoned.toml")
	put := func(s string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(s), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	src := File{Path: path, Layer: LayerImage}
	put("theme = \"light\"\naccess_token = \"access-token-value\"\nrefresh_token = \"refresh-token-value\"\n[[lines]]\nuser=\"1\"\ndomain=\"d\"\nserver=\"udp://d\"\npassword=\"line-password\"")
	l := Loader{Vault: sealed(t, state)}
	if _, _, err := l.Load(src); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"theme = ", "theme = 5", "theme = \"purple\"", strings.Repeat("#", maxDocument+1)} {
		put(bad)
		for name, l := range map[string]*Loader{"same": &l, "after a restart": {Vault: sealed(t, state)}} {
			c, _, err := l.Load(src)
			if err == nil || !strings.Contains(err.Error(), "what it said before stays") {
				t.Errorf("%s: %v", name, err)
			}
			if c.Theme.Value != "light" || len(c.Lines.Value) != 1 || c.Lines.Value[0].Password.Reveal() != "line-password" {
				t.Errorf("%s: lost: %+v", name, c.Theme)
			}
		}
		c, _, err := Load(src) // without a memory the rest still stands
		if err == nil || c.Theme.Value != "dark" {
			t.Errorf("%v %v", c.Theme, err)
		}
	}
	raw, err := os.ReadFile(state)
	if err != nil || strings.Contains(string(raw), "line-password") || strings.Contains(string(raw), "token-value") {
		t.Errorf("not sealed: %q, %v", raw, err)
	}
	for _, kept := range l.Vault.(*store.Secrets).Names() {
		if v, err := l.Vault.Get(kept); err != nil || strings.Contains(v.Reveal(), "token-value") || !strings.Contains(v.Reveal(), "line-password") {
			t.Errorf("%s: %s %v", kept, v.Reveal(), err)
		}
	}
	if err := l.Forget(); err != nil {
		t.Fatal(err)
	}
	if c, _, _ := l.Load(src); c.Theme.Value != "dark" {
		t.Error("remembers after forgetting")
	}
	if _, err := os.Stat(state); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the copies are still there: %v", err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, _, err := l.Load(src); err != nil {
		t.Errorf("a file that is not there: %v", err)
	}
}

// sealed opens a vault as the phone does, with a key of another folder.
func sealed(t *testing.T, path string) *store.Secrets {
	t.Helper()
	file := filepath.Join(filepath.Dir(filepath.Dir(path)), "key")
	if _, err := os.Stat(file); err != nil {
		if err := store.MakeKey(file); err != nil {
			t.Fatal(err)
		}
	}
	key, err := store.FindKey(file)
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.OpenSecretsKey(path, key)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Plain copies of an earlier version are taken over, sealed, and their bytes gone.
func TestPlainCopiesAreTakenOver(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "config")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	src := File{Path: filepath.Join(dir, "away", "phoned.toml"), Layer: LayerImage}
	old := filepath.Join(dir, copyOf(src.Origin())+".json")
	if err := os.WriteFile(old, []byte(`{"theme":"light","lines":[{"user":"1","domain":"d","server":"udp://d","password":"line-password"}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	held, err := os.Open(old) // its bytes, after its name is gone
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	if err := os.MkdirAll(filepath.Dir(src.Path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(src.Path, []byte("theme = "), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 { // also after a restart
		l := Loader{Vault: sealed(t, filepath.Join(dir, "good")), Dir: dir}
		c, _, err := l.Load(src)
		if err == nil || c.Theme.Value != "light" || len(c.Lines.Value) != 1 || c.Lines.Value[0].Password.Reveal() != "line-password" {
			t.Fatalf("lost: %v %v", c.Theme, err)
		}
	}
	if _, err := os.Stat(old); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the plain copy is still there: %v", err)
	}
	for _, r := range []io.Reader{held, open(t, filepath.Join(dir, "good"))} {
		if b, err := io.ReadAll(r); err != nil || strings.Contains(string(b), "line-password") {
			t.Errorf("the password can be read: %q %v", b, err)
		}
	}
}

func open(t *testing.T, path string) *os.File {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func TestDiffInWordsAndInOrder(t *testing.T) {
	a, _, err := Load(text(LayerImage, "a", `theme = "light"`))
	if err != nil {
		t.Fatal(err)
	}
	b, _, err := Load(text(LayerImage, "a", `theme = "light"`), text(LayerMedia, "stick", "brand_name = \"Acme\"\nca_file = \"ca.pem\"\ntheme = \"dark\"\naccess_token = \"access-token-value\"\nrefresh_token = \"refresh-token-value\"\nauto_configure = false\n[[lines]]\nuser = \"1001\"\ndomain = \"d\"\nserver = \"udp://d\"\npark_poll_interval = 1\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := `Certificate authorities: nothing → ca.pem (stick, line 2)
Access token: nothing → redacted (stick, line 4)
Refresh token: nothing → redacted (stick, line 5)
Lines from the sign-in: on → off (stick, line 6)
Lines: none → 1001@d (stick, line 7)
Theme: light → dark (stick, line 3)
Brand name: nothing → Acme (stick, line 1)`
	if got := Words(Diff(&a, &b)); got != want {
		t.Errorf("got\n%s", got)
	}
	c, _, _ := Load(text(LayerImage, "a", `theme = "light"`), text(LayerMedia, "stick", "access_token = \"other\"\nrefresh_token = \"refresh-token-value\""))
	if got := Diff(&b, &c)[1].String(); got != "Access token: changed (stick, line 1)" {
		t.Errorf("got %s", got)
	}
	if got := Words(Diff(&a, &a)); got != "nothing changes" {
		t.Errorf("got %s", got)
	}
}

func TestLineResolvesItsDefaults(t *testing.T) {
	for _, c := range []struct {
		l    Line
		want Media
	}{{Line{Server: "wss://x"}, MediaWebRTC}, {Line{Servers: []string{"ws://x"}}, MediaWebRTC}, {Line{Server: "udp://x"}, MediaRTP}, {Line{Server: "wss://x", Media: MediaSRTP}, MediaSRTP}, {Line{}, MediaRTP}} {
		if got := c.l.EffectiveMedia(); got != c.want {
			t.Errorf("%+v: %s", c.l, got)
		}
	}
	if l := (Line{User: "a", Domain: "d"}); l.Key() != "a@d" || l.Name() != "a@d" {
		t.Error(l.Key())
	}
}

func FuzzDocument(f *testing.F) {
	for _, s := range []string{fullTOML, fullJSON, "", "{}", "[[lines]]\n[[lines]]\nx.y.z = {a = [1, {b = 2}]}", "locked = [\"theme\"]\n'theme' = \"dark\"", "{\"lines\":[[[]]]}", "a.b = 1\n[a.c]\nd = 1979-05-27T07:32:00Z"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		c, warns, err := read(Origin{Layer: LayerMedia, Name: "f"}, b)
		if err != nil {
			if !errors.Is(err, ErrDocument) {
				t.Errorf("%v", err)
			}
			if d := Diff(new(Config), &c); len(d) != 0 {
				t.Errorf("a refused document left something: %v", d)
			}
			return
		}
		if errs := c.check(); len(errs) > 0 {
			t.Errorf("read, but not valid: %v", errs)
		}
		for _, w := range warns {
			if strings.ContainsAny(w.String(), "\n\x00\x1b") {
				t.Errorf("warning %q", w)
			}
		}
		base := Defaults()
		base.lay(&c)
		_ = Words(Diff(new(Config), &base))
	})
}
