package page

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func catalogue(t *testing.T, name string) map[string]any {
	t.Helper()
	body, err := files.ReadFile("locales/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var c map[string]any
	if err := json.Unmarshal(body, &c); err != nil {
		t.Fatal(err)
	}
	return c
}

var placeholder = regexp.MustCompile(`{{\.\w+}}`)

// placeholders are the values a message uses, over all its plural forms.
func placeholders(message any) []string {
	return slices.Compact(slices.Sorted(slices.Values(placeholder.FindAllString(fmt.Sprint(message), -1))))
}

func TestCataloguesAgree(t *testing.T) {
	en := catalogue(t, "en")
	for _, l := range Languages[1:] {
		other := catalogue(t, l.Tag)
		if a, b := slices.Sorted(maps.Keys(en)), slices.Sorted(maps.Keys(other)); !slices.Equal(a, b) {
			t.Errorf("en and %s have different keys", l.Tag)
		}
		for key, message := range en {
			if !slices.Equal(placeholders(message), placeholders(other[key])) {
				t.Errorf("%s: %v in en, %v in %s", key, placeholders(message), placeholders(other[key]), l.Tag)
			}
		}
	}
}

// Every key a page says exists, and every key that exists is said by a page in
// some state: a word nobody says is dead, and a state without sample is untested.
func TestEveryWordIsSaid(t *testing.T) {
	said := map[string]bool{}
	plain, dev := renderers(t, "")
	for _, r := range []*Renderer{plain, dev} {
		r.observe = func(key string) { said[key] = true }
	}
	for _, s := range Samples() {
		r := plain
		if s.Dev {
			r = dev
		}
		render(t, r, s)
	}
	en := catalogue(t, "en")
	for key := range en {
		if !said[key] {
			t.Errorf("nobody says %s", key)
		}
	}
	literal := regexp.MustCompile(`\.(?:T|N|Rich) "([^"]+)"`)
	for _, folder := range []string{"layout", "part", "page"} {
		entries, err := files.ReadDir("templates/" + folder)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			body, err := files.ReadFile("templates/" + folder + "/" + e.Name())
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range literal.FindAllStringSubmatch(string(body), -1) {
				if en[m[1]] == nil {
					t.Errorf("%s says %s, which no catalogue has", e.Name(), m[1])
				}
			}
		}
	}
}

func TestNegotiate(t *testing.T) {
	plain, _ := renderers(t, "")
	for _, c := range []struct{ accept, chosen, asked, want string }{
		{"", "", "", "en"},
		{"de-CH,de;q=0.9,en;q=0.5", "", "", "de"},
		{"fr,de;q=0.5", "", "", "de"},
		{"fr", "", "", "en"},
		{"de", "en", "", "en"},
		{"en", "", "de-AT en", "de"},
		{"en", "de", "en", "de"},
		{"en", "xx", "", "en"},
		{"de", "", "fr", "de"},
		{";;;q=,\x00", "\xff", "%%%", "en"},
		{strings.Repeat("de,", 10_000), "", "", "en"},
	} {
		if got := plain.Negotiate(c.accept, c.chosen, c.asked); got != c.want {
			t.Errorf("Negotiate(%.20q, %q, %q) = %q, want %q", c.accept, c.chosen, c.asked, got, c.want)
		}
	}
}

func FuzzNegotiate(f *testing.F) {
	r, err := New(Options{})
	if err != nil {
		f.Fatal(err)
	}
	f.Add("de-CH,de;q=0.9", "en", "de en")
	f.Fuzz(func(t *testing.T, accept, chosen, asked string) {
		if got := r.Negotiate(accept, chosen, asked); got != "en" && got != "de" {
			t.Errorf("Negotiate gave %q", got)
		}
	})
}
