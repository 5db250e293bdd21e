package openapi

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// ValueError is a value that its field does not take.
type ValueError struct{ Field, Want string }

// Error names the field and what it takes.
func (e *ValueError) Error() string { return e.Field + ": expected " + e.Want }

var patterns sync.Map // of string to *regexp.Regexp

// Check holds the fields of a struct (v points at it) to what their tags say, as the
// schema that is made of them does; the error is a *ValueError. A required field
// that can be told from an absent one (a pointer, a text with minlen) must be there.
func Check(v any) error {
	s := reflect.ValueOf(v).Elem()
	for f := range Fields(s.Type()) {
		if err := f.check(s.FieldByIndex(f.Index)); err != nil {
			return err
		}
	}
	return nil
}

func (f Field) check(v reflect.Value) error {
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			if f.Optional {
				return nil
			}
			return &ValueError{f.Name, "a value"}
		}
		v = v.Elem()
	}
	limits := f.Limits()
	switch v.Kind() {
	case reflect.String:
		if f.Optional && v.Len() == 0 {
			return nil
		}
		return f.checkText(v.String(), limits)
	case reflect.Int, reflect.Int64:
		if f.Optional && v.IsZero() {
			return nil
		}
		return f.checkNumber(float64(v.Int()), limits)
	case reflect.Float64:
		if f.Optional && v.IsZero() {
			return nil
		}
		return f.checkNumber(v.Float(), limits)
	}
	return nil
}

func (f Field) checkText(s string, limits Schema) error {
	if enum, ok := limits["enum"].([]string); ok && !slices.Contains(enum, s) {
		return &ValueError{f.Name, "one of " + strings.Join(enum, ", ")}
	}
	n := float64(utf8.RuneCountInString(s))
	if least, ok := limits["minLength"].(float64); ok && n < least {
		return &ValueError{f.Name, fmt.Sprintf("at least %.0f characters", least)}
	}
	if most, ok := limits["maxLength"].(float64); ok && n > most {
		return &ValueError{f.Name, fmt.Sprintf("at most %.0f characters", most)}
	}
	if p, ok := limits["pattern"].(string); ok {
		re, known := patterns.Load(p)
		if !known {
			re, _ = patterns.LoadOrStore(p, regexp.MustCompile(p))
		}
		if r, _ := re.(*regexp.Regexp); !r.MatchString(s) {
			return &ValueError{f.Name, "what matches " + p}
		}
	}
	return nil
}

func (f Field) checkNumber(n float64, limits Schema) error {
	least, low := limits["minimum"].(float64)
	most, high := limits["maximum"].(float64)
	if low && n < least || high && n > most {
		switch {
		case low && high:
			return &ValueError{f.Name, fmt.Sprintf("%v to %v", least, most)}
		case low:
			return &ValueError{f.Name, fmt.Sprintf("%v or more", least)}
		}
		return &ValueError{f.Name, fmt.Sprintf("%v or less", most)}
	}
	return nil
}

// Params are a struct's fields as parameters of the query.
func Params(v any) []Param {
	var out []Param
	s := NewSchemas()
	for f := range Fields(reflect.TypeOf(v)) {
		schema := s.Of(f.Type)
		for k, x := range f.Limits() {
			schema[k] = x
		}
		doc, _ := schema["description"].(string)
		delete(schema, "description")
		out = append(out, Param{In: "query", Name: f.Name, Doc: doc, Schema: schema, Required: !f.Optional})
	}
	return out
}
