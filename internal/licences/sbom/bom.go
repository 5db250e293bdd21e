package main

import (
	"bufio"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"phoned/internal/licences"
)

// The document is CycloneDX 1.5 in JSON, with the parts of it that are needed here.
type (
	bom struct {
		Schema       string       `json:"$schema"`
		Format       string       `json:"bomFormat"`
		Spec         string       `json:"specVersion"`
		Serial       string       `json:"serialNumber"`
		Version      int          `json:"version"`
		Metadata     metadata     `json:"metadata"`
		Components   []component  `json:"components"`
		Dependencies []dependency `json:"dependencies"`
	}
	metadata struct {
		Timestamp string    `json:"timestamp"`
		Component component `json:"component"`
	}
	component struct {
		Ref        string     `json:"bom-ref"`
		Type       string     `json:"type"`
		Name       string     `json:"name"`
		Version    string     `json:"version,omitempty"`
		Licenses   []choice   `json:"licenses,omitempty"`
		PURL       string     `json:"purl,omitempty"`
		Hashes     []hash     `json:"hashes,omitempty"`
		Properties []property `json:"properties,omitempty"`
	}
	hash struct {
		Alg     string `json:"alg"`
		Content string `json:"content"`
	}
	choice struct {
		License licence `json:"license"`
	}
	licence struct {
		Name string `json:"name"`
	}
	property struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
	dependency struct {
		Ref       string   `json:"ref"`
		DependsOn []string `json:"dependsOn"`
	}
)

// newBOM is an empty bill of a product.
func newBOM(name, version string, made time.Time) *bom {
	return &bom{
		Schema: "http://cyclonedx.org/schema/bom-1.5.schema.json", Format: "CycloneDX", Spec: "1.5", Version: 1,
		Metadata:   metadata{made.UTC().Format(time.RFC3339), component{Ref: name, Type: "firmware", Name: name, Version: version}},
		Components: []component{},
	}
}

// program adds a Go program, by what the toolchain wrote into it, and the modules it is
// made of.
func (b *bom) program(path string, content io.Reader, info *buildinfo.BuildInfo) error {
	sum := sha256.New()
	if _, err := io.Copy(sum, content); err != nil {
		return err
	}
	arch := ""
	for _, s := range info.Settings {
		if s.Key == "GOARCH" {
			arch = s.Value
		}
	}
	p := component{Ref: "program:" + filepath.Base(path) + ":" + arch, Type: "application", Name: filepath.Base(path), Version: b.Metadata.Component.Version,
		Hashes: []hash{{"SHA-256", hex.EncodeToString(sum.Sum(nil))}}, Properties: []property{{"phoned:arch", arch}}}
	deps := dependency{Ref: p.Ref, DependsOn: []string{b.add(module("stdlib", strings.TrimPrefix(info.GoVersion, "go"), ""))}}
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		deps.DependsOn = append(deps.DependsOn, b.add(module(m.Path, m.Version, m.Sum)))
	}
	b.add(p)
	b.Dependencies = append(b.Dependencies, deps)
	return nil
}

// licenceOf are the short names of what the firmware contains.
var licenceOf = func() map[string]string {
	m := map[string]string{"stdlib": "BSD-3-Clause"}
	for _, p := range licences.Names() {
		m[p.Name] = p.Licence
	}
	return m
}()

func module(path, version, sum string) component {
	c := component{Type: "library", Name: path, Version: version, PURL: "pkg:golang/" + path + "@" + url.PathEscape(version)}
	c.Ref = c.PURL
	if l := licenceOf[path]; l != "" {
		c.Licenses = []choice{{licence{l}}}
	}
	if sum != "" {
		c.Properties = []property{{"go:sum", sum}}
	}
	return c
}

// packages adds Debian's, of lines "name version".
func (b *bom) packages(list io.Reader, arch string) error {
	all := dependency{Ref: b.Metadata.Component.Ref}
	lines := bufio.NewScanner(list)
	for lines.Scan() {
		f := strings.Fields(lines.Text())
		if len(f) == 0 {
			continue
		}
		if len(f) != 2 {
			return fmt.Errorf("not a package and its version: %q", lines.Text())
		}
		name, _, _ := strings.Cut(f[0], ":")
		c := component{Type: "library", Name: name, Version: f[1], PURL: "pkg:deb/debian/" + name + "@" + url.QueryEscape(f[1]) + "?arch=" + url.QueryEscape(arch)}
		c.Ref = c.PURL
		all.DependsOn = append(all.DependsOn, b.add(c))
	}
	if len(all.DependsOn) > 0 {
		b.Dependencies = append(b.Dependencies, all)
	}
	return lines.Err()
}

// add adds a component once.
func (b *bom) add(c component) string {
	if !slices.ContainsFunc(b.Components, func(have component) bool { return have.Ref == c.Ref }) {
		b.Components = append(b.Components, c)
	}
	return c.Ref
}

// write sorts everything and gives the document the number that its contents have: the
// same contents are the same text.
func (b *bom) write(w io.Writer) error {
	slices.SortFunc(b.Components, func(x, y component) int { return strings.Compare(x.Ref, y.Ref) })
	for _, d := range b.Dependencies {
		slices.Sort(d.DependsOn)
	}
	slices.SortFunc(b.Dependencies, func(x, y dependency) int { return strings.Compare(x.Ref, y.Ref) })
	b.Serial = ""
	text, err := json.Marshal(b)
	if err != nil {
		return err
	}
	id := sha256.Sum256(text)
	id[6], id[8] = id[6]&0x0f|0x80, id[8]&0x3f|0x80 // RFC 9562 §5.8: of one's own making
	b.Serial = fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", id[0:4], id[4:6], id[6:8], id[8:10], id[10:16])
	out := json.NewEncoder(w)
	out.SetIndent("", "  ")
	return out.Encode(b)
}
