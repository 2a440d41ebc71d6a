package mortise_test

import (
	"bytes"
	"flag"
	"fmt"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/printer"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write testdata/api.txt")

// public are the packages that programs outside may import.
var public = []string{".", "verify", "mortisetest", "storage/sqlite", "storage/postgres"}

// The names we promise to keep. To change the promise, run with -update and say why
// in the commit.
func TestAPI(t *testing.T) {
	t.Parallel()
	var got bytes.Buffer
	for _, dir := range public {
		list(t, &got, dir)
	}
	const file = "testdata/api.txt"
	if *update {
		if err := os.WriteFile(file, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("the exported API changed; if that is meant: go test -run TestAPI -update .\n%s", diff)
	}
}

// list writes one line for each exported name of a package.
func list(t *testing.T, to *bytes.Buffer, dir string) {
	t.Helper()
	set := token.NewFileSet()
	names, err := fs.Glob(os.DirFS(dir), "*.go")
	if err != nil {
		t.Fatal(err)
	}
	var files []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(set, path.Join(dir, name), nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	p, err := doc.NewFromFiles(set, files, path.Join("github.com/mortise-auth/mortise", dir))
	if err != nil {
		t.Fatal(err)
	}
	if p.Doc == "" {
		t.Errorf("%s has no package comment", dir)
	}
	l := lister{t: t, set: set, pkg: p.Name}
	l.values(p.Consts)
	l.values(p.Vars)
	l.funcs(p.Funcs)
	for _, typ := range p.Types {
		l.typ(typ)
	}
	slices.Sort(l.lines)
	fmt.Fprintln(to, strings.Join(l.lines, "\n"))
}

type lister struct {
	t     *testing.T
	set   *token.FileSet
	pkg   string
	lines []string
}

func (l *lister) add(format string, args ...any) {
	l.lines = append(l.lines, l.pkg+": "+fmt.Sprintf(format, args...))
}

func (l *lister) code(n any) string {
	var b bytes.Buffer
	if err := printer.Fprint(&b, l.set, n); err != nil {
		l.t.Fatal(err)
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

func (l *lister) values(all []*doc.Value) {
	for _, v := range all {
		for _, name := range v.Names {
			if token.IsExported(name) {
				l.add("%s %s", v.Decl.Tok, name)
			}
		}
	}
}

func (l *lister) funcs(all []*doc.Func) {
	for _, f := range all {
		if f.Doc == "" {
			l.t.Errorf("%s.%s is not documented", l.pkg, f.Name)
		}
		d := *f.Decl
		d.Doc, d.Body = nil, nil
		l.add("%s", l.code(&d))
	}
}

func (l *lister) typ(typ *doc.Type) {
	spec := typ.Decl.Specs[0].(*ast.TypeSpec)
	switch s := spec.Type.(type) {
	case *ast.StructType:
		l.add("type %s struct", typ.Name)
		l.fields(typ.Name, s)
	default:
		kind := ""
		if spec.Assign.IsValid() {
			kind = "= "
		}
		l.add("type %s %s%s", typ.Name, kind, l.code(spec.Type))
	}
	l.values(typ.Consts)
	l.values(typ.Vars)
	l.funcs(typ.Funcs)
	l.funcs(typ.Methods)
}

func (l *lister) fields(owner string, s *ast.StructType) {
	for _, f := range s.Fields.List {
		for _, name := range f.Names {
			if name.IsExported() {
				l.add("field %s.%s %s", owner, name.Name, l.code(f.Type))
			}
		}
		if len(f.Names) == 0 {
			l.add("field %s embeds %s", owner, l.code(f.Type))
		}
	}
}
