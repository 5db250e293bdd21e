package openapi

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode"

	"phoned/internal/secret"
)

// Schema is a JSON Schema; its keys are the keywords.
type Schema map[string]any

// Described is a type that knows its schema better than reflection does.
type Described interface{ JSONSchema() Schema }

// Schemas collects the schemas of named types, which refer to one another by
// "#/components/schemas/NAME". The zero value is not usable: NewSchemas.
type Schemas struct {
	named map[string]Schema
	types map[string]reflect.Type
}

// NewSchemas makes an empty collection.
func NewSchemas() *Schemas {
	return &Schemas{named: map[string]Schema{}, types: map[string]reflect.Type{}}
}

// All are the named schemas so far.
func (s *Schemas) All() map[string]Schema { return s.named }

var (
	timeType      = reflect.TypeFor[time.Time]()
	rawType       = reflect.TypeFor[json.RawMessage]()
	secretType    = reflect.TypeFor[secret.String]()
	textType      = reflect.TypeFor[encoding.TextMarshaler]()
	describedType = reflect.TypeFor[Described]()
)

// Of is the schema of t as encoding/json writes it. Fields of structs say more
// with the tags doc, enum, min, max, minlen, maxlen, pattern and format; one
// without omitempty or omitzero is required, and a struct has no other fields
// than its own. It panics for types that JSON can't hold: a programmer's error.
func (s *Schemas) Of(t reflect.Type) Schema {
	switch {
	case t.Kind() != reflect.Pointer && t.Implements(describedType):
		d, _ := reflect.Zero(t).Interface().(Described)
		return d.JSONSchema()
	case t == timeType:
		return Schema{"type": "string", "format": "date-time"}
	case t == rawType:
		return Schema{}
	case t == secretType:
		return Schema{"type": "string", "format": "password", "writeOnly": true}
	case t.Kind() != reflect.Pointer && t.Implements(textType):
		return Schema{"type": "string"}
	}
	switch t.Kind() {
	case reflect.Bool:
		return Schema{"type": "boolean"}
	case reflect.String:
		return Schema{"type": "string"}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return Schema{"type": "integer"}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return Schema{"type": "integer", "minimum": 0}
	case reflect.Float32, reflect.Float64:
		return Schema{"type": "number"}
	case reflect.Interface:
		return Schema{}
	case reflect.Pointer:
		return Schema{"anyOf": []any{s.Of(t.Elem()), Schema{"type": "null"}}}
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return Schema{"type": "string", "contentEncoding": "base64"}
		}
		return Schema{"type": "array", "items": s.Of(t.Elem())}
	case reflect.Array:
		return Schema{"type": "array", "items": s.Of(t.Elem()), "minItems": t.Len(), "maxItems": t.Len()}
	case reflect.Map:
		return Schema{"type": "object", "additionalProperties": s.Of(t.Elem())}
	case reflect.Struct:
		return s.object(t)
	}
	panic(fmt.Sprintf("openapi: JSON has nothing for %s", t))
}

// Named is a type that is called otherwise in the document than in its package.
type Named interface{ SchemaName() string }

// name is how a type is called in the document.
func name(t reflect.Type) string {
	if n, ok := reflect.Zero(t).Interface().(Named); ok {
		return n.SchemaName()
	}
	n := strings.TrimSuffix(t.Name(), "Resource")
	for i, r := range n {
		return string(unicode.ToUpper(r)) + n[i+len(string(r)):]
	}
	return ""
}

// object is a struct's schema: by reference if the type has a name.
func (s *Schemas) object(t reflect.Type) Schema {
	n := name(t)
	if n == "" {
		return s.fields(t)
	}
	if have, ok := s.types[n]; ok && have != t {
		panic(fmt.Sprintf("openapi: %s and %s have one name", have, t))
	}
	if _, ok := s.types[n]; !ok {
		s.types[n] = t
		s.named[n] = s.fields(t)
	}
	return Schema{"$ref": "#/components/schemas/" + n}
}

func (s *Schemas) fields(t reflect.Type) Schema {
	properties, required := map[string]any{}, []string{}
	s.collect(t, properties, &required)
	out := Schema{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		out["required"] = required
	}
	return out
}

func (s *Schemas) collect(t reflect.Type, properties map[string]any, required *[]string) {
	for f := range Fields(t) {
		of := f.Type
		optional := f.Optional
		if of.Kind() == reflect.Pointer && optional {
			of = of.Elem() // absent, never null
		}
		schema := s.Of(of)
		for k, v := range f.Limits() {
			schema[k] = v
		}
		properties[f.Name] = schema
		if !optional {
			*required = append(*required, f.Name)
		}
	}
}

// Field is a struct's field as JSON sees it.
type Field struct {
	Name     string
	Optional bool
	Index    []int
	Type     reflect.Type
	Tag      reflect.StructTag
}

// Fields are the fields of a struct, those of embedded ones among them.
func Fields(t reflect.Type) func(func(Field) bool) {
	return func(yield func(Field) bool) {
		for _, f := range reflect.VisibleFields(t) {
			if f.Anonymous || !f.IsExported() {
				continue
			}
			n, options, _ := strings.Cut(f.Tag.Get("json"), ",")
			if n == "-" {
				continue
			}
			if n == "" {
				n = f.Name
			}
			optional := strings.Contains(options, "omitempty") || strings.Contains(options, "omitzero")
			if !yield(Field{n, optional, f.Index, f.Type, f.Tag}) {
				return
			}
		}
	}
}

// Limits are the keywords that a field's tags give.
func (f Field) Limits() Schema {
	out := Schema{}
	for tag, keyword := range map[string]string{"doc": "description", "pattern": "pattern", "format": "format"} {
		if v := f.Tag.Get(tag); v != "" {
			out[keyword] = v
		}
	}
	for tag, keyword := range map[string]string{"min": "minimum", "max": "maximum", "minlen": "minLength", "maxlen": "maxLength"} {
		if v := f.Tag.Get(tag); v != "" {
			n, err := strconv.ParseFloat(v, 64)
			if err != nil {
				panic(fmt.Sprintf("openapi: field %s: %s %q", f.Name, tag, v))
			}
			out[keyword] = n
		}
	}
	if v := f.Tag.Get("enum"); v != "" {
		out["enum"] = strings.Split(v, ",")
	}
	return out
}
