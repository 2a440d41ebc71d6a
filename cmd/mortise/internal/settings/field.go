package settings

import (
	"reflect"
	"strings"

	"github.com/mortise-auth/mortise/internal/secret"
)

const prefix = "MORTISE_"

// field is one setting: where its value lives and what its tags say.
type field struct {
	key      string // database.url
	goName   string // Database.URL, as the documentation finds it
	index    []int
	typ      reflect.Type
	env      []string // the derived name first, then short ones
	preset   string
	enum     []string
	min, max string
	path     bool // of a file or folder
}

var secretType = reflect.TypeFor[secret.Text]()

func (f field) secret() bool { return f.typ == secretType }

// fields lists every setting in the order of the struct.
func fields() []field {
	return collect(reflect.TypeFor[Settings](), field{})
}

func collect(t reflect.Type, parent field) []field {
	var all []field
	for i := range t.NumField() {
		sf := t.Field(i)
		f := describe(sf, parent)
		if sf.Type.Kind() == reflect.Struct && sf.Type != secretType {
			all = append(all, collect(sf.Type, f)...)
			continue
		}
		all = append(all, f)
	}
	return all
}

func describe(sf reflect.StructField, parent field) field {
	f := field{
		key:    joined(parent.key, sf.Tag.Get("key")),
		goName: joined(parent.goName, sf.Name),
		index:  append(append([]int(nil), parent.index...), sf.Index...),
		typ:    sf.Type,
		preset: sf.Tag.Get("default"),
		min:    sf.Tag.Get("min"),
		max:    sf.Tag.Get("max"),
		path:   sf.Tag.Get("path") == "true",
	}
	f.env = []string{prefix + strings.ToUpper(strings.ReplaceAll(f.key, ".", "__"))}
	if short := sf.Tag.Get("env"); short != "" {
		f.env = append(f.env, short)
	}
	if e := sf.Tag.Get("enum"); e != "" {
		f.enum = strings.Split(e, ",")
	}
	return f
}

func joined(parent, name string) string {
	if parent == "" {
		return name
	}
	return parent + "." + name
}

// Keys lists the keys of all settings in the order of the reference.
func Keys() []string {
	all := fields()
	keys := make([]string, len(all))
	for i, f := range all {
		keys[i] = f.key
	}
	return keys
}
