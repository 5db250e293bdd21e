package access

import (
	"errors"
	"fmt"
	"time"
)

// What the book refuses.
var (
	// ErrWrong: the name, the password or the code is not right. It never says which.
	ErrWrong = errors.New("the name or the password is not right")
	// ErrBusy: as many passwords are being checked as the board has memory for.
	ErrBusy = errors.New("too many sign-ins at the same time")
	// ErrPassword: it is too easy to guess, or too long.
	ErrPassword = errors.New("this password can't be taken")
	// ErrName: a name is 1 to 64 letters, digits, dots, hyphens or underscores, or an e-mail address.
	ErrName = errors.New("this name can't be taken")
	// ErrExists: there is an account of this name.
	ErrExists = errors.New("there is such an account already")
	// ErrUnknown: there is no such account, session, token or request.
	ErrUnknown = errors.New("there is no such thing")
	// ErrProvisioned: it comes with the configuration and is changed there.
	ErrProvisioned = errors.New("it comes with the configuration and can only be changed there")
	// ErrLast: without this account nobody could administer the phone.
	ErrLast = errors.New("it is the last administrator")
	// ErrFull: there are as many as can be.
	ErrFull = errors.New("there are as many as can be")
	// ErrSet: the phone has accounts, the time of first access is over.
	ErrSet = errors.New("the phone has an administrator already")
	// ErrPending: somebody else's request is on the phone's screen.
	ErrPending = errors.New("another request is on the phone's screen")
	// ErrRefused: a person at the phone has refused it.
	ErrRefused = errors.New("it was refused at the phone")
)

// Wait is the error of who has to wait before trying again.
type Wait struct{ For time.Duration }

// Error implements error.
func (w *Wait) Error() string {
	return fmt.Sprintf("too many failed tries; the next one is taken in %d s", int((w.For+time.Second-1)/time.Second))
}
