package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
)

// The bill of a real program, this test: its modules, a package, and twice the same.
func TestBill(t *testing.T) {
	t.Setenv("SOURCE_DATE_EPOCH", "1700000000")
	list := filepath.Join(t.TempDir(), "packages")
	if err := os.WriteFile(list, []byte("libopus0:arm64 1.3.1-3\nlibc6 2.36-9+deb12u13\n\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	bill := func(args ...string) string {
		t.Helper()
		var out bytes.Buffer
		if err := run(append(args, os.Args[0]), &out); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	text := bill("-version", "1.2", "-packages", list, "-arch", "arm64")
	if again := bill("-version", "1.2", "-packages", list, "-arch", "arm64"); again != text {
		t.Error("the same inputs give another text")
	}
	var b bom
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.DisallowUnknownFields()
	if err := d.Decode(&b); err != nil {
		t.Fatal(err)
	}
	if b.Format != "CycloneDX" || b.Spec != "1.5" || b.Metadata.Timestamp != "2023-11-14T22:13:20Z" || b.Metadata.Component.Version != "1.2" ||
		!regexp.MustCompile(`^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(b.Serial) {
		t.Errorf("%+v", b.Metadata)
	}
	refs := map[string]component{}
	for _, c := range b.Components {
		if _, twice := refs[c.Ref]; twice {
			t.Errorf("%s is there twice", c.Ref)
		}
		refs[c.Ref] = c
	}
	for _, ref := range []string{"pkg:deb/debian/libopus0@1.3.1-3?arch=arm64", "pkg:deb/debian/libc6@2.36-9%2Bdeb12u13?arch=arm64"} {
		if _, ok := refs[ref]; !ok {
			t.Errorf("%s is missing of %d", ref, len(refs))
		}
	}
	program := slices.IndexFunc(b.Components, func(c component) bool { return c.Type == "application" })
	std := slices.IndexFunc(b.Components, func(c component) bool { return c.Name == "stdlib" && len(c.Licenses) == 1 })
	if program < 0 || std < 0 || len(b.Components[program].Hashes[0].Content) != 64 {
		t.Errorf("%d components, the program %d, the standard library %d", len(b.Components), program, std)
	}
	for _, d := range b.Dependencies {
		for _, ref := range append(d.DependsOn, d.Ref) {
			if _, ok := refs[ref]; !ok && ref != b.Metadata.Component.Ref {
				t.Errorf("%s is depended on and not there", ref)
			}
		}
	}
	if other := bill("-version", "1.3"); regexp.MustCompile(`urn:uuid:[^"]+`).FindString(other) == b.Serial {
		t.Error("two bills have one number")
	}
}

func TestModuleHasItsLicence(t *testing.T) {
	if c := module("github.com/pion/rtp", "v1.10.6", "h1:x"); len(c.Licenses) != 1 || c.Licenses[0].License.Name != "MIT" || c.PURL != "pkg:golang/github.com/pion/rtp@v1.10.6" {
		t.Errorf("%+v", c)
	}
}

func TestBillRefuses(t *testing.T) {
	var out bytes.Buffer
	t.Setenv("SOURCE_DATE_EPOCH", "")
	if err := run([]string{os.Args[0]}, &out); err == nil {
		t.Error("without a date it would never be the same twice")
	}
	t.Setenv("SOURCE_DATE_EPOCH", "1")
	list := filepath.Join(t.TempDir(), "packages")
	if err := os.WriteFile(list, []byte("libopus0\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{}, {list}, {"-packages", list, os.Args[0]}, {"/nowhere"}} {
		if err := run(args, &out); err == nil {
			t.Errorf("%q is taken", args)
		}
	}
}
