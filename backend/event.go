package backend

import "phoned/internal/health"

// State is how far signing in is.
type State int

// The states of an Account.
const (
	StateSignedOut State = iota // nobody is signed in
	StateSigningIn              // trying; stays here while the server can't be reached
	StateSignedIn               // there is a Session
	StateLost                   // the server took the sign-in away
)

// String gives the word used in logs.
func (s State) String() string {
	switch s {
	case StateSignedOut:
		return "signed_out"
	case StateSigningIn:
		return "signing_in"
	case StateSignedIn:
		return "signed_in"
	case StateLost:
		return "lost"
	}
	return "unknown"
}

// Event is what an Account tells its owner. Events come in order, one at a
// time, on the Account's own goroutine; the receiver must not block and must
// not call the Account back from there.
type Event interface{ event() }

type (
	// SignedOut: nobody is signed in: at the start without tokens, or after
	// SignOut. SIP credentials are void.
	SignedOut struct{}
	// SigningIn: a sign-in began.
	SigningIn struct{}
	// SignedIn: there is a session. It comes again when a later answer changed
	// it; lines must then be changed without ending a call.
	SignedIn struct {
		Session Session
		// Cached: from the vault, not yet confirmed by the server.
		Cached bool
	}
	// Lost: the server took the sign-in away. Err wraps ErrSignInLost. A call
	// goes on; unregister after it. Never: nobody was signed in since the start,
	// as with tokens of a configuration that are spent.
	Lost struct {
		Err   error
		Never bool
	}
	// TokenRefreshed: the tokens were rotated and saved.
	TokenRefreshed struct{ UserID string }
	// ProblemRaised: something is not as it should be.
	ProblemRaised struct{ Problem health.Problem }
	// ProblemCleared: it is gone.
	ProblemCleared struct{ Code, Subject string }
)

func (SignedOut) event()      {}
func (SigningIn) event()      {}
func (SignedIn) event()       {}
func (Lost) event()           {}
func (TokenRefreshed) event() {}
func (ProblemRaised) event()  {}
func (ProblemCleared) event() {}
