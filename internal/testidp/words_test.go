package testidp_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/mortise-auth/mortise/internal/testidp"
)

// The page speaks what the client asks for, else what the browser does.
func TestPageFollowsTheLanguage(t *testing.T) {
	r := newRig(t)
	r.idp.Add(testidp.Person{Subject: "grace", Name: "Grace", Email: "grace@example.test", Note: "new here"})
	address, _ := r.begin()
	english := []string{"Who shall it be?", "People", "no e-mail address", "not checked", "new here", "Somebody else", "which counts", "Their name", "What shall go", "Continue", "Cancel"}
	for _, f := range testidp.Faults {
		english = append(english, f.Words)
	}
	for _, tc := range []struct{ asked, browser, want string }{
		{"", "", "en"}, {"", "fr, de-AT;q=0.8", "de"}, {"de", "en", "de"}, {"en-GB de", "de", "en"}, {"fr", "x", "en"},
	} {
		q := httptest.NewRequest(http.MethodGet, address+"&ui_locales="+strings.ReplaceAll(tc.asked, " ", "+"), nil)
		q.Header.Set("Accept-Language", tc.browser)
		w := httptest.NewRecorder()
		r.idp.ServeHTTP(w, q)
		text, _ := io.ReadAll(w.Body)
		if body := string(text); w.Code != http.StatusOK || !strings.Contains(body, `<html lang="`+tc.want+`">`) {
			t.Errorf("%+v: %d %s", tc, w.Code, body)
		} else {
			for _, one := range english {
				if strings.Contains(body, one) != (tc.want == "en") {
					t.Errorf("%+v: %q in %s", tc, one, body)
				}
			}
		}
	}
}
