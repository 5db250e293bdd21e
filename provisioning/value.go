package provisioning

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"phoned/internal/secret"
)

// Layer orders the sources: a higher one replaces a value of a lower one
// unless that is locked.
type Layer int

// The layers, lowest first.
const (
	LayerNone    Layer = iota // nobody gave a value
	LayerBuiltIn              // the firmware's defaults
	LayerImage                // the file on the image
	LayerSite                 // DHCP or URL of the site
	LayerMedia                // USB stick or QR code
	LayerBackend              // what the session says
	LayerUser                 // a person at the phone or its web page
)

// String gives the word shown to people.
func (l Layer) String() string {
	switch l {
	case LayerNone:
		return "not set"
	case LayerBuiltIn:
		return "built-in"
	case LayerImage:
		return "image"
	case LayerSite:
		return "site"
	case LayerMedia:
		return "stick or QR code"
	case LayerBackend:
		return "backend"
	case LayerUser:
		return "user"
	}
	return "unknown"
}

// MarshalText implements encoding.TextMarshaler.
func (l Layer) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// Origin says where a value comes from.
type Origin struct {
	Layer Layer  `json:"layer"`
	Name  string `json:"name,omitempty"` // a file, a URL, "web page"
	Line  int    `json:"line,omitempty"` // in the file, 0: not known
}

// String gives "built-in", "phoned.toml" or "phoned.toml, line 3".
func (o Origin) String() string {
	s := o.Name
	if s == "" {
		s = o.Layer.String()
	}
	if o.Line > 0 {
		s += ", line " + strconv.Itoa(o.Line)
	}
	return s
}

// Value is one setting with its origin. The zero Value is not set.
type Value[T any] struct {
	Value  T      `json:"value"`
	Source Origin `json:"source"`
	// Locked: higher layers can't change it.
	Locked bool `json:"locked,omitempty"`
}

// Set says whether anybody, the firmware included, gave a value.
func (v Value[T]) Set() bool { return v.Source.Layer != LayerNone }

// setting is what Value[T] offers to code that walks over all keys.
type setting interface {
	origin() (Origin, bool)
	// take parses a raw value of a document; the path is for errors.
	take(r *reading, path string, raw any) bool
	// from copies the value of another Config's field of the same key.
	from(o setting, at Origin, locked bool)
	equal(o setting) bool
	show() string
	isSecret() bool
}

func (v *Value[T]) origin() (Origin, bool) { return v.Source, v.Locked }

func (v *Value[T]) from(o setting, at Origin, locked bool) {
	v.Value, v.Source, v.Locked = o.(*Value[T]).Value, at, locked
}

func (v *Value[T]) isSecret() bool {
	_, ok := any(v.Value).(secret.String)
	return ok
}

func (v *Value[T]) take(r *reading, path string, raw any) bool {
	return r.decode(path, raw, any(&v.Value))
}

func (v *Value[T]) equal(o setting) bool {
	w := o.(*Value[T]).Value
	switch a := any(v.Value).(type) {
	case []string:
		return slices.Equal(a, any(w).([]string))
	case []ICEServer:
		return slices.EqualFunc(a, any(w).([]ICEServer), ICEServer.equal)
	case []Line:
		return slices.EqualFunc(a, any(w).([]Line), Line.equal)
	case []WiFi:
		return slices.Equal(a, any(w).([]WiFi))
	}
	return any(v.Value) == any(w)
}

// show words a value for people. Secrets inside print as "redacted".
func (v *Value[T]) show() string {
	switch a := any(v.Value).(type) {
	case string:
		if a == "" {
			return "nothing"
		}
		return a
	case secret.String:
		if a.Empty() {
			return "nothing"
		}
		return secret.Redacted
	case bool:
		if a {
			return "on"
		}
		return "off"
	case int64:
		if a == 0 {
			return "nothing"
		}
	case []string:
		if len(a) == 0 {
			return "nothing"
		}
		return strings.Join(a, ", ")
	case []ICEServer:
		return plural(len(a), "server")
	case []WiFi:
		var names []string
		for _, n := range a {
			names = append(names, n.SSID)
		}
		if len(names) == 0 {
			return "none"
		}
		return strings.Join(names, ", ")
	case []Line:
		var names []string
		for _, l := range a {
			names = append(names, l.Name())
		}
		if len(names) == 0 {
			return "none"
		}
		return strings.Join(names, ", ")
	}
	return fmt.Sprint(any(v.Value))
}

func plural(n int, what string) string {
	switch n {
	case 0:
		return "no " + what
	case 1:
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}
