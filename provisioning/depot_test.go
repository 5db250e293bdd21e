package provisioning

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"phoned/internal/secret"
	"phoned/store"
)

func openDepot(t *testing.T, path string) *Depot {
	t.Helper()
	vault, err := store.OpenSecrets(path)
	if err != nil {
		t.Fatal(err)
	}
	d, err := OpenDepot(vault, nil)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

var depotBase = text(LayerImage, "phoned.toml", `oauth_endpoint = "https://a.example/oauth/internal"`)

func give(t *testing.T, d *Depot, doc string) Proposal {
	t.Helper()
	p, err := d.Propose(Document{Layer: LayerUser, Name: "web page", Data: []byte(doc)}, depotBase)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Begin(p, true); err != nil {
		t.Fatal(err)
	}
	return p
}

// value is a key as the phone would load it after a restart.
func value(t *testing.T, path, key string) string {
	t.Helper()
	c, _, err := Load(append(openDepot(t, path).Sources(), depotBase)...)
	if err != nil {
		t.Fatal(err)
	}
	return c.Show(key)
}

const otherServer = `oauth_endpoint = "https://b.example/oauth/internal"`

func TestDepotTrial(t *testing.T) {
	for _, c := range []struct {
		name string
		end  func(d *Depot) error
		want string
		why  string
	}{
		{"confirmed", (*Depot).Confirm, "https://b.example/oauth/internal", ""},
		{"taken back", func(d *Depot) error { return d.RollBack("no line registered within 2 minutes") }, "https://a.example/oauth/internal", "no line registered within 2 minutes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "provisioning.json")
			d := openDepot(t, path)
			p := give(t, d, otherServer)
			if len(p.Changes) != 1 || !p.Trial() {
				t.Errorf("changes %v, trial %t", p.Changes, p.Trial())
			}
			if _, on := openDepot(t, path).Trial(); !on {
				t.Fatal("the trial does not outlive a restart")
			}
			if _, err := d.Propose(Document{Layer: LayerUser, Name: "x", Data: []byte(`theme = "light"`)}, depotBase); err != nil {
				t.Fatal(err)
			}
			if err := c.end(d); err != nil {
				t.Fatal(err)
			}
			if got := value(t, path, "oauth_endpoint"); got != c.want {
				t.Errorf("sign-in server %s, want %s", got, c.want)
			}
			last, ok := openDepot(t, path).Last()
			if !ok || last.Confirmed != (c.why == "") || last.Why != c.why || last.Name != "web page" {
				t.Errorf("outcome %+v", last)
			}
		})
	}
}

// TestDepotStarts: a configuration that makes the phone crash is taken back.
func TestDepotStarts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "provisioning.json")
	d := openDepot(t, path)
	give(t, d, `theme = "light"`) // what can't cost the service needs no trial
	if _, on := d.Trial(); on {
		t.Fatal("a theme is on trial")
	}
	give(t, d, otherServer+"\ntheme = \"dark\"")
	for n := range MaxStarts {
		if back, err := openDepot(t, path).Booted(); back || err != nil {
			t.Fatalf("start %d: taken back %t, %v", n+1, back, err)
		}
	}
	if back, err := openDepot(t, path).Booted(); !back || err != nil {
		t.Fatalf("taken back %t, %v", back, err)
	}
	if got := value(t, path, "oauth_endpoint"); got != "https://a.example/oauth/internal" {
		t.Error(got)
	}
	if got := value(t, path, "theme"); got != "light" {
		t.Errorf("theme %s: what was there before did not come back", got)
	}
	if back, err := openDepot(t, path).Booted(); back || err != nil {
		t.Errorf("taken back twice: %t, %v", back, err)
	}
}

func TestDepotRefusals(t *testing.T) {
	d := openDepot(t, filepath.Join(t.TempDir(), "provisioning.json"))
	for _, c := range []struct {
		name string
		doc  Document
		want error
		says string
	}{
		{"syntax", Document{Layer: LayerUser, Name: "web page", Data: []byte("theme = ")}, ErrDocument, "web page"},
		{"wrong value", Document{Layer: LayerUser, Name: "web page", Data: []byte("\ntheme = \"pink\"")}, ErrValue, "line 2: theme"},
		{"the whole can't be", Document{Layer: LayerMedia, Name: "stick", Data: []byte("auto_configure = false")}, ErrValue, "at least one line"},
		{"the firmware's own layer", Document{Layer: LayerImage, Name: "x", Data: nil}, ErrLayer, "image"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := d.Propose(c.doc, depotBase); !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want %v with %q", err, c.want, c.says)
			}
		})
	}
	first, err := d.Propose(Document{Layer: LayerUser, Name: "a", Data: []byte(otherServer)}, depotBase)
	if err != nil {
		t.Fatal(err)
	}
	give(t, d, `theme = "light"`)
	if err := d.Begin(first, true); !errors.Is(err, ErrStale) {
		t.Errorf("a proposal made before another change: %v", err)
	}
	p := give(t, d, otherServer)
	if err := d.Begin(p, true); !errors.Is(err, ErrOnTrial) {
		t.Errorf("a change during a trial: %v", err)
	}
}

type fullVault struct{ Vault }

func (fullVault) Set(map[string]secret.String) error { return store.ErrFull }

// TestDepotFull: what can't be kept is not taken on.
func TestDepotFull(t *testing.T) {
	d := openDepot(t, filepath.Join(t.TempDir(), "provisioning.json"))
	p, err := d.Propose(Document{Layer: LayerUser, Name: "a", Data: []byte(otherServer)}, depotBase)
	if err != nil {
		t.Fatal(err)
	}
	d.vault = fullVault{d.vault}
	if err := d.Begin(p, true); !errors.Is(err, store.ErrFull) {
		t.Fatal(err)
	}
	if len(d.Sources()) != 0 {
		t.Error("a document that is not on the disk is used")
	}
	if _, on := d.Trial(); on {
		t.Error("a trial of nothing")
	}
}

// TestDepotUndo: what a layer had before a change comes back, over a restart, once.
func TestDepotUndo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "provisioning.json")
	d := openDepot(t, path)
	if _, err := d.Undo(depotBase); !errors.Is(err, ErrNothingBefore) {
		t.Fatalf("nothing was changed yet: %v", err)
	}
	give(t, d, `theme = "light"`)
	give(t, d, `theme = "contrast"`)
	d = openDepot(t, path)
	for _, want := range []string{"light", "contrast"} { // the undoing can be undone
		p, err := d.Undo(depotBase)
		if err != nil || len(p.Changes) != 1 {
			t.Fatalf("%v, %v", p.Changes, err)
		}
		if err := d.Begin(p, true); err != nil {
			t.Fatal(err)
		}
		if got := value(t, path, "theme"); got != want {
			t.Errorf("theme %s, want %s", got, want)
		}
	}
	give(t, d, otherServer)
	if err := d.RollBack("enough"); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Undo(depotBase); !errors.Is(err, ErrNothingBefore) {
		t.Errorf("a change that was taken back can be undone: %v", err)
	}
}
