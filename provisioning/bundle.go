package provisioning

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"
)

// Bundle is what a stick or a URL brings besides a bare document: a configuration
// with the files it needs. On the stick it is one ZIP file, phoned.bundle: the
// parts, manifest.json with the SHA-256 of each, and either manifest.sig (Ed25519)
// or manifest.pin (the tag of a PIN), which vouch for the manifest.
type Bundle struct {
	// Parts by name; only the names of BundleParts.
	Parts map[string][]byte
	// Made and Expires are of whoever made it; Expires zero: it does not.
	Made, Expires time.Time

	manifest  []byte
	signature []byte
	pinTag    []byte
}

// BundleParts are the files a bundle may hold, with the bytes each may have.
var BundleParts = map[string]int{
	"phoned.toml": maxDocument, "phoned.json": maxDocument,
	partRoots:    1 << 20,
	partLogo:     512 << 10,
	partContacts: 2 << 20,
	partWiFi:     16 << 10,
}

// BundleName is the bundle's file on a stick.
const BundleName = "phoned.bundle"

const (
	manifestName  = "manifest.json"
	signatureName = "manifest.sig"
	pinTagName    = "manifest.pin"

	maxManifest = 16 << 10
	maxBundle   = 6 << 20 // of the file
	maxEntries  = 12
)

// ErrBundle: the file is no bundle, or a broken one.
var ErrBundle = errors.New("the bundle can't be used")

type manifest struct {
	Version int               `json:"version"`
	Made    time.Time         `json:"made"`
	Expires time.Time         `json:"expires,omitzero"`
	Files   map[string]string `json:"files"` // name → SHA-256, hexadecimal
}

func badBundle(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrBundle, fmt.Sprintf(format, args...))
}

// ReadBundle reads a bundle and checks that it is whole. Who vouches for it is for
// Vouched, whether it has expired for the caller, who knows the time.
func ReadBundle(b []byte) (Bundle, error) {
	if len(b) > maxBundle {
		return Bundle{}, fmt.Errorf("%w: %w", ErrBundle, ErrTooLarge)
	}
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return Bundle{}, badBundle("not a ZIP file")
	}
	if len(z.File) > maxEntries {
		return Bundle{}, badBundle("it has more than %d files", maxEntries)
	}
	out := Bundle{Parts: map[string][]byte{}}
	for _, f := range z.File {
		if err := out.readEntry(f); err != nil {
			return Bundle{}, err
		}
	}
	if out.manifest == nil {
		return Bundle{}, badBundle("it has no %s", manifestName)
	}
	return out, out.check()
}

func (b *Bundle) readEntry(f *zip.File) error {
	limit, into := BundleParts[f.Name], (*[]byte)(nil)
	switch f.Name {
	case manifestName:
		limit, into = maxManifest, &b.manifest
	case signatureName:
		limit, into = 256, &b.signature
	case pinTagName:
		limit, into = 256, &b.pinTag
	}
	switch {
	case limit == 0:
		return badBundle("it holds %q, which is no part of one", printable(f.Name))
	case !f.Mode().IsRegular():
		return badBundle("%s: %v", f.Name, ErrNotAFile)
	}
	text, err := readEntry(f, limit)
	if err != nil {
		return err
	}
	if into != nil {
		if *into != nil {
			return badBundle("%s is there twice", f.Name)
		}
		*into = text
		return nil
	}
	if _, twice := b.Parts[f.Name]; twice {
		return badBundle("%s is there twice", f.Name)
	}
	b.Parts[f.Name] = text
	return nil
}

// readEntry unpacks at most limit bytes, whatever the archive says of itself.
func readEntry(f *zip.File, limit int) ([]byte, error) {
	r, err := f.Open()
	if err != nil {
		return nil, badBundle("%s can't be unpacked", f.Name)
	}
	defer r.Close()
	b, err := io.ReadAll(io.LimitReader(r, int64(limit)+1))
	switch {
	case err != nil:
		return nil, badBundle("%s is damaged", f.Name)
	case len(b) > limit:
		return nil, fmt.Errorf("%w: %s: %w", ErrBundle, f.Name, ErrTooLarge)
	}
	return b, nil
}

// check holds the parts against the manifest: all that is there is in it, and all
// that is in it is there.
func (b *Bundle) check() error {
	var m manifest
	if err := json.Unmarshal(b.manifest, &m); err != nil {
		return badBundle("%s can't be read", manifestName)
	}
	if m.Version > format {
		return ErrNewerFormat
	}
	if m.Version < 1 {
		return badBundle("%s has no version", manifestName)
	}
	for name, text := range b.Parts {
		if sum := sha256.Sum256(text); m.Files[name] != hex.EncodeToString(sum[:]) {
			return badBundle("%s is not the one that the manifest names", name)
		}
	}
	for name := range m.Files {
		if _, there := b.Parts[name]; !there {
			return badBundle("%q is missing", printable(name))
		}
	}
	if _, both := b.Parts["phoned.toml"]; both && b.Parts["phoned.json"] != nil {
		return badBundle("phoned.toml and phoned.json at once")
	}
	b.Made, b.Expires = m.Made, m.Expires
	return nil
}

// Configuration is the document in the bundle; nil: there is none.
func (b *Bundle) Configuration() []byte {
	if doc := b.Parts["phoned.toml"]; doc != nil {
		return doc
	}
	return b.Parts["phoned.json"]
}

// Vouched says whether the bundle may be used; see Code.Vouched.
func (b *Bundle) Vouched(keys []PublicKey, pin string) error {
	switch {
	case b.signature != nil:
		sig, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(b.signature)))
		if err != nil {
			return ErrSignature
		}
		return verify(keys, domainBundle, b.manifest, sig)
	case b.pinTag != nil:
		tag, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(b.pinTag)))
		if err != nil {
			return ErrPIN
		}
		return checkPIN(pin, domainBundle, b.manifest, tag)
	}
	return ErrUnsigned
}

// Seal says who vouches for a bundle that is made: a key, or a PIN.
type Seal struct {
	Key *SigningKey
	PIN string
}

// Write makes the ZIP file of the parts. With the same parts, times and seal it is
// the same to the byte.
func (b *Bundle) Write(w io.Writer, seal Seal) error {
	m := manifest{Version: format, Made: b.Made.UTC().Truncate(time.Second), Expires: b.Expires, Files: map[string]string{}}
	for name, text := range b.Parts {
		limit := BundleParts[name]
		if limit == 0 {
			return badBundle("%q is no part of one", printable(name))
		}
		if len(text) > limit {
			return fmt.Errorf("%w: %s: %w", ErrBundle, name, ErrTooLarge)
		}
		sum := sha256.Sum256(text)
		m.Files[name] = hex.EncodeToString(sum[:])
	}
	text, err := json.MarshalIndent(m, "", " ")
	if err != nil {
		return err
	}
	files := map[string][]byte{}
	maps.Copy(files, b.Parts)
	files[manifestName] = text
	switch {
	case seal.Key != nil:
		files[signatureName] = []byte(base64.StdEncoding.EncodeToString(seal.Key.sign(domainBundle, text)))
	case seal.PIN != "":
		tag, err := pinTag(seal.PIN, domainBundle, text)
		if err != nil {
			return err
		}
		files[pinTagName] = []byte(base64.StdEncoding.EncodeToString(tag))
	default:
		return ErrUnsigned
	}
	z := zip.NewWriter(w)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		h := &zip.FileHeader{Name: name, Method: zip.Deflate, Modified: m.Made}
		h.SetMode(0o644)
		f, err := z.CreateHeader(h)
		if err != nil {
			return err
		}
		if _, err := f.Write(files[name]); err != nil {
			return err
		}
	}
	return z.Close()
}

// Stick is what a USB stick holds for the phone: a bundle, or a bare document.
type Stick struct {
	Bundle   *Bundle // nil: there is none
	Document []byte  // phoned.toml or phoned.json without a bundle
}

// ReadStick looks into the top of a stranger's file system. Only plain files of a
// bounded size with the names of BundleName, phoned.toml and phoned.json are read;
// links, pipes and devices are refused, and nothing outside can be reached. An
// error that wraps fs.ErrNotExist means that there is nothing for a phone.
func ReadStick(dir string) (Stick, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return Stick{}, err
	}
	defer func() { _ = root.Close() }()
	b, err := readBounded(root, BundleName, false, maxBundle)
	switch {
	case err == nil:
		bundle, err := ReadBundle(b)
		return Stick{Bundle: &bundle}, err
	case !isMissing(err):
		return Stick{}, err
	}
	doc, err := Folder{Dir: dir, Layer: LayerMedia}.Read()
	return Stick{Document: doc}, err
}
