package upstream

import (
	"crypto/rand"
	"crypto/tls"
	"encoding/json"
	"html/template"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// authorize is the page where the person says yes, which it does at once.
func (s *Service) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if fault := s.unusual(q); fault != "" {
		http.Error(w, "Error 400: "+fault, http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	s.last = q
	person := s.person
	s.nonces = append(s.nonces, q.Get("nonce"))
	s.mu.Unlock()
	back := url.Values{"state": {q.Get("state")}}
	switch {
	case s.has(Deny) && s.Kind == Apple:
		back.Set("error", "user_cancelled_authorize")
	case s.has(Deny):
		back.Set("error", "access_denied")
		back.Set("error_description", "The resource owner or authorization server denied the request.")
	case s.has(Broken):
		back.Set("error", "server_error")
	default:
		code := rand.Text() + rand.Text()
		back.Set("code", code)
		s.mu.Lock()
		s.codes[code] = grant{person, q.Get("nonce"), q.Get("redirect_uri"), q.Get("code_challenge"), q.Get("scope"), q.Has("max_age")}
		s.mu.Unlock()
		s.embellish(back, q)
	}
	s.name(back)
	if q.Get("response_mode") == "form_post" {
		_ = form.Execute(w, map[string]any{"To": q.Get("redirect_uri"), "Values": back})
		return
	}
	to, _ := url.Parse(q.Get("redirect_uri"))
	to.RawQuery = back.Encode()
	http.Redirect(w, r, to.String(), http.StatusFound)
}

// unusual is what the real service would show an error page for.
func (s *Service) unusual(q url.Values) string {
	scopes := strings.Fields(q.Get("scope"))
	switch {
	case q.Get("client_id") != ClientID:
		return "invalid_client"
	case q.Get("redirect_uri") == "":
		return "redirect_uri_mismatch"
	case q.Get("response_type") != "code" && s.Kind != GitHub:
		return "unsupported_response_type"
	case q.Get("code_challenge_method") != "S256" || len(q.Get("code_challenge")) != 43:
		return "code challenge required"
	case s.Kind != GitHub && s.Kind != OAuth2 && !slices.Contains(scopes, "openid"):
		return "invalid_scope"
	case s.Kind == Apple && len(scopes) > 0 && q.Get("response_mode") != "form_post":
		return "response_mode must be form_post when name or email scope is requested"
	}
	return ""
}

// embellish adds what some services add to a success.
func (s *Service) embellish(back, q url.Values) {
	switch s.Kind {
	case Google:
		back.Set("scope", "email profile openid https://www.googleapis.com/auth/userinfo.profile https://www.googleapis.com/auth/userinfo.email")
		back.Set("authuser", "0")
		back.Set("prompt", "none")
	case Microsoft:
		back.Set("session_state", "9a9f4f0e-5b5e-4f6a-8f56-f5e6f1a2c3d4")
	case Apple:
		s.mu.Lock()
		p := s.person
		s.mu.Unlock()
		if p.FirstRun {
			user, _ := json.Marshal(map[string]any{"name": map[string]string{"firstName": p.Given, "lastName": p.Family}, "email": p.Email})
			back.Set("user", string(user))
		}
	}
}

// name says whose answer it is (RFC 9207), where the service does.
func (s *Service) name(back url.Values) {
	switch {
	case s.has(OtherIssuer):
		back.Set("iss", "https://attacker.example")
	case s.Kind == OIDC && !s.has(NoIssuer):
		back.Set("iss", s.URL)
	}
}

var form = template.Must(template.New("").Parse(`<!doctype html><title>Working</title><body onload="document.forms[0].submit()">
<form method="post" action="{{.To}}">{{range $name, $all := .Values}}{{range $all}}<input type="hidden" name="{{$name}}" value="{{.}}">{{end}}{{end}}</form>`))

// Back is what the browser brings to the callback.
type Back struct {
	To     string // the callback, without parameters
	Values url.Values
	Posted bool
}

// SignIn follows an authorization address as a browser does, up to where it would
// leave the service.
func (s *Service) SignIn(t testing.TB, address string) Back {
	t.Helper()
	jar, _ := cookiejar.New(nil)
	client := http.Client{
		Jar: jar, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: Roots(), MinVersion: tls.VersionTLS12}, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	resp, err := client.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	switch {
	case resp.StatusCode == http.StatusFound:
		to, err := resp.Location()
		if err != nil {
			t.Fatal(err)
		}
		values := to.Query()
		to.RawQuery = ""
		return Back{To: to.String(), Values: values}
	case resp.StatusCode == http.StatusOK && s.Last().Get("response_mode") == "form_post":
		return readForm(string(body))
	}
	t.Fatalf("%s answered %d: %s", address, resp.StatusCode, body)
	return Back{}
}

// readForm reads the page that form wrote.
func readForm(page string) Back {
	b := Back{Values: url.Values{}, Posted: true, To: between(page, `action="`, `"`)}
	for input := range strings.SplitSeq(page, `<input type="hidden" name="`) {
		if name, rest, ok := strings.Cut(input, `" value="`); ok {
			b.Values.Add(unescape(name), unescape(rest[:strings.IndexByte(rest, '"')]))
		}
	}
	return b
}
