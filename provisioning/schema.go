package provisioning

import (
	"encoding/json"
	"reflect"
	"strings"
	"time"

	"phoned/internal/secret"
)

// Schema is the JSON Schema (draft 2020-12) of a configuration document, made of the
// same types that read it. What a schema can't say (that an address can be used,
// that a zone exists) is checked when a document is read.
func Schema() []byte {
	props := map[string]any{
		keyVersion: map[string]any{"type": "integer", "minimum": 1, "maximum": format, "default": format, "title": "Version of the format"},
		keyLocked: map[string]any{"title": "Keys that higher layers can't change", "oneOf": []any{
			map[string]any{"type": "boolean"},
			map[string]any{"type": "array", "items": map[string]any{"enum": Keys()}},
		}},
	}
	defaults := Defaults()
	for i, f := range fields {
		tag := reflect.TypeFor[Config]().Field(i)
		value, _ := tag.Type.FieldByName("Value")
		s := schemaOf(value.Type, tag.Tag)
		s["title"] = f.name
		s["x-stage"] = f.stage
		if v := f.of(&defaults); v.(interface{ Set() bool }).Set() {
			s["default"] = plain(reflect.ValueOf(v).Elem().FieldByName("Value"))
		}
		props[f.key] = s
	}
	b, err := json.MarshalIndent(map[string]any{
		"$schema":              "https://json-schema.org/draft/2020-12/schema",
		"title":                "Configuration of a phoned desk phone",
		"type":                 "object",
		"properties":           props,
		"additionalProperties": true, // unknown keys are warned about and passed over
	}, "", " ")
	if err != nil {
		panic(err) // of our own types
	}
	return append(b, '\n')
}

func schemaOf(t reflect.Type, tag reflect.StructTag) map[string]any {
	enum := strings.Fields(tag.Get("enum"))
	switch t {
	case reflect.TypeFor[time.Duration]():
		return map[string]any{"type": "integer", "minimum": 0, "description": "milliseconds"}
	case reflect.TypeFor[secret.String]():
		return map[string]any{"type": "string", "writeOnly": true}
	}
	switch t.Kind() {
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Int64:
		return map[string]any{"type": "integer"}
	case reflect.Slice:
		return map[string]any{"type": "array", "items": schemaOf(t.Elem(), tag)}
	case reflect.Struct:
		props := map[string]any{}
		for i := range t.NumField() {
			f := t.Field(i)
			props[f.Tag.Get("key")] = schemaOf(f.Type, f.Tag)
		}
		return map[string]any{"type": "object", "properties": props}
	}
	s := map[string]any{"type": "string"}
	if len(enum) > 0 {
		s["enum"] = enum
	}
	return s
}
