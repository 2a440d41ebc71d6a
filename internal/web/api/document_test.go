package api

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/mortise-auth/mortise/internal/web"
)

type noCookies struct{}

func (noCookies) Names() web.Names                                             { return web.Names{Session: "__Host-mortise"} }
func (noCookies) SetCookie(http.ResponseWriter, string, string, time.Duration) {}
func (noCookies) ClearCookie(http.ResponseWriter, string)                      {}

func described() *surface {
	s := &surface{Options: Options{URL: &url.URL{Scheme: "https", Host: "id.example.org"}, Version: "test", Cookies: noCookies{}}}
	s.endpoints = s.table()
	return s
}

func read(t *testing.T, v any) any {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	out, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// The schema is that of the OpenAPI Initiative for 3.1 documents.
func TestDocumentIsOpenAPI(t *testing.T) {
	b, err := os.ReadFile("testdata/openapi-3.1.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	schema, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("openapi.json", schema); err != nil {
		t.Fatal(err)
	}
	compiled, err := c.Compile("openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	document := described().document()
	if err := compiled.Validate(read(t, document)); err != nil {
		t.Fatal(err)
	}
	delete(document, "info")
	if compiled.Validate(read(t, document)) == nil {
		t.Error("a document without info is valid too: the schema checks nothing")
	}
}

// Every schema of the document is itself valid JSON Schema, every reference leads
// somewhere, and every example fits the schema it stands beside.
func TestExamplesFitTheirSchemas(t *testing.T) {
	s := described()
	c := jsonschema.NewCompiler()
	if err := c.AddResource("https://id.example.org/openapi.json", read(t, s.document())); err != nil {
		t.Fatal(err)
	}
	for _, name := range s.types().names() {
		if _, err := c.Compile("https://id.example.org/openapi.json#/components/schemas/" + name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, e := range s.endpoints {
		if !e.shape().body {
			if e.Example != "" {
				t.Errorf("%s: an example of a body that is not taken", e.Name)
			}
			continue
		}
		if e.Example == "" {
			t.Errorf("%s: no example", e.Name)
			continue
		}
		if err := e.accepts([]byte(e.Example)); err != nil {
			t.Errorf("%s: the example is refused: %v", e.Name, err)
		}
		schema, err := c.Compile("https://id.example.org/openapi.json#/components/schemas/" + nameOf(e.req))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(read(t, json.RawMessage(e.Example))); err != nil {
			t.Errorf("%s: %v", e.Name, err)
		}
	}
}

func TestEveryRouteIsDescribed(t *testing.T) {
	s := described()
	paths := s.document()["paths"].(object)
	names := map[string]bool{}
	for _, e := range s.endpoints {
		at, _ := paths[Prefix+e.Path].(object)
		if _, ok := at[strings.ToLower(e.Method)]; !ok {
			t.Errorf("%s %s is not in the document", e.Method, e.Path)
		}
		if names[e.Name] {
			t.Errorf("%s names two operations", e.Name)
		}
		names[e.Name] = true
		if !slices.ContainsFunc(tags, func(tag [2]string) bool { return tag[0] == e.Tag }) {
			t.Errorf("%s: tag %q is not declared", e.Name, e.Tag)
		}
		for _, p := range e.shape().params {
			if p.in == "path" && !strings.Contains(e.Path, "{"+p.name+"}") {
				t.Errorf("%s: no {%s} in %s", e.Name, p.name, e.Path)
			}
		}
		if strings.Count(e.Path, "{") != strings.Count(strings.Join(inPath(e), " "), "{") {
			t.Errorf("%s: %s has parameters that the request does not take", e.Name, e.Path)
		}
	}
	for _, r := range Surface(s.Options).Routes {
		method, path, ok := strings.Cut(r.Pattern, " ")
		if !ok || !strings.HasPrefix(path, Prefix+"/") || method == http.MethodOptions { // a browser's own question
			continue
		}
		at, _ := paths[path].(object)
		if _, ok := at[strings.ToLower(method)]; !ok {
			t.Errorf("%s is served and not described", r.Pattern)
		}
	}
}

func inPath(e endpoint) (out []string) {
	for _, p := range e.shape().params {
		if p.in == "path" {
			out = append(out, "{"+p.name+"}")
		}
	}
	return out
}

// SE-30
func TestNothingChangesOnGet(t *testing.T) {
	for _, e := range described().endpoints {
		if e.Method == http.MethodGet && e.shape().body {
			t.Errorf("%s: GET takes a body", e.Name)
		}
	}
}
