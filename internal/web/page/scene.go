package page

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/mortise-auth/mortise/internal/problem"
)

// scene is the dot of every template: the frame, the view, and what templates
// may ask for.
type scene struct {
	Frame
	speech
	V View

	r     *Renderer
	sheet sheet
}

func (s *scene) Brand() string         { return s.r.brand }
func (s *scene) Dev() bool             { return s.r.dev }
func (s *scene) Languages() []Language { return Languages }
func (s *scene) Layout() string        { return string(s.sheet.layout) }

// URL is a path of ours with the base path before it. Every link and form
// action goes through it.
func (s *scene) URL(elements ...string) string {
	return s.r.base + strings.Join(elements, "")
}

// To is URL with a query of pairs of name and value; empty values are left out.
// The language that the app asked for goes along.
func (s *scene) To(path string, pairs ...string) string {
	q := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	if s.Asked != "" {
		q.Set("ui_locales", s.Asked)
	}
	if len(q) == 0 {
		return s.URL(path)
	}
	return s.URL(path) + "?" + q.Encode()
}

// Asset is the address of a static file.
func (s *scene) Asset(name string) string { return s.r.base + AssetPrefix + s.r.assets[name].Name }

// Problem is what the last try was answered with, or nil.
func (s *scene) Problem() *trouble {
	f, ok := s.V.(interface{ fault() *problem.Error })
	if !ok || f.fault() == nil {
		return nil
	}
	return s.trouble(f.fault())
}

// trouble is an error as the templates show it.
type trouble struct {
	Code, Text string
	Fields     []fieldTrouble
	Wait       string // "30 seconds"; empty when there is nothing to wait for
	Seconds    int
}

// Sole is the id of the field that all of it is about, if it is one field whose
// message is the whole message.
func (t *trouble) Sole() string {
	if len(t.Fields) == 1 && t.Fields[0].Known && t.Fields[0].Text == t.Text {
		return t.Fields[0].ID
	}
	return ""
}

// fieldTrouble is Known when the field says its fault itself, on the page.
type fieldTrouble struct {
	ID, Label, Text string
	Known           bool
}

func (s *scene) trouble(e *problem.Error) *trouble {
	t := &trouble{Code: e.Code, Text: s.Sentence(e)}
	for _, f := range e.Fields {
		id := strings.TrimPrefix(f.Pointer, "/")
		_, known := inputs[id]
		t.Fields = append(t.Fields, fieldTrouble{ID: id, Label: s.label(id), Text: s.Fault(f), Known: known})
	}
	if e.RetryAfter > 0 {
		t.Seconds = int((e.RetryAfter + time.Second - 1) / time.Second)
		t.Wait = s.span(e.RetryAfter)
	}
	return t
}

// Trouble and Status are for pages that are about an error.
func (s *scene) Trouble() *trouble { return s.trouble(s.subject()) }
func (s *scene) Status() int       { return s.subject().Kind.Status() }

// Hint is the word for what to try after an error.
func (s *scene) Hint() string {
	if f, ok := s.V.(Fault); ok && f.FromApp && s.subject().Kind == problem.Invalid {
		return "try.app"
	}
	return "try." + strconv.Itoa(s.Status())
}

func (s *scene) subject() *problem.Error {
	if v, ok := s.V.(interface{ subject() *problem.Error }); ok && v.subject() != nil {
		return v.subject()
	}
	return problem.ErrInternal
}

// Initials are at most two letters for the round mark beside a name.
func (s *scene) Initials() string {
	if s.Person == nil {
		return ""
	}
	return s.Letters(s.Person.Name, s.Person.Email)
}

// Letters are the initials of a name, or of what stands for it.
func (s *scene) Letters(name, otherwise string) string {
	words := strings.Fields(name)
	if len(words) == 0 {
		words = strings.Fields(otherwise)
	}
	if len(words) == 0 {
		return ""
	}
	initials := first(words[0])
	if len(words) > 1 {
		initials += first(words[len(words)-1])
	}
	return strings.ToUpper(initials)
}

func first(word string) string {
	for _, r := range word {
		return string(r)
	}
	return ""
}

// menuEntry is one line of the account menu.
type menuEntry struct {
	Key, Path, Icon string
	Current         bool
}

// Menu is the account menu.
func (s *scene) Menu() []menuEntry {
	menu := []menuEntry{
		{Key: "overview", Path: "/account", Icon: "house"},
		{Key: "profile", Path: "/account/profile", Icon: "user"},
		{Key: "addresses", Path: "/account/addresses", Icon: "mail"},
		{Key: "password", Path: "/account/password", Icon: "lock"},
		{Key: "passkeys", Path: "/account/passkeys", Icon: "key"},
		{Key: "security", Path: "/account/security", Icon: "phone"},
		{Key: "connections", Path: "/account/connections", Icon: "sign-in"},
		{Key: "sessions", Path: "/account/sessions", Icon: "devices"},
		{Key: "apps", Path: "/account/apps", Icon: "apps"},
		{Key: "activity", Path: "/account/activity", Icon: "history"},
		{Key: "data", Path: "/account/data", Icon: "download"},
	}
	for i := range menu {
		menu[i].Current = menu[i].Key == s.sheet.menu
	}
	return menu
}

// Beside is "1" where signing in leaves whoever is signed in so.
func (s *scene) Beside() string {
	if v, ok := s.V.(Login); ok && v.Beside {
		return "1"
	}
	return ""
}

// Pair hands a part two things.
func (s *scene) Pair(a, b any) pair { return pair{s, a, b} }

type pair struct {
	S    *scene
	A, B any
}
