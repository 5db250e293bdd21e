package provisioning

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
)

type schemaNode struct {
	Type       string
	Title      string
	Enum       []string
	Default    any
	WriteOnly  bool `json:"writeOnly"`
	Items      *schemaNode
	Properties map[string]*schemaNode
}

// TestSchemaIsTheReaders: what the schema says of every key is what the reader does.
func TestSchemaIsTheReaders(t *testing.T) {
	var root schemaNode
	if err := json.Unmarshal(Schema(), &root); err != nil {
		t.Fatal(err)
	}
	accepts := func(key string, v any) bool {
		t.Helper()
		b, err := json.Marshal(map[string]any{key: v})
		if err != nil {
			t.Fatal(err)
		}
		_, _, err = read(Origin{}, b)
		if err != nil && !errors.Is(err, ErrValue) {
			t.Errorf("%s: %v", key, err)
		}
		return err == nil
	}
	wrongType := map[string]any{"string": 1, "boolean": "true", "integer": "1", "array": "x", "object": "x"}
	for _, key := range Keys() {
		n := root.Properties[key]
		if n == nil || n.Title == "" {
			t.Errorf("%s is not in the schema", key)
			continue
		}
		if accepts(key, wrongType[n.Type]) {
			t.Errorf("%s: the schema wants %s, the reader takes %v", key, n.Type, wrongType[n.Type])
		}
		if n.Default != nil && !accepts(key, n.Default) {
			t.Errorf("%s: the reader refuses the default %v", key, n.Default)
		}
		if len(n.Enum) > 0 && accepts(key, "no such word") {
			t.Errorf("%s: the reader takes more than the schema's words", key)
		}
		for _, e := range n.Enum {
			if !accepts(key, e) {
				t.Errorf("%s: the reader refuses %q", key, e)
			}
		}
	}
	line := root.Properties["lines"].Items
	for name, n := range line.Properties {
		words := n.Enum
		list := n.Type == "array"
		if list {
			words = n.Items.Enum
		}
		if len(words) == 0 {
			continue
		}
		for _, w := range append([]string{"no such word"}, words...) {
			v := any(w)
			if list {
				v = []string{w}
			}
			l := map[string]any{"user": "1", "domain": "x", "server": "udp://x", name: v}
			if got, want := accepts("lines", []any{l}), w != "no such word"; got != want {
				t.Errorf("lines[].%s = %q: taken %t", name, w, got)
			}
		}
	}
	for _, secretKey := range []string{"access_token", "refresh_token", "auth_token"} {
		if !root.Properties[secretKey].WriteOnly {
			t.Errorf("%s is not marked as secret", secretKey)
		}
	}
	if !line.Properties["password"].WriteOnly {
		t.Error("the lines' password is not marked as secret")
	}
	if strings.Contains(fmt.Sprint(root.Properties), "Redacted") {
		t.Error("a secret's default is in the schema")
	}
}
