package testidp_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/egress"
	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/federation/oidc"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/testidp"
)

const (
	issuer   = "https://idp.example.test/dev/idp"
	callback = "https://app.example.test/federation/test/callback"
)

// rig is a provider and who signs people in with it.
type rig struct {
	*testing.T
	idp     *testidp.Provider
	service *oidc.Service
	now     time.Time
}

// Do answers what would go out.
func (r *rig) Do(ctx context.Context, q egress.Request) (egress.Response, error) {
	req := httptest.NewRequestWithContext(ctx, max(q.Method, http.MethodGet), q.URL, bytes.NewReader(q.Body))
	for name, values := range q.Header {
		req.Header[name] = values
	}
	w := httptest.NewRecorder()
	r.idp.ServeHTTP(w, req)
	return egress.Response{Status: w.Code, Header: w.Header(), Body: w.Body.Bytes()}, nil
}

// plain is a keyring that seals nothing.
type plain struct{}

func (plain) Seal(_ string, _, text []byte) []byte            { return text }
func (plain) Open(_ string, _, sealed []byte) ([]byte, error) { return sealed, nil }

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{T: t, now: time.Date(2033, 5, 6, 7, 8, 9, 0, time.UTC)}
	var err error
	r.idp, err = testidp.New(testidp.Options{
		Issuer: issuer, Now: func() time.Time { return r.now }, Client: testidp.Client{ID: "ours", Secret: secret.NewText("hush:hush"), Redirects: []string{callback}},
		People: []testidp.Person{
			{Subject: "ada", Name: "Ada", Email: "ada@example.test", Verified: true, Groups: []string{"staff"}},
			{Subject: "noor", Name: "<b>Noor</b>"},
		}, Slow: time.Hour,
	})
	if err != nil {
		t.Fatal(err)
	}
	r.service = oidc.New(oidc.Options{HTTP: r, Keyring: plain{}, Now: func() time.Time { return r.now }})
	return r
}

func connection() federation.Connection {
	return federation.Connection{Name: "test", Kind: federation.OIDC, Enabled: true, Secret: federation.Sealed("hush:hush"), Settings: federation.Settings{ClientID: "ours", Issuer: issuer, Trust: []string{"*"}}}
}

func (r *rig) begin() (string, federation.Kept) {
	r.Helper()
	address, kept, err := r.service.Begin(r.Context(), connection(), federation.Ask{State: "s", Callback: callback})
	if err != nil {
		r.Fatal(err)
	}
	return address, kept
}

// post fills in the form of the page at address.
func (r *rig) post(address string, with url.Values) url.Values {
	r.Helper()
	u, err := url.Parse(address)
	if err != nil {
		r.Fatal(err)
	}
	form := u.Query()
	for name, values := range with {
		form[name] = values
	}
	req := httptest.NewRequest(http.MethodPost, issuer+"/authorize", strings.NewReader(form.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	r.idp.ServeHTTP(w, req)
	if w.Code != http.StatusSeeOther {
		r.Fatalf("%d: %s", w.Code, w.Body)
	}
	to, err := w.Result().Location()
	if err != nil || !strings.HasPrefix(to.String(), callback+"?") {
		r.Fatalf("went to %v, %v", to, err)
	}
	return to.Query()
}

func (r *rig) finish(k federation.Kept, answer url.Values) (federation.Statement, error) {
	return r.service.Finish(r.Context(), connection(), k, federation.Answer{
		Code: answer.Get("code"), Issuer: answer.Get("iss"), Error: answer.Get("error"), ErrorDescription: answer.Get("error_description"), At: r.now,
	})
}

func TestSomebodyIsChosen(t *testing.T) {
	r := newRig(t)
	address, kept := r.begin()
	answer := r.post(address, url.Values{"person": {"ada"}, "act": {"continue"}})
	s, err := r.finish(kept, answer)
	if err != nil || s.Subject != "ada" || s.Issuer != issuer || s.Session == "" || s.AuthTime.IsZero() {
		t.Fatalf("%+v %v", s, err)
	}
	p, err := connection().Person(s)
	if err != nil || p.Email != "ada@example.test" || !p.Verified || p.Name != "Ada" || len(p.Groups) != 1 {
		t.Errorf("%+v %v", p, err)
	}
	if _, err := r.finish(kept, answer); err == nil {
		t.Error("a code was taken twice")
	}
	made := url.Values{"person": {"other"}, "email": {"new@example.test"}, "display-name": {"New"}}
	address, kept = r.begin()
	if s, err := r.finish(kept, r.post(address, made)); err != nil || s.Claims["email"] != "new@example.test" || s.Claims["email_verified"] != true {
		t.Errorf("somebody made up: %+v %v", s, err)
	}
	r.now = r.now.Add(time.Second)
	address, kept = r.begin()
	late := r.post(address, url.Values{"person": {"ada"}})
	r.now = r.now.Add(2 * time.Minute)
	if _, err := r.finish(kept, late); err == nil {
		t.Error("a code of two minutes ago was taken")
	}
}

// OA-110 OA-113: every fault is one that is found.
func TestFaults(t *testing.T) {
	r := newRig(t)
	for _, f := range testidp.Faults {
		want := federation.ErrStatement
		switch f.Fault {
		case testidp.None, testidp.Unverified, testidp.NewSubject:
			want = nil
		case testidp.Down, testidp.TemporarilyAway, testidp.Slow:
			want = federation.ErrUpstream
		}
		if f.Fault == testidp.Slow {
			continue // below
		}
		for _, page := range []bool{true, false} {
			address, kept := r.begin()
			form := url.Values{"person": {"ada"}, "fault": {string(f.Fault)}}
			if !page {
				if f.Fault == testidp.Down {
					continue // then there is no page either
				}
				r.idp.Fail(f.Fault)
				form.Del("fault")
			}
			s, err := r.finish(kept, r.post(address, form))
			r.idp.Fail(testidp.None)
			if want == nil && err != nil || want != nil && !errors.Is(err, want) {
				t.Errorf("%s: got %v, want %v", f.Words, err, want)
			}
			if err == nil && f.Fault == testidp.Unverified && s.Claims["email_verified"] != false {
				t.Errorf("checked all the same: %v", s.Claims)
			}
			if err == nil && f.Fault == testidp.NewSubject && s.Subject != "ada:again" {
				t.Errorf("the same subject: %q", s.Subject)
			}
		}
	}
	address, kept := r.begin()
	if _, err := r.finish(kept, r.post(address, url.Values{"act": {"cancel"}})); !errors.Is(err, federation.ErrRefused) {
		t.Errorf("cancelled: %v", err)
	}
	answer := r.post(address, url.Values{"person": {"ada"}, "fault": {"slow"}})
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // it waits for an hour, or until nobody listens
	_, _ = r.service.Finish(ctx, connection(), kept, federation.Answer{Code: answer.Get("code"), Issuer: answer.Get("iss"), At: r.now})
	r.idp.Fail(testidp.Down)
	w := httptest.NewRecorder()
	r.idp.ServeHTTP(w, httptest.NewRequest(http.MethodGet, address, nil))
	if w.Code != http.StatusServiceUnavailable {
		t.Errorf("down: %d", w.Code)
	}
}

// JW-21: keys change, and the new ones are fetched.
func TestRotate(t *testing.T) {
	r := newRig(t)
	for range 2 {
		address, kept := r.begin()
		if _, err := r.finish(kept, r.post(address, url.Values{"person": {"ada"}})); err != nil {
			t.Fatal(err)
		}
		if err := r.idp.Rotate(); err != nil {
			t.Fatal(err)
		}
		r.now = r.now.Add(10 * time.Minute)
	}
}

func TestPage(t *testing.T) {
	r := newRig(t)
	r.idp.Add(testidp.Person{Subject: "grace", Name: "Grace", Email: "grace@example.test"})
	address, _ := r.begin()
	get := func(address string) (int, string, http.Header) {
		w := httptest.NewRecorder()
		r.idp.ServeHTTP(w, httptest.NewRequest(http.MethodGet, address, nil))
		body, _ := io.ReadAll(w.Body)
		return w.Code, string(body), w.Header()
	}
	code, body, head := get(address + "&fault=expired")
	for _, want := range []string{`id="submit"`, `id="cancel"`, "Ada", "Grace", "&lt;b&gt;Noor", "no e-mail address", `value="expired" selected`, `value="ada" checked`, `name="state" value="s"`} {
		if code != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%d, lacks %q: %s", code, want, body)
		}
	}
	if policy := head.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") || strings.Contains(body, "<script") {
		t.Errorf("policy %q", policy)
	}
	if _, body, _ := get(strings.Replace(address, "?", "?login_hint=grace%40example.test&", 1)); !strings.Contains(body, `value="grace" checked`) {
		t.Errorf("the hint is not taken: %s", body)
	}
	for _, spoil := range []func(url.Values){
		func(q url.Values) { q.Set("client_id", "else") }, func(q url.Values) { q.Set("redirect_uri", "https://evil.test/") },
		func(q url.Values) { q.Del("code_challenge") }, func(q url.Values) { q.Del("nonce") }, func(q url.Values) { q.Set("response_type", "token") },
	} {
		u, _ := url.Parse(address)
		q := u.Query()
		spoil(q)
		u.RawQuery = q.Encode()
		if code, body, _ := get(u.String()); code != http.StatusBadRequest {
			t.Errorf("%s: %d %s", u, code, body)
		}
	}
	if code, body, _ := get(issuer + "/logout?post_logout_redirect_uri=https%3A%2F%2Fevil.test%2F"); code != http.StatusOK || !strings.Contains(body, "You have left") {
		t.Errorf("a way out to anywhere: %d %s", code, body)
	}
	if code, _, head := get(issuer + "/logout?state=x&post_logout_redirect_uri=https%3A%2F%2Fapp.example.test%2Fbye"); code != http.StatusSeeOther || head.Get("Location") != "https://app.example.test/bye?state=x" {
		t.Errorf("left: %d %s", code, head.Get("Location"))
	}
}

// OA-114: what it tells of a log-out is believed.
func TestLogoutToken(t *testing.T) {
	r := newRig(t)
	token, err := r.idp.LogoutToken("ada", "sid-1")
	if err != nil {
		t.Fatal(err)
	}
	ended, err := r.service.Ended(t.Context(), connection(), token)
	if err != nil || ended.Subject != "ada" || ended.Session != "sid-1" {
		t.Errorf("%+v %v", ended, err)
	}
}
