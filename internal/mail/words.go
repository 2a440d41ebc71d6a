package mail

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"text/template"
	"time"
)

//go:embed words/*.json
var wordFiles embed.FS

// fallback is the language for people whose own we do not have.
const fallback = "en"

// words is one language of the catalogue. All strings are text templates over
// view; the HTML part escapes their results.
type words struct {
	Lang      string               `json:"lang"`
	Months    []string             `json:"months"`
	Date      string               `json:"date"`
	Durations map[string][2]string `json:"durations"` // unit: one, other
	Labels    map[string]string    `json:"labels"`
	Templates map[Template]phrases `json:"templates"`
}

// phrases are the words of one template.
type phrases struct {
	Subject string   `json:"subject"`
	Body    []string `json:"body"`
	Button  string   `json:"button,omitempty"`
	After   []string `json:"after,omitempty"`  // below code and button
	Object  string   `json:"object,omitempty"` // what to do if it was not you
	Label   string   `json:"label,omitempty"`  // of that link; empty: the usual one
}

// view is what the words may mention.
type view struct {
	Product, Name, Address, Valid, Due, Detail string
	Count                                      int
}

// loadWords reads the catalogue, once per process: nobody changes it.
var loadWords = sync.OnceValues(readWords)

func readWords() (map[string]*words, error) {
	files, err := wordFiles.ReadDir("words")
	if err != nil {
		return nil, err
	}
	all := make(map[string]*words, len(files))
	for _, f := range files {
		raw, err := wordFiles.ReadFile("words/" + f.Name())
		if err != nil {
			return nil, err
		}
		d := json.NewDecoder(bytes.NewReader(raw))
		d.DisallowUnknownFields()
		w := new(words)
		if err := d.Decode(w); err != nil {
			return nil, fmt.Errorf("mail: %s: %w", f.Name(), err)
		}
		all[w.Lang] = w
	}
	return all, nil
}

// say fills one phrase.
func say(phrase string, v view) (string, error) {
	t, err := template.New("").Option("missingkey=error").Parse(phrase)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	err = t.Execute(&b, v)
	return b.String(), err
}

func sayAll(all []string, v view) ([]string, error) {
	out := make([]string, len(all))
	for i, phrase := range all {
		var err error
		if out[i], err = say(phrase, v); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// moment writes t as people of this language do, in the named zone.
func (w *words) moment(t time.Time, zone string) string {
	if loc, err := time.LoadLocation(zone); err == nil && zone != "Local" {
		t = t.In(loc)
	} else {
		t = t.UTC()
	}
	return strings.NewReplacer(
		"DAY", t.Format("2"), "MONTH", w.Months[t.Month()-1], "YEAR", t.Format("2006"),
		"CLOCK", t.Format("15:04"), "ZONE", t.Format("MST"),
	).Replace(w.Date)
}

// span writes a duration in the largest unit that is exact enough.
func (w *words) span(d time.Duration) string {
	unit, n := "minute", int(d.Round(time.Minute)/time.Minute)
	switch {
	case d > 72*time.Hour && d%(24*time.Hour) == 0:
		unit, n = "day", int(d/(24*time.Hour))
	case d >= time.Hour && d%time.Hour == 0:
		unit, n = "hour", int(d/time.Hour)
	}
	form := w.Durations[unit][1]
	if n == 1 {
		form = w.Durations[unit][0]
	}
	return fmt.Sprintf(form, n)
}
