package page

import (
	"fmt"
	"strings"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/nicksnyder/go-i18n/v2/i18n"
)

// speech is the catalogue in one language.
type speech struct {
	Language
	w       *words
	observe func(key string) // told of every key said; nil outside tests
}

func (s speech) has(key string) bool {
	_, ok := s.w.known[s.Tag][key]
	return ok
}

// T says key, with values given as pairs of name and value.
func (s speech) T(key string, pairs ...any) (string, error) {
	return s.say(&i18n.LocalizeConfig{MessageID: key, TemplateData: values(pairs)})
}

// N says key in the plural form for count, which the message may show as Count.
func (s speech) N(key string, count int, pairs ...any) (string, error) {
	data := values(pairs)
	data["Count"] = count
	return s.say(&i18n.LocalizeConfig{MessageID: key, TemplateData: data, PluralCount: count})
}

func (s speech) say(c *i18n.LocalizeConfig) (string, error) {
	if s.observe != nil {
		s.observe(c.MessageID)
	}
	if plain := s.w.known[s.Tag][c.MessageID]; plain != "" {
		return plain, nil
	}
	return s.w.speakers[s.Tag].Localize(c)
}

func values(pairs []any) map[string]any {
	data := make(map[string]any, len(pairs)/2+1)
	for i := 0; i+1 < len(pairs); i += 2 {
		data[fmt.Sprint(pairs[i])] = pairs[i+1]
	}
	return data
}

// Span is a piece of a sentence.
type Span struct {
	Text   string
	Strong bool
}

// Two private-use characters fence the values of Rich while the sentence is put
// together; they are dropped from the values themselves.
const fenceOpen, fenceClose = "\ue000", "\ue001"

var noFence = strings.NewReplacer(fenceOpen, "", fenceClose, "")

// Rich says key with its values set apart, so that a template can make them
// strong without any text becoming markup.
func (s speech) Rich(key string, pairs ...any) ([]Span, error) {
	fenced := make([]any, len(pairs))
	for i, p := range pairs {
		fenced[i] = p
		if i%2 == 1 {
			fenced[i] = fenceOpen + noFence.Replace(fmt.Sprint(p)) + fenceClose
		}
	}
	whole, err := s.T(key, fenced...)
	if err != nil {
		return nil, err
	}
	return split(whole), nil
}

func split(whole string) []Span {
	var spans []Span
	for whole != "" {
		plain, rest, found := strings.Cut(whole, fenceOpen)
		if plain != "" {
			spans = append(spans, Span{Text: plain})
		}
		if !found {
			break
		}
		strong, after, _ := strings.Cut(rest, fenceClose)
		spans = append(spans, Span{Text: strong, Strong: true})
		whole = after
	}
	return spans
}

// Sentence is the public sentence of e in this language. A sentence that
// carries a value stays as it was made unless the catalogue has its code.
func (s speech) Sentence(e *problem.Error) string {
	return s.code("error."+e.Code, e.Public)
}

// Fault is the message of one faulty field. Most fields borrow the code and
// sentence of an error.
func (s speech) Fault(f problem.Field) string {
	return s.code("fault."+f.Code, s.code("error."+f.Code, f.Message))
}

// Scope says what an app may do by a scope, described in English as text; the
// name says it when nobody described it.
func (s speech) Scope(name, text string) string {
	if text == "" {
		text = name
	}
	return s.code("scope."+name, text)
}

// Event is the sentence a person reads in the security log.
func (s speech) Event(name string) string {
	d, _ := audit.Lookup(name)
	if d.Sentence == "" {
		return s.code("event."+name, name)
	}
	return s.code("event."+name, d.Sentence)
}

func (s speech) code(key, english string) string {
	if !s.has(key) {
		return english
	}
	if text, err := s.T(key); err == nil {
		return text
	}
	return english
}

// Untranslated lists the declared error codes and audit events that lack a
// sentence in a language other than English, as LANG/KEY.
func Untranslated() ([]string, error) {
	w, err := loadWords()
	if err != nil {
		return nil, err
	}
	var missing []string
	want := func(key string) {
		for _, l := range Languages[1:] {
			if _, ok := w.known[l.Tag][key]; !ok {
				missing = append(missing, l.Tag+"/"+key)
			}
		}
	}
	for _, e := range problem.Catalogue() {
		want("error." + e.Code)
	}
	for _, d := range audit.Catalogue() {
		if d.Sentence != "" {
			want("event." + d.Name)
		}
	}
	return missing, nil
}
