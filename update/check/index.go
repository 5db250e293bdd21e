package check

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"regexp"

	"phoned/internal/httpcall"
	"phoned/update"
)

// Bounds of an index.
const (
	MaxIndex  = 64 << 10 // bytes
	MaxOffers = 200
	maxURL    = 2000
)

// ErrIndex: the server's document is no index.
var ErrIndex = errors.New("the index of updates can't be used")

// Offer is a bundle that an index offers.
type Offer struct {
	Compatible string `json:"compatible"` // the board it is for, RAUC's word
	Version    string `json:"version"`
	URL        string `json:"url"`    // absolute
	Size       int64  `json:"size"`   // bytes
	SHA256     string `json:"sha256"` // in lower-case hexadecimal
}

var (
	compatibleForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9 ._+,:/-]{0,127}$`)
	versionForm    = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.+~-]{0,63}$`)
	sumForm        = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

// Parse reads an index that came from base. It wraps ErrIndex where anything in it is
// not as it has to be; members that it does not know are passed over. An address of a
// bundle is taken relative to base, and must be one that base's server may name: https,
// without credentials (plain http from an index of this machine only).
func Parse(base string, body []byte) ([]Offer, error) {
	from, err := httpcall.CheckURL(base)
	if err != nil {
		return nil, err
	}
	if len(body) > MaxIndex {
		return nil, fmt.Errorf("%w: more than %d KiB", ErrIndex, MaxIndex>>10)
	}
	root, err := object(body)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrIndex, err)
	}
	raw, ok := root["updates"]
	var list []json.RawMessage
	if err := json.Unmarshal(raw, &list); !ok || err != nil || list == nil {
		return nil, fmt.Errorf(`%w: "updates" must be a list`, ErrIndex)
	}
	if len(list) > MaxOffers {
		return nil, fmt.Errorf("%w: more than %d updates", ErrIndex, MaxOffers)
	}
	out := make([]Offer, 0, len(list))
	for i, entry := range list {
		o, err := offer(from, entry)
		if err != nil {
			return nil, fmt.Errorf("%w: updates[%d]: %w", ErrIndex, i, err)
		}
		out = append(out, o)
	}
	return out, nil
}

// object reads one JSON object with names that are written as they are meant and stand
// there once: encoding/json itself takes "URL" for "url", and the last of two.
func object(b []byte) (map[string]json.RawMessage, error) {
	dec := json.NewDecoder(bytes.NewReader(b))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return nil, errors.New("not a JSON object")
	}
	out := map[string]json.RawMessage{}
	for dec.More() {
		t, err := dec.Token()
		name, ok := t.(string)
		if err != nil || !ok {
			return nil, errors.New("not JSON")
		}
		if _, twice := out[name]; twice {
			return nil, errors.New("a member stands there twice")
		}
		var v json.RawMessage
		if err := dec.Decode(&v); err != nil {
			return nil, errors.New("not JSON")
		}
		out[name] = v
	}
	if _, err := dec.Token(); err != nil {
		return nil, errors.New("not JSON")
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows it")
	}
	return out, nil
}

func offer(base *url.URL, raw json.RawMessage) (Offer, error) {
	m, err := object(raw)
	if err != nil {
		return Offer{}, err
	}
	var o Offer
	var size *int64
	for name, into := range map[string]any{"compatible": &o.Compatible, "version": &o.Version, "url": &o.URL, "size": &size, "sha256": &o.SHA256} {
		if err := json.Unmarshal(m[name], into); err != nil {
			return Offer{}, fmt.Errorf("%q is missing, or of another kind", name)
		}
	}
	switch {
	case !compatibleForm.MatchString(o.Compatible):
		return Offer{}, errors.New(`"compatible" must be a board's name of 128 characters at most`)
	case !versionForm.MatchString(o.Version):
		return Offer{}, errors.New(`"version" must be letters, digits and .+~- only, 64 at most`)
	case size == nil || *size < 1 || *size > update.MaxBundle:
		return Offer{}, fmt.Errorf(`"size" must be 1 to %d bytes`, update.MaxBundle)
	case !sumForm.MatchString(o.SHA256):
		return Offer{}, errors.New(`"sha256" must have 64 hexadecimal digits in lower case`)
	}
	o.Size = *size
	o.URL, err = address(base, o.URL)
	return o, err
}

// address is where a bundle lies.
func address(base *url.URL, s string) (string, error) {
	ref, err := url.Parse(s)
	if err != nil || s == "" || len(s) > maxURL {
		return "", errors.New(`"url" must be an address, absolute or relative to the index`)
	}
	u := base.ResolveReference(ref)
	u.Fragment, u.RawFragment = "", ""
	if _, err := httpcall.CheckURL(u.String()); err != nil {
		return "", fmt.Errorf(`"url": %w`, err)
	}
	if u.Scheme != "https" && base.Scheme == "https" {
		return "", errors.New(`"url" must begin with https://`)
	}
	return u.String(), nil
}

// Newest is the highest version for a board.
func Newest(offers []Offer, compatible string) (best Offer, ok bool) {
	for _, o := range offers {
		if o.Compatible == compatible && (!ok || update.Compare(o.Version, best.Version) > 0) {
			best, ok = o, true
		}
	}
	return best, ok
}
