package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/ratelimit"
	"github.com/mortise-auth/mortise/internal/web"
)

// tags are the groups of the document, in its order.
var tags = [][2]string{
	{"Sign-in", "The flows of the sign-in pages, for single-page and native apps."},
	{"My account", "What people do to their own account. Sensitive acts take current_password."},
	{"Users", "Accounts, for administrators."},
	{"Roles", "Named sets of permissions, for administrators."},
	{"Sign-in policy", "What every sign-in has to prove, for administrators."},
	{"Connections", "Services that people may sign in with, for administrators."},
	{"Sites", "Hosts behind the gateway and who may pass, for administrators."},
	{"Recovery", "How people whose factors are lost get back in, and what two administrators decide together."},
	{"Logouts", "Clients that were not yet told that a session ended, for administrators."},
	{"Organisations", "Named groups of accounts, for administrators."},
	{"Clients", "Programs that sign people in through us, for administrators. Members are named as in RFC 7591."},
	{"Initial access tokens", "What lets programs register themselves as clients, for administrators."},
	{"Resources", "The APIs that tokens are for, and the scopes that count there, for administrators."},
	{"Keys", "What signs tokens and seals secrets, for administrators."},
	{"Tokens", "Finding out what a token is, and why it is refused."},
	{"Instance", "The server as a whole, for administrators and the host."},
}

const about = "Everything the pages do, for programs. JSON in, JSON out, in UTF-8; times are RFC 3339 in UTC; errors are " +
	"application/problem+json. Unknown members and parameters are refused and named. Lists go on at next. A POST of " +
	"somebody who is signed in may carry an Idempotency-Key, which is remembered for 24 hours."

// documents are the routes of the document and of its page.
func (s *surface) documents() []web.Route {
	return []web.Route{
		{Pattern: "GET /openapi.json", Access: web.Anyone, Handler: s.openAPI()},
		{Pattern: "GET /docs/api", Access: web.Anyone, Handler: s.docs()},
	}
}

func (s *surface) openAPI() web.Handler {
	// Few instances are ever asked, and all of them start.
	text := sync.OnceValues(func() ([]byte, error) { return json.MarshalIndent(s.document(), "", " ") })
	return func(w http.ResponseWriter, _ *http.Request) error {
		body, err := text()
		if err != nil {
			return err
		}
		w.Header().Set("Content-Type", "application/json")
		s.send(w, append(body[:len(body):len(body)], '\n'))
		return nil
	}
}

// document is the OpenAPI 3.1 description of the table.
func (s *surface) document() object {
	types := s.types()
	groups := []object{}
	for _, t := range tags {
		groups = append(groups, object{"name": t[0], "description": t[1]})
	}
	paths := object{}
	for _, e := range s.endpoints {
		at, ok := paths[Prefix+e.Path].(object)
		if !ok {
			at = object{}
			paths[Prefix+e.Path] = at
		}
		at[strings.ToLower(e.Method)] = s.operation(e, types)
	}
	return object{
		"openapi": "3.1.0",
		"info":    object{"title": "Mortise API", "version": s.Version, "description": about, "license": object{"name": "Apache-2.0", "identifier": "Apache-2.0"}},
		"servers": []object{{"url": s.link("")}},
		"tags":    groups,
		"paths":   paths,
		"components": object{
			"schemas":         types.named,
			"securitySchemes": object{"session": object{"type": "apiKey", "in": "cookie", "name": s.Cookies.Names().Session}},
		},
	}
}

func (s *surface) types() *schemas {
	types := &schemas{all: map[string]reflect.Type{}, named: object{}}
	types.add(reflect.TypeFor[Problem]())
	for _, e := range s.endpoints {
		if e.shape().body {
			types.add(e.req)
		}
		if e.Status != http.StatusNoContent {
			types.add(e.resp)
		}
	}
	return types
}

func (s *surface) operation(e endpoint, types *schemas) object {
	op := object{
		"operationId": e.Name, "summary": e.Summary, "tags": []string{e.Tag}, "parameters": e.parameters(types),
		"responses": e.responses(types), "security": e.security(),
	}
	if text := e.description(); text != "" {
		op["description"] = text
	}
	if e.shape().body {
		media := object{"schema": types.of(e.req)}
		if e.Example != "" {
			media["example"] = json.RawMessage(e.Example)
		}
		op["requestBody"] = object{"required": true, "content": object{"application/json": media}}
	}
	return op
}

func (e endpoint) security() []object {
	if e.Access == web.Anyone || e.Access == web.Host {
		return []object{}
	}
	return []object{{"session": []string{}}}
}

// who says in words who may call e.
func (e endpoint) who() string {
	switch e.Access {
	case web.Admin:
		return "Role admin, signed in recently; or the host"
	case web.Host:
		return "The host, by the socket in the data folder"
	case web.SignedIn:
		return "Session cookie"
	default:
		return ""
	}
}

func (e endpoint) description() string {
	text := e.Text
	if who := e.who(); who != "" && e.Access != web.SignedIn {
		text = strings.TrimSpace(text + " For: " + who + ".")
	}
	return text
}

// idempotent reports whether an Idempotency-Key counts.
func (e endpoint) idempotent() bool { return e.Method == http.MethodPost && e.Access != web.Anyone }

func (e endpoint) parameters(types *schemas) []object {
	out := []object{}
	for _, p := range e.shape().params {
		s := types.member(member{t: p.field.Type, field: p.field})
		one := object{"name": p.name, "in": p.in, "required": p.in == "path", "schema": s}
		if doc, ok := s["description"]; ok {
			one["description"] = doc
			delete(s, "description")
		}
		out = append(out, one)
	}
	if e.idempotent() {
		out = append(out, object{
			"name": keyHeader, "in": "header", "required": false, "schema": object{"type": "string", "minLength": 1, "maxLength": 128},
			"description": "Names this request, so that repeating it does nothing twice.",
		})
	}
	return out
}

// refusals are the errors of e by status, its own and those every request may meet.
func (e endpoint) refusals() map[int][]*problem.Error {
	all := append([]*problem.Error{errParameters, ratelimit.ErrLimited}, e.Errors...)
	if e.shape().body {
		all = append(all, errMalformed, errMembers, web.ErrMedia, web.ErrTooLarge)
	}
	if e.Access != web.Anyone && e.Access != web.Host {
		all = append(all, web.ErrCrossOrigin)
	}
	if e.Access == web.Admin {
		all = append(all, web.ErrHostOnly, web.ErrFresh)
	}
	out := map[int][]*problem.Error{}
	for _, p := range all {
		known := out[p.Kind.Status()]
		if !slices.ContainsFunc(known, func(o *problem.Error) bool { return o.Code == p.Code }) {
			out[p.Kind.Status()] = append(known, p)
		}
	}
	return out
}

func (e endpoint) responses(types *schemas) object {
	success := object{"description": e.Summary + "."}
	if e.Status != http.StatusNoContent {
		success["content"] = object{"application/json": object{"schema": types.of(e.resp)}}
	}
	out := object{
		fmt.Sprint(e.Status): success,
		"default":            refusal("Any other error."),
	}
	for status, errs := range e.refusals() {
		codes := []string{}
		for _, p := range errs {
			codes = append(codes, p.Code)
		}
		slices.Sort(codes)
		out[fmt.Sprint(status)] = refusal("Codes: " + strings.Join(codes, ", ") + ".")
	}
	return out
}

func refusal(description string) object {
	return object{
		"description": description,
		"content":     object{"application/problem+json": object{"schema": object{"$ref": "#/components/schemas/Problem"}}},
	}
}
