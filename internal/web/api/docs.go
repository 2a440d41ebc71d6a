package api

import (
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/mortise-auth/mortise/internal/web"
	"github.com/mortise-auth/mortise/internal/web/page"
)

// docs is the page that people read: the same table, drawn by our own pages.
func (s *surface) docs() web.Handler {
	view := sync.OnceValue(s.view)
	return func(w http.ResponseWriter, r *http.Request) error {
		q := web.Of(r)
		names := s.Cookies.Names()
		lang, _ := web.Cookie(r, names.Language) // a planted second one is no reason to hide the page
		theme, _ := web.Cookie(r, names.Theme)
		h := w.Header()
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Content-Security-Policy", web.PagePolicy(q.Nonce))
		return s.Pages.Write(w, page.Frame{Lang: lang, Theme: page.ParseTheme(theme), Nonce: q.Nonce, Path: "/docs/api", Now: s.Now()}, view())
	}
}

func (s *surface) view() page.APIDocs {
	types := s.types()
	out := page.APIDocs{Title: "Mortise API", Version: s.Version, Description: about, Server: s.link(Prefix)}
	for _, t := range tags {
		g := page.APIGroup{ID: "tag-" + slug(t[0]), Name: t[0], Description: t[1]}
		for _, e := range s.endpoints {
			if e.Tag == t[0] {
				g.Operations = append(g.Operations, s.shown(e, types))
			}
		}
		out.Groups = append(out.Groups, g)
	}
	for _, name := range types.names() {
		out.Schemas = append(out.Schemas, page.APISchema{ID: name, Name: name, Fields: fields(types, types.all[name])})
	}
	return out
}

func slug(s string) string {
	return strings.NewReplacer(" ", "-", ".", "-").Replace(strings.ToLower(s))
}

func (s *surface) shown(e endpoint, types *schemas) page.APIOperation {
	op := page.APIOperation{
		ID: "op-" + slug(e.Name), Method: e.Method, Path: e.Path, Summary: e.Summary, Description: e.Text, Security: e.who(), Example: s.curl(e),
	}
	for _, p := range e.shape().params {
		op.Params = append(op.Params, page.APIField{
			Name: p.name, In: p.in, Type: typeOf(types.of(p.field.Type)), Description: p.field.Tag.Get("doc"), Required: p.in == "path",
		})
	}
	if e.shape().body {
		op.BodySchema, op.Body = nameOf(e.req), fields(types, e.req)
	}
	success := page.APIResponse{Status: fmt.Sprint(e.Status), Description: e.Summary + "."}
	if e.Status != http.StatusNoContent {
		success.Schema = nameOf(e.resp)
	}
	op.Responses = append(op.Responses, success)
	refusals := e.refusals()
	for _, status := range slices.Sorted(maps.Keys(refusals)) {
		var codes []string
		for _, p := range refusals[status] {
			codes = append(codes, p.Code)
		}
		op.Responses = append(op.Responses, page.APIResponse{Status: fmt.Sprint(status), Description: strings.Join(codes, ", "), Schema: "Problem"})
	}
	return op
}

func fields(types *schemas, t reflect.Type) []page.APIField {
	var out []page.APIField
	for _, m := range ordered(t) {
		out = append(out, page.APIField{Name: m.name, Type: typeOf(types.member(m)), Description: m.field.Tag.Get("doc"), Required: m.required})
	}
	return out
}

// typeOf says in a word what a schema takes.
func typeOf(s object) string {
	if values, ok := s["enum"].([]string); ok {
		return strings.Join(values, " | ")
	}
	if ref, ok := s["$ref"].(string); ok {
		return ref[strings.LastIndexByte(ref, '/')+1:]
	}
	if items, ok := s["items"].(object); ok {
		return "list of " + typeOf(items)
	}
	for _, key := range []string{"format", "type"} {
		if v, ok := s[key].(string); ok {
			return v
		}
	}
	return "anything"
}

// curl is a line to try e with.
func (s *surface) curl(e endpoint) string {
	line := "curl"
	if e.Method != http.MethodGet && (e.Method != http.MethodPost || e.Example == "") {
		line += " -X " + e.Method
	}
	if e.Access != web.Anyone {
		line += " --cookie \"$COOKIE\""
	}
	line += " " + s.link(Prefix+e.Path)
	if e.Example != "" {
		line += " \\\n  --json '" + e.Example + "'"
	}
	return line
}
