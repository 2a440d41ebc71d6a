package settings

import (
	_ "embed"
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
)

//go:embed settings.go
var source string

// comments reads the comments of the struct in settings.go, by Go path: the
// program documents itself with the words its authors wrote for each other.
func comments() map[string]string {
	file, err := parser.ParseFile(token.NewFileSet(), "settings.go", source, parser.ParseComments)
	if err != nil {
		return nil // a file the compiler took; the tests see that every setting has words
	}
	structs := map[string]*ast.StructType{}
	for _, d := range file.Decls {
		if g, ok := d.(*ast.GenDecl); ok {
			named(g, structs)
		}
	}
	found := map[string]string{}
	gather(structs, structs["Settings"], "", found)
	return found
}

func named(g *ast.GenDecl, structs map[string]*ast.StructType) {
	for _, spec := range g.Specs {
		if t, ok := spec.(*ast.TypeSpec); ok {
			if st, ok := t.Type.(*ast.StructType); ok {
				structs[t.Name.Name] = st
			}
		}
	}
}

func gather(structs map[string]*ast.StructType, st *ast.StructType, path string, found map[string]string) {
	for _, f := range st.Fields.List {
		full := joined(path, f.Names[0].Name)
		if t, ok := f.Type.(*ast.Ident); ok && structs[t.Name] != nil {
			gather(structs, structs[t.Name], full, found)
			continue
		}
		found[full] = strings.Join(strings.Fields(f.Doc.Text()), " ")
	}
}

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
