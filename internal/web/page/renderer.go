package page

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io"
	"path"
	"strings"
	"sync"
	"time"
)

//go:embed templates static locales
var files embed.FS

// Options configure a Renderer.
type Options struct {
	Brand    string // name of the service as people know it; empty: Mortise
	BasePath string // where the pages are mounted, such as "/auth"; empty: the root
	Dev      bool   // frames every page as development and allows Login.Dev (TH-29)
}

// Renderer writes pages. It is immutable and safe for concurrent use.
type Renderer struct {
	brand, base string
	dev         bool
	words       *words
	sheets      sheets
	assets      map[string]Asset
	observe     func(key string) // set by tests to find words nobody says
}

// New returns a Renderer. Words, templates and assets are embedded, read once
// per process and shared.
func New(o Options) (*Renderer, error) {
	base := strings.TrimRight(o.BasePath, "/")
	if base != "" && (path.Clean(base) != base || base[0] != '/') {
		return nil, fmt.Errorf("page: base path %q is not a clean absolute path", o.BasePath)
	}
	w, err := loadWords()
	if err != nil {
		return nil, err
	}
	sheets, err := loadSheets()
	if err != nil {
		return nil, err
	}
	assets, err := loadAssets()
	if err != nil {
		return nil, err
	}
	brand := o.Brand
	if brand == "" {
		brand = "Mortise"
	}
	return &Renderer{brand: brand, base: base, dev: o.Dev, words: w, sheets: sheets, assets: assets}, nil
}

// Write renders v in f and sends it to w in one piece. When rendering fails,
// nothing is sent.
func (r *Renderer) Write(w io.Writer, f Frame, v View) error {
	s := v.sheet()
	parse, ok := r.sheets[s.name]
	if !ok {
		return fmt.Errorf("page: no template for %T", v)
	}
	set, err := parse()
	if err != nil {
		return fmt.Errorf("page: %s: %w", s.name, err)
	}
	if f.Now.IsZero() {
		f.Now = time.Unix(0, 0)
	}
	var b bytes.Buffer
	sc := &scene{Frame: f, V: v, r: r, sheet: s, speech: r.words.speak(f.Lang)}
	sc.observe = r.observe
	if err := set.ExecuteTemplate(&b, string(s.layout), sc); err != nil {
		return fmt.Errorf("page: %s: %w", s.name, err)
	}
	_, err = b.WriteTo(w)
	return err
}

// sheets gives a page's templates, parsed when the page is first shown: a
// server is up before it has read pages nobody asked for.
type sheets map[string]func() (*template.Template, error)

var loadSheets = sync.OnceValues(parseSheets)

// parseSheets parses the layouts and parts. Every page gets its own copy of
// them, so that each may define "title" and "main".
func parseSheets() (sheets, error) {
	shared, err := template.New("").ParseFS(files, "templates/layout/*.html", "templates/part/*.html")
	if err != nil {
		return nil, fmt.Errorf("page: %w", err)
	}
	names, err := files.ReadDir("templates/page")
	if err != nil {
		return nil, fmt.Errorf("page: %w", err)
	}
	all := make(sheets, len(names))
	for _, n := range names {
		all[strings.TrimSuffix(n.Name(), ".html")] = sync.OnceValues(func() (*template.Template, error) {
			own, err := shared.Clone()
			if err != nil {
				return nil, err
			}
			return own.ParseFS(files, "templates/page/"+n.Name())
		})
	}
	return all, nil
}

// Event is the sentence for the audit event called name, for documents that are
// not pages.
func (r *Renderer) Event(lang, name string) string { return r.words.speak(lang).Event(name) }
