package store

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// ErrKey: the secrets are sealed, and the key is missing or another one. They
// are left as they are until the key is back or they are wiped.
var ErrKey = errors.New("the key of the secrets is missing or not the right one")

// Credential is the name of the service manager's credential that holds the
// key (systemd.exec(5), LoadCredentialEncrypted=). Encrypted with systemd-creds
// it can be opened only on the device it was made on.
const Credential = "phoned.key"

const (
	minKeyFile = 32
	maxKeyFile = 4096
)

// Key seals the secrets. The zero Key is none: they are then plain text. It
// prints as where it came from, never as what it is.
type Key struct {
	aead cipher.AEAD
	from string
}

// Empty says whether there is no key.
func (k Key) Empty() bool { return k.aead == nil }

// String tells where the key came from: "credential", "file" or "none".
func (k Key) String() string {
	if k.Empty() {
		return "none"
	}
	return k.from
}

// GoString keeps %#v from printing the key.
func (k Key) GoString() string { return "store.Key(" + k.String() + ")" }

// Format keeps every other verb from it.
func (k Key) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, k.String()) }

// FindKey looks for the device's key: the service manager's credential, else
// the file, which should be on another partition than the data. Where neither
// is configured or there the Key is empty and that is no error: a phone without
// a key works. ErrKey: there is one and it can't be used.
func FindKey(file string) (Key, error) {
	if dir := os.Getenv("CREDENTIALS_DIRECTORY"); dir != "" {
		k, err := readKey(filepath.Join(dir, Credential), "credential")
		if !errors.Is(err, fs.ErrNotExist) {
			return k, err
		}
	}
	if file == "" {
		return Key{}, nil
	}
	k, err := readKey(file, "file")
	if errors.Is(err, fs.ErrNotExist) {
		return Key{}, nil
	}
	return k, err
}

// MakeKey writes a new random key, mode 0600, where there is none yet; one that
// is there stays.
func MakeKey(file string) error {
	if _, err := os.Stat(file); err == nil {
		return nil
	}
	b := make([]byte, minKeyFile)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	return ReplaceFile(file, b)
}

// readKey reads a key; a file that others can read is none. A credential's mode is
// the service manager's business: it lies in memory only this service can see.
func readKey(path, from string) (Key, error) {
	f, err := os.Open(path)
	if err != nil {
		return Key{}, fmt.Errorf("%w: %w", ErrKey, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return Key{}, fmt.Errorf("%w: %w", ErrKey, err)
	}
	if from == "file" && info.Mode().Perm()&0o077 != 0 {
		return Key{}, fmt.Errorf("%w: other users can read the file", ErrKey)
	}
	b, err := io.ReadAll(io.LimitReader(f, maxKeyFile+1))
	if err != nil {
		return Key{}, fmt.Errorf("%w: %w", ErrKey, err)
	}
	if len(b) < minKeyFile || len(b) > maxKeyFile {
		return Key{}, fmt.Errorf("%w: it must hold %d to %d bytes", ErrKey, minKeyFile, maxKeyFile)
	}
	return newKey(b, from)
}

func newKey(material []byte, from string) (Key, error) {
	derived, err := hkdf.Key(sha256.New, material, nil, "phoned secrets", 32)
	if err != nil {
		return Key{}, err
	}
	block, err := aes.NewCipher(derived)
	if err != nil {
		return Key{}, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	return Key{aead: aead, from: from}, err
}
