package provisioning

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

// TestEntries: every key is listed with its origin, and no secret is in any of it.
func TestEntries(t *testing.T) {
	c, _, err := Load(text(LayerImage, "phoned.toml", fullTOML), text(LayerUser, "web page", `theme = "light"`))
	if err != nil {
		t.Fatal(err)
	}
	entries := c.Entries()
	if len(entries) != len(Keys()) {
		t.Errorf("%d entries of %d keys", len(entries), len(Keys()))
	}
	by := map[string]Entry{}
	for _, e := range entries {
		by[e.Key] = e
		if e.Name == "" || e.Stage == "" || e.Text == "" {
			t.Errorf("%s: %+v", e.Key, e)
		}
	}
	if e := by["theme"]; e.Value != "light" || e.Source != (Origin{Layer: LayerUser, Name: "web page", Line: 1}) {
		t.Errorf("%+v", e)
	}
	if e := by["park_poll_interval"]; e.Value != int64(7000) || e.Source.Line != 33 {
		t.Errorf("%+v", e)
	}
	for _, of := range []any{entries, c.Redacted()} {
		b, err := json.Marshal(of)
		if err != nil {
			t.Fatal(err)
		}
		for _, hush := range []string{"access-token-value", "refresh-token-value", "apikey-value", "wifi-passphrase", "turn-credential", "line-password"} {
			if strings.Contains(string(b), hush) {
				t.Errorf("%q is in %s", hush, b)
			}
		}
	}
}

// TestRedactedIsNoDocument: an export is readable as a document but for its secrets,
// which would sign everybody out.
func TestRedactedIsNoDocument(t *testing.T) {
	c, _, err := Load(text(LayerImage, "phoned.toml", fullTOML))
	if err != nil {
		t.Fatal(err)
	}
	doc := c.Redacted()
	b, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = Load(text(LayerUser, "export", string(b)))
	var keys []string
	var de *DocumentError
	if !errors.As(err, &de) {
		t.Fatalf("an export was taken: %v", err)
	}
	for _, e := range de.Errs {
		var ke *KeyError
		if !errors.As(e, &ke) || !strings.Contains(ke.Want, "the secret itself") {
			t.Errorf("%v", e)
			continue
		}
		keys = append(keys, ke.Key)
	}
	t.Log(keys)
	if len(keys) < 4 {
		t.Errorf("refused for %v only", keys)
	}
}

func TestParseLayer(t *testing.T) {
	for word, want := range map[string]Layer{"site": LayerSite, "stick": LayerMedia, "USB": LayerMedia, "backend": LayerBackend, "user": LayerUser, "stick or QR code": LayerMedia} {
		if got, err := ParseLayer(word); got != want || err != nil {
			t.Errorf("%s: %v, %v", word, got, err)
		}
	}
	for _, word := range []string{"image", "built-in", ""} {
		if _, err := ParseLayer(word); !errors.Is(err, ErrLayer) {
			t.Errorf("%s: %v", word, err)
		}
	}
}
