package apicheck

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sort"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

type schema = map[string]any

// operation is one of the document's.
type operation struct {
	id, method, path string
	params           []param
	body             schema // of JSON; nil: none
	media            string // of the body, "": none
	bodyNeeded       bool
	answers          map[string]answer // by status
}

type param struct {
	in, name string
	needed   bool
	schema   schema
}

type answer struct {
	media  string // "": no body
	schema *jsonschema.Schema
}

// document is what the run needs of an OpenAPI document.
type document struct {
	ops     []operation
	schemas schema
}

const location = "https://phone.invalid/openapi.json"

// parse reads a document and compiles the schemas of its answers.
func parse(text []byte) (*document, error) {
	raw, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	if err := c.AddResource(location, raw); err != nil {
		return nil, err
	}
	var doc struct {
		Paths      map[string]map[string]json.RawMessage
		Components struct{ Schemas schema }
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		return nil, err
	}
	d := &document{schemas: doc.Components.Schemas}
	for path, methods := range doc.Paths {
		for method, b := range methods {
			op, err := parseOperation(c, path, method, b)
			if err != nil {
				return nil, fmt.Errorf("%s %s: %w", method, path, err)
			}
			d.ops = append(d.ops, op)
		}
	}
	sort.Slice(d.ops, func(i, j int) bool { return d.ops[i].id < d.ops[j].id })
	return d, nil
}

func parseOperation(c *jsonschema.Compiler, path, method string, b []byte) (operation, error) {
	var in struct {
		OperationID string `json:"operationId"`
		Parameters  []struct {
			In, Name string
			Required bool
			Schema   schema
		}
		RequestBody *struct {
			Required bool
			Content  map[string]struct{ Schema schema }
		} `json:"requestBody"`
		Responses map[string]struct {
			Content map[string]struct{ Schema schema }
		}
	}
	if err := json.Unmarshal(b, &in); err != nil {
		return operation{}, err
	}
	op := operation{id: in.OperationID, method: strings.ToUpper(method), path: path, answers: map[string]answer{}}
	for _, p := range in.Parameters {
		op.params = append(op.params, param{p.In, p.Name, p.Required, p.Schema})
	}
	if in.RequestBody != nil {
		op.bodyNeeded = in.RequestBody.Required
		for media, x := range in.RequestBody.Content {
			op.media, op.body = media, x.Schema
		}
	}
	for status, r := range in.Responses {
		a := answer{}
		for media, x := range r.Content {
			a.media, _, _ = strings.Cut(media, ";")
			if x.Schema == nil {
				continue
			}
			at := location + "#/paths/" + escape(path) + "/" + method + "/responses/" + status + "/content/" + escape(media) + "/schema"
			var err error
			if a.schema, err = c.Compile(at); err != nil {
				return operation{}, err
			}
		}
		op.answers[status] = a
	}
	return op, nil
}

// escape is for a JSON pointer in a URL's fragment.
func escape(s string) string {
	return strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D", "+", "%2B").Replace(s)
}
