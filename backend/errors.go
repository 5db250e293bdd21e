package backend

import (
	"errors"
	"fmt"
)

// What can go wrong, beyond what internal/httpcall already names.
var (
	// ErrSignedOut: there are no tokens; a person has to sign in.
	ErrSignedOut = errors.New("not signed in")
	// ErrSignInLost: the server refused the refresh itself (400 invalid_grant,
	// 401, 403); a person has to sign in again.
	ErrSignInLost = errors.New("the server has ended the sign-in")
	// ErrAnswerLost, beside ErrSignInLost: the answer to the refresh before got
	// lost, so the tokens that it brought are known to the server alone.
	ErrAnswerLost = errors.New("the answer to an earlier refresh was lost on the way")
	// ErrWrongPassword: the server refused e-mail and password.
	ErrWrongPassword = errors.New("wrong e-mail or password")
	// ErrUnauthorized: a call was refused with 401 although the token is fresh.
	ErrUnauthorized = errors.New("the server does not accept a fresh sign-in")
	// ErrForbidden: a call was refused with 403.
	ErrForbidden = errors.New("not allowed")
	// ErrAnswer: an answer is not what the contract says. An AnswerError wraps it.
	ErrAnswer = errors.New("the server's answer can't be used")
	// ErrNoDomains: the session names no domain with an extension.
	ErrNoDomains = errors.New("the session has no line")
	// ErrVault: the new tokens could not be saved, so they are not used yet.
	ErrVault = errors.New("the sign-in can't be saved")
	// ErrNotConfigured: the address this call needs is not configured.
	ErrNotConfigured = errors.New("not configured")
	// ErrClosed: the Account was closed.
	ErrClosed = errors.New("closed")
)

// AnswerError names the field of an answer that is missing or of a wrong type.
// It holds no value of the answer.
type AnswerError struct {
	Op    string // "session"
	Field string // "user.dialer_config.domains[0].sip_domain", "": the whole
	Want  string // "a text"
	Got   string // "a number", "nothing"
}

// Error implements error.
func (e *AnswerError) Error() string {
	f := e.Field
	if f == "" {
		f = "the answer"
	}
	return fmt.Sprintf("%s: %s: expected %s, got %s", e.Op, f, e.Want, e.Got)
}

// Unwrap gives ErrAnswer.
func (e *AnswerError) Unwrap() error { return ErrAnswer }
