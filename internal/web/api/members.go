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
	enum     string // of a layout: what a text may be, between commas; empty: anything
}

// layout is what decoding has to know of a struct.
type layout struct {
	members  map[string]member
	required []string
}

// layouts are those of a type and of all that it holds, so that they are made once. A
// struct that is missing there is looked at each time.
type layouts map[reflect.Type]*layout

func (l layouts) of(t reflect.Type) *layout {
	if known, ok := l[t]; ok {
		return known
	}
	return layoutOf(t)
}

func layoutOf(t reflect.Type) *layout {
	l := &layout{members: map[string]member{}}
	for _, m := range ordered(t) {
		m.enum = m.field.Tag.Get("enum")
		l.members[m.name] = m
		if m.required {
			l.required = append(l.required, m.name)
		}
	}
	return l
}

// add enters t, if it is a struct, and what its members are.
func (l layouts) add(t reflect.Type) {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map {
		t = t.Elem()
	}
	if l[t] != nil || kindOf(t) != reflect.Struct {
		return
	}
	known := layoutOf(t)
	l[t] = known
	for _, m := range known.members {
		l.add(m.t)
	}
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
