package settings

import (
	"bytes"
	"encoding/json"
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write words.json")

// The binary carries the words, not a parser of Go.
func TestWordsAreTheComments(t *testing.T) {
	var want bytes.Buffer
	e := json.NewEncoder(&want)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(written(t)); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("words.json", want.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !bytes.Equal(words, want.Bytes()) {
		t.Error("words.json is not what settings.go says; run make generate")
	}
}

// written reads the comments of the struct in settings.go.
func written(t *testing.T) map[string]string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "settings.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
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
