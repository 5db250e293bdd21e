package phone_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"phoned/internal/app"
	"phoned/internal/stickout"
	"phoned/phone"
)

// partsOf unpacks a report.
func partsOf(t *testing.T, b []byte) map[string]string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		out["support report, "+f.Name] = string(text)
	}
	return out
}

const wifiSecret = "correct horse"

// A report says what the phone knows and holds no secret, not even one that a part of
// somebody else's would have told.
func TestSupportBundle(t *testing.T) {
	t.Parallel()
	var told string
	w := ready(t, setup{api: true, more: "[[wifi]]\nssid = \"Office\"\npassphrase = \"" + wifiSecret + "\"\n", sound: func(o *app.Options) {
		o.Support = []app.SupportPart{
			{Name: "careless.txt", Write: func(_ context.Context, w io.Writer) error {
				_, err := io.WriteString(w, told)
				return err
			}},
			{Name: "broken.txt", Write: func(_ context.Context, w io.Writer) error {
				fmt.Fprint(w, "half")
				return errors.New("the rest is lost")
			}},
		}
	}})
	w.dial("9196")
	w.active()
	w.hangUp()
	w.gone()
	secrets := secretsOf(w.lab)
	for s, kind := range secrets {
		if kind == "token" || kind == "SIP password" {
			told += kind + " " + s + "\n"
		}
	}
	told += wifiSecret
	var b bytes.Buffer
	if err := w.System.SupportBundle(context.Background(), &b); err != nil {
		t.Fatal(err)
	}
	parts := partsOf(t, b.Bytes())
	secrets[wifiSecret] = "passphrase"
	for part, text := range parts {
		if part == "support report, careless.txt" {
			// Tokens that were spent and other people's passwords are not this phone's:
			// it knows its own.
			continue
		}
		for _, leak := range find(map[string]string{part: text}, secrets) {
			t.Error(leak)
		}
	}
	if s := parts["support report, careless.txt"]; strings.Contains(s, wifiSecret) || !strings.Contains(s, "redacted") {
		t.Errorf("a part told a secret: %q", s)
	}
	if s := parts["support report, broken.txt"]; !strings.Contains(s, "half") || !strings.Contains(s, "the rest is lost") {
		t.Errorf("%q", s)
	}
	var c struct {
		Keys []struct {
			Key    string
			Value  any
			Source struct {
				Layer, Name string
				Line        int
			}
		}
	}
	if err := json.Unmarshal([]byte(parts["support report, configuration.json"]), &c); err != nil {
		t.Fatal(err)
	}
	found := false
	for _, k := range c.Keys {
		found = found || k.Key == "wifi" && k.Source.Line > 0 && strings.Contains(fmt.Sprint(k.Value), "Office") && strings.Contains(fmt.Sprint(k.Value), "redacted")
	}
	if !found {
		t.Errorf("the report does not say where the Wi-Fi comes from: %s", parts["support report, configuration.json"])
	}
	for part, want := range map[string]string{"about.json": `"version": "test"`, "state.json": `"registered"`, "events.json": "9196", "problems.json": "["} {
		if !strings.Contains(parts["support report, "+part], want) {
			t.Errorf("%s does not say %s: %s", part, want, parts["support report, "+part])
		}
	}
}

// A report goes to the stick from the settings, and the screen says what became of it.
func TestReportToTheStick(t *testing.T) {
	t.Parallel()
	socket := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	w := ready(t, setup{sound: func(o *app.Options) { o.StickSocket = socket }})
	w.Phone.StickMounted(t.TempDir(), true)
	w.clock.leap(time.Second) // labels that appear by themselves take no key at once
	w.press("sk4")
	w.until("the menu", func(v phone.View) bool { return v.Screen == phone.ScreenMenu })
	w.press("down", "down", "down", "down", "down", "down", "ok")
	w.until("the settings have it", func(v phone.View) bool { return v.Menu.Title == "@settings" && len(v.Menu.Items) == 9 })
	w.press("down", "down", "down", "down", "down", "down", "down", "down", "ok")
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	if err := stickout.Serve(t.TempDir(), c, c); !errors.Is(err, stickout.ErrNoStick) { // nothing is mounted there
		t.Errorf("%v", err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	w.until("told that it was pulled out", func(v phone.View) bool {
		for _, p := range v.Problems {
			if p.Code == "report" && strings.Contains(p.Advice, "pulled out") {
				return v.Toast != nil && v.Toast.Code == phone.ToastNotReported
			}
		}
		return false
	})
}
