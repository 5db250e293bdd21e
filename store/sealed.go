package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
)

// The file of the secrets begins with a line that names its form:
//
//	phoned-secrets 1 plain\n        SHA-256 of the rest, then JSON
//	phoned-secrets 1 aes-256-gcm\n  nonce and sealed JSON; the line is authenticated
//
// Files of the first firmware are a bare JSON object. A torn file never passes
// for a whole one.
const (
	headPlain  = "phoned-secrets 1 plain\n"
	headSealed = "phoned-secrets 1 aes-256-gcm\n"
	headAny    = "phoned-secrets "
)

// contents is what a file of secrets says.
type contents struct {
	// Generation counts the writes: of two whole files the higher is newer.
	Generation uint64            `json:"generation"`
	Values     map[string]string `json:"values"`
	legacy     bool              // in the first firmware's form
	plain      bool
}

func (c contents) encode(k Key) ([]byte, error) {
	b, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	if k.Empty() {
		sum := sha256.Sum256(b)
		return append(append([]byte(headPlain), sum[:]...), b...), nil
	}
	return k.aead.Seal([]byte(headSealed), nil, b, []byte(headSealed)), nil
}

// decode reads a file. Errors: ErrCorrupt, ErrNewer, ErrKey; none quotes it.
func decode(b []byte, k Key) (contents, error) {
	c := contents{}
	switch {
	case bytes.HasPrefix(b, []byte(headPlain)):
		rest := b[len(headPlain):]
		if len(rest) < sha256.Size || sha256.Sum256(rest[sha256.Size:]) != [sha256.Size]byte(rest) {
			return c, fmt.Errorf("%w: the sum does not match", ErrCorrupt)
		}
		b, c.plain = rest[sha256.Size:], true
	case bytes.HasPrefix(b, []byte(headSealed)):
		if k.Empty() {
			return c, ErrKey
		}
		open, err := k.aead.Open(nil, nil, b[len(headSealed):], []byte(headSealed))
		if err != nil {
			// A torn file and another key look the same. Replacing files
			// atomically leaves none torn, so it is most likely the key.
			return c, fmt.Errorf("%w: it can't be opened", ErrKey)
		}
		b = open
	case bytes.HasPrefix(b, []byte(headAny)) && bytes.IndexByte(b[:min(len(b), 64)], '\n') > 0:
		return c, fmt.Errorf("%w: the form of its file is unknown", ErrNewer)
	default:
		c.legacy, c.plain = true, true
		if json.Unmarshal(b, &c.Values) != nil || c.Values == nil {
			return c, fmt.Errorf("%w: not the JSON it should be", ErrCorrupt)
		}
		return c, nil
	}
	if json.Unmarshal(b, &c) != nil || c.Values == nil {
		return c, fmt.Errorf("%w: not the JSON it should be", ErrCorrupt)
	}
	return c, nil
}
