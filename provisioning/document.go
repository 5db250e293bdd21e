package provisioning

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sort"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// maxDocument bounds a configuration document, in bytes.
const maxDocument = 256 << 10

// maxDepth bounds nesting; our deepest key has four levels.
const maxDepth = 16

// tree is a parsed document: plain values, and the line of each path such as
// "lines[0].server".
type tree struct {
	root  map[string]any
	lines map[string]int
	twice []string // keys a JSON document has twice

	starts []int // where the lines of a TOML document begin
}

// line is that of a path, or of what it is in.
func (t *tree) line(path string) int {
	for path != "" {
		if n, ok := t.lines[path]; ok {
			return n
		}
		path = path[:max(strings.LastIndexAny(path, ".["), 0)]
	}
	return 0
}

func lineStarts(b []byte) []int {
	out := []int{0}
	for i, c := range b {
		if c == '\n' {
			out = append(out, i+1)
		}
	}
	return out
}

// lineAt gives the line of a range, from 1.
func (t *tree) lineAt(r unstable.Range) int {
	return sort.SearchInts(t.starts, int(r.Offset)+1)
}

// SyntaxError says where a document stops being one. It quotes nothing.
type SyntaxError struct {
	Line int
	Why  string
}

// Error implements error.
func (e *SyntaxError) Error() string {
	if e.Line == 0 {
		return e.Why
	}
	return "line " + strconv.Itoa(e.Line) + ": " + e.Why
}

// parseDocument reads TOML, or JSON where the text begins with a brace.
func parseDocument(b []byte) (tree, error) {
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf")) // what some editors put first
	if len(b) > maxDocument {
		return tree{}, &SyntaxError{Why: fmt.Sprintf("larger than %d KiB", maxDocument>>10)}
	}
	if t := bytes.TrimLeft(b, " \t\r\n"); len(t) > 0 && t[0] == '{' {
		return parseJSON(b)
	}
	return parseTOML(b)
}

func parseTOML(b []byte) (tree, error) {
	t := tree{root: map[string]any{}, lines: map[string]int{}}
	if err := toml.Unmarshal(b, &t.root); err != nil {
		e := &SyntaxError{Why: "not valid TOML"}
		var de *toml.DecodeError
		if errors.As(err, &de) {
			e.Line, _ = de.Position()
			e.Why += why(de.Error())
		}
		return tree{}, e
	}
	t.locateTOML(b)
	return t, nil
}

// why words the parser's message without passing it on: it may quote a value.
func why(msg string) string {
	for _, k := range []struct{ has, say string }{
		{"already", ": a key is there twice"}, {"unterminated", ": a text is not closed"},
		{"newline", ": each key needs a line of its own"}, {"UTF-8", ": not UTF-8"}, {"utf8", ": not UTF-8"},
	} {
		if strings.Contains(msg, k.has) {
			return k.say
		}
	}
	return ""
}

// locateTOML walks the syntax tree once more for the lines.
func (t *tree) locateTOML(b []byte) {
	p := unstable.Parser{}
	p.Reset(b)
	t.starts = lineStarts(b)
	table := ""
	count := map[string]int{}
	for p.NextExpression() {
		n := p.Expression()
		switch n.Kind {
		case unstable.Table:
			table = t.locateKey(n, "")
		case unstable.ArrayTable:
			name := t.locateKey(n, "")
			table = name + "[" + strconv.Itoa(count[name]) + "]"
			count[name]++
			t.lines[table] = t.lines[name]
		case unstable.KeyValue:
			t.locateKeyValue(n, table, 0)
		}
	}
}

func (t *tree) locateKeyValue(n *unstable.Node, prefix string, depth int) {
	path := t.locateKey(n, prefix)
	t.locateValue(n.Value(), path, depth+1)
}

func (t *tree) locateValue(v *unstable.Node, path string, depth int) {
	if depth > maxDepth {
		return
	}
	switch v.Kind {
	case unstable.InlineTable:
		for it := v.Children(); it.Next(); {
			t.locateKeyValue(it.Node(), path, depth)
		}
	case unstable.Array:
		i := 0
		for it := v.Children(); it.Next(); i++ {
			child := path + "[" + strconv.Itoa(i) + "]"
			if raw := it.Node().Raw; raw.Length > 0 {
				t.lines[child] = t.lineAt(raw)
			}
			t.locateValue(it.Node(), child, depth+1)
		}
	}
}

// locateKey notes the line of a (dotted) key and returns its path.
func (t *tree) locateKey(n *unstable.Node, prefix string) string {
	path := prefix
	for it := n.Key(); it.Next(); {
		k := it.Node()
		path = join(path, string(k.Data))
		if _, known := t.lines[path]; !known {
			t.lines[path] = t.lineAt(k.Raw)
		}
	}
	return path
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// parseJSON reads token by token, for the lines and to notice keys that are
// there twice.
func parseJSON(b []byte) (tree, error) {
	j := &jsonReader{dec: json.NewDecoder(bytes.NewReader(b)), text: b, t: tree{lines: map[string]int{}}}
	j.dec.UseNumber()
	v, err := j.value("", 0)
	if err == nil {
		if _, more := j.dec.Token(); more != io.EOF {
			err = errors.New("text after the end")
		}
	}
	if err != nil {
		e := &SyntaxError{Line: j.line(), Why: "not valid JSON"}
		var own *SyntaxError
		if errors.As(err, &own) {
			e.Why = own.Why
		}
		return tree{}, e
	}
	root, ok := v.(map[string]any)
	if !ok {
		return tree{}, &SyntaxError{Line: 1, Why: "the document must be an object"}
	}
	j.t.root = root
	return j.t, nil
}

type jsonReader struct {
	dec  *json.Decoder
	text []byte
	t    tree
	at   int64 // offset up to which lines are counted
	nl   int
}

// line is where the decoder stands, from 1.
func (j *jsonReader) line() int {
	off := min(j.dec.InputOffset(), int64(len(j.text)))
	if off > j.at {
		j.nl += bytes.Count(j.text[j.at:off], []byte("\n"))
		j.at = off
	}
	return j.nl + 1
}

func (j *jsonReader) value(path string, depth int) (any, error) {
	if depth > maxDepth {
		return nil, &SyntaxError{Why: "nested too deeply"}
	}
	tok, err := j.dec.Token()
	if err != nil {
		return nil, err
	}
	if _, known := j.t.lines[path]; !known && path != "" {
		j.t.lines[path] = j.line()
	}
	switch tok {
	case json.Delim('{'):
		return j.object(path, depth)
	case json.Delim('['):
		out := []any{}
		for i := 0; j.dec.More(); i++ {
			v, err := j.value(path+"["+strconv.Itoa(i)+"]", depth+1)
			if err != nil {
				return nil, err
			}
			out = append(out, v)
		}
		_, err := j.dec.Token()
		return out, err
	}
	return tok, nil
}

func (j *jsonReader) object(path string, depth int) (any, error) {
	out := map[string]any{}
	for j.dec.More() {
		tok, err := j.dec.Token()
		if err != nil {
			return nil, err
		}
		key, ok := tok.(string)
		if !ok {
			return nil, errors.New("a key must be a text")
		}
		at := join(path, key)
		if _, twice := out[key]; twice {
			j.t.twice = append(j.t.twice, at)
		}
		j.t.lines[at] = j.line()
		if out[key], err = j.value(at, depth+1); err != nil {
			return nil, err
		}
	}
	_, err := j.dec.Token()
	return out, err
}
