package settings

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

const (
	configVar      = "MORTISE_CONFIG"
	testPrefix     = "MORTISE_TEST_"
	fileSuffix     = "_FILE"
	credentialsDir = "CREDENTIALS_DIRECTORY"
	credential     = "mortise."
)

// environment reads variables and systemd credentials.
type environment struct {
	vars     map[string]string
	readFile func(string) ([]byte, error)
	readDir  func(string) ([]string, error)
	faults   Faults
}

func newEnvironment(in Inputs) *environment {
	e := &environment{vars: map[string]string{}, readFile: in.ReadFile, readDir: in.ReadDir}
	for _, kv := range in.Environ {
		if name, value, ok := strings.Cut(kv, "="); ok {
			e.vars[name] = value
		}
	}
	return e
}

// settings returns what the environment sets, by key.
func (e *environment) settings() map[string]entry {
	found := map[string]entry{}
	credentials := e.credentials()
	for _, f := range fields() {
		given := e.given(f.env...)
		if c, ok := credentials[f.key]; ok {
			given = append(given, c)
		}
		if len(given) > 1 {
			names := []string{given[0].where, given[1].where}
			e.faults = append(e.faults, Fault{Key: f.key, Where: strings.Join(names, " and "), Message: "both are set; keep one"})
			continue
		}
		if len(given) == 1 {
			found[f.key] = given[0]
		}
	}
	e.refuseUnknown()
	return found
}

// given returns each of names that is set, by itself or by its …_FILE.
func (e *environment) given(names ...string) []entry {
	var all []entry
	for _, name := range names {
		if value, ok := e.vars[name]; ok {
			all = append(all, entry{raw{text: value}, name})
		}
		path, ok := e.vars[name+fileSuffix]
		if !ok {
			continue
		}
		value, err := readSecretFile(path, e.readFile)
		if err != nil {
			e.faults = append(e.faults, Fault{Where: name + fileSuffix, Message: err.Error()})
		}
		all = append(all, entry{value, name + fileSuffix})
	}
	return all
}

// credentials reads the files systemd hands to the service: mortise.secret_key
// sets secret_key. Files without the prefix are somebody else's.
func (e *environment) credentials() map[string]entry {
	dir := e.vars[credentialsDir]
	if dir == "" {
		return nil
	}
	names, err := e.readDir(dir)
	if err != nil {
		e.faults = append(e.faults, Fault{Where: credentialsDir, Message: err.Error()})
	}
	found := map[string]entry{}
	for _, name := range names {
		if key, ours := strings.CutPrefix(name, credential); ours {
			e.credential(found, dir, name, key)
		}
	}
	return found
}

func (e *environment) credential(found map[string]entry, dir, name, key string) {
	where := "credential " + name
	if !slices.Contains(Keys(), key) {
		e.faults = append(e.faults, Fault{Where: where, Message: unknown("setting", key, Keys())})
		return
	}
	value, err := readSecretFile(filepath.Join(dir, name), e.readFile)
	if err != nil {
		e.faults = append(e.faults, Fault{Where: where, Message: err.Error()})
		return
	}
	found[key] = entry{value, where}
}

func (e *environment) refuseUnknown() {
	known := Variables()
	for name := range e.vars {
		if !strings.HasPrefix(name, prefix) || strings.HasPrefix(name, testPrefix) {
			continue
		}
		if base := strings.TrimSuffix(name, fileSuffix); slices.Contains(known, name) || slices.Contains(known, base) {
			continue
		}
		e.faults = append(e.faults, Fault{Where: name, Message: unknown("variable", name, known)})
	}
}

// Variables lists every MORTISE_ variable without its …_FILE form.
func Variables() []string {
	all := []string{configVar}
	for _, f := range fields() {
		all = append(all, f.env...)
	}
	return all
}

// configFile is the file MORTISE_CONFIG names.
func (e *environment) configFile() string {
	given := e.given(configVar)
	switch len(given) {
	case 0:
		return ""
	case 1:
		return given[0].value.text
	}
	e.faults = append(e.faults, Fault{Where: fmt.Sprintf("%s and %s", configVar, configVar+fileSuffix), Message: "both are set; keep one"})
	return ""
}
