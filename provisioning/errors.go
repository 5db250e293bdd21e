package provisioning

import (
	"errors"
	"strings"
)

// What can be wrong with what the phone is told.
var (
	// ErrDocument: a document can't be used; nothing of it is.
	ErrDocument = errors.New("the configuration can't be used")
	// ErrValue: a value is not one the key can have. A KeyError wraps it.
	ErrValue = errors.New("wrong value")
	// ErrTooLarge: a file is larger than a configuration can be.
	ErrTooLarge = errors.New("too large for a configuration")
	// ErrNotAFile: a name leads to something that is no plain file.
	ErrNotAFile = errors.New("not a plain file")
	// ErrNewerFormat: a document or code is of a newer version than this firmware.
	ErrNewerFormat = errors.New("made for a newer firmware")
	// ErrCode: what was scanned is no phoned code.
	ErrCode = errors.New("not a code for this phone")
)

// KeyError is one wrong value. It names where and what was expected, and never
// holds the value: it may be a secret in the wrong place.
type KeyError struct {
	Key    string // "lines[0].server"
	Origin Origin
	Want   string // "a text", "an address that begins with https://"
	Got    string // "a number"; "": only that it is not what is wanted
}

// Error implements error.
func (e *KeyError) Error() string {
	s := e.Origin.String() + ": " + e.Key + ": expected " + e.Want
	if e.Got != "" {
		s += ", got " + e.Got
	}
	return s
}

// Unwrap gives ErrValue.
func (e *KeyError) Unwrap() error { return ErrValue }

// DocumentError is a document that was refused as a whole.
type DocumentError struct {
	Origin Origin
	// Kept says that an earlier version of the same source is used instead.
	Kept bool
	Errs []error
}

// Error names every problem, one after the other.
func (e *DocumentError) Error() string {
	var l []string
	for _, err := range e.Errs {
		l = append(l, err.Error())
	}
	s := e.Origin.String() + ": " + ErrDocument.Error() + ": " + strings.Join(l, "; ")
	if e.Kept {
		s += "; what it said before stays"
	}
	return s
}

// Unwrap gives ErrDocument and every problem.
func (e *DocumentError) Unwrap() []error { return append([]error{ErrDocument}, e.Errs...) }

// Warning is something that was passed over.
type Warning struct {
	Key    string
	Origin Origin
	Text   string // "unknown key"
}

// String is one sentence.
func (w Warning) String() string { return w.Origin.String() + ": " + w.Key + ": " + w.Text }
