package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// test is one test function; file is relative to the module.
type test struct{ file, name string }

var citation = regexp.MustCompile(`\b(` + prefixPattern() + `)-(\d+)\b(?:\s*(?:\.\.|…)\s*(?:(` + prefixPattern() + `)-)?(\d+)\b)?`)

// cited finds the ids that text names. Of a range such as SE-10..SE-14 it returns
// the ids that exist; of a single id, that id, whether it exists or not.
func cited(text string, exists func(id) bool) []id {
	var out []id
	for _, m := range citation.FindAllStringSubmatch(text, -1) {
		from, _ := strconv.Atoi(m[2])
		first := id{m[1], from}
		out = append(out, first)
		to, _ := strconv.Atoi(m[4])
		if m[4] == "" || m[3] != "" && m[3] != m[1] {
			continue
		}
		for n := from + 1; n < to; n++ {
			if between := (id{m[1], n}); exists(between) {
				out = append(out, between)
			}
		}
		if to > from {
			out = append(out, id{m[1], to})
		}
	}
	return out
}

// readTests enters every citation below root into m. The tools are left out: their
// tests are about the matrix.
func readTests(m *matrix, root string) error {
	tree := os.DirFS(root)
	return fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (name == "tools" || skippedDir(d.Name())):
			return fs.SkipDir
		case d.IsDir() || !holdsTests(name):
			return nil
		}
		src, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		return readFile(m, name, src)
	})
}

func skippedDir(base string) bool {
	return base != "." && strings.HasPrefix(base, ".") || slices.Contains([]string{"testdata", "node_modules", "bin", "dist"}, base)
}

// holdsTests: the contract tests every engine runs live in a package of their own.
func holdsTests(name string) bool {
	return strings.HasSuffix(name, "_test.go") ||
		strings.HasSuffix(name, ".go") && path.Base(path.Dir(name)) == "storetest"
}

func readFile(m *matrix, name string, src []byte) error {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, name, src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	for _, d := range f.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || !isTest(name, fn) {
			continue
		}
		start := fn.Pos()
		if fn.Doc != nil {
			start = fn.Doc.Pos()
		}
		text := string(src[fset.Position(start).Offset:fset.Position(fn.End()).Offset])
		for _, i := range cited(text, m.exists) {
			if !m.cite(i, test{name, fn.Name.Name}) {
				return fmt.Errorf("%s: %s cites %s, which no standard has", fset.Position(fn.Pos()), fn.Name.Name, i)
			}
		}
	}
	return nil
}

// isTest tells whether fn is something that can fail: a test or fuzz target, or,
// among contract tests, any function that is given a testing.T.
func isTest(file string, fn *ast.FuncDecl) bool {
	if strings.HasSuffix(file, "_test.go") {
		return fn.Recv == nil && (strings.HasPrefix(fn.Name.Name, "Test") || strings.HasPrefix(fn.Name.Name, "Fuzz"))
	}
	return slices.ContainsFunc(fn.Type.Params.List, func(p *ast.Field) bool {
		star, ok := p.Type.(*ast.StarExpr)
		if !ok {
			return false
		}
		sel, ok := star.X.(*ast.SelectorExpr)
		return ok && sel.Sel.Name == "T"
	})
}
