package mail_test

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/mortise-auth/mortise/internal/mail"
	"github.com/mortise-auth/mortise/internal/secret"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

const origin = "https://login.example.org/auth"

func renderer(t testing.TB) *mail.Renderer {
	t.Helper()
	r, err := mail.NewRenderer(origin, "Acme & Sons")
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func full(tpl mail.Template, lang string) mail.Message {
	return mail.Message{Template: tpl, To: "ada@acme.org", Lang: lang, TimeZone: "Europe/Berlin", Data: mail.Data{
		Name: "Ada Lovelace", Code: secret.NewText("492013"), Path: "/verify?token=abc_DEF-123", Valid: 10 * time.Minute,
		Act:     mail.Act{When: noon, Device: "Firefox on Linux", Place: "Cambridge, GB", IP: "203.0.113.7"},
		Address: "new@acme.org", Due: noon.Add(14 * 24 * time.Hour), Count: 12, Detail: "display <b>name</b>",
	}}
}

func render(t testing.TB, m mail.Message) mail.Letter {
	t.Helper()
	l, err := renderer(t).Render(mail.NewID(noon), m, noon)
	if err != nil {
		t.Fatalf("%s: %v", m.Template, err)
	}
	return l
}

// AU-60: every notice says when, with what, from where, and how to object.
// PW-32: every address in it is ours.
func TestEveryTemplate(t *testing.T) {
	for tpl, s := range mail.Shapes {
		for _, lang := range []string{"en", "de"} {
			t.Run(fmt.Sprintf("%s/%s", tpl, lang), func(t *testing.T) {
				l := render(t, full(tpl, lang))
				for part, body := range map[string]string{"text": l.Text, "html": l.HTML, "subject": l.Subject} {
					for _, bad := range []string{"{{", "<no value>", "%!", "%d", "<b>"} {
						if strings.Contains(body, bad) && (part == "html" || bad != "<b>") {
							t.Errorf("%s contains %q:\n%s", part, bad, body)
						}
					}
				}
				for part, body := range map[string]string{"text": l.Text, "html": l.HTML} {
					if s.Code != strings.Contains(body, "492013") {
						t.Errorf("%s: code shown: %v", part, !s.Code)
					}
					if s.Link != strings.Contains(body, origin+"/verify?token=abc_DEF-123") {
						t.Errorf("%s: link shown: %v", part, !s.Link)
					}
					for _, fact := range []string{"22 November 2026, 13:00", "Firefox on Linux", "Cambridge, GB", "203.0.113.7"} {
						fact = strings.Replace(fact, "22 ", map[string]string{"en": "22 ", "de": "22. "}[lang], 1)
						if s.Act && !strings.Contains(body, fact) {
							t.Errorf("%s lacks %q", part, fact)
						}
					}
				}
				if s.Act && len(l.Links) == 0 {
					t.Error("a notice with no way to object")
				}
				if strings.Contains(l.Subject, "492013") {
					t.Error("the code is in the subject, which lock screens show")
				}
				for _, link := range append(hrefs(t, l.HTML), l.Links...) {
					if !strings.HasPrefix(link, origin) {
						t.Errorf("foreign link %q", link)
					}
				}
			})
		}
	}
}

func hrefs(t *testing.T, doc string) []string {
	t.Helper()
	root, err := html.Parse(strings.NewReader(doc))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for n := range root.Descendants() {
		if n.Data == "img" || n.Data == "script" || n.Data == "link" {
			t.Errorf("mail contains <%s>", n.Data)
		}
		for _, a := range n.Attr {
			if a.Key == "href" || a.Key == "src" {
				all = append(all, a.Val)
			}
		}
	}
	return all
}

func TestBothLanguagesSayEverything(t *testing.T) {
	all, err := mail.Words()
	if err != nil {
		t.Fatal(err)
	}
	want := slices.Sorted(maps.Keys(mail.Shapes))
	for lang, templates := range all {
		if got := slices.Sorted(maps.Keys(templates)); !slices.Equal(got, want) {
			t.Errorf("%s has %v, want %v", lang, got, want)
		}
		for name, s := range mail.Shapes {
			p := templates[name]
			if s.Link != (p.Button != "") || s.Object != (p.Object != "") || p.Subject == "" || len(p.Body) == 0 {
				t.Errorf("%s %s does not fit its shape: %+v", lang, name, p)
			}
			if other := all["en"][name]; len(other.Body) != len(p.Body) || len(other.After) != len(p.After) {
				t.Errorf("%s %s has other paragraphs than English", lang, name)
			}
		}
	}
	if len(all) < 2 {
		t.Error("fewer than two languages")
	}
}

func TestLanguageAndZone(t *testing.T) {
	for tag, want := range map[string]string{"de-AT": "Passwort", "DE": "Passwort", "fr": "password", "": "password", "x": "password"} {
		if l := render(t, full(mail.PasswordChanged, tag)); !strings.Contains(l.Text, want) {
			t.Errorf("%q: %s", tag, l.Subject)
		}
	}
	for zone, want := range map[string]string{"Asia/Tokyo": "21:00 JST", "": "12:00 UTC", "Local": "12:00 UTC", "../etc/passwd": "12:00 UTC"} {
		m := full(mail.PasswordChanged, "en")
		m.TimeZone = zone
		if l := render(t, m); !strings.Contains(l.Text, want) {
			t.Errorf("%q: no %q in %s", zone, want, l.Text)
		}
	}
	for d, want := range map[time.Duration]string{time.Minute: "1 minute.", 10 * time.Minute: "10 minutes", time.Hour: "1 hour.", 72 * time.Hour: "72 hours", 14 * 24 * time.Hour: "14 days"} {
		m := full(mail.Recover, "en")
		m.Data.Valid = d
		if l := render(t, m); !strings.Contains(l.Text, want) {
			t.Errorf("%s: no %q in %s", d, want, l.Text)
		}
	}
}

// PW-32
func TestLinksStayOnOurOrigin(t *testing.T) {
	for _, path := range []string{"", "verify", "//evil.test/x", `/\evil.test`, "https://evil.test/", "/..//evil", "/%2e%2e/x", "javascript:alert(1)", "@evil.test", "/a\nb", "/?a b", "/?a<b", "/é"} {
		m := full(mail.Recover, "en")
		m.Data.Path = path
		if l, err := renderer(t).Render(mail.NewID(noon), m, noon); !errors.Is(err, mail.ErrIncomplete) {
			t.Errorf("path %q gave %q", path, l.Links)
		}
	}
	for _, bad := range []string{"", "login.example.org", "ftp://x", "https://u:p@x", "https://x?y", "https://x#y", "https://"} {
		if _, err := mail.NewRenderer(bad, "P"); err == nil {
			t.Errorf("origin %q accepted", bad)
		}
	}
}

func FuzzLink(f *testing.F) {
	for _, s := range []string{"/verify?token=x", "//h", `/\h`, "/a/../b", "/%0d%0a"} {
		f.Add(s)
	}
	r := renderer(f)
	f.Fuzz(func(t *testing.T, path string) {
		m := full(mail.Recover, "en")
		m.Data.Path = path
		l, err := r.Render(mail.NewID(noon), m, noon)
		if err != nil {
			return
		}
		u, err := url.Parse(l.Links[0])
		if err != nil || u.Host != "login.example.org" || !strings.HasPrefix(u.Path, "/auth/") || strings.ContainsAny(l.Links[0], " \r\n\\") {
			t.Fatalf("%q became %q", path, l.Links[0])
		}
	})
}

func TestIncomplete(t *testing.T) {
	for name, change := range map[string]func(*mail.Message){
		"unknown template": func(m *mail.Message) { m.Template = "newsletter" },
		"no code":          func(m *mail.Message) { m.Data.Code = secret.Text{} },
		"no link":          func(m *mail.Message) { m.Data.Path = "" },
		"no time":          func(m *mail.Message) { m.Template = mail.NewDevice; m.Data.Act = mail.Act{} },
	} {
		m := full(mail.Recover, "en")
		change(&m)
		if _, err := renderer(t).Render(mail.NewID(noon), m, noon); !errors.Is(err, mail.ErrIncomplete) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestHostileText(t *testing.T) {
	for name, greeted := range map[string]string{
		"Ada":                       "Hello Ada,",
		"Dr. A. Lovelace":           "Hello Dr. A. Lovelace,",
		"  Ada \r\nBcc: x ":         "Hello,",
		"Ada\u202egnp":              "Hello Adagnp,",
		"http://evil.test win":      "Hello,",
		"visit evil.test":           "Hello,",
		"<script>alert(1)</script>": "Hello,",
		strings.Repeat("é", 500):    "Hello " + strings.Repeat("é", 59) + "…,",
		"bad \xff bytes":            "Hello bad bytes,",
		"O'Hara & Ñandú":            "Hello O'Hara & Ñandú,",
		"\x00\x07":                  "Hello,",
	} {
		m := full(mail.PasswordChanged, "en")
		m.Data.Name = name
		m.Data.Act.Device = strings.Repeat("x", 10000) + "\r\n.\r\n"
		l := render(t, m)
		if first, _, _ := strings.Cut(l.Text, "\n"); first != greeted {
			t.Errorf("%q greeted with %q, want %q", name, first, greeted)
		}
		if strings.Contains(l.HTML, "<script>") || strings.Contains(l.Text, strings.Repeat("x", 121)) {
			t.Errorf("%q: unescaped or unbounded", name)
		}
	}
}

func TestLettersDoNotPrint(t *testing.T) {
	l := render(t, full(mail.Recover, "en"))
	if s := fmt.Sprintf("%v %+v %#v %s", l, l, &l, struct{ l mail.Letter }{l}.l); strings.Contains(s, "492013") || strings.Contains(s, "token=") {
		t.Errorf("printed: %s", s)
	}
}
