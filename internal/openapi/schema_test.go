package openapi

import (
	"encoding/json"
	"net/netip"
	"reflect"
	"testing"
	"time"

	"phoned/internal/secret"
)

type base struct {
	ID int `json:"id"`
}

type partResource struct {
	base
	Name   string          `json:"name" minlen:"1" maxlen:"5" pattern:"^a" doc:"Its name."`
	Kind   string          `json:"kind,omitempty" enum:"x,y"`
	Volume *int            `json:"volume" min:"0" max:"100"`
	Maybe  *bool           `json:"maybe,omitempty"`
	At     time.Time       `json:"at"`
	Key    secret.String   `json:"key,omitzero"`
	Raw    json.RawMessage `json:"raw,omitempty"`
	Blob   []byte          `json:"blob,omitempty"`
	Addr   netip.Addr      `json:"addr"`
	Four   [4]float64      `json:"four"`
	Any    any             `json:"any,omitempty"`
	Parts  []partResource  `json:"parts,omitempty"`
	Map    map[string]uint `json:"map,omitempty"`
	Hidden string          `json:"-"`
	hidden string
	Plain  bool
}

func TestSchemaOfAStruct(t *testing.T) {
	_ = partResource{hidden: ""}
	s := NewSchemas()
	ref := s.Of(reflect.TypeFor[partResource]())
	if ref["$ref"] != "#/components/schemas/Part" {
		t.Fatal(ref)
	}
	got, err := json.Marshal(s.All()["Part"])
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"additionalProperties":false,"properties":{` +
		`"Plain":{"type":"boolean"},"addr":{"type":"string"},"any":{},"at":{"format":"date-time","type":"string"},` +
		`"blob":{"contentEncoding":"base64","type":"string"},"four":{"items":{"type":"number"},"maxItems":4,"minItems":4,"type":"array"},` +
		`"id":{"type":"integer"},"key":{"format":"password","type":"string","writeOnly":true},"kind":{"enum":["x","y"],"type":"string"},` +
		`"map":{"additionalProperties":{"minimum":0,"type":"integer"},"type":"object"},"maybe":{"type":"boolean"},` +
		`"name":{"description":"Its name.","maxLength":5,"minLength":1,"pattern":"^a","type":"string"},` +
		`"parts":{"items":{"$ref":"#/components/schemas/Part"},"type":"array"},"raw":{},` +
		`"volume":{"anyOf":[{"type":"integer"},{"type":"null"}],"maximum":100,"minimum":0}},` +
		`"required":["id","name","volume","at","addr","four","Plain"],"type":"object"}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestTwoTypesOfOneNameArePanics(t *testing.T) {
	type part struct{ A int }
	s := NewSchemas()
	s.Of(reflect.TypeFor[partResource]())
	defer func() {
		if recover() == nil {
			t.Error("one schema would have hidden the other")
		}
	}()
	s.Of(reflect.TypeFor[part]())
}

func TestWhatJSONCantHoldIsAPanic(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a channel has a schema")
		}
	}()
	NewSchemas().Of(reflect.TypeFor[chan int]())
}

func TestDocument(t *testing.T) {
	type failure struct {
		Title string `json:"title"`
	}
	doc := Document(Info{"T", "1", "D"}, []Operation{
		{Method: "GET", Path: "/a/{id}", ID: "getA", Tag: "a", Summary: "S.", Role: "viewer",
			Params:  []Param{{In: "path", Name: "id", Schema: Schema{"type": "string"}}, {In: "query", Name: "q", Doc: "Q.", Schema: Schema{"type": "integer"}}},
			Replies: []Reply{{Status: 200, Text: "OK", Type: reflect.TypeFor[base]()}, {Status: 404, Text: "Not Found"}}},
		{Method: "POST", Path: "/a/{id}", ID: "postA", Tag: "a", Summary: "S.", In: reflect.TypeFor[base](), InOptional: true,
			Params:  []Param{{In: "path", Name: "id", Schema: Schema{"type": "string"}}},
			Replies: []Reply{{Status: 202, Text: "Accepted"}}},
		{Method: "PUT", Path: "/b", ID: "putB", Tag: "b", Summary: "S.", InMedia: "text/vcard", Replies: []Reply{{Status: 200, Text: "OK", Media: "image/png"}}},
	}, reflect.TypeFor[failure]())
	b, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		OpenAPI string `json:"openapi"`
		Tags    []struct{ Name string }
		Paths   map[string]map[string]struct {
			OperationID string `json:"operationId"`
			Security    []any
			Parameters  []struct {
				In       string
				Required bool
			}
			RequestBody *struct {
				Required bool
				Content  map[string]any
			} `json:"requestBody"`
			Responses map[string]struct {
				Content map[string]any
			}
		}
	}
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	a := got.Paths["/a/{id}"]
	if got.OpenAPI != "3.1.0" || len(got.Tags) != 2 || len(got.Paths) != 2 || len(a) != 2 {
		t.Fatalf("%s", b)
	}
	get, post, put := a["get"], a["post"], got.Paths["/b"]["put"]
	if get.OperationID != "getA" || len(get.Security) != 2 || !get.Parameters[0].Required || get.Parameters[1].Required || get.RequestBody != nil {
		t.Errorf("%+v", get)
	}
	if get.Responses["404"].Content["application/problem+json"] == nil || get.Responses["200"].Content["application/json"] == nil {
		t.Errorf("%+v", get.Responses)
	}
	if post.RequestBody == nil || post.RequestBody.Required || post.Security != nil || post.Responses["202"].Content != nil {
		t.Errorf("%+v", post)
	}
	if !put.RequestBody.Required || put.RequestBody.Content["text/vcard"] == nil || put.Responses["200"].Content["image/png"] == nil {
		t.Errorf("%+v", put)
	}
}
