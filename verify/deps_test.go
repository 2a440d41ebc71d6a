package verify

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A service that checks tokens links the standard library and the leaves of the
// wire form, and nothing else. The files are parsed: what "go list -deps" says would
// be answered from the test cache.
func TestLinksOnlyLeaves(t *testing.T) {
	const module = "github.com/mortise-auth/mortise/"
	leaves := []string{"verify", "internal/jose", "internal/jose/strictjson", "internal/jwt", "internal/feed", "internal/bearer", "internal/dpop"}
	seen := map[string]bool{}
	queue := []string{"verify"}
	for len(queue) > 0 {
		pkg := queue[0]
		queue = queue[1:]
		if seen[pkg] {
			continue
		}
		seen[pkg] = true
		if !slices.Contains(leaves, pkg) {
			t.Errorf("verify links %s", pkg)
			continue
		}
		for _, path := range importsOf(t, filepath.Join("..", pkg)) {
			first, _, _ := strings.Cut(path, "/")
			if inner, ours := strings.CutPrefix(path, module); ours {
				queue = append(queue, inner)
			} else if strings.Contains(first, ".") {
				t.Errorf("%s imports %s", pkg, path)
			}
		}
	}
	for _, leaf := range leaves {
		if !seen[leaf] {
			t.Errorf("%s is not reached: the test follows nothing", leaf)
		}
	}
}

func importsOf(t *testing.T, dir string) (paths []string) {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if !strings.HasSuffix(file.Name(), ".go") || strings.HasSuffix(file.Name(), "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(dir, file.Name()), nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, imported := range f.Imports {
			path, err := strconv.Unquote(imported.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			paths = append(paths, path)
		}
	}
	return paths
}
