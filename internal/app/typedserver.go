package app

import (
	"fmt"
	"slices"
	"strings"

	"phoned/provisioning"
)

// typedName is the document of what is typed at the phone.
const typedName = "keypad"

// oauthPath is what the sign-in server's address ends in; nobody types it.
const oauthPath = "/oauth/internal"

// serverURL makes the sign-in server's URL of what a person types: a host, with
// a port and a path if need be.
func serverURL(typed string) string {
	s := strings.TrimRight(strings.TrimPrefix(strings.TrimSpace(typed), "https://"), "/")
	return "https://" + strings.TrimSuffix(s, oauthPath) + oauthPath
}

// serverHost is what is shown of it, and typed again.
func serverHost(url string) string {
	return strings.TrimSuffix(strings.TrimPrefix(url, "https://"), oauthPath)
}

// SetSignInServer takes the sign-in server that somebody typed at the phone and
// has the phone made anew. Errors are those of Take; one that wraps
// provisioning.ErrDocument or ErrValue: it is no server's address.
func (p *Provisioner) SetSignInServer(typed string) error {
	line := fmt.Sprintf("oauth_endpoint = %q\n", serverURL(typed))
	doc := provisioning.Document{Layer: provisioning.LayerUser, Name: typedName, Data: []byte(line)}
	i := slices.IndexFunc(p.cfg.Depot.Sources(), func(s provisioning.Source) bool { return s.Origin().Layer == doc.Layer })
	if i >= 0 {
		have := p.cfg.Depot.Sources()[i]
		text, err := have.Read()
		if err != nil {
			return fmt.Errorf("sign-in server: %w", err)
		}
		// What a person has chosen otherwise stays. A key before all tables belongs
		// to none of them.
		if have.Origin().Name != typedName {
			doc.Name, doc.Data = have.Origin().Name, append([]byte(line), text...)
		}
	}
	_, err := p.Take(doc)
	return err
}

// typedServer says whether the sign-in server may be typed at the phone: nobody
// has given one, or it was typed.
func typedServer(c provisioning.Config) bool {
	v := c.OAuthEndpoint
	return v.Value == "" && !v.Locked || v.Source.Layer == provisioning.LayerUser
}
