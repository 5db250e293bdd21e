package sip

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	gosip "github.com/emiago/sipgo/sip"
	"github.com/icholy/digest"
)

// maxChallenges bounds how often one request is repeated with credentials: a
// proxy and a server may each ask once, and each may find its nonce stale.
const maxChallenges = 4

// digestStrength orders the algorithms we know (RFC 8760 §2.3); others are 0.
var digestStrength = map[string]int{"": 1, "MD5": 1, "SHA-256": 2, "SHA-512": 3, "SHA-512-256": 3}

// authState remembers what one request has been asked already.
type authState struct {
	rounds int
	realms map[string]bool // answered, by header and realm
	nonces map[string]bool
}

// answer adds credentials for the challenges in res to req. It fails with
// ErrCredentials when the server has seen them and wants others: a loop of
// guesses would only lock the account.
func (s *authState) answer(req *gosip.Request, res *gosip.Response, l *Line) error {
	ask, reply := "WWW-Authenticate", "Authorization"
	if res.StatusCode == 407 {
		ask, reply = "Proxy-Authenticate", "Proxy-Authorization"
	}
	if s.realms == nil {
		s.realms, s.nonces = map[string]bool{}, map[string]bool{}
	}
	s.rounds++
	challenges := strongest(res.GetHeaders(ask))
	if len(challenges) == 0 {
		return fmt.Errorf("%w: no challenge that we can answer", ErrRefused)
	}
	for req.RemoveHeader(reply) {
	}
	for _, c := range challenges {
		key := reply + " " + c.Realm
		if s.nonces[c.Nonce] || s.realms[key] && !c.Stale || s.rounds > maxChallenges {
			return fmt.Errorf("%w: user %q, realm %q", ErrCredentials, l.AuthUser, c.Realm)
		}
		s.realms[key], s.nonces[c.Nonce] = true, true
		cred, err := digest.Digest(c, digest.Options{
			Method: string(req.Method), URI: req.Recipient.String(),
			Username: l.AuthUser, Password: l.Password.Reveal(),
			GetBody: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(req.Body())), nil },
		})
		if err != nil {
			return fmt.Errorf("%w: %w", ErrRefused, err)
		}
		req.AppendHeader(gosip.NewHeader(reply, cred.String()))
	}
	return nil
}

// strongest keeps, for each realm, the best challenge that we can answer.
func strongest(headers []gosip.Header) []*digest.Challenge {
	var best []*digest.Challenge
next:
	for _, h := range headers {
		c, err := parseChallenge(h.Value())
		if err != nil {
			continue
		}
		for i, b := range best {
			if b.Realm != c.Realm {
				continue
			}
			if strength(c) > strength(b) {
				best[i] = c
			}
			continue next
		}
		best = append(best, c)
	}
	return best
}

func strength(c *digest.Challenge) int { return digestStrength[strings.ToUpper(c.Algorithm)] }

func parseChallenge(v string) (*digest.Challenge, error) {
	c, err := digest.ParseChallenge(v)
	if err != nil {
		return nil, err
	}
	for i := range c.QOP {
		c.QOP[i] = strings.TrimSpace(c.QOP[i])
	}
	if strength(c) == 0 || !digest.CanDigest(c) {
		return nil, fmt.Errorf("algorithm %q or qop %q is not known", c.Algorithm, c.QOP)
	}
	return c, nil
}
