package openapi

import (
	"reflect"
	"strconv"
	"strings"
)

// Operation is one row of an interface.
type Operation struct {
	Method, Path, ID, Tag, Summary string
	// Role is the least role that may; "": anyone.
	Role   string
	Params []Param
	// In is the body: a Go type for JSON; nil: none.
	In reflect.Type
	// InMedia is the body's media type where it is not JSON.
	InMedia string
	// InOptional: the body may be left out.
	InOptional bool
	Replies    []Reply
}

// Param is a parameter outside the body.
type Param struct {
	In, Name, Doc string // In: path, query or header
	Schema        Schema
	Required      bool
}

// Reply is one answer of an operation.
type Reply struct {
	Status int    // 0: every other, a problem
	Text   string // what it means
	Type   reflect.Type
	Media  string // "": application/json if there is a Type
}

// Info heads a document.
type Info struct{ Title, Version, Description string }

// Document puts operations into an OpenAPI 3.1 document. problem is the type of
// every answer with a status from 400 on.
func Document(info Info, ops []Operation, problem reflect.Type) map[string]any {
	s := NewSchemas()
	paths := map[string]map[string]any{}
	tags := map[string]bool{}
	for _, op := range ops {
		item := paths[op.Path]
		if item == nil {
			item = map[string]any{}
			paths[op.Path] = item
		}
		item[strings.ToLower(op.Method)] = operation(s, op, problem)
		tags[op.Tag] = true
	}
	return map[string]any{
		"openapi":    "3.1.0",
		"info":       map[string]any{"title": info.Title, "version": info.Version, "description": info.Description},
		"servers":    []any{map[string]any{"url": "/"}},
		"paths":      paths,
		"components": map[string]any{"schemas": s.All(), "securitySchemes": securitySchemes},
		"tags":       tagList(ops),
	}
}

var securitySchemes = map[string]any{
	"token":   map[string]any{"type": "http", "scheme": "bearer", "description": "An API token of the phone."},
	"session": map[string]any{"type": "apiKey", "in": "cookie", "name": "__Host-session", "description": "A person who signed in to the pages."},
}

// tagList are the tags in the order of the operations.
func tagList(ops []Operation) []any {
	seen, out := map[string]bool{}, []any{}
	for _, op := range ops {
		if !seen[op.Tag] {
			seen[op.Tag] = true
			out = append(out, map[string]any{"name": op.Tag})
		}
	}
	return out
}

func operation(s *Schemas, op Operation, problem reflect.Type) map[string]any {
	out := map[string]any{"operationId": op.ID, "summary": op.Summary, "tags": []string{op.Tag}}
	if op.Role != "" {
		out["security"] = []any{map[string]any{"token": []string{op.Role}}, map[string]any{"session": []string{op.Role}}}
		out["x-role"] = op.Role
	}
	if len(op.Params) > 0 {
		list := []any{}
		for _, p := range op.Params {
			one := map[string]any{"in": p.In, "name": p.Name, "required": p.Required || p.In == "path", "schema": p.Schema}
			if p.Doc != "" {
				one["description"] = p.Doc
			}
			list = append(list, one)
		}
		out["parameters"] = list
	}
	switch {
	case op.InMedia != "":
		out["requestBody"] = map[string]any{"required": !op.InOptional, "content": map[string]any{op.InMedia: map[string]any{}}}
	case op.In != nil:
		out["requestBody"] = map[string]any{"required": !op.InOptional, "content": content("application/json", s.Of(op.In))}
	}
	responses := map[string]any{}
	for _, r := range op.Replies {
		key, one := "default", map[string]any{"description": r.Text}
		if r.Status > 0 {
			key = strconv.Itoa(r.Status)
		}
		switch {
		case r.Type == nil && (r.Status == 0 || r.Status >= 400):
			one["content"] = content("application/problem+json", s.Of(problem))
		case r.Media != "":
			one["content"] = map[string]any{r.Media: map[string]any{}}
		case r.Type != nil:
			one["content"] = content("application/json", s.Of(r.Type))
		}
		responses[key] = one
	}
	out["responses"] = responses
	return out
}

func content(media string, s Schema) map[string]any {
	return map[string]any{media: map[string]any{"schema": s}}
}
