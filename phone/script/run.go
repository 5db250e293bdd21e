package phonescript

import (
	"fmt"
	"strings"
	"time"

	"phoned/phone"
)

// Error is what went wrong in a script, and where.
type Error struct {
	Name string
	Line int
	Text string
	Err  error
}

// Error implements error.
func (e *Error) Error() string { return fmt.Sprintf("%s:%d: %s: %v", e.Name, e.Line, e.Text, e.Err) }

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Run runs a script. name is for messages. Unless the script begins with
// "boot", it begins with a registered phone on hook. It returns the World as
// it was at the end or at the first error, which is an *Error.
func Run(name, text string) (*World, error) {
	w := NewWorld(phone.Settings{})
	begun := false
	for i, line := range strings.Split(text, "\n") {
		words, err := split(line)
		if err == nil && len(words) == 0 {
			continue
		}
		if err == nil && !begun {
			begun = true
			if words[0] == "boot" {
				continue
			}
			err = w.Ready()
			w.said = true
		}
		if err == nil {
			err = w.command(words)
		}
		if err != nil {
			return w, &Error{name, i + 1, strings.TrimSpace(line), err}
		}
	}
	return w, nil
}

// split cuts a line into words; quotes keep spaces together.
func split(line string) ([]string, error) {
	var words []string
	line = strings.TrimSpace(line)
	if strings.HasPrefix(line, "#") {
		return nil, nil
	}
	for ; line != ""; line = strings.TrimSpace(line) {
		if line[0] == '"' {
			word, rest, ok := strings.Cut(line[1:], `"`)
			if !ok {
				return nil, fmt.Errorf("missing closing quote")
			}
			words = append(words, word)
			line = rest
			continue
		}
		n := strings.IndexAny(line, " \t")
		if n < 0 {
			n = len(line)
		}
		words = append(words, line[:n])
		line = line[n:]
	}
	return words, nil
}

func duration(words []string) (time.Duration, error) {
	if len(words) != 1 {
		return 0, fmt.Errorf("want one duration, got %q", words)
	}
	d, err := time.ParseDuration(words[0])
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%q is no duration", words[0])
	}
	return d, nil
}

func word(words []string, i int) string {
	if i < len(words) {
		return words[i]
	}
	return ""
}
