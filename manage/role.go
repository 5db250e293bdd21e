package manage

import (
	"context"
	"net/http"
	"net/netip"
	"time"

	"phoned/manage/access"
)

// Role is what somebody may do; each includes the ones before it.
type Role = access.Role

// The roles.
const (
	Anyone        = access.Anyone        // also who has not signed in: the sign-in itself, the health of the phone
	Viewer        = access.Viewer        // looks; what a scraper needs
	Operator      = access.Operator      // does what a hand at the phone can
	Administrator = access.Administrator // everything
)

// Means is by what somebody is known.
type Means string

// The means.
const (
	ByNothing Means = ""
	BySession Means = "session" // the cookie of a sign-in
	ByToken   Means = "token"   // an API token
	// ByCertificate: a client certificate of an authority of the configuration.
	ByCertificate Means = "certificate"
	ByPlace       Means = "local" // a trusted listener: this machine, by configuration
)

// Who makes a request.
type Who struct {
	Name string // of the account or token; "": nobody known
	Role Role
	By   Means
	From netip.Addr // where the connection comes from
	ID   string     // of the session or token, for lists; never what proves it
	// Until is when what proves it ends, zero: the book of accounts knows.
	Until time.Time
}

// hasAccount: a token's label and a certificate's name are no account's name.
func (w Who) hasAccount() bool { return w.By != ByToken && w.By != ByCertificate }

type whoKey struct{}

// who tells who makes a request; Anyone before identify has seen it.
func who(r *http.Request) Who {
	w, _ := r.Context().Value(whoKey{}).(Who)
	return w
}

// identify finds out who makes a request and leaves that in its context.
func (s *Server) identify(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		is := s.recognise(r)
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), whoKey{}, is)))
	})
}

// require lets only those pass who have at least the role: 401 where nobody is
// known, 403 where who is known may not.
func (s *Server) require(least Role, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch is := who(r); {
		case is.Role >= least:
			next.ServeHTTP(w, r)
		case is.Role == Anyone:
			w.Header().Set("WWW-Authenticate", `Bearer realm="phone"`)
			fail(w, http.StatusUnauthorized, "Sign in first.", "")
		default:
			fail(w, http.StatusForbidden, "You may not do this.", "This needs the role "+least.String()+", yours is "+is.Role.String()+".")
		}
	})
}
