package mail

import (
	"cmp"
	"embed"
	"fmt"
	htmltemplate "html/template"
	"net/url"
	"strings"
	"sync"
	texttemplate "text/template"
	"time"
)

//go:embed layout/*
var layoutFiles embed.FS

// Renderer turns messages into letters. It is safe for concurrent use.
type Renderer struct {
	origin  string
	host    string
	product string
	words   map[string]*words
	layout  layout
}

// NewRenderer makes letters whose links begin with origin (the configured
// public URL, with its path if it has one) and that speak in the name of product.
func NewRenderer(origin, product string) (*Renderer, error) {
	u, err := url.Parse(origin)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("mail: the public URL must be like https://login.example.com")
	}
	r := &Renderer{host: u.Hostname(), origin: strings.TrimRight(u.String(), "/"), product: line(product, 60)}
	if r.words, err = loadWords(); err != nil {
		return nil, err
	}
	r.layout, err = loadLayout()
	return r, err
}

// layout is how letters are written, in plain text and in HTML.
type layout struct {
	text *texttemplate.Template
	html *htmltemplate.Template
}

// loadLayout parses it once per process. Executing changes nothing in it.
var loadLayout = sync.OnceValues(func() (layout, error) {
	text, err := texttemplate.ParseFS(layoutFiles, "layout/letter.txt")
	if err != nil {
		return layout{}, err
	}
	html, err := htmltemplate.ParseFS(layoutFiles, "layout/letter.html")
	return layout{text, html}, err
})

// page is what both layouts show.
type page struct {
	Lang, Subject, Product, Origin  string
	Greeting                        string
	Body, After                     []string
	CodeLabel, Code                 string
	Button, Link, LinkHint          string
	Facts                           []fact
	Object, ObjectButton, ObjectURL string
	Footer                          string
}

type fact struct{ Label, Value string }

// Render makes the letter named id. What a template needs and the message lacks
// is ErrIncomplete.
func (r *Renderer) Render(id ID, m Message, now time.Time) (Letter, error) {
	s, ok := shapes[m.Template]
	if !ok || s.code && m.Data.Code.IsZero() || s.act && m.Data.Act.When.IsZero() {
		return Letter{}, fmt.Errorf("%w: %q lacks a code or circumstances", ErrIncomplete, m.Template)
	}
	p, err := r.page(s, m)
	if err != nil {
		return Letter{}, fmt.Errorf("%w: %q: %w", ErrIncomplete, m.Template, err)
	}
	if m.Channel == SMS || m.Channel == Voice {
		return r.short(id, m, p, now), nil
	}
	var text, html strings.Builder
	if err := r.layout.text.Execute(&text, p); err != nil {
		return Letter{}, err
	}
	if err := r.layout.html.Execute(&html, p); err != nil {
		return Letter{}, err
	}
	l := Letter{
		ID: id, Channel: Email, To: m.To, Subject: p.Subject, Text: text.String(), HTML: html.String(),
		Links: []string{}, Code: p.Code, CreatedAt: now,
	}
	for _, link := range []string{p.Link, p.ObjectURL} {
		if link != "" {
			l.Links = append(l.Links, link)
		}
	}
	if m.Data.Valid > 0 && s.code {
		l.Expires = now.Add(m.Data.Valid)
	}
	return l, nil
}

// short is a letter for a phone. The last line of a text message ties its code to
// our host, for browsers that fill it in (origin-bound one-time codes); in a call the
// digits are read one by one.
func (r *Renderer) short(id ID, m Message, p page, now time.Time) Letter {
	l := Letter{ID: id, Channel: m.Channel, Lang: p.Lang, To: m.To, Subject: p.Subject, Links: []string{}, Code: p.Code, CreatedAt: now}
	said := strings.Join(p.Body, " ")
	switch {
	case p.Code == "":
		l.Text = said
	case m.Channel == Voice:
		l.Text = said + " " + strings.Join(strings.Split(p.Code, ""), ", ") + "."
	default:
		l.Text = said + " " + p.Code + "\n\n@" + r.host + " #" + p.Code
	}
	if m.Data.Valid > 0 {
		l.Expires = now.Add(m.Data.Valid)
	}
	return l
}

func (r *Renderer) page(s shape, m Message) (page, error) {
	w := r.language(m.Lang)
	v := r.view(w, m)
	said := w.Templates[m.Template]
	p := page{Lang: w.Lang, Product: r.product, Origin: r.origin, Button: said.Button, LinkHint: w.Labels["link_hint"]}
	greeting := w.Labels["greeting"]
	if v.Name == "" {
		greeting = w.Labels["greeting_plain"]
	}
	var err error
	for _, part := range []struct {
		to     *string
		phrase string
	}{{&p.Subject, said.Subject}, {&p.Greeting, greeting}, {&p.Footer, w.Labels["footer"]}, {&p.Object, said.Object}} {
		if *part.to, err = say(part.phrase, v); err != nil {
			return page{}, err
		}
	}
	p.Subject = line(p.Subject, 200)
	if p.Body, err = sayAll(said.Body, v); err != nil {
		return page{}, err
	}
	if p.After, err = sayAll(said.After, v); err != nil {
		return page{}, err
	}
	if s.code {
		p.Code, p.CodeLabel = m.Data.Code.Reveal(), w.Labels["code"]
	}
	if s.link {
		if p.Link, err = r.link(m.Data.Path); err != nil {
			return page{}, err
		}
	}
	if s.act {
		p.Facts = w.facts(m.Data.Act, m.TimeZone)
	}
	if s.object != "" {
		p.ObjectURL, p.ObjectButton = r.origin+s.object, cmp.Or(said.Label, w.Labels["object"])
	}
	return p, nil
}

func (r *Renderer) view(w *words, m Message) view {
	v := view{
		Product: r.product, Name: greetable(m.Data.Name), Address: line(m.Data.Address, 254),
		Detail: line(m.Data.Detail, 200), Count: m.Data.Count,
	}
	if m.Data.Valid > 0 {
		v.Valid = w.span(m.Data.Valid)
	}
	if !m.Data.Due.IsZero() {
		v.Due = w.moment(m.Data.Due, m.TimeZone)
	}
	return v
}

func (w *words) facts(a Act, zone string) []fact {
	facts := []fact{{w.Labels["time"], w.moment(a.When, zone)}}
	for _, f := range []fact{{w.Labels["device"], a.Device}, {w.Labels["place"], a.Place}, {w.Labels["ip"], a.IP}} {
		if f.Value = line(f.Value, 120); f.Value != "" {
			facts = append(facts, f)
		}
	}
	return facts
}

// language picks the words for a BCP 47 tag by its primary subtag.
func (r *Renderer) language(tag string) *words {
	primary, _, _ := strings.Cut(strings.ToLower(tag), "-")
	if w, ok := r.words[primary]; ok {
		return w
	}
	return r.words[fallback]
}

// link joins a path to our origin. Anything that could lead elsewhere is refused (PW-32).
func (r *Renderer) link(path string) (string, error) {
	u, err := url.Parse(path)
	if err != nil || !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.ContainsFunc(path, unsafeInLink) ||
		u.Host != "" || u.Scheme != "" || strings.Contains(u.Path, "..") {
		return "", fmt.Errorf("its link is not a path below our origin")
	}
	return r.origin + u.String(), nil
}

// unsafeInLink are the characters that RFC 3986 wants escaped: with one of them
// a mail program would cut the link short.
func unsafeInLink(r rune) bool {
	return r <= ' ' || r >= 0x7f || strings.ContainsRune("\\\"<>^`{|}", r)
}
