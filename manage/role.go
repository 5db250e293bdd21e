package manage

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
)

// Role is what somebody may do; each includes the ones before it.
type Role uint8

// The roles. The zero value is nobody in particular.
const (
	Anyone        Role = iota // has not signed in: the sign-in itself and the health of the phone
	Viewer                    // sees state, calls, problems and figures; what a scraper needs
	Operator                  // does what a hand at the phone can do: calls, keys, contacts
	Administrator             // configuration, accounts, captures, updates, reset
)

var roleNames = [...]string{"anyone", "viewer", "operator", "administrator"}

// String is the role's name in documents: "viewer", "operator", "administrator".
func (r Role) String() string {
	if int(r) >= len(roleNames) {
		return fmt.Sprintf("Role(%d)", uint8(r))
	}
	return roleNames[r]
}

// MarshalText implements encoding.TextMarshaler.
func (r Role) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler. "anyone" is no role that
// somebody can be given.
func (r *Role) UnmarshalText(b []byte) error {
	for i, name := range roleNames[1:] {
		if string(b) == name {
			*r = Role(i + 1)
			return nil
		}
	}
	return fmt.Errorf("a role is viewer, operator or administrator, not %q", b)
}

// Means is by what somebody is known.
type Means string

// The means.
const (
	ByNothing Means = ""
	BySession Means = "session" // the cookie of a sign-in
	ByToken   Means = "token"   // an API token
	ByPlace   Means = "local"   // a trusted listener: this machine, by configuration
)

// Who makes a request.
type Who struct {
	Name string // of the account or token; "": nobody known
	Role Role
	By   Means
	From netip.Addr // where the connection comes from
	ID   string     // of the session or token, for lists; never what proves it
}

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

// recognise tells who makes a request.
func (s *Server) recognise(r *http.Request) Who {
	is := Who{From: remote(r)}
	if s.cfg.TrustLocal && is.From.IsLoopback() {
		is.Name, is.Role, is.By = "local", Administrator, ByPlace
	}
	return is
}

// remote is the address a request comes from; the zero Addr where there is none,
// as in a test without a network. No header counts: there is no proxy to believe.
func remote(r *http.Request) netip.Addr {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return at.Addr().Unmap().WithZone("")
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
