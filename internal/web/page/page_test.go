package page

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

var (
	update     = flag.Bool("update", false, "write the golden files anew")
	storyboard = flag.String("storyboard", "", "folder to write every page to, for looking at")
)

// renderers returns the one for people and the one for development.
func renderers(t *testing.T, base string) (plain, dev *Renderer) {
	t.Helper()
	plain, err := New(Options{BasePath: base})
	if err != nil {
		t.Fatal(err)
	}
	dev, err = New(Options{BasePath: base, Dev: true})
	if err != nil {
		t.Fatal(err)
	}
	return plain, dev
}

func render(t *testing.T, r *Renderer, s Sample) string {
	t.Helper()
	var b bytes.Buffer
	if err := r.Write(&b, s.Frame, s.View); err != nil {
		t.Fatalf("%s: %v", s.Name, err)
	}
	return b.String()
}

// drawn is a sample as it was rendered.
type drawn struct {
	Sample
	html string
}

// Every test looks at the same pages, so they are rendered once per base path.
var drawings sync.Map

func draw(t *testing.T, base string) []drawn {
	t.Helper()
	if done, ok := drawings.Load(base); ok {
		return done.([]drawn)
	}
	plain, dev := renderers(t, base)
	var all []drawn
	for _, s := range Samples() {
		r := plain
		if s.Dev {
			r = dev
		}
		for _, l := range Languages {
			s.Frame.Lang = l.Tag
			all = append(all, drawn{s, render(t, r, s)})
		}
	}
	drawings.Store(base, all)
	return all
}

// each checks every sample in every language.
func each(t *testing.T, base string, check func(t *testing.T, s Sample, html string)) {
	t.Helper()
	for _, d := range draw(t, base) {
		t.Run(d.Name+"/"+d.Frame.Lang, func(t *testing.T) { check(t, d.Sample, d.html) })
	}
}

// compare holds got against a file, or writes the file.
func compare(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != got {
		t.Errorf("%s differs; look at it, then run go test -update", name)
	}
}

func TestGolden(t *testing.T) {
	seen := map[string]bool{}
	each(t, "", func(t *testing.T, s Sample, html string) {
		name := filepath.Join("testdata", "golden", s.Name+"."+s.Frame.Lang+".html")
		seen[name] = true
		compare(t, name, html)
	})
	files, err := filepath.Glob("testdata/golden/*.html")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !seen[f] {
			t.Errorf("%s belongs to no sample", f)
		}
	}
}

// TestWriteStoryboard writes every page for looking at:
// go test ./internal/web/page -run TestWriteStoryboard -storyboard DIR
func TestWriteStoryboard(t *testing.T) {
	dir := *storyboard
	if dir == "" {
		dir = t.TempDir()
	}
	plain, _ := renderers(t, "")
	if err := os.MkdirAll(filepath.Join(dir, "assets"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, a := range plain.Assets() {
		if err := os.WriteFile(filepath.Join(dir, "assets", name), a.Body, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var index strings.Builder
	index.WriteString("<!doctype html><meta charset=utf-8><title>Storyboard</title><ul>\n")
	each(t, "", func(t *testing.T, s Sample, html string) {
		name := s.Name + "." + s.Frame.Lang + ".html"
		html = strings.ReplaceAll(html, `="/assets/`, `="assets/`)
		if err := os.WriteFile(filepath.Join(dir, name), []byte(html), 0o644); err != nil {
			t.Fatal(err)
		}
		index.WriteString("<li><a href=" + name + ">" + name + "</a>\n")
	})
	if err := os.WriteFile(filepath.Join(dir, "index.html"), []byte(index.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}
