package apicheck

import (
	"fmt"
	"math/rand/v2"
	"sort"
	"strings"
)

// maker makes values of schemas. Its randomness is the seed's.
type maker struct {
	r       *rand.Rand
	schemas schema
}

// words are what a string may be: harmless ones and those that break programs.
var words = []string{"", "a", "1001", "9196", "hello", "Käse", "日本語", "🦆", "a b", "'; DROP TABLE calls; --", "$(reboot)", "`id`", "../../etc/passwd",
	"%00", "%s%n", "<script>alert(1)</script>", "\x7f", "\u202e", "{{7*7}}", "null", "-1", "1e308", "sip:a@b;transport=ws", strings.Repeat("x", 300)}

func (m *maker) resolve(s schema) schema {
	for {
		ref, ok := s["$ref"].(string)
		if !ok {
			return s
		}
		s, _ = m.schemas[strings.TrimPrefix(ref, "#/components/schemas/")].(schema)
	}
}

// valid makes a value of a schema; depth bounds how far it goes down.
func (m *maker) valid(s schema, depth int) any {
	s = m.resolve(s)
	if list, ok := s["enum"].([]any); ok {
		return list[m.r.IntN(len(list))]
	}
	if list, ok := s["anyOf"].([]any); ok {
		inner, _ := list[0].(schema)
		merged := schema{}
		for k, v := range m.resolve(inner) {
			merged[k] = v
		}
		for k, v := range s {
			if k != "anyOf" {
				merged[k] = v
			}
		}
		return m.valid(merged, depth)
	}
	switch s["type"] {
	case "boolean":
		return m.r.IntN(2) == 0
	case "integer":
		low, high := bounds(s, 0, 1000)
		return int64(low) + m.r.Int64N(int64(high-low)+1)
	case "number":
		low, high := bounds(s, 0, 1000)
		return low + m.r.Float64()*(high-low)
	case "array":
		out := []any{}
		items, _ := s["items"].(schema)
		for range m.r.IntN(3) {
			if depth > 0 {
				out = append(out, m.valid(items, depth-1))
			}
		}
		return out
	case "object":
		return m.object(s, depth)
	}
	return m.text(s)
}

func bounds(s schema, low, high float64) (float64, float64) {
	if v, ok := s["minimum"].(float64); ok {
		low, high = v, max(high, v)
	}
	if v, ok := s["maximum"].(float64); ok {
		high, low = v, min(low, v)
	}
	return low, high
}

func (m *maker) text(s schema) string {
	if p, ok := s["pattern"].(string); ok {
		for _, known := range []string{"5", "12*#AD", "media/rtc", "sip", "https://127.0.0.1/bundle", "vol+"} {
			if matches(p, known) {
				return known
			}
		}
	}
	least, most := 0, 1<<20
	if v, ok := s["minLength"].(float64); ok {
		least = int(v)
	}
	if v, ok := s["maxLength"].(float64); ok {
		most = int(v)
	}
	for range 50 {
		w := words[m.r.IntN(len(words))]
		if n := len([]rune(w)); n >= least && n <= most {
			return w
		}
	}
	return strings.Repeat("a", least)
}

func (m *maker) object(s schema, depth int) any {
	out := map[string]any{}
	properties, _ := s["properties"].(schema)
	needed := map[string]bool{}
	for _, n := range list(s["required"]) {
		needed[fmt.Sprint(n)] = true
	}
	for _, name := range names(properties) {
		if needed[name] || depth > 0 && m.r.IntN(2) == 0 {
			p, _ := properties[name].(schema)
			out[name] = m.valid(p, depth-1)
		}
	}
	return out
}

func list(v any) []any { l, _ := v.([]any); return l }

func names(s schema) []string {
	out := make([]string, 0, len(s))
	for n := range s {
		out = append(out, n)
	}
	sort.Strings(out)
	return out
}

// wrong makes a body that its schema does not allow, and says what is wrong with it;
// "" if it can't.
func (m *maker) wrong(s schema) (body any, what string) {
	s = m.resolve(s)
	good, _ := m.valid(s, 3).(map[string]any)
	properties, _ := s["properties"].(schema)
	all := names(properties)
	switch k := m.r.IntN(5); {
	case k == 0:
		return []any{good}, "a list"
	case k == 1:
		good["noSuchField"] = 1
		return good, "an unknown field"
	case k == 2 && len(list(s["required"])) > 0:
		l := list(s["required"])
		gone := fmt.Sprint(l[m.r.IntN(len(l))])
		delete(good, gone)
		return good, "no " + gone
	case len(all) > 0:
		name := all[m.r.IntN(len(all))]
		p, _ := properties[name].(schema)
		v, ok := m.spoil(m.resolve(p))
		if !ok {
			return nil, ""
		}
		good[name] = v
		return good, fmt.Sprintf("%s is %.40v", name, v)
	}
	return nil, ""
}

// spoil is a value that a property's schema does not allow.
func (m *maker) spoil(s schema) (any, bool) {
	if l, ok := s["anyOf"].([]any); ok {
		inner, _ := l[0].(schema)
		merged := schema{}
		for k, v := range m.resolve(inner) {
			merged[k] = v
		}
		for k, v := range s {
			if k != "anyOf" {
				merged[k] = v
			}
		}
		s = merged
	}
	if s["enum"] != nil {
		return "no such word", true
	}
	switch s["type"] {
	case "boolean", "object", "array":
		return "a text", true
	case "integer", "number":
		if v, ok := s["maximum"].(float64); ok && m.r.IntN(2) == 0 {
			return v + 1, true
		}
		if v, ok := s["minimum"].(float64); ok && m.r.IntN(2) == 0 {
			return v - 1, true
		}
		return "a text", true
	case "string":
		if v, ok := s["maxLength"].(float64); ok && m.r.IntN(2) == 0 {
			return strings.Repeat("x", int(v)+1), true
		}
		return 17, true
	}
	return nil, false
}

// wrongText is a parameter's value that its schema does not allow.
func (m *maker) wrongText(s schema) (string, bool) {
	switch {
	case s["enum"] != nil:
		return "no-such-word", true
	case s["type"] == "integer" || s["type"] == "number":
		if v, ok := s["maximum"].(float64); ok && m.r.IntN(2) == 0 {
			return fmt.Sprintf("%.0f", v+1), true
		}
		return []string{"x", "-1", "1.5e", "99999999999999999999999"}[m.r.IntN(4)], true
	case s["type"] == "boolean":
		return "perhaps", true
	}
	return "", false
}
