package netsettings

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"phoned/internal/secret"
)

// fake is a System that notes what it is asked for.
type fake struct {
	did       []string
	unmanaged bool
	radio     string // "": none
	survey    string
	zone      string
}

func (f *fake) note(what string) error { f.did = append(f.did, what); return nil }

func (f *fake) Managed(context.Context) error {
	if f.unmanaged {
		return ErrUnmanaged
	}
	return nil
}
func (f *fake) Reload(context.Context) error                   { return f.note("reload") }
func (f *fake) Delete(_ context.Context, link string) error    { return f.note("delete " + link) }
func (f *fake) Survey(context.Context, string) (string, error) { return f.survey, nil }
func (f *fake) Zone(_ context.Context, name string) error {
	if f.zone == name {
		return nil
	}
	f.zone = name
	return f.note("zone " + name)
}
func (f *fake) Radio(context.Context) (string, error) {
	if f.radio == "" {
		return "", ErrNoRadio
	}
	return f.radio, nil
}
func (f *fake) Join(_ context.Context, radio string, on bool) error {
	if on {
		return f.note("join " + radio)
	}
	return f.note("leave " + radio)
}

func (f *fake) took() string {
	s := strings.Join(f.did, ", ")
	f.did = nil
	return s
}

func newHelper(t *testing.T) (*Helper, *fake) {
	f := &fake{radio: "wlan0"}
	return &Helper{System: f, Networkd: t.TempDir(), WiFi: t.TempDir()}, f
}

// Each step is what a phone wants after the one before, on one system.
func TestApplyStepByStep(t *testing.T) {
	h, f := newHelper(t)
	stranger := filepath.Join(h.Networkd, "80-somebody.network")
	if err := os.WriteFile(stranger, []byte("[Match]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	office := WiFi{SSID: "Office", Passphrase: secret.New("correct horse")}
	for _, step := range []struct {
		name  string
		s     Settings
		did   string
		files []string
	}{
		{"nothing", Settings{}, "", nil},
		{"static", Settings{IPv4: "192.0.2.10/24"}, "reload", []string{wiredFile}},
		{"the same", Settings{IPv4: "192.0.2.10/24"}, "", []string{wiredFile}},
		{"another", Settings{IPv4: "192.0.2.11/24"}, "reload", []string{wiredFile}},
		{"a VLAN", Settings{VLAN: 17}, "reload", []string{netdevFile, wiredFile, voiceFile}},
		{"another VLAN", Settings{VLAN: 18}, "reload, delete voice17", []string{netdevFile, wiredFile, voiceFile}},
		{"another address in it", Settings{VLAN: 18, IPv4: "192.0.2.10/24"}, "reload", []string{netdevFile, wiredFile, voiceFile}},
		{"no VLAN", Settings{IPv4: "192.0.2.10/24"}, "reload, delete voice18", []string{wiredFile}},
		{"a zone", Settings{IPv4: "192.0.2.10/24", TimeZone: "Europe/Berlin"}, "zone Europe/Berlin", []string{wiredFile}},
		{"Wi-Fi", Settings{WiFi: []WiFi{office}}, "reload, join wlan0", []string{radioFile}},
		{"the same", Settings{WiFi: []WiFi{office}}, "", []string{radioFile}},
		{"no Wi-Fi", Settings{}, "reload, leave wlan0", nil},
	} {
		changed, err := h.Apply(t.Context(), step.s)
		if err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		if changed != (strings.Contains(step.did, "reload") || strings.Contains(step.did, "wlan0")) {
			t.Errorf("%s: changed: %v", step.name, changed)
		}
		if did := f.took(); did != step.did {
			t.Errorf("%s: did %q, want %q", step.name, did, step.did)
		}
		entries, err := os.ReadDir(h.Networkd)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, e := range entries {
			if n := e.Name(); n != filepath.Base(stranger) {
				names = append(names, n)
			}
		}
		if !slices.Equal(names, step.files) {
			t.Errorf("%s: %q, want %q", step.name, names, step.files)
		}
	}
	if _, err := os.Stat(stranger); err != nil {
		t.Error("somebody else's file was taken away")
	}
	if l, _ := os.ReadDir(h.WiFi); len(l) != 0 {
		t.Errorf("the passphrase stayed: %v", l)
	}
}

func TestWiFiFileIsSecret(t *testing.T) {
	h, _ := newHelper(t)
	if _, err := h.Apply(t.Context(), Settings{WiFi: []WiFi{{SSID: "Office", Passphrase: secret.New("correct horse")}}}); err != nil {
		t.Fatal(err)
	}
	if i, err := os.Stat(filepath.Join(h.WiFi, supplicantFile)); err != nil || i.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", i, err)
	}
	if i, err := os.Stat(filepath.Join(h.Networkd, radioFile)); err != nil || i.Mode().Perm() != 0o644 {
		t.Errorf("systemd-networkd, another user, must read it: %v %v", i, err)
	}
}

// Over the socket's two sides, as the phone and systemd use them.
func TestOrders(t *testing.T) {
	h, f := newHelper(t)
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_ = h.Serve(t.Context(), c, c)
			_ = c.Close()
		}
	}()
	c := &Client{Socket: path}
	wifi := Settings{WiFi: []WiFi{{SSID: "Büro", Passphrase: secret.New(`correct "horse\`)}}}
	if _, err := c.Apply(t.Context(), wifi); err != nil {
		t.Fatal(err)
	}
	want, _ := wifi.Supplicant()
	if have, err := os.ReadFile(filepath.Join(h.WiFi, supplicantFile)); err != nil || string(have) != want {
		t.Errorf("%v\n%s", err, have)
	}
	if _, err := c.Apply(t.Context(), Settings{IPv4: "192.0.2.0/24"}); !errors.Is(err, ErrInvalid) {
		t.Errorf("an address of no host: %v", err)
	}
	f.survey = "bssid / frequency / signal level / flags / ssid\n00:11:22:33:44:55\t2412\t-40\t[WPA2-PSK-CCMP][ESS]\tOffice\n"
	if l, err := c.Scan(t.Context()); err != nil || len(l) != 1 || l[0] != (Heard{SSID: "Office", Signal: -40, Usable: true}) {
		t.Errorf("%+v %v", l, err)
	}
	f.radio = ""
	if _, err := c.Scan(t.Context()); !errors.Is(err, ErrNoRadio) {
		t.Errorf("no radio: %v", err)
	}
	f.unmanaged = true
	if _, err := c.Apply(t.Context(), Settings{VLAN: 3}); !errors.Is(err, ErrUnmanaged) {
		t.Errorf("NetworkManager's: %v", err)
	}
	if _, err := c.Apply(t.Context(), Settings{TimeZone: "Europe/Berlin"}); err != nil {
		t.Errorf("nothing is wanted of a network that is another's: %v", err)
	}
	nobody := &Client{Socket: path + "x"}
	if _, err := nobody.Apply(t.Context(), Settings{}); err != nil {
		t.Errorf("nothing is wanted of nobody: %v", err)
	}
	if _, err := nobody.Apply(t.Context(), Settings{VLAN: 3}); !errors.Is(err, ErrNoHelper) {
		t.Errorf("no helper: %v", err)
	}
}

func TestReadSurvey(t *testing.T) {
	text := "bssid / frequency / signal level / flags / ssid\n" + strings.Join([]string{
		"00:00:00:00:00:01\t2412\t-70\t[WPA2-PSK-CCMP][ESS]\tOffice",
		"00:00:00:00:00:02\t5180\t-50\t[WPA2-PSK+SAE-CCMP][ESS]\tOffice",
		"00:00:00:00:00:03\t2412\t-30\t[ESS]\tGuests",
		"00:00:00:00:00:04\t2412\t-60\t[WPA2-EAP-CCMP][ESS]\tCompany",
		"00:00:00:00:00:05\t2412\t-61\t[WEP][ESS]\tOld",
		"00:00:00:00:00:06\t2412\t-62\t[WPA-PSK-TKIP][ESS]\tOlder",
		"00:00:00:00:00:07\t2412\t-63\t[RSN-SAE-CCMP][ESS]\tB\\xc3\\xbcro \\\"1\\\"",
		"00:00:00:00:00:08\t2412\t-10\t[WPA2-PSK-CCMP][ESS]\t",
		"00:00:00:00:00:09\t2412\t-10\t[WPA2-PSK-CCMP][ESS]\tbell\\x07",
		"00:00:00:00:00:0a\t2412\t-10\t[WPA2-PSK-CCMP][ESS]\t\\xff",
		"00:00:00:00:00:0b\t2412\tloud\t[WPA2-PSK-CCMP][ESS]\tx",
		"rubbish",
	}, "\n")
	want := []Heard{{"Guests", -30, true, true}, {"Office", -50, false, true}, {"Company", -60, false, false}, {"Old", -61, false, false}, {"Older", -62, false, false}, {`Büro "1"`, -63, false, true}}
	if got := readSurvey(text); !slices.Equal(got, want) {
		t.Errorf("%+v", got)
	}
}

func FuzzReadSurvey(f *testing.F) {
	f.Add("00:00:00:00:00:01\t2412\t-70\t[WPA2-PSK-CCMP][ESS]\tB\\xc3\\xbcro \\\"1\\\"\\e")
	f.Add("\t\t-1\t\t\\x")
	f.Fuzz(func(t *testing.T, text string) {
		l := readSurvey(text)
		if len(l) > maxHeard {
			t.Fatal(len(l))
		}
		for _, n := range l {
			if n.SSID == "" || len(n.SSID) > 32 || strings.ContainsAny(n.SSID, "\n\r\x00\x1b") {
				t.Fatalf("%q", n.SSID)
			}
		}
	})
}

// knownLine is every line that can stand in a file for systemd-networkd.
var knownLine = regexp.MustCompile(`^($|# .*|\[(Match|Network|NetDev|VLAN|Link|DHCPv4|DHCPv6|IPv6AcceptRA)\]|(Name|Kind|Type|Id|VLAN|DHCP|LinkLocalAddressing|IPv6AcceptRA|LLDP|RequiredForOnline|Address|Gateway|DNS|NTP|UseDNS|UseNTP|ClientIdentifier|RouteMetric)=[A-Za-z0-9.:/ *-]+)$`)

// Whatever the phone's user sends: what is written is of the two kinds of file, and no
// line in it is one that the settings did not ask for.
func FuzzOrder(f *testing.F) {
	for _, s := range []Settings{{}, {IPv4: "192.0.2.10/24", VLAN: 3, NTP: []string{"a.b"}, DNS: []string{"::1"}}, {TimeZone: "UTC", Country: "DE", WiFi: []WiFi{{SSID: "a"}}}} {
		b, _ := json.Marshal(order{Op: "apply", Settings: s, Keys: []string{"12345678"}[:len(s.WiFi)]})
		f.Add(append(b, '\n'))
	}
	f.Add([]byte("{\"op\":\"apply\",\"settings\":{\"ntp\":[\"a\\n[Match]\"]}}\n"))
	f.Add([]byte("{\"op\":\"scan\"}\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		dir := t.TempDir()
		h := &Helper{System: &fake{radio: "wlan0"}, Networkd: dir, WiFi: dir}
		var out bytes.Buffer
		_ = h.Serve(context.Background(), bytes.NewReader(b), &out)
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			text, err := os.ReadFile(filepath.Join(dir, e.Name()))
			if err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(string(text)) {
				if line = strings.TrimRight(line, "\n"); e.Name() != supplicantFile && !knownLine.MatchString(line) {
					t.Fatalf("%s has the line %q", e.Name(), line)
				}
			}
		}
	})
}
