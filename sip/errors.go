package sip

import "errors"

// Sentinels; test with errors.Is. What a person reads is decided elsewhere.
var (
	// ErrFlowDown: there is no connection to the exchange.
	ErrFlowDown = errors.New("no connection to the exchange")
	// ErrUnreachable: none of the line's servers can be connected to.
	ErrUnreachable = errors.New("the exchange cannot be reached")
	// ErrCertificate: the exchange's certificate is not valid for its name.
	ErrCertificate = errors.New("the exchange's certificate is not trusted")
	// ErrCredentials: the exchange refuses our user or password.
	ErrCredentials = errors.New("the exchange refuses the credentials")
	// ErrForbidden: 403 to REGISTER.
	ErrForbidden = errors.New("the exchange forbids this registration")
	// ErrRefused: another final refusal.
	ErrRefused = errors.New("the exchange refused the request")
	// ErrTimeout: no answer in time.
	ErrTimeout = errors.New("the exchange does not answer")
	// ErrNoLeg: the leg is not known (any more).
	ErrNoLeg = errors.New("no such leg")
	// ErrNoLine: the line is not configured.
	ErrNoLine = errors.New("no such line")
	// ErrState: the request is not possible in the leg's present state.
	ErrState = errors.New("not possible in this state of the call")
	// ErrNoRefer: the transfer request is not known (any more).
	ErrNoRefer = errors.New("no such transfer request")
	// ErrAddressChanged: the machine's address did, and the line registers anew.
	ErrAddressChanged = errors.New("the network address changed")
	// ErrGlare: 491, and the retry failed too.
	ErrGlare = errors.New("both sides changed the call at once")
)

// ErrClosed: the Agent was closed.
var ErrClosed = errors.New("the user agent is closed")
