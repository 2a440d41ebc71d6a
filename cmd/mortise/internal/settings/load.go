package settings

import (
	"errors"
	"io/fs"
	"reflect"
	"slices"
	"strings"
)

// Inputs is what settings are read from. Nothing else is looked at.
type Inputs struct {
	Flags     map[string]Flag // by key; only those that were given
	Environ   []string        // as os.Environ
	Config    string          // the file --config names; empty: MORTISE_CONFIG, then mortise.yaml if it exists
	NamedOnly bool            // read no file that was not named
	PortHost  string          // the host that goes with the variable PORT
	ReadFile  func(string) ([]byte, error)
	ReadDir   func(string) ([]string, error) // names of the files in a folder
}

// Flag is a value from the command line.
type Flag struct{ Name, Value string }

// Layer is one place that gave a setting a value.
type Layer struct {
	Layer  string `json:"layer"`            // flag, env, file, port, default
	Source string `json:"source,omitempty"` // --listen, MORTISE_LISTEN, mortise.yaml:2:9
	Value  any    `json:"value"`            // secrets masked
}

// Setting is one setting with its value and every layer that has one, the
// winner first.
type Setting struct {
	Key    string  `json:"key"`
	Value  any     `json:"value"` // secrets masked
	Origin Layer   `json:"-"`
	Layers []Layer `json:"layers"`
}

// Loaded is what was read.
type Loaded struct {
	Settings Settings
	File     string // the file that was read; empty: none
	All      []Setting
}

// Explicit reports whether anything but the default set key.
func (l *Loaded) Explicit(key string) bool {
	s, ok := l.Setting(key)
	return ok && s.Origin.Layer != "default"
}

// Setting returns one setting by key.
func (l *Loaded) Setting(key string) (Setting, bool) {
	for _, s := range l.All {
		if s.Key == key {
			return s, true
		}
	}
	return Setting{}, false
}

// Load reads all layers. The error is Faults and lists everything that is wrong;
// what could be read is returned beside it, so that explain still works.
func Load(in Inputs) (*Loaded, error) {
	env := newEnvironment(in)
	fromEnv := env.settings()
	out := &Loaded{}
	fromFile, faults := out.file(in, env)
	faults = append(faults, env.faults...)
	target := reflect.ValueOf(&out.Settings).Elem()
	for _, f := range fields() {
		layers := stack(f, in, env, fromEnv, fromFile)
		faults = append(faults, out.settle(f, target.FieldByIndex(f.index), layers)...)
	}
	return out, append(faults, out.validate(faults)...).orNil()
}

// validate checks values against each other, but for those that could not even
// be read: one fault is enough.
func (l *Loaded) validate(known Faults) Faults {
	var faults Faults
	l.Settings.Validate(func(key, message string) {
		if slices.ContainsFunc(known, func(f Fault) bool { return f.Key == key }) {
			return
		}
		s, _ := l.Setting(key)
		faults = append(faults, Fault{Key: key, Where: s.Origin.Source, Message: message})
	})
	return faults
}

func (l *Loaded) file(in Inputs, env *environment) (map[string]entry, Faults) {
	name := in.Config
	if name == "" {
		name = env.configFile()
	}
	named := name != ""
	if !named && in.NamedOnly {
		return nil, nil
	}
	if !named {
		name = DefaultFile
	}
	data, err := in.ReadFile(name)
	if !named && errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, Faults{{Where: name, Message: err.Error()}}
	}
	l.File = name
	return readYAML(name, data, in.ReadFile)
}

type layer struct {
	name  string
	entry entry
}

// stack lists the layers that set f, the winner first.
func stack(f field, in Inputs, env *environment, fromEnv, fromFile map[string]entry) []layer {
	var all []layer
	if flag, ok := in.Flags[f.key]; ok {
		all = append(all, layer{"flag", entry{raw{text: flag.Value}, flag.Name}})
	}
	if e, ok := fromEnv[f.key]; ok {
		all = append(all, layer{"env", e})
	}
	if e, ok := fromFile[f.key]; ok {
		all = append(all, layer{"file", e})
	}
	if port := env.vars["PORT"]; port != "" && f.key == "listen" && len(all) == 0 {
		all = append(all, layer{"port", entry{raw{text: in.PortHost + ":" + port}, "PORT"}})
	}
	return append(all, layer{"default", entry{raw{text: f.preset}, ""}})
}

// settle parses every layer, also the losing ones: a value that is wrong today
// must not wait for the day it wins.
func (l *Loaded) settle(f field, target reflect.Value, layers []layer) Faults {
	var faults Faults
	s := Setting{Key: f.key}
	for i, from := range layers {
		v, err := f.parse(from.entry.value)
		if err == nil {
			err = f.allowed(v)
		}
		if err != nil {
			faults = append(faults, Fault{Key: f.key, Where: from.entry.where, Message: err.Error()})
			continue
		}
		s.Layers = append(s.Layers, Layer{from.name, from.entry.where, shown(v)})
		if i == 0 {
			target.Set(v)
		}
	}
	if len(s.Layers) > 0 {
		s.Origin, s.Value = s.Layers[0], s.Layers[0].Value
	}
	l.All = append(l.All, s)
	return faults
}

func (f field) allowed(v reflect.Value) error {
	if len(f.enum) == 0 {
		return nil
	}
	for _, e := range f.enum {
		if v.String() == e {
			return nil
		}
	}
	return errors.New("want " + oneOf(f.enum))
}

func oneOf(names []string) string {
	last := len(names) - 1
	if last == 0 {
		return names[0]
	}
	return strings.Join(names[:last], ", ") + " or " + names[last]
}
