package provisioning

import (
	"encoding/json"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"time"

	"phoned/internal/secret"
)

// reading turns one document into a Config that holds only what it says.
type reading struct {
	origin Origin
	tree   tree
	errs   []error
	warns  []Warning
}

// Reserved keys of a document besides those of Config.
const (
	keyVersion = "version" // of the format, 1
	keyLocked  = "locked"  // true, or the list of keys that higher layers can't change
	format     = 1
)

// readSource reads what a source says, with the parts of its bundle.
func readSource(s Source) (Config, []Warning, error) {
	b, err := s.Read()
	if err != nil {
		return Config{}, nil, err
	}
	w, _ := s.(withParts)
	return readWith(s.Origin(), b, w)
}

// read parses a document. The error is a *DocumentError.
func read(origin Origin, b []byte) (Config, []Warning, error) {
	return readWith(origin, b, withParts{})
}

func readWith(origin Origin, b []byte, parts withParts) (Config, []Warning, error) {
	t, err := parseDocument(b)
	if err != nil {
		return Config{}, nil, &DocumentError{Origin: origin, Errs: []error{err}}
	}
	r := &reading{origin: origin, tree: t}
	var c Config
	if v, there := t.root[keyVersion]; there {
		var n int64
		if r.decode(keyVersion, v, &n) && n > format {
			return Config{}, nil, &DocumentError{Origin: origin, Errs: []error{ErrNewerFormat}}
		}
	}
	all, locked := r.locks()
	for _, key := range slices.Sorted(maps.Keys(t.root)) {
		f, known := fieldByKey[key]
		if !known {
			if key != keyVersion && key != keyLocked {
				r.warn(key, "unknown key, passed over")
			}
			continue
		}
		into := f.of(&c)
		if into.take(r, key, t.root[key]) {
			into.from(into, r.at(key), all || locked[key])
		}
	}
	for _, k := range t.twice {
		r.warn(k, "there twice; the last one counts")
	}
	warns, errs := parts.lay(&c, func(key string) bool { return all || locked[key] })
	r.warns, r.errs = append(r.warns, warns...), append(r.errs, errs...)
	if len(r.errs) == 0 {
		r.errs = c.check()
	}
	if len(r.errs) > 0 {
		return Config{}, r.warns, &DocumentError{Origin: origin, Errs: r.errs}
	}
	return c, r.warns, nil
}

func (r *reading) locks() (all bool, keys map[string]bool) {
	keys = map[string]bool{}
	switch v := r.tree.root[keyLocked].(type) {
	case nil:
	case bool:
		all = v
	default:
		var l []string
		r.decode(keyLocked, v, &l)
		for i, k := range l {
			if _, known := fieldByKey[k]; !known {
				r.warn(keyLocked+"["+strconv.Itoa(i)+"]", "no such key to lock")
			}
			keys[k] = true
		}
	}
	return all, keys
}

func (r *reading) at(path string) Origin {
	o := r.origin
	o.Line = r.tree.line(path)
	return o
}

func (r *reading) warn(path, text string) {
	r.warns = append(r.warns, Warning{Key: printable(path), Origin: r.at(path), Text: text})
}

// printable keeps a stranger's key from filling a screen or a log.
func printable(s string) string {
	if len(s) > 60 {
		s = s[:60] + "…"
	}
	q := strconv.Quote(s)
	return q[1 : len(q)-1]
}

func (r *reading) wrong(path, want string, raw any) bool {
	r.errs = append(r.errs, &KeyError{Key: path, Origin: r.at(path), Want: want, Got: kindOf(raw)})
	return false
}

func kindOf(raw any) string {
	switch raw.(type) {
	case nil:
		return "null"
	case string:
		return "a text"
	case bool:
		return "true or false"
	case int64, json.Number:
		return "a number"
	case float64:
		return "a number with a fraction"
	case []any:
		return "a list"
	case map[string]any:
		return "a table"
	}
	return "a date or time"
}

// decode writes raw into the variable that into points at; false: a problem
// was noted.
func (r *reading) decode(path string, raw, into any) bool {
	switch p := into.(type) {
	case *string:
		s, ok := raw.(string)
		if !ok {
			return r.wrong(path, "a text", raw)
		}
		*p = s
	case *secret.String:
		s, ok := raw.(string)
		if !ok {
			return r.wrong(path, "a text", raw)
		}
		if s == secret.Redacted {
			return r.wrong(path, "the secret itself, not the word that an export has in its place", raw)
		}
		*p = secret.New(s)
	case *bool:
		b, ok := raw.(bool)
		if !ok {
			return r.wrong(path, "true or false", raw)
		}
		*p = b
	case *int64:
		n, ok := whole(raw)
		if !ok {
			return r.wrong(path, "a whole number", raw)
		}
		*p = n
	case *time.Duration:
		n, ok := whole(raw)
		if !ok || n < 0 || n > math.MaxInt64/int64(time.Millisecond) {
			return r.wrong(path, "a whole number of milliseconds", raw)
		}
		*p = time.Duration(n) * time.Millisecond
	default:
		return r.decodeNested(path, raw, reflect.ValueOf(into).Elem())
	}
	return true
}

func whole(raw any) (int64, bool) {
	switch v := raw.(type) {
	case int64:
		return v, true
	case json.Number:
		n, err := strconv.ParseInt(v.String(), 10, 64)
		return n, err == nil
	}
	return 0, false
}

// decodeNested handles lists, the structs in them, and named text types.
func (r *reading) decodeNested(path string, raw any, into reflect.Value) bool {
	switch into.Kind() {
	case reflect.String:
		s, ok := raw.(string)
		if !ok {
			return r.wrong(path, "a text", raw)
		}
		into.SetString(s)
		return true
	case reflect.Slice:
		l, ok := raw.([]any)
		if !ok {
			return r.wrong(path, "a list", raw)
		}
		out := reflect.MakeSlice(into.Type(), len(l), len(l))
		good := true
		for i, v := range l {
			good = r.decode(path+"["+strconv.Itoa(i)+"]", v, out.Index(i).Addr().Interface()) && good
		}
		into.Set(out)
		return good
	}
	m, ok := raw.(map[string]any)
	if !ok {
		return r.wrong(path, "a table", raw)
	}
	byKey := map[string]reflect.Value{}
	for i := range into.NumField() {
		byKey[into.Type().Field(i).Tag.Get("key")] = into.Field(i)
	}
	good := true
	for _, key := range slices.Sorted(maps.Keys(m)) {
		f, known := byKey[key]
		if !known {
			r.warn(join(path, key), "unknown key, passed over")
			continue
		}
		good = r.decode(join(path, key), m[key], f.Addr().Interface()) && good
	}
	return good
}
