package arch

import (
	"go/parser"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func mustParse(t *testing.T, text string) *policy {
	t.Helper()
	p, err := parsePolicy(text)
	if err != nil {
		t.Fatalf("policy: %v", err)
	}
	return p
}

// TestTree holds every file of the module against policy.txt.
func TestTree(t *testing.T) {
	root := filepath.Join("..", "..")
	c := newChecker(mustParse(t, policyText))
	files := goFiles(t, root)
	if len(files) < 10 {
		t.Fatalf("found only %d Go files: is this the module?", len(files))
	}
	for _, name := range files {
		src, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		c.source(t, name, string(src))
	}
	for _, finding := range c.finish() {
		t.Error(finding)
	}
}

// source parses and checks one file; name is relative to the module.
func (c *checker) source(t *testing.T, name, src string) {
	t.Helper()
	f, err := parser.ParseFile(c.fset, name, src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	c.file(short(path.Join(modulePath, path.Dir(name))), f)
}

// goFiles lists the Go files of the module at root, without nested modules.
func goFiles(t *testing.T, root string) []string {
	t.Helper()
	var files []string
	err := fs.WalkDir(os.DirFS(root), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && name != "." && skipped(root, name) {
			return fs.SkipDir
		}
		if strings.HasSuffix(name, ".go") {
			files = append(files, name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func skipped(root, dir string) bool {
	base := path.Base(dir)
	if strings.HasPrefix(base, ".") || slices.Contains([]string{"testdata", "node_modules", "bin", "dist"}, base) {
		return true
	}
	_, err := os.Stat(filepath.Join(root, dir, "go.mod"))
	return err == nil
}
