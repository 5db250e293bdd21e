package provisioning

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"phoned/internal/brandlogo"
	"phoned/internal/vcard"
	"phoned/store"
)

// The parts of a bundle that are files the configuration leads to: each is the value of
// a key in the bundle's layer, so that locks, differences, trials and the way back are
// those of any other value.
const (
	partRoots    = "ca.pem"
	partLogo     = "logo.png"
	partContacts = "contacts.vcf"
	partWiFi     = "wifi.toml"
)

// ErrNoFolder: the depot was given no folder for the files of bundles.
var ErrNoFolder = errors.New("this phone has no place for the files of a bundle")

// fileParts name the key that leads to each part.
var fileParts = map[string]func(*Config) *Value[string]{
	partRoots:    func(c *Config) *Value[string] { return &c.CAFile },
	partLogo:     func(c *Config) *Value[string] { return &c.BrandLogo },
	partContacts: func(c *Config) *Value[string] { return &c.ContactsFile },
}

// checkParts says what is wrong with the parts beside the document, each as a *KeyError
// whose key is the part's name. wifi.toml is checked where it is read.
func checkParts(at Origin, parts map[string][]byte) []error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(parts)) {
		if BundleParts[name] == 0 {
			errs = append(errs, &KeyError{Key: printable(name), Origin: at, Want: "one of " + strings.Join(slices.Sorted(maps.Keys(BundleParts)), ", ")})
			continue
		}
		want, why := "", error(nil)
		switch name {
		case partRoots:
			want, why = "certificates in PEM and nothing else", checkRoots(parts[name])
		case partLogo:
			_, why = brandlogo.Decode(parts[name])
			want = "a PNG of at most 512 KiB and 2048 pixels a side"
		case partContacts:
			book, err := vcard.Read(bytes.NewReader(parts[name]))
			if want, why = "vCards with numbers", err; err == nil && len(book.Cards) == 0 {
				why = errors.New("a file without one")
			}
		}
		if why != nil {
			errs = append(errs, &KeyError{Key: name, Origin: at, Want: want, Got: why.Error()})
		}
	}
	return errs
}

func checkRoots(b []byte) error {
	n := 0
	for {
		var block *pem.Block
		if block, b = pem.Decode(b); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			return errors.New("something that is no certificate") // a private key, perhaps: it is not named
		}
		if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			return errors.New("a certificate that can't be read")
		}
		n++
	}
	switch {
	case len(bytes.TrimSpace(b)) > 0:
		return errors.New("text that is no certificate")
	case n == 0:
		return errors.New("a file without one")
	}
	return nil
}

// withParts is a document with the parts that came in bundles.
type withParts struct {
	Text
	dir   string // of the files
	parts map[string]keptPart
}

func (w withParts) path(part string) string { return filepath.Join(w.dir, w.parts[part].File) }

func (w withParts) origin(part string) Origin {
	return Origin{Layer: w.From.Layer, Name: w.parts[part].From + ", " + part}
}

// lay puts the parts into what the document says; lock says which keys it locks.
func (w withParts) lay(c *Config, lock func(key string) bool) ([]Warning, []error) {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(w.parts)) {
		if fileParts[name] == nil {
			continue // wifi.toml, or a part that another firmware knew
		}
		v, key := fileParts[name](c), keyOfPart[name]
		if v.Set() && v.Value != name {
			errs = append(errs, &KeyError{Key: key, Origin: v.Source, Want: "nothing, or \"" + name + "\", because the bundle holds it"})
			continue
		}
		*v = Value[string]{Value: w.path(name), Source: w.origin(name), Locked: lock(key)}
	}
	if _, there := w.parts[partWiFi]; !there {
		return nil, errs
	}
	warns, wrong := w.layWiFi(c, lock("wifi"))
	return warns, append(errs, wrong...)
}

func (w withParts) layWiFi(c *Config, locked bool) ([]Warning, []error) {
	at := w.origin(partWiFi)
	own, warns, err := read(at, []byte(w.parts[partWiFi].Text))
	var de *DocumentError
	switch {
	case errors.As(err, &de):
		return warns, de.Errs
	case c.WiFi.Set():
		return warns, []error{&KeyError{Key: "wifi", Origin: c.WiFi.Source, Want: "nothing, because the bundle holds " + partWiFi}}
	case !own.WiFi.Set():
		return warns, []error{&KeyError{Key: "wifi", Origin: at, Want: "at least one [[wifi]] table"}}
	}
	var errs []error
	for _, e := range own.Entries() {
		if e.Key != "wifi" && e.Source.Layer != LayerNone {
			errs = append(errs, &KeyError{Key: e.Key, Origin: e.Source, Want: "nothing but [[wifi]] tables in this file"})
		}
	}
	c.WiFi = own.WiFi
	c.WiFi.Locked = c.WiFi.Locked || locked
	return warns, errs
}

// keyOfPart is the key that leads to each file.
var keyOfPart = map[string]string{partRoots: "ca_file", partLogo: "brand_logo", partContacts: "contacts_file"}

// fileOf is the name under which a part is kept: by its content, so that a file is
// never written over and the way back is still there.
func fileOf(name string, b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:12]) + "-" + name
}

// UseFolder is where the files of bundles are kept: the folder is made, and what no
// document leads to is removed, such as what a power cut left.
func (d *Depot) UseFolder(dir string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	d.dir = dir
	return d.sweep()
}

// putParts writes the files of a change before anything leads to them.
func (d *Depot) putParts(doc document, parts map[string][]byte) error {
	for name, kept := range doc.Parts {
		b, given := parts[name]
		if !given || kept.File == "" {
			continue // of an earlier bundle, or sealed with the document
		}
		path := filepath.Join(d.dir, kept.File)
		if have, err := os.ReadFile(path); err == nil && bytes.Equal(have, b) {
			continue
		}
		if err := store.ReplaceFile(path, b); err != nil {
			return err
		}
	}
	return nil
}

// sweep removes the files that no document leads to.
func (d *Depot) sweep() error {
	if d.dir == "" {
		return nil
	}
	used := map[string]bool{}
	for _, doc := range d.state.everything() {
		for _, kept := range doc.Parts {
			used[kept.File] = true
		}
	}
	entries, err := os.ReadDir(d.dir)
	for _, e := range entries {
		if !used[e.Name()] && !e.IsDir() {
			err = errors.Join(err, store.Discard(filepath.Join(d.dir, e.Name())))
		}
	}
	return err
}

// everything is each document that is used or may come back.
func (s depotState) everything() []document {
	out := slices.Collect(maps.Values(s.Documents))
	if s.Trial != nil && s.Trial.Before != nil {
		out = append(out, *s.Trial.Before)
	}
	if s.Earlier != nil && s.Earlier.Document != nil {
		out = append(out, *s.Earlier.Document)
	}
	return out
}

// Look reads a bundle as a phone that knows nothing yet would: all of its parts, and the
// whole that they make. Paths of its files are the parts' names.
func (b *Bundle) Look() (Config, []Warning, error) {
	doc := b.Document(LayerMedia, "bundle", "")
	at := Origin{Layer: doc.Layer, Name: doc.Name}
	if errs := checkParts(at, doc.Parts); len(errs) > 0 {
		return Config{}, nil, &DocumentError{Origin: at, Errs: errs}
	}
	w := withParts{Text: Text{From: at, Data: doc.Data}, parts: map[string]keptPart{}}
	if w.Data == nil {
		w.Data = []byte{}
	}
	for name, text := range doc.Parts {
		kept := keptPart{From: doc.Name, File: name}
		if name == partWiFi {
			kept = keptPart{From: doc.Name, Text: string(text)}
		}
		w.parts[name] = kept
	}
	c, warns, err := Load(w)
	if err == nil {
		err = c.Validate()
	}
	return c, warns, err
}

// Document is what a bundle says, for a layer.
func (b *Bundle) Document(l Layer, name, etag string) Document {
	doc := Document{Layer: l, Name: name, Data: b.Configuration(), ETag: etag, Parts: map[string][]byte{}}
	for part, text := range b.Parts {
		if !strings.HasPrefix(part, "phoned.") {
			doc.Parts[part] = text
		}
	}
	return doc
}
