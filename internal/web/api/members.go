package api

import (
	"reflect"
	"strings"

	"github.com/mortise-auth/mortise/internal/apply"
)

// member is one member of a JSON object.
type member struct {
	name     string
	t        reflect.Type
	field    reflect.StructField
	required bool
}

// members are those of a struct by name.
func members(t reflect.Type) map[string]member {
	all := map[string]member{}
	for _, m := range ordered(t) {
		all[m.name] = m
	}
	return all
}

// ordered are the members of a struct as they are declared. One without
// omitempty or omitzero is required, but for the lists of a declarative file:
// there, absent and null both mean "leave it as it is".
func ordered(t reflect.Type) []member {
	var all []member
	for i := range t.NumField() {
		f := t.Field(i)
		tag, ok := f.Tag.Lookup("json")
		if f.Anonymous && !ok {
			all = append(all, ordered(f.Type)...)
			continue
		}
		name, options, _ := strings.Cut(tag, ",")
		if !ok || tag == "-" || !f.IsExported() {
			continue
		}
		required := !strings.Contains(options, "omit") && f.Type.Kind() != reflect.Pointer && !leaves(t, f.Type)
		all = append(all, member{name: name, t: f.Type, field: f, required: required})
	}
	return all
}

// leaves reports whether null in a member of t means what its absence means.
func leaves(t, member reflect.Type) bool {
	return member.Kind() == reflect.Slice && t.PkgPath() == reflect.TypeFor[apply.File]().PkgPath()
}
