// Package secret holds the type for everything that must never be printed:
// passwords, tokens, keys. A String prints, formats, marshals and logs as
// "redacted"; only Reveal gives the value, so a leak is one grep away.
package secret

import (
	"log/slog"
	"unique"
)

// Redacted is what stands for a secret wherever one would be printed.
const Redacted = "redacted"

// String is a secret text. The zero value is the empty secret. It is
// comparable, immutable and safe for concurrent use.
//
// The value stands behind a handle, not in the struct: fmt calls no method on
// the unexported fields of somebody else's struct and would print them raw.
type String struct{ h unique.Handle[string] }

// New wraps v.
func New(v string) String {
	if v == "" {
		return String{}
	}
	return String{unique.Make(v)}
}

// Reveal returns the secret itself. Call it only where the value leaves for
// the peer it is meant for, or for the file it is kept in.
func (s String) Reveal() string {
	if s.Empty() {
		return ""
	}
	return s.h.Value()
}

// Empty says whether there is no secret at all.
func (s String) Empty() bool { return s == String{} }

// String implements fmt.Stringer: the word, never the value.
func (s String) String() string {
	if s.Empty() {
		return ""
	}
	return Redacted
}

// GoString keeps %#v from printing the value.
func (s String) GoString() string { return "secret.String(" + s.String() + ")" }

// LogValue implements slog.LogValuer.
func (s String) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText implements encoding.TextMarshaler, so JSON, XML and TOML print
// the word as well. What must persist a secret calls Reveal.
func (s String) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads a secret from a document.
func (s *String) UnmarshalText(b []byte) error { *s = New(string(b)); return nil }
