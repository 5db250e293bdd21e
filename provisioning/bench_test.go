package provisioning

import (
	"fmt"
	"path/filepath"
	"testing"

	"phoned/store"
)

// BenchmarkApply is what a change costs until it is on the disk: looked at, begun and
// confirmed, or begun and taken back; without and with the parts of a bundle.
func BenchmarkApply(b *testing.B) {
	for _, c := range []struct {
		name  string
		parts bool
		end   func(*Depot) error
	}{
		{"confirmed", false, (*Depot).Confirm},
		{"taken back", false, func(d *Depot) error { return d.RollBack("figures") }},
		{"with parts, confirmed", true, (*Depot).Confirm},
		{"with parts, taken back", true, func(d *Depot) error { return d.RollBack("figures") }},
	} {
		b.Run(c.name, func(b *testing.B) {
			dir := b.TempDir()
			vault, err := store.OpenSecrets(filepath.Join(dir, "provisioning.json"))
			if err != nil {
				b.Fatal(err)
			}
			d, err := OpenDepot(vault, nil)
			if err != nil {
				b.Fatal(err)
			}
			if err := d.UseFolder(filepath.Join(dir, "parts")); err != nil {
				b.Fatal(err)
			}
			parts := [2]map[string][]byte{}
			if c.parts {
				parts = [2]map[string][]byte{someParts(b), someParts(b)}
			}
			n := 0
			for b.Loop() {
				n++
				doc := fmt.Appendf(nil, "oauth_endpoint = \"https://a%d.example/oauth/internal\"\n", n)
				p, err := d.Propose(Document{Layer: LayerMedia, Name: "stick", Data: doc, Parts: parts[n%2]}, depotBase)
				if err == nil {
					err = d.Begin(p, true)
				}
				if err == nil {
					err = c.end(d)
				}
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
