package provisioning

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"image"
	"image/png"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func somePEM(t testing.TB) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{SerialNumber: big.NewInt(1)}, &x509.Certificate{SerialNumber: big.NewInt(1)}, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func somePNG(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	m := image.NewGray(image.Rect(0, 0, 20, 10))
	for i := range m.Pix {
		m.Pix[i] = uint8(i)
	}
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const (
	someCards = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Anna\r\nTEL:1002\r\nEND:VCARD\r\n"
	someWiFi  = "[[wifi]]\nssid = \"Office\"\npassphrase = \"correct horse\"\n"
)

func someParts(t testing.TB) map[string][]byte {
	return map[string][]byte{partRoots: somePEM(t), partLogo: somePNG(t), partContacts: []byte(someCards), partWiFi: []byte(someWiFi)}
}

func depotWithFolder(t *testing.T, dir string) *Depot {
	t.Helper()
	d := openDepot(t, filepath.Join(dir, "provisioning.json"))
	if err := d.UseFolder(filepath.Join(dir, "parts")); err != nil {
		t.Fatal(err)
	}
	return d
}

func give2(t *testing.T, d *Depot, doc Document) Proposal {
	t.Helper()
	p, err := d.Propose(doc, depotBase)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Begin(p, true); err != nil {
		t.Fatal(err)
	}
	return p
}

func files(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(dir, "parts"))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		_, name, _ := strings.Cut(e.Name(), "-")
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// TestDepotParts: the parts of a bundle are values of its layer: they are kept over a
// restart, are on trial, come back with what was there before, and no file outlives
// what leads to it.
func TestDepotParts(t *testing.T) {
	dir := t.TempDir()
	d := depotWithFolder(t, dir)
	parts := someParts(t)
	p := give2(t, d, Document{Layer: LayerMedia, Name: "stick", Data: []byte("theme = \"light\"\n"), Parts: parts})
	var keys []string
	for _, c := range p.Changes {
		keys = append(keys, c.Key)
		if strings.Contains(c.String(), "correct horse") {
			t.Errorf("a secret is in %s", c)
		}
	}
	if !slices.Equal(keys, []string{"ca_file", "wifi", "contacts_file", "theme", "brand_logo"}) || !p.Trial() {
		t.Errorf("changes %v", p.Changes)
	}
	d = depotWithFolder(t, dir) // a restart
	c, _, err := Load(append(d.Sources(), depotBase)...)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string][]byte{c.CAFile.Value: parts[partRoots], c.BrandLogo.Value: parts[partLogo], c.ContactsFile.Value: parts[partContacts]} {
		if b, err := os.ReadFile(path); err != nil || !bytes.Equal(b, want) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if _, err := c.Roots(); err != nil {
		t.Error(err)
	}
	if n := c.WiFi; len(n.Value) != 1 || n.Value[0].Passphrase.Reveal() != "correct horse" || n.Source != (Origin{LayerMedia, "stick, wifi.toml", 1}) {
		t.Errorf("%+v", n)
	}
	if err := d.Confirm(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "parts", "0123-left.over"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	d = depotWithFolder(t, dir)

	// A bundle of one part leaves the others and the document alone.
	p = give2(t, d, Document{Layer: LayerMedia, Name: "stick", Parts: map[string][]byte{partRoots: somePEM(t)}})
	if len(p.Changes) != 1 || p.Changes[0].Key != "ca_file" || p.Config.Theme.Value != "light" {
		t.Errorf("%v", p.Changes)
	}
	if got := files(t, dir); !slices.Equal(got, []string{"ca.pem", "ca.pem", "contacts.vcf", "logo.png"}) {
		t.Errorf("while it is on trial: %v", got)
	}
	if err := d.RollBack("nothing worked"); err != nil {
		t.Fatal(err)
	}
	if got := files(t, dir); !slices.Equal(got, []string{"ca.pem", "contacts.vcf", "logo.png"}) {
		t.Errorf("after it was taken back: %v", got)
	}
	c, _, _ = Load(append(d.Sources(), depotBase)...)
	if b, err := os.ReadFile(c.CAFile.Value); err != nil || !bytes.Equal(b, parts[partRoots]) {
		t.Errorf("the authorities did not come back: %v", err)
	}
	if err := d.Forget(); err != nil {
		t.Fatal(err)
	}
	if got := files(t, dir); len(got) != 0 {
		t.Errorf("after a reset: %v", got)
	}
}

// TestPartsAndLocks: what the image locks stays, whatever a bundle holds.
func TestPartsAndLocks(t *testing.T) {
	d := depotWithFolder(t, t.TempDir())
	base := text(LayerImage, "phoned.toml", "oauth_endpoint = \"https://a.example/oauth/internal\"\nca_file = \"/etc/phoned/own.pem\"\nlocked = [\"ca_file\"]")
	p, err := d.Propose(Document{Layer: LayerMedia, Name: "stick", Parts: map[string][]byte{partRoots: somePEM(t)}}, base)
	if err != nil || len(p.Changes) != 0 || len(p.Warnings) != 1 {
		t.Errorf("%v, %v, %v", p.Changes, p.Warnings, err)
	}
}

// TestRefusals: every refusal names the key or part, the source and what was expected;
// nothing is changed by it, and no value is in it.
func TestRefusals(t *testing.T) {
	dir := t.TempDir()
	d := depotWithFolder(t, dir)
	give2(t, d, Document{Layer: LayerMedia, Name: "stick", Data: []byte("theme = \"contrast\"\n"), Parts: someParts(t)})
	if err := d.Confirm(); err != nil {
		t.Fatal(err)
	}
	before, _, err := Load(append(d.Sources(), depotBase)...)
	if err != nil {
		t.Fatal(err)
	}
	kept := files(t, dir)
	const hush = "hush-hush-hush"
	part := func(name, text string) Document { return Document{Parts: map[string][]byte{name: []byte(text)}} }
	doc := func(text string) Document { return Document{Data: []byte(text)} }
	key := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte(hush)})
	for _, c := range []struct {
		name string
		doc  Document
		says []string // besides the source
	}{
		{"wrong type", doc("\nhook_flash = \"" + hush + "\""), []string{"line 2", "hook_flash", "true or false", "got a text"}},
		{"wrong word", doc("theme = \"" + hush + "\""), []string{"line 1", "theme", "\"dark\", \"light\""}},
		{"out of bounds", doc("opus_bitrate = 5"), []string{"opus_bitrate", "6000 to 128000"}},
		{"plain http", doc("api_url = \"http://" + hush + "/\""), []string{"api_url", "https://"}},
		{"a password in an address", doc("oauth_endpoint = \"https://u:" + hush + "@x/oauth/internal\""), []string{"oauth_endpoint", "no user or password"}},
		{"a token in an address", doc("provisioning_url = \"https://x/?token=" + hush + "\""), []string{"provisioning_url", "https://"}},
		{"not TOML", doc("theme = "), []string{"line 1", "not valid TOML"}},
		{"twice", doc("theme = \"dark\"\ntheme = \"light\""), []string{"line 2", "a key is there twice"}},
		{"not JSON", doc("{\"theme\": }"), []string{"line 1", "not valid JSON"}},
		{"of tomorrow", doc("version = 2"), []string{"made for a newer firmware"}},
		{"too large", doc("# " + strings.Repeat("x", maxDocument)), []string{"larger than 256 KiB"}},
		{"a line without a user", doc("[[lines]]\nserver = \"udp://10.0.0.1\"\ndomain = \"x\"\npassword = \"" + hush + "\""), []string{"lines[0].user", "extension"}},
		{"a relay without a password", doc("[[ice_servers]]\nurls = [\"turn:x\"]"), []string{"ice_servers[0]", "username and credential"}},
		{"a redacted export", doc("auth_token = \"redacted\""), []string{"line 1", "auth_token", "the secret itself"}},
		{"the whole can't be", doc("auto_configure = false"), []string{"auto_configure is off", "lines"}},
		{"an unknown part", part("logo.svg", "<svg>"), []string{"logo.svg", "expected one of", "logo.png"}},
		{"no authorities", part(partRoots, "hello "+hush), []string{"ca.pem", "certificates in PEM"}},
		{"a key among the authorities", part(partRoots, string(somePEM(t))+string(key)), []string{"ca.pem", "no certificate"}},
		{"no picture", part(partLogo, "<svg>"+hush+"</svg>"), []string{"logo.png", "a PNG"}},
		{"no cards", part(partContacts, hush), []string{"contacts.vcf", "vCards"}},
		{"a short passphrase", part(partWiFi, "[[wifi]]\nssid = \"a\"\npassphrase = \"hush-hu\""), []string{"wifi.toml, line 1", "wifi[0].passphrase", "8 to 63"}},
		{"an open network with a passphrase", part(partWiFi, "[[wifi]]\nssid = \"a\"\nsecurity=\"open\"\npassphrase = \""+hush+"\""), []string{"wifi.toml", "wifi[0].passphrase", "open"}},
		{"other keys beside Wi-Fi", part(partWiFi, someWiFi[:0]+"theme = \"dark\"\n"+someWiFi), []string{"wifi.toml, line 1", "theme", "[[wifi]]"}},
		{"no network", part(partWiFi, "# nothing"), []string{"wifi.toml", "at least one"}},
		{"Wi-Fi in two places", Document{Data: []byte(someWiFi), Parts: map[string][]byte{partWiFi: []byte(someWiFi)}}, []string{"line 1", "wifi", "the bundle holds"}},
		{"authorities in two places", Document{Data: []byte("ca_file = \"/etc/x.pem\""), Parts: map[string][]byte{partRoots: somePEM(t)}}, []string{"line 1", "ca_file", "the bundle holds it"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.doc.Layer, c.doc.Name = LayerMedia, "cfg.example.net"
			_, err := d.Propose(c.doc, depotBase)
			if err == nil {
				t.Fatal("it was taken")
			}
			for _, want := range append(c.says, "cfg.example.net") {
				if c.name == "the whole can't be" && want == "cfg.example.net" {
					continue // the value that is missing is nobody's; auto_configure's is named
				}
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not say %q", err, want)
				}
			}
			if strings.Contains(err.Error(), "hush-hu") {
				t.Errorf("a value is in %q", err)
			}
			after, _, err := Load(append(d.Sources(), depotBase)...)
			if err != nil || len(Diff(&before, &after)) != 0 || !slices.Equal(files(t, dir), kept) {
				t.Errorf("something has changed: %v, %v", Diff(&before, &after), err)
			}
		})
	}
}

// TestBundleLook: whoever makes a bundle hears what a phone would say of it.
func TestBundleLook(t *testing.T) {
	whole := Bundle{Parts: someParts(t)}
	whole.Parts["phoned.toml"] = []byte("ca_file = \"ca.pem\"\n")
	c, _, err := whole.Look()
	if err != nil || c.CAFile.Value != partRoots || len(c.WiFi.Value) != 1 || c.Locale.Value != "en" {
		t.Errorf("%+v, %v", c.CAFile, err)
	}
	for _, parts := range []map[string][]byte{{"logo.svg": []byte("<svg>")}, {partRoots: []byte("x")}, {partWiFi: []byte("theme = \"dark\"")}, {"phoned.toml": []byte("theme = \"pink\"")}} {
		b := Bundle{Parts: parts}
		if _, _, err := b.Look(); !errors.Is(err, ErrDocument) {
			t.Errorf("%v: %v", parts, err)
		}
	}
}

// TestPartsOfAnotherFirmware: a part that is not known is passed over, not a crash at
// every start.
func TestPartsOfAnotherFirmware(t *testing.T) {
	w := withParts{Text: text(LayerMedia, "stick", `theme = "light"`), dir: t.TempDir(), parts: map[string]keptPart{"jingle.wav": {From: "stick", File: "x"}}}
	l := Loader{Vault: openDepot(t, filepath.Join(t.TempDir(), "x")).vault}
	if c, _, err := l.Load(w); err != nil || c.Theme.Value != "light" {
		t.Errorf("%v", err)
	}
}

// TestPartsNeedAFolder: a phone without a place for files says so.
func TestPartsNeedAFolder(t *testing.T) {
	d := openDepot(t, filepath.Join(t.TempDir(), "provisioning.json"))
	if _, err := d.Propose(Document{Layer: LayerMedia, Name: "stick", Parts: map[string][]byte{partRoots: somePEM(t)}}, depotBase); !errors.Is(err, ErrNoFolder) {
		t.Error(err)
	}
}

func FuzzParts(f *testing.F) {
	f.Add(partRoots, somePEM(f))
	f.Add(partLogo, somePNG(f))
	f.Add(partContacts, []byte(someCards))
	f.Add(partWiFi, []byte(someWiFi))
	f.Fuzz(func(t *testing.T, name string, b []byte) {
		if len(b) > BundleParts[name] {
			return
		}
		errs := checkParts(Origin{Layer: LayerMedia, Name: "stick"}, map[string][]byte{name: b})
		if name != partWiFi || len(errs) > 0 {
			return
		}
		w := withParts{Text: Text{From: Origin{Layer: LayerMedia, Name: "stick"}, Data: []byte("version = 1")}, parts: map[string]keptPart{partWiFi: {From: "stick", Text: string(b)}}}
		if c, _, err := readSource(w); err == nil && len(b) > 0 && len(c.WiFi.Value) == 0 && !c.WiFi.Set() {
			t.Error("taken without a network")
		}
	})
}
