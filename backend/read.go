package backend

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// node is one value of an answer and the way to it. Reading is tolerant where
// the contract is (numbers as texts, times in two forms) and otherwise names
// the field that is wrong. The first error sticks in the document.
type node struct {
	doc  *document
	path string
	v    any
	has  bool
}

type document struct {
	op  string
	err error
	// unknown collects paths that nobody asked for, without list indexes.
	unknown map[string]bool
	// skipped is the first problem of an element that was passed over.
	skipped error
}

// parse reads an answer; the whole must be one JSON value.
func parse(op string, body []byte) (node, error) {
	d := &document{op: op, unknown: map[string]bool{}}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		got := "something else"
		if len(bytes.TrimSpace(body)) == 0 {
			got = "nothing"
		}
		return node{}, &AnswerError{Op: op, Want: "JSON", Got: got}
	}
	if dec.More() {
		return node{}, &AnswerError{Op: op, Want: "one JSON value", Got: "more"}
	}
	return node{doc: d, v: v, has: true}, nil
}

func kindOf(v any, has bool) string {
	if !has {
		return "nothing"
	}
	switch v.(type) {
	case nil:
		return "null"
	case string:
		return "a text"
	case json.Number:
		return "a number"
	case bool:
		return "true or false"
	case []any:
		return "a list"
	case map[string]any:
		return "an object"
	}
	return "something else"
}

func (n node) fail(want string) {
	if n.doc.err == nil {
		n.doc.err = &AnswerError{Op: n.doc.op, Field: n.path, Want: want, Got: kindOf(n.v, n.has)}
	}
}

// present: there, and not null.
func (n node) present() bool { return n.has && n.v != nil }

// get gives a member of an object; the first of several names that is there.
func (n node) get(names ...string) node {
	m, ok := n.v.(map[string]any)
	if !ok {
		if n.has {
			n.fail("an object")
		}
		return node{doc: n.doc, path: n.join(names[0])}
	}
	for _, name := range names {
		if v, there := m[name]; there && v != nil {
			return node{doc: n.doc, path: n.join(name), v: v, has: true}
		}
	}
	v, there := m[names[0]]
	return node{doc: n.doc, path: n.join(names[0]), v: v, has: there}
}

func (n node) join(name string) string {
	if n.path == "" {
		return name
	}
	return n.path + "." + name
}

// knows notes which members of an object are read; others are unknown.
func (n node) knows(names ...string) {
	m, _ := n.v.(map[string]any)
	for k := range m {
		if !slices.Contains(names, k) && len(n.doc.unknown) < 50 && len(k) <= 60 {
			n.doc.unknown[withoutIndexes(n.join(k))] = true
		}
	}
}

func withoutIndexes(path string) string {
	var b strings.Builder
	skip := false
	for _, r := range path {
		switch {
		case r == '[':
			skip = true
			b.WriteString("[]")
		case r == ']':
			skip = false
		case !skip:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// list gives the elements; nothing and null are the empty list.
func (n node) list(limit int) []node {
	if !n.present() {
		return nil
	}
	l, ok := n.v.([]any)
	if !ok {
		n.fail("a list")
		return nil
	}
	if len(l) > limit {
		l = l[:limit]
	}
	out := make([]node, len(l))
	for i, v := range l {
		out[i] = node{doc: n.doc, path: n.path + "[" + strconv.Itoa(i) + "]", v: v, has: true}
	}
	return out
}

// each reads the elements of a list one by one, and passes over those that
// can't be read: one broken record must not hide the others. Only where none
// can be read is that the document's error.
func each[T any](n node, limit int, read func(node) T) (out []T, skipped int) {
	out = []T{}
	var first error
	for _, e := range n.list(limit) {
		e.doc = &document{op: n.doc.op, unknown: n.doc.unknown}
		v := read(e)
		if e.doc.err == nil {
			out = append(out, v)
			continue
		}
		if skipped++; first == nil {
			first = e.doc.err
		}
	}
	n.doc.skipped = first
	if len(out) == 0 && n.doc.err == nil {
		n.doc.err = first
	}
	return out, skipped
}

// text reads a required, non-empty text; a number is taken as its digits.
func (n node) text() string {
	s := n.optText()
	if s == "" {
		n.fail("a text that is not empty")
	}
	return s
}

// optText reads a text that may be missing, null or empty.
func (n node) optText() string {
	switch v := n.v.(type) {
	case nil:
		return ""
	case string:
		return strings.TrimSpace(v)
	case json.Number:
		if i, err := strconv.ParseInt(v.String(), 10, 64); err == nil {
			return strconv.FormatInt(i, 10)
		}
	}
	n.fail("a text")
	return ""
}

// integer reads a whole number that may be missing; digits in a text count.
func (n node) integer() int64 {
	switch v := n.v.(type) {
	case nil:
		return 0
	case json.Number:
		return n.whole(v.String())
	case string:
		if strings.TrimSpace(v) == "" {
			return 0
		}
		return n.whole(strings.TrimSpace(v))
	}
	n.fail("a whole number")
	return 0
}

func (n node) whole(s string) int64 {
	if i, err := strconv.ParseInt(s, 10, 64); err == nil {
		return i
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil && math.Abs(f) < 1<<53 {
		return int64(math.Round(f))
	}
	n.fail("a whole number")
	return 0
}

// boolean reads a truth value that may be missing.
func (n node) boolean() bool {
	switch v := n.v.(type) {
	case nil:
		return false
	case bool:
		return v
	}
	n.fail("true or false")
	return false
}

// The years a call can be in; anything else is no time.
var (
	earliest = time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC)
	latest   = time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)
)

// moment reads Unix milliseconds or ISO 8601; missing, 0 and times that no
// telephone call can have are the zero time.
func (n node) moment() time.Time {
	var t time.Time
	switch v := n.v.(type) {
	case nil:
		return t
	case json.Number:
		t = time.UnixMilli(n.whole(v.String()))
	case string:
		if strings.TrimSpace(v) == "" {
			return t
		}
		var ok bool
		if t, ok = parseTime(strings.TrimSpace(v)); !ok {
			n.fail("a time")
			return time.Time{}
		}
	default:
		n.fail("a time")
		return t
	}
	if t.Before(earliest) || t.After(latest) {
		return time.Time{}
	}
	return t.UTC().Truncate(time.Millisecond)
}

func parseTime(s string) (time.Time, bool) {
	if ms, err := strconv.ParseInt(s, 10, 64); err == nil {
		return time.UnixMilli(ms), true
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02 15:04:05.999999999"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// underData steps into "data" where an answer is wrapped in it and has does
// not find what it looks for at the top.
func underData(n node, name string) node {
	m, ok := n.v.(map[string]any)
	if !ok {
		return n
	}
	if v, there := m[name]; there && v != nil {
		return n
	}
	if inner, ok := m["data"].(map[string]any); ok {
		return node{doc: n.doc, path: "data", v: inner, has: true}
	}
	return n
}

// unknownFields lists what nobody asked for, sorted.
func (n node) unknownFields() []string {
	out := make([]string, 0, len(n.doc.unknown))
	for k := range n.doc.unknown {
		out = append(out, fmt.Sprintf("%q", k))
	}
	slices.Sort(out)
	return out
}
