package arch

import (
	"fmt"
	"go/ast"
	"go/token"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
)

const modulePath = "github.com/mortise-auth/mortise"

// maxLines is where a file stops holding one thing.
const maxLines = 500

// checker collects what is wrong with a tree of files.
type checker struct {
	policy   *policy
	fset     *token.FileSet
	findings []string
	users    map[string]map[string]bool // module with "one": packages that import it
	comment  map[string]bool            // packages seen: has one of its files a package comment?
}

func newChecker(p *policy) *checker {
	return &checker{policy: p, fset: token.NewFileSet(), users: map[string]map[string]bool{}, comment: map[string]bool{}}
}

// short turns an import path of ours into the name used in policy.txt.
func short(importPath string) string {
	rel := strings.TrimPrefix(strings.TrimPrefix(importPath, modulePath), "/")
	if rel == "" {
		return "."
	}
	return strings.TrimPrefix(rel, "internal/")
}

func (c *checker) report(at token.Pos, format string, args ...any) {
	p := c.fset.Position(at)
	c.findings = append(c.findings, fmt.Sprintf("%s:%d: %s", p.Filename, p.Line, fmt.Sprintf(format, args...)))
}

// file checks one parsed file of the package pkg.
func (c *checker) file(pkg string, f *ast.File) {
	test := strings.HasSuffix(c.fset.Position(f.Package).Filename, "_test.go")
	free := test || matches(pkg, c.policy.testing)
	for _, spec := range f.Imports {
		c.imports(pkg, spec, test, free)
	}
	if test {
		c.skips(f)
		return
	}
	c.comment[pkg] = c.comment[pkg] || f.Doc != nil
	if _, ok := c.policy.line(pkg); !ok {
		c.report(f.Package, "package %s has no line in internal/arch/policy.txt", pkg)
	}
	if n := c.fset.Position(f.FileEnd).Line; n > maxLines {
		c.report(f.Package, "%d lines: a file holds one thing, in at most %d", n, maxLines)
	}
	c.globals(f)
	if !free {
		c.calls(pkg, f)
	}
}

func (c *checker) imports(pkg string, spec *ast.ImportSpec, test, free bool) {
	imported, _ := strconv.Unquote(spec.Path.Value)
	if spec.Name != nil && spec.Name.Name == "." {
		c.report(spec.Pos(), "dot imports hide what is called")
	}
	switch {
	case slices.ContainsFunc(c.policy.never, func(n string) bool { return within(imported, n) }):
		c.report(spec.Pos(), "nothing imports %s", imported)
	case imported == modulePath || within(imported, modulePath):
		c.ours(pkg, imported, spec, test)
	case free:
	case !strings.Contains(strings.Split(imported, "/")[0], "."):
		if who, ruled := c.policy.std[imported]; ruled && !matches(pkg, who) {
			c.report(spec.Pos(), "%s may not import %s", pkg, imported)
		}
	default:
		c.foreign(pkg, imported, spec)
	}
}

func (c *checker) ours(pkg, imported string, spec *ast.ImportSpec, test bool) {
	allowed, _ := c.policy.line(pkg)
	if !test && !matches(short(imported), allowed) {
		c.report(spec.Pos(), "%s may not import %s", pkg, short(imported))
	}
}

func (c *checker) foreign(pkg, imported string, spec *ast.ImportSpec) {
	name, m, ok := c.policy.module(imported)
	switch {
	case !ok:
		c.report(spec.Pos(), "%s has no line in internal/arch/policy.txt: a new module needs a reason", imported)
	case !matches(pkg, m.who):
		c.report(spec.Pos(), "%s may not import %s", pkg, imported)
	case m.one:
		if c.users[name] == nil {
			c.users[name] = map[string]bool{}
		}
		c.users[name][pkg] = true
	}
}

// calls reports uses, not only calls: a clock handed on is a clock read later.
func (c *checker) calls(pkg string, f *ast.File) {
	names := importNames(f)
	ast.Inspect(f, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		x, ok := sel.X.(*ast.Ident)
		if !ok || names[x.Name] == "" {
			return true
		}
		call := path.Base(names[x.Name]) + "." + sel.Sel.Name
		if who, ruled := c.policy.calls[call]; ruled && !matches(pkg, who) {
			c.report(sel.Pos(), "%s may not use %s", pkg, call)
		}
		return true
	})
}

// importNames maps the names that f calls its imports by to their paths.
func importNames(f *ast.File) map[string]string {
	names := map[string]string{}
	for _, spec := range f.Imports {
		imported, _ := strconv.Unquote(spec.Path.Value)
		name := path.Base(imported)
		if spec.Name != nil {
			name = spec.Name.Name
		}
		names[name] = imported
	}
	return names
}

// globals refuses init functions and clocks at package level: two instances in
// one process must share nothing.
func (c *checker) globals(f *ast.File) {
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil && d.Name.Name == "init" {
				c.report(d.Pos(), "no init functions: wire it in app")
			}
		case *ast.GenDecl:
			for _, s := range d.Specs {
				if v, ok := s.(*ast.ValueSpec); ok && d.Tok == token.VAR && holdsClock(v) {
					c.report(v.Pos(), "no clock at package level: take now func() time.Time in the constructor")
				}
			}
		}
	}
}

func holdsClock(v *ast.ValueSpec) bool {
	found := false
	look := func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			x, ok := n.X.(*ast.Ident)
			found = found || ok && x.Name == "time" && n.Sel.Name == "Now"
		case *ast.FuncType:
			found = found || returnsTime(n)
		}
		return !found
	}
	if v.Type != nil {
		ast.Inspect(v.Type, look)
	}
	for _, value := range v.Values {
		ast.Inspect(value, look)
	}
	return found
}

// returnsTime tells whether f is func() time.Time.
func returnsTime(f *ast.FuncType) bool {
	if f.Params.NumFields() != 0 || f.Results.NumFields() != 1 {
		return false
	}
	sel, ok := f.Results.List[0].Type.(*ast.SelectorExpr)
	return ok && sel.Sel.Name == "Time"
}

// skips refuses tests that step aside: a skipped test is a hole.
func (c *checker) skips(f *ast.File) {
	ast.Inspect(f, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		sel, ok := call.Fun.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		x, ok := sel.X.(*ast.Ident)
		if ok && slices.Contains([]string{"t", "b", "f", "tb"}, x.Name) &&
			slices.Contains([]string{"Skip", "Skipf", "SkipNow"}, sel.Sel.Name) {
			c.report(call.Pos(), "no skipped tests")
		}
		return true
	})
}

// finish adds what only the whole tree shows.
func (c *checker) finish() []string {
	for _, name := range slices.Sorted(maps.Keys(c.users)) {
		if pkgs := slices.Sorted(maps.Keys(c.users[name])); len(pkgs) > 1 {
			c.findings = append(c.findings, fmt.Sprintf("%s is imported by %s: one package may", name, strings.Join(pkgs, " and ")))
		}
	}
	for _, pkg := range slices.Sorted(maps.Keys(c.comment)) {
		if !c.comment[pkg] {
			c.findings = append(c.findings, fmt.Sprintf("package %s has no package comment", pkg))
		}
	}
	return c.findings
}
