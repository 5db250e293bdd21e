package provisioning

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"phoned/internal/httpcall"
)

// Identity is what a phone tells a provisioning server of itself.
type Identity struct {
	MAC     string // twelve small hexadecimal digits, "" if there is no wired or wireless card
	Serial  string // of the board, "" if it has none
	ID      string // the serial number, else the MAC
	Model   string // of the board
	Version string // of the firmware
}

// SiteURL makes the address of a phone's document of a template: {mac}, {serial},
// {id} and {model} stand for the phone's own. The address must be https and must
// not carry a token or password. ErrValue says what is wrong with it.
func SiteURL(template string, who Identity) (string, error) {
	bad := func(want string) (string, error) {
		return "", fmt.Errorf("%w: provisioning_url: expected %s", ErrValue, want)
	}
	out := template
	for name, v := range map[string]string{"{mac}": who.MAC, "{serial}": who.Serial, "{id}": who.ID, "{model}": who.Model} {
		if !strings.Contains(out, name) {
			continue
		}
		if v == "" {
			return bad("an address without " + name + ", which this phone does not have")
		}
		out = strings.ReplaceAll(out, name, url.PathEscape(v))
	}
	if strings.ContainsAny(out, "{}") {
		return bad("{mac}, {serial}, {id} or {model} in braces and nothing else")
	}
	if _, err := httpcall.CheckURL(out); err != nil || tokenInURL.MatchString(out) {
		return bad("an address that begins with https:// and holds no user, password or token")
	}
	return out, nil
}

// OfferURL turns what a site's DHCP server offers (option 66, RFC 2132 §9.4) into a
// template: an https address is taken as it is, a bare host name stands for
// https://HOST/phoned/{mac}.toml. Anything else, plain http and TFTP above all, is
// refused: who can change it would own the phone.
func OfferURL(offer string) (string, error) {
	offer = strings.TrimSpace(strings.Trim(offer, "\x00"))
	switch {
	case strings.HasPrefix(strings.ToLower(offer), "https://"):
		return offer, nil
	case strings.Contains(offer, "://"):
		return "", fmt.Errorf("%w: DHCP option 66: expected an address that begins with https:// or a host name", ErrValue)
	case len(offer) > 253 || !hostName.MatchString(offer):
		return "", fmt.Errorf("%w: DHCP option 66: expected a host name", ErrValue)
	}
	return "https://" + offer + "/phoned/{mac}.toml", nil
}

// Fetcher gets documents and bundles over HTTPS.
type Fetcher struct {
	HTTP *httpcall.Client
	Who  Identity
}

// Fetched is what a server gave: a bundle, or a bare document.
type Fetched struct {
	Unchanged bool // since the ETag; nothing else is set then
	ETag      string
	Host      string
	Document  []byte
	Bundle    *Bundle
}

// Fetch asks an address for a document. The identity goes in header fields, so that
// it stands in no log of addresses: X-Phone-ID, X-Phone-MAC, X-Phone-Model. Who
// vouches for a bundle is checked by the caller; the connection vouches for the host.
func (f *Fetcher) Fetch(ctx context.Context, address, etag string) (Fetched, error) {
	u, err := httpcall.CheckURL(address)
	if err != nil {
		return Fetched{}, err
	}
	h := http.Header{}
	for name, v := range map[string]string{"X-Phone-ID": f.Who.ID, "X-Phone-MAC": f.Who.MAC, "X-Phone-Model": f.Who.Model} {
		if v != "" {
			h.Set(name, v)
		}
	}
	a, err := f.HTTP.Do(ctx, httpcall.Request{Op: "fetch the configuration", URL: address, ETag: etag, Header: h, MaxBody: maxBundle})
	if err != nil {
		return Fetched{}, err
	}
	out := Fetched{Host: u.Host, ETag: a.ETag}
	switch {
	case a.Status == http.StatusNotModified:
		out.Unchanged = true
	case strings.HasPrefix(string(a.Body), "PK\x03\x04"):
		b, err := ReadBundle(a.Body)
		if err != nil {
			return Fetched{}, err
		}
		out.Bundle = &b
	case len(a.Body) > maxDocument:
		return Fetched{}, fmt.Errorf("%s: %w", u.Host, ErrTooLarge)
	default:
		out.Document = a.Body
	}
	return out, nil
}

// As is what was fetched, for a layer.
func (f Fetched) As(l Layer) Document {
	if f.Bundle != nil {
		return f.Bundle.Document(l, f.Host, f.ETag)
	}
	return Document{Layer: l, Name: f.Host, Data: f.Document, ETag: f.ETag}
}
