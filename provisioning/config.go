package provisioning

import (
	"reflect"
	"strings"
	"time"

	"phoned/internal/secret"
)

// Config is everything the phone can be told. Keys are the names in documents;
// every field is a Value with its origin. Use Load to make one.
type Config struct {
	AccessToken   Value[secret.String] `key:"access_token" name:"Access token" stage:"account"`
	RefreshToken  Value[secret.String] `key:"refresh_token" name:"Refresh token" stage:"account"`
	OAuthEndpoint Value[string]        `key:"oauth_endpoint" name:"Sign-in server" stage:"account"`
	APIURL        Value[string]        `key:"api_url" name:"Server for parking, history and numbers" stage:"account"`
	AuthToken     Value[secret.String] `key:"auth_token" name:"Token for that server" stage:"account"`
	NumbersPath   Value[string]        `key:"numbers_path" name:"Path of the numbers" stage:"account"`
	DomainID      Value[int64]         `key:"domain_id" name:"Domain number" stage:"account"`

	// The device authorization grant (RFC 8628), where the server offers it.
	DeviceEndpoint Value[string] `key:"device_authorization_endpoint" name:"Address for one-time codes" stage:"account"`
	TokenEndpoint  Value[string] `key:"token_endpoint" name:"Address for tokens" stage:"account"`
	ClientID       Value[string] `key:"client_id" name:"Client id" stage:"account"`
	DeviceScope    Value[string] `key:"device_scope" name:"Scope asked for" stage:"account"`

	// CAFile is a PEM file of authorities trusted besides the system's.
	CAFile Value[string] `key:"ca_file" name:"Certificate authorities" stage:"trust"`

	// The wired port: "" is automatic (DHCP; what routers and DHCPv6 say), netsettings.Off
	// is not used at all. They, the VLAN and the time servers need systemd-networkd.
	IPv4Address Value[string]   `key:"ipv4_address" name:"IPv4 address" stage:"network"`
	IPv4Gateway Value[string]   `key:"ipv4_gateway" name:"IPv4 gateway" stage:"network"`
	IPv6Address Value[string]   `key:"ipv6_address" name:"IPv6 address" stage:"network"`
	IPv6Gateway Value[string]   `key:"ipv6_gateway" name:"IPv6 gateway" stage:"network"`
	DNSServers  Value[[]string] `key:"dns_servers" name:"Name servers" stage:"network"`
	NTPServers  Value[[]string] `key:"ntp_servers" name:"Time servers" stage:"network"`
	VLAN        Value[int64]    `key:"vlan" name:"VLAN" stage:"network"`
	// WiFi are the wireless networks the phone may join, the best one first.
	WiFi Value[[]WiFi] `key:"wifi" name:"Wi-Fi networks" stage:"network"`

	AutoConfigure Value[bool]        `key:"auto_configure" name:"Lines from the sign-in" stage:"lines"`
	DisplayName   Value[string]      `key:"display_name" name:"Display name" stage:"lines"`
	WSServers     Value[[]string]    `key:"ws_servers" name:"Telephone servers" stage:"lines"`
	ICEServers    Value[[]ICEServer] `key:"ice_servers" name:"ICE servers" stage:"lines"`
	Lines         Value[[]Line]      `key:"lines" name:"Lines" stage:"lines"`

	// Where the site keeps the phone's document; see SiteURL.
	ProvisioningURL      Value[string]        `key:"provisioning_url" name:"Address of the configuration" stage:"provisioning"`
	ProvisioningInterval Value[time.Duration] `key:"provisioning_interval" name:"Interval of asking for it" stage:"provisioning"`
	ProvisioningKeys     Value[[]string]      `key:"provisioning_keys" name:"Keys that may sign codes and bundles" stage:"provisioning"`
	ProvisioningDHCP     Value[bool]          `key:"provisioning_dhcp" name:"Address from DHCP option 66" stage:"provisioning"`

	MicrophoneID Value[string] `key:"microphone_id" name:"Microphone" stage:"audio"`
	SpeakerID    Value[string] `key:"speaker_id" name:"Loudspeaker" stage:"audio"`
	// OpusBitrate is in bit/s, 0: the board's. OpusDTX: send nothing in silence.
	OpusBitrate Value[int64] `key:"opus_bitrate" name:"Bit rate of Opus" stage:"audio"`
	OpusDTX     Value[bool]  `key:"opus_dtx" name:"Opus sends nothing in silence" stage:"audio"`

	ParkPollInterval Value[time.Duration] `key:"park_poll_interval" name:"Interval of the park list" stage:"service"`
	VoicemailNumber  Value[string]        `key:"voicemail_number" name:"Voicemail number" stage:"service"`
	PageGroup        Value[string]        `key:"page_group" name:"Page group" stage:"service"`
	EmergencyNumbers Value[[]string]      `key:"emergency_numbers" name:"Emergency numbers" stage:"service"`
	// Transfers says what to do when the far end asks us to call someone else.
	Transfers Value[string] `key:"transfers" name:"When transferred" stage:"service" enum:"own accept ask refuse"`
	// FollowRedirects calls whom the exchange names instead (3xx).
	FollowRedirects Value[bool] `key:"follow_redirects" name:"Follow forwarded calls" stage:"service"`
	// ConferenceConnect leaves the other two connected when we leave.
	ConferenceConnect Value[bool] `key:"conference_connect" name:"Leaving a conference connects the others" stage:"service"`
	// TransferOnHook: hanging up in a consultation completes the transfer.
	TransferOnHook Value[bool]   `key:"transfer_on_hook" name:"Hanging up transfers" stage:"service"`
	DigitMap       Value[string] `key:"digit_map" name:"Digit map" stage:"service"`
	// AutoAnswer says what to do with calls that ask to be answered at once.
	AutoAnswer Value[string] `key:"auto_answer" name:"Intercom" stage:"service" enum:"off muted open"`
	// HookFlash: the cradle pressed shortly holds, swaps or answers.
	HookFlash Value[bool] `key:"hook_flash" name:"Hook flash" stage:"service"`
	// MuteReminder is how often a muted call reminds, in seconds; 0: never.
	MuteReminder Value[int64] `key:"mute_reminder" name:"Reminder of mute" stage:"service"`
	// NoMatch is what happens to a number that the digit map rules out.
	NoMatch         Value[string]   `key:"no_match" name:"Numbers the digit map rules out" stage:"service" enum:"collect send reject"`
	VIPNumbers      Value[[]string] `key:"vip_numbers" name:"Numbers that may disturb" stage:"service"`
	BlockedNumbers  Value[[]string] `key:"blocked_numbers" name:"Blocked numbers" stage:"service"`
	RejectAnonymous Value[bool]     `key:"reject_anonymous" name:"Reject anonymous calls" stage:"service"`
	HotLine         Value[string]   `key:"hot_line" name:"Hot line" stage:"service"`
	// HotLineDelay leaves time to dial something else.
	HotLineDelay   Value[time.Duration] `key:"hot_line_delay" name:"Hot line after" stage:"service"`
	ForwardAlways  Value[string]        `key:"forward_always" name:"Forward always to" stage:"service"`
	ForwardBusy    Value[string]        `key:"forward_busy" name:"Forward when busy to" stage:"service"`
	ForwardNoReply Value[string]        `key:"forward_no_answer" name:"Forward without an answer to" stage:"service"`
	ForwardAfter   Value[time.Duration] `key:"forward_no_answer_delay" name:"Forward without an answer after" stage:"service"`
	// The timers of C0.5.
	FirstDigit      Value[time.Duration] `key:"first_digit_timeout" name:"Dial tone lasts" stage:"service"`
	InterDigit      Value[time.Duration] `key:"inter_digit_timeout" name:"Wait for another digit" stage:"service"`
	InterDigitLong  Value[time.Duration] `key:"inter_digit_long_timeout" name:"Wait for a missing digit" stage:"service"`
	NoAnswer        Value[time.Duration] `key:"no_answer_timeout" name:"Give up calling after" stage:"service"`
	RingLimit       Value[time.Duration] `key:"ring_timeout" name:"Stop ringing after" stage:"service"`
	ReorderTone     Value[time.Duration] `key:"reorder_timeout" name:"Hang up and try again lasts" stage:"service"`
	HowlerTone      Value[time.Duration] `key:"howler_timeout" name:"Howler lasts" stage:"service"`
	EndedShown      Value[time.Duration] `key:"ended_timeout" name:"A call that is over shows for" stage:"service"`
	MenuShown       Value[time.Duration] `key:"menu_timeout" name:"Menus close after" stage:"service"`
	PredialShown    Value[time.Duration] `key:"predial_timeout" name:"A number not sent is kept for" stage:"service"`
	WaitingShown    Value[time.Duration] `key:"waiting_timeout" name:"A waiting caller stands in front for" stage:"service"`
	HoldRemindFirst Value[time.Duration] `key:"hold_reminder" name:"First reminder of a held call" stage:"service"`
	HoldRemind      Value[time.Duration] `key:"hold_reminder_interval" name:"Further reminders of a held call" stage:"service"`
	HoldRecallIdle  Value[time.Duration] `key:"hold_recall_timeout" name:"A held call rings after" stage:"service"`
	TransferLimit   Value[time.Duration] `key:"transfer_timeout" name:"Wait for the outcome of a transfer" stage:"service"`
	// PredialSends: a number entered on hook is called when its time is over, not cleared.
	PredialSends Value[bool] `key:"predial_sends" name:"A number not sent is called in the end" stage:"service"`
	// SendHash makes # a digit like any other.
	SendHash Value[bool] `key:"send_hash" name:"# is dialled" stage:"service"`
	// SoftRing rings quietly on the loudspeaker for who waits.
	SoftRing Value[bool] `key:"soft_ring" name:"Quiet ringing for waiting callers" stage:"service"`
	// RejectWith is what a caller is told who is turned away: 486 or 603.
	RejectWith Value[string]        `key:"reject_with" name:"Callers turned away hear" stage:"service" enum:"busy decline"`
	AutoLock   Value[time.Duration] `key:"auto_lock" name:"Lock by itself after" stage:"service"`
	// ContactsFile are people of the site in vCards, beside those of the phone.
	ContactsFile Value[string] `key:"contacts_file" name:"Contacts of the site" stage:"service"`
	// ProgramKeys are K1 to K8, each "FUNCTION", "FUNCTION:VALUE" or "FUNCTION:VALUE:LABEL".
	ProgramKeys Value[[]string] `key:"program_keys" name:"Programmable keys" stage:"service"`

	// WebListen is where the phone is managed from: "off", "all", "loopback", names of
	// interfaces and addresses.
	WebListen   Value[[]string] `key:"web_listen" name:"Web access" stage:"service"`
	WebPort     Value[int64]    `key:"web_port" name:"Port of the web access" stage:"service"`
	WebHTTPPort Value[int64]    `key:"web_http_port" name:"Port that leads to it" stage:"service"`
	// WebNames are further names of the phone, for its certificate and in addresses.
	WebNames Value[[]string] `key:"web_names" name:"Names of the phone" stage:"service"`
	// WebAnnounce says by mDNS that the phone is there, where it may be managed from.
	WebAnnounce Value[bool] `key:"web_announce" name:"Announced on the network" stage:"service"`
	// WebClientCA is a PEM text, or the name of a file of it: the authorities of client
	// certificates. WebClientAccounts are whom they name: "NAME:ROLE".
	WebClientCA       Value[string]   `key:"web_client_ca" name:"Authority of client certificates" stage:"service"`
	WebClientAccounts Value[[]string] `key:"web_client_accounts" name:"Accounts by certificate" stage:"service"`
	// WebAccounts and WebTokens are separated by white space: "NAME:ROLE:$argon2id$…"
	// and "LABEL:ROLE:SHA-256 of the token".
	WebAccounts Value[secret.String] `key:"web_accounts" name:"Accounts of the web access" stage:"service"`
	WebTokens   Value[secret.String] `key:"web_tokens" name:"Tokens of the web access" stage:"service"`

	// SyslogServer takes the log by RFC 5425, "host" or "host:port"; SyslogPin is the
	// SHA-256 of its public key, where no authority vouches for it.
	SyslogServer   Value[string] `key:"syslog_server" name:"Log server" stage:"service"`
	SyslogPin      Value[string] `key:"syslog_pin" name:"Key of the log server" stage:"service"`
	SyslogFacility Value[string] `key:"syslog_facility" name:"Facility of the log" stage:"service" enum:"local0 local1 local2 local3 local4 local5 local6 local7 user daemon"`
	SyslogLevel    Value[string] `key:"syslog_level" name:"Level of the log server" stage:"service" enum:"debug info warn error"`

	// UpdateURL is the index of firmware that the phone asks for, each UpdateCheck (0: only
	// when a person says so). What is newer is installed by itself, in UpdateWindow, or
	// only told.
	UpdateURL    Value[string]        `key:"update_url" name:"Address of the firmware index" stage:"service"`
	UpdateCheck  Value[time.Duration] `key:"update_check" name:"Interval of asking for firmware" stage:"service"`
	UpdateMode   Value[string]        `key:"update_mode" name:"New firmware" stage:"service" enum:"install tell"`
	UpdateWindow Value[string]        `key:"update_window" name:"Time of day for new firmware" stage:"service"`

	Locale   Value[string] `key:"locale" name:"Language" stage:"place"`
	TimeZone Value[string] `key:"time_zone" name:"Time zone" stage:"place"`
	Country  Value[string] `key:"country" name:"Country" stage:"place"`

	Theme Value[string] `key:"theme" name:"Theme" stage:"looks" enum:"dark light contrast large large-light"`
	// The display left alone dims after DisplayDim and sleeps after DisplaySleep; 0: never.
	DisplayDim    Value[time.Duration] `key:"display_dim" name:"Display dims after" stage:"looks"`
	DisplaySleep  Value[time.Duration] `key:"display_sleep" name:"Display sleeps after" stage:"looks"`
	Brightness    Value[int64]         `key:"display_brightness" name:"Brightness of the display" stage:"looks"`
	ReducedMotion Value[bool]          `key:"reduced_motion" name:"Less motion on the display" stage:"looks"`
	PrimaryColor  Value[string]        `key:"primary_color" name:"Primary colour" stage:"looks"`
	AccentColor   Value[string]        `key:"accent_color" name:"Accent colour" stage:"looks"`
	BrandName     Value[string]        `key:"brand_name" name:"Brand name" stage:"looks"`
	BrandLogo     Value[string]        `key:"brand_logo" name:"Brand logo" stage:"looks"`
}

// ICEServer is a STUN or TURN server.
type ICEServer struct {
	URLs       []string      `key:"urls"`
	Username   string        `key:"username"`
	Credential secret.String `key:"credential"`
}

func (s ICEServer) equal(o ICEServer) bool { return reflect.DeepEqual(s, o) }

// WiFi is one wireless network.
type WiFi struct {
	SSID string `key:"ssid"`
	// Passphrase has 8 to 63 printable ASCII characters, or is a key of 64
	// hexadecimal digits (IEEE 802.11 Annex J.4).
	Passphrase secret.String `key:"passphrase"`
	// Security is what is asked of the network: "" is WPA2 or WPA3 Personal.
	Security string `key:"security" enum:"wpa2 wpa3 open"`
	Hidden   bool   `key:"hidden"` // it does not tell its name
}

// Media says how a line carries voice.
type Media string

// The kinds of media of a line.
const (
	MediaWebRTC Media = "webrtc" // ICE, DTLS-SRTP, rtcp-mux
	MediaRTP    Media = "rtp"    // RTP/AVP
	MediaSRTP   Media = "srtp"   // RTP/SAVP with SDES
)

// DTMF says how a line sends digits.
type DTMF string

// The ways of sending digits.
const (
	DTMFAuto   DTMF = "auto"    // RFC 4733 if negotiated, else INFO
	DTMFRFC    DTMF = "rfc4733" // telephone-event
	DTMFInfo   DTMF = "info"    // SIP INFO
	DTMFInband DTMF = "inband"  // tones in the voice
)

// Line is a line of a classic exchange, used when auto_configure is off or
// beside the session's lines.
type Line struct {
	ID          string        `key:"id"` // "": user@domain
	Label       string        `key:"label"`
	Server      string        `key:"server"`  // udp://, tcp://, tls://, wss://, ws://
	Servers     []string      `key:"servers"` // more, in the order of fail-over
	User        string        `key:"user"`
	AuthUser    string        `key:"auth_user"` // "": user
	Domain      string        `key:"domain"`
	Password    secret.String `key:"password"`
	DisplayName string        `key:"display_name"`
	Codecs      []string      `key:"codecs" enum:"opus pcmu pcma g722"`    // in the order of preference; empty: all
	DTMF        DTMF          `key:"dtmf" enum:"auto rfc4733 info inband"` // "": auto
	Media       Media         `key:"media" enum:"webrtc rtp srtp"`         // "": webrtc on ws and wss, else rtp
	// CallUUIDHeader names the header in which the exchange tells its channel's
	// UUID; "": the Call-ID is it.
	CallUUIDHeader string `key:"call_uuid_header"`
	// CallerID is how a call says which number it presents: "asserted" (the
	// default), "preferred", "remote" or "from".
	CallerID string `key:"caller_id"`
	// ServerName is the name the server's certificate must have; "": the
	// server's host.
	ServerName string `key:"server_name"`
	// CertificateFile is a PEM file with our certificate and its key, for
	// servers that ask for one.
	CertificateFile string `key:"certificate_file"`
	// RecordingUnconfirmed: the server never says by INFO that it records.
	RecordingUnconfirmed bool   `key:"recording_unconfirmed"`
	Voicemail            string `key:"voicemail_number"`
}

func (l Line) equal(o Line) bool { return reflect.DeepEqual(l, o) }

// Name is what a person calls the line.
func (l Line) Name() string {
	if l.Label != "" {
		return l.Label
	}
	return l.Key()
}

// Key identifies the line: its ID, else user@domain.
func (l Line) Key() string {
	if l.ID != "" {
		return l.ID
	}
	return l.User + "@" + l.Domain
}

// AllServers is Server and then Servers.
func (l Line) AllServers() []string {
	if l.Server == "" {
		return l.Servers
	}
	return append([]string{l.Server}, l.Servers...)
}

// EffectiveMedia resolves an empty Media by the first server's transport.
func (l Line) EffectiveMedia() Media {
	if l.Media != "" {
		return l.Media
	}
	if all := l.AllServers(); len(all) > 0 && (strings.HasPrefix(all[0], "wss:") || strings.HasPrefix(all[0], "ws:")) {
		return MediaWebRTC
	}
	return MediaRTP
}

// Defaults is the built-in layer.
func Defaults() Config {
	at := Origin{Layer: LayerBuiltIn}
	return Config{
		AutoConfigure:        Value[bool]{Value: true, Source: at},
		NumbersPath:          Value[string]{Value: "/v3/phone-numbers", Source: at},
		ProvisioningInterval: Value[time.Duration]{Value: 24 * time.Hour, Source: at},
		ProvisioningDHCP:     Value[bool]{Value: true, Source: at},
		ParkPollInterval:     Value[time.Duration]{Value: 5 * time.Second, Source: at},
		AutoAnswer:           Value[string]{Value: "muted", Source: at},
		WebListen:            Value[[]string]{Value: []string{"all"}, Source: at},
		WebPort:              Value[int64]{Value: 443, Source: at},
		WebHTTPPort:          Value[int64]{Value: 80, Source: at},
		WebAnnounce:          Value[bool]{Value: true, Source: at},
		SyslogFacility:       Value[string]{Value: "local0", Source: at},
		SyslogLevel:          Value[string]{Value: "info", Source: at},
		UpdateCheck:          Value[time.Duration]{Value: 24 * time.Hour, Source: at},
		UpdateMode:           Value[string]{Value: "install", Source: at},
		Transfers:            Value[string]{Value: "own", Source: at},
		FollowRedirects:      Value[bool]{Value: true, Source: at},
		TransferOnHook:       Value[bool]{Value: true, Source: at},
		Theme:                Value[string]{Value: "dark", Source: at},
		DisplayDim:           Value[time.Duration]{Value: 2 * time.Minute, Source: at},
		DisplaySleep:         Value[time.Duration]{Value: 30 * time.Minute, Source: at},
		Brightness:           Value[int64]{Value: 80, Source: at},
		Locale:               Value[string]{Value: "en", Source: at},
		TimeZone:             Value[string]{Value: "UTC", Source: at},
	}
}

// field describes one key.
type field struct {
	key, name, stage string
	index            int
}

// fields are the keys in the order of Config, found once.
var fields, fieldByKey = func() ([]field, map[string]field) {
	t := reflect.TypeFor[Config]()
	var l []field
	m := map[string]field{}
	for i := range t.NumField() {
		tag := t.Field(i).Tag
		f := field{tag.Get("key"), tag.Get("name"), tag.Get("stage"), i}
		l = append(l, f)
		m[f.key] = f
	}
	return l, m
}()

// of gives the setting of a key in c.
func (f field) of(c *Config) setting {
	return reflect.ValueOf(c).Elem().Field(f.index).Addr().Interface().(setting)
}

// Keys lists every key there is, in the order of the documentation.
func Keys() []string {
	out := make([]string, len(fields))
	for i, f := range fields {
		out[i] = f.key
	}
	return out
}

// Where tells where the value of a key comes from; false: no such key.
func (c *Config) Where(key string) (o Origin, locked, known bool) {
	f, known := fieldByKey[key]
	if !known {
		return Origin{}, false, false
	}
	o, locked = f.of(c).origin()
	return o, locked, true
}

// Show words the value of a key for people, secrets as "redacted".
func (c *Config) Show(key string) string {
	f, ok := fieldByKey[key]
	if !ok {
		return ""
	}
	return f.of(c).show()
}
