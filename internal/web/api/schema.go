package api

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/mortise-auth/mortise/internal/apply"
	"github.com/mortise-auth/mortise/internal/secret"
)

// object is a JSON object of the document. Encoding sorts its members, so the
// same program always writes the same document.
type object = map[string]any

// schemas collects the named objects of the document.
type schemas struct {
	all   map[string]reflect.Type
	named object
}

// of is the JSON Schema of t.
func (c *schemas) of(t reflect.Type) object {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case t == reflect.TypeFor[time.Time]():
		return object{"type": "string", "format": "date-time"}
	case t == reflect.TypeFor[json.RawMessage]():
		return object{"type": "object"}
	case t == reflect.TypeFor[secret.Text]():
		return object{"type": "string", "format": "password", "writeOnly": true}
	case kindOf(t) == reflect.String && t.Kind() == reflect.Array:
		return object{"type": "string", "pattern": "^" + prefixOf(t) + "_[0-9a-hjkmnp-tv-z]{26}$"}
	}
	switch kindOf(t) {
	case reflect.String:
		return object{"type": "string"}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Int:
		return object{"type": "integer"}
	case reflect.Slice:
		return object{"type": "array", "items": c.of(t.Elem())}
	case reflect.Map:
		return object{"type": "object", "additionalProperties": c.of(t.Elem())}
	case reflect.Struct:
		return object{"$ref": "#/components/schemas/" + c.add(t)}
	default:
		return object{} // anything
	}
}

// prefixOf is what ids of type t begin with.
func prefixOf(t reflect.Type) string {
	v := reflect.New(t).Elem()
	v.Index(0).SetUint(1)
	prefix, _, _ := strings.Cut(fmt.Sprint(v.Interface()), "_")
	return prefix
}

// add enters a struct and returns its name.
func (c *schemas) add(t reflect.Type) string {
	name := nameOf(t)
	if _, ok := c.named[name]; ok {
		return name
	}
	out := object{"type": "object"}
	c.named[name], c.all[name] = out, t // before its members, which may be of its own type
	members, required := object{}, []string{}
	for _, m := range ordered(t) {
		members[m.name] = c.member(m)
		if m.required {
			required = append(required, m.name)
		}
	}
	out["properties"] = members
	if len(required) > 0 {
		out["required"] = required
	}
	if closed(name) {
		out["additionalProperties"] = false
	}
	return name
}

// closed reports whether unknown members are refused: in everything we read.
// What we write may grow within a version.
func closed(name string) bool { return strings.HasSuffix(name, "Request") || name == "Confirmed" }

func (c *schemas) member(m member) object {
	s := c.of(m.t)
	if list := m.field.Tag.Get("enum"); list != "" {
		values := strings.Split(list, ",")
		if items, ok := s["items"].(object); ok {
			items["enum"] = values
		} else {
			s["enum"] = values
		}
	}
	if doc := m.field.Tag.Get("doc"); doc != "" {
		s["description"] = doc
	}
	if format := m.field.Tag.Get("format"); format != "" {
		s["format"] = format
	}
	return s
}

// nameOf is how a type is called in the document: List[User] is UserList, and
// the resources of a declarative file are set apart from those they become.
func nameOf(t reflect.Type) string {
	name, argument, generic := strings.Cut(t.Name(), "[")
	if generic {
		argument = strings.TrimSuffix(argument, "]")
		name = argument[strings.LastIndex(argument, ".")+1:] + name
	}
	if t.PkgPath() == reflect.TypeFor[apply.File]().PkgPath() {
		name = "Declared" + name
	}
	return name
}

// names returns what was added, in order.
func (c *schemas) names() []string { return slices.Sorted(maps.Keys(c.all)) }
