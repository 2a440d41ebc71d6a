package page

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

// Language is one the pages speak.
type Language struct {
	Tag  string // BCP 47
	Name string // in itself
	Dir  string // ltr or rtl
}

// Languages lists what the pages speak. The first is the fallback.
var Languages = []Language{
	{Tag: "en", Name: "English", Dir: "ltr"},
	{Tag: "de", Name: "Deutsch", Dir: "ltr"},
}

// words is the catalogue of messages in every language.
type words struct {
	speakers map[string]*i18n.Localizer
	known    map[string]map[string]string // language, then key: the words, or nothing when they depend on values
	matcher  language.Matcher
}

// loadWords reads locales/LANG.json, whose keys are the same in every language,
// and locales/codes.LANG.json with the sentences of error codes (error.CODE),
// field faults (fault.CODE) and audit events (event.NAME), whose English is
// declared where the code is.
var loadWords = sync.OnceValues(readWords)

func readWords() (*words, error) {
	bundle := i18n.NewBundle(language.English)
	bundle.RegisterUnmarshalFunc("json", json.Unmarshal)
	w := &words{speakers: map[string]*i18n.Localizer{}, known: map[string]map[string]string{}}
	var tags []language.Tag
	for _, l := range Languages {
		w.known[l.Tag] = map[string]string{}
		tags = append(tags, language.Make(l.Tag))
	}
	entries, err := files.ReadDir("locales")
	if err != nil {
		return nil, fmt.Errorf("page: %w", err)
	}
	for _, e := range entries {
		if err := w.read(bundle, e.Name()); err != nil {
			return nil, err
		}
	}
	for _, l := range Languages {
		w.speakers[l.Tag] = i18n.NewLocalizer(bundle, l.Tag)
	}
	w.matcher = language.NewMatcher(tags)
	return w, nil
}

func (w *words) read(bundle *i18n.Bundle, name string) error {
	body, err := files.ReadFile("locales/" + name)
	if err != nil {
		return fmt.Errorf("page: %w", err)
	}
	f, err := bundle.ParseMessageFileBytes(body, name)
	if err != nil {
		return fmt.Errorf("page: locales/%s: %w", name, err)
	}
	known := w.known[f.Tag.String()]
	if known == nil {
		return fmt.Errorf("page: locales/%s is in no listed language", name)
	}
	for _, m := range f.Messages {
		known[m.ID] = ""
		if m.One == "" && !strings.Contains(m.Other, "{{") {
			known[m.ID] = m.Other
		}
	}
	return nil
}

// Negotiate picks the tag of one of Languages: what the person chose before,
// else what the app asks for (ui_locales, separated by spaces), else what the
// browser prefers. Malformed input counts as absent.
func (r *Renderer) Negotiate(acceptLanguage, chosen, uiLocales string) string {
	return r.words.negotiate(chosen, strings.ReplaceAll(uiLocales, " ", ","), acceptLanguage)
}

func (w *words) negotiate(wishes ...string) string {
	const limit = 512 // no honest wish is longer, and parsing costs by length
	for _, wish := range wishes {
		if wish == "" || len(wish) > limit {
			continue
		}
		tags, _, err := language.ParseAcceptLanguage(wish)
		if err != nil || len(tags) == 0 {
			continue
		}
		if _, i, c := w.matcher.Match(tags...); c != language.No {
			return Languages[i].Tag
		}
	}
	return Languages[0].Tag
}

func (w *words) speak(lang string) speech {
	for _, l := range Languages {
		if l.Tag == lang {
			return speech{Language: l, w: w}
		}
	}
	return speech{Language: Languages[0], w: w}
}
