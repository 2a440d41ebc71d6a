package settings

import (
	_ "embed"
	"encoding/json"
	"sync"
)

//go:generate go test -run ^TestWordsAreTheComments$ . -update

//go:embed words.json
var words []byte

// comments are those of the struct in settings.go, by Go path: the program documents
// itself with the words its authors wrote for each other.
var comments = sync.OnceValue(func() (found map[string]string) {
	_ = json.Unmarshal(words, &found) // made by a test from settings.go
	return found
})

// Doc describes one setting.
type Doc struct {
	Key       string   `json:"key"`
	Text      string   `json:"text"`
	Type      string   `json:"type"`
	Default   string   `json:"default,omitempty"`
	Values    []string `json:"values,omitempty"`
	Min       string   `json:"min,omitempty"`
	Max       string   `json:"max,omitempty"`
	Secret    bool     `json:"secret,omitempty"`
	Variables []string `json:"variables"` // the one to use first
}

// Docs describes every setting in the order of the struct.
func Docs() []Doc {
	text := comments()
	var all []Doc
	for _, f := range fields() {
		d := Doc{Key: f.key, Text: text[f.goName], Type: f.typeName(), Default: f.preset, Values: f.enum, Min: f.min, Max: f.max, Secret: f.secret()}
		for i := len(f.env) - 1; i >= 0; i-- {
			d.Variables = append(d.Variables, f.env[i])
		}
		all = append(all, d)
	}
	return all
}

func (f field) typeName() string {
	switch f.typ.String() {
	case "secret.Text":
		return "secret"
	case "time.Duration":
		return "span"
	case "[]string":
		return "list"
	case "bool":
		return "true or false"
	case "int":
		return "number"
	}
	return "text"
}
