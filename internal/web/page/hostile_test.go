package page

import (
	"reflect"
	"strings"
	"testing"

	"github.com/mortise-auth/mortise/internal/problem"
)

const hostile = `javascript:alert(1)//"'><script>alert(1)</script><img src=x onerror=alert(1)>{{.}}` + "\ue000\ue001\x00"

// poison puts hostile text wherever a view holds text of people.
func poison(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		if v.CanSet() && (v.Type() == reflect.TypeFor[string]() || v.Type() == reflect.TypeFor[Link]()) {
			v.SetString(hostile)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				poison(v.Field(i))
			}
		}
	case reflect.Slice:
		if v.CanSet() { // samples share what they are made of
			fresh := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
			reflect.Copy(fresh, v)
			v.Set(fresh)
		}
		for i := range v.Len() {
			poison(v.Index(i))
		}
	case reflect.Pointer:
		if !v.IsNil() && v.CanSet() {
			fresh := reflect.New(v.Type().Elem())
			fresh.Elem().Set(v.Elem())
			v.Set(fresh)
			poison(fresh.Elem())
		}
	}
}

// SE-44: whatever people typed stays text, in every page and every place.
func TestTextStaysText(t *testing.T) {
	plain, dev := renderers(t, "")
	for _, s := range Samples() {
		view := reflect.New(reflect.TypeOf(s.View)).Elem()
		view.Set(reflect.ValueOf(s.View))
		poison(view)
		s.View = view.Interface().(View)
		s.Frame.Person = &Person{Name: hostile, Email: hostile}
		s.Frame.Flash = Flash{Notice: NoticeAddressAdded, Value: hostile}
		s.Frame.CSRF, s.Frame.Nonce, s.Frame.Path, s.Frame.Lang = hostile, hostile, hostile, hostile
		s.Frame.Theme = Theme(hostile)
		r := plain
		if s.Dev {
			r = dev
		}
		page := render(t, r, s)
		for _, bad := range []string{"<script>alert", "<img src=x"} {
			if strings.Contains(page, bad) {
				t.Errorf("%s: %s came through", s.Name, bad)
			}
		}
		for _, e := range elements(t, page) {
			for _, name := range []string{"href", "src", "action"} {
				if strings.HasPrefix(e.attr[name], "javascript:") {
					t.Errorf("%s: <%s %s=%q>", s.Name, e.tag, name, e.attr[name])
				}
			}
		}
	}
}

// Of a mail only addresses of the web become links.
func TestLink(t *testing.T) {
	for link, want := range map[Link]string{
		"https://id.example.test/verify?token=x": "https://id.example.test/verify?token=x",
		"http://localhost:8080/":                 "http://localhost:8080/", "javascript:alert(1)": "", "data:text/html,x": "", "://": "", "/relative": "",
	} {
		if got := link.Href(); got != want {
			t.Errorf("Href(%q) = %q, want %q", link, got, want)
		}
	}
}

func TestNothingIsSentWhenRenderingFails(t *testing.T) {
	plain, _ := renderers(t, "")
	var sent strings.Builder
	if err := plain.Write(&sent, Frame{Flash: Flash{Notice: "unheard_of"}}, Login{}); err == nil || sent.Len() > 0 {
		t.Errorf("sent %d bytes, error %v", sent.Len(), err)
	}
}

// TH-29: the strip needs a renderer of development, not only a view that asks.
func TestDevEntryOnlyInDevelopment(t *testing.T) {
	plain, _ := renderers(t, "")
	page := render(t, plain, Sample{View: Login{Dev: &DevEntry{People: []DevPerson{{"ada", "Ada", ""}}}}})
	if strings.Contains(page, "/dev/") {
		t.Error("development shows outside development")
	}
}

func TestSentence(t *testing.T) {
	w, err := loadWords()
	if err != nil {
		t.Fatal(err)
	}
	de, en := w.speak("de"), w.speak("en")
	if got := en.Sentence(problem.ErrInternal); got != problem.ErrInternal.Public {
		t.Errorf("English: %q", got)
	}
	if got := de.Sentence(problem.ErrInternal); got == problem.ErrInternal.Public || got == "" {
		t.Errorf("German: %q", got)
	}
	strange := &problem.Error{Code: "nobody_knows", Public: "Do this."}
	if got := de.Sentence(strange); got != "Do this." {
		t.Errorf("without translation: %q", got)
	}
}

func TestNewRefusesAnUncleanBase(t *testing.T) {
	for _, base := range []string{"auth", "/a/../b", "//x", "/a//b"} {
		if _, err := New(Options{BasePath: base}); err == nil {
			t.Errorf("New took %q", base)
		}
	}
	for _, base := range []string{"", "/", "/auth", "/auth/"} {
		if _, err := New(Options{BasePath: base}); err != nil {
			t.Errorf("New refused %q: %v", base, err)
		}
	}
}
