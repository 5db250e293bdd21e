package provisioning

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"phoned/internal/secret"
)

// Entry is one key of a configuration as it is now, with where its value comes from.
type Entry struct {
	Key   string `json:"key"`
	Name  string `json:"name"` // "Time zone"
	Stage Stage  `json:"stage"`
	// Value is as a document has it, nil: not set. Secrets are the word "redacted".
	Value any `json:"value"`
	// Text is the value in words for people.
	Text   string `json:"text"`
	Source Origin `json:"source"`
	// Locked: higher layers can't change it.
	Locked bool `json:"locked,omitempty"`
}

// Entries lists every key there is with its value, in the order of the documentation.
func (c *Config) Entries() []Entry {
	out := make([]Entry, 0, len(fields))
	for _, f := range fields {
		v := f.of(c)
		e := Entry{Key: f.key, Name: f.name, Stage: Stage(f.stage), Text: v.show()}
		if e.Source, e.Locked = v.origin(); e.Source.Layer != LayerNone {
			e.Value = plain(reflect.ValueOf(v).Elem().FieldByName("Value"))
		}
		out = append(out, e)
	}
	return out
}

// Redacted is what the sources say together, as one document without the built-in
// values and with "redacted" in the place of each secret. It is for people to read: a
// document that says "redacted" is refused.
func (c *Config) Redacted() map[string]any {
	out := map[string]any{keyVersion: format}
	for _, e := range c.Entries() {
		if e.Source.Layer > LayerBuiltIn {
			out[e.Key] = e.Value
		}
	}
	return out
}

// plain is a value as a document has it: durations in milliseconds, tables by their
// keys without what is empty, secrets as a word.
func plain(v reflect.Value) any {
	switch x := v.Interface().(type) {
	case time.Duration:
		return x.Milliseconds()
	case secret.String:
		return x.String()
	}
	switch v.Kind() {
	case reflect.Slice:
		out := make([]any, v.Len())
		for i := range out {
			out[i] = plain(v.Index(i))
		}
		return out
	case reflect.Struct:
		out := map[string]any{}
		for i := range v.NumField() {
			if f := v.Field(i); !f.IsZero() {
				out[v.Type().Field(i).Tag.Get("key")] = plain(f)
			}
		}
		return out
	case reflect.String:
		return v.String()
	}
	return v.Interface()
}

// ParseLayer reads the word for a layer that can be given while the phone runs: "site",
// "stick", "backend" or "user", or what Layer.String gives. ErrLayer: any other.
func ParseLayer(word string) (Layer, error) {
	switch strings.ToLower(word) {
	case "stick", "usb", "code":
		return LayerMedia, nil
	}
	if l := layerOf(word); l != LayerNone {
		return l, nil
	}
	return LayerNone, fmt.Errorf("%q: %w: expected site, stick, backend or user", printable(word), ErrLayer)
}
