package testidp

import (
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/mortise-auth/mortise/internal/secret"
)

// grant is what a code or an access token stands for.
type grant struct {
	person   Person
	fault    Fault
	redirect string
	nonce    string
	pkce     string // S256
	session  string
	scope    string
	chosen   time.Time
}

// request is an authorization request that may be answered.
type request struct {
	redirect, state, nonce, pkce, scope, hint string
}

const codeLife = time.Minute

// read refuses what must not be answered by a redirect, and what a provider that
// takes care would refuse.
func (p *Provider) read(w http.ResponseWriter, q url.Values) (request, bool) {
	in := request{q.Get("redirect_uri"), q.Get("state"), q.Get("nonce"), q.Get("code_challenge"), q.Get("scope"), q.Get("login_hint")}
	fault := ""
	switch {
	case q.Get("client_id") != p.o.Client.ID:
		fault = "There is no such client_id."
	case !slices.Contains(p.o.Client.Redirects, in.redirect):
		fault = "This redirect_uri is not registered."
	case q.Get("response_type") != "code":
		fault = "The response_type is code, and no other."
	case q.Get("code_challenge_method") != "S256" || in.pkce == "":
		fault = "PKCE with S256 is required."
	case in.state == "" || in.nonce == "":
		fault = "There is no state, or no nonce."
	}
	if fault != "" {
		http.Error(w, fault, http.StatusBadRequest)
		return in, false
	}
	return in, true
}

// chosen is POST /authorize: somebody was chosen, or nobody.
func (p *Provider) chosen(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	if err := r.ParseForm(); err != nil {
		http.Error(w, "This is no form.", http.StatusBadRequest)
		return
	}
	in, ok := p.read(w, r.PostForm)
	if !ok {
		return
	}
	fault, _ := parseFault(r.PostForm.Get("fault"))
	if fault == None {
		fault = p.current()
	}
	who, ok := p.who(r.PostForm)
	switch {
	case r.PostForm.Get("act") == "cancel":
		p.back(w, r, in, url.Values{"error": {"access_denied"}, "error_description": {"The person closed the door."}})
	case fault == TemporarilyAway:
		p.back(w, r, in, url.Values{"error": {"temporarily_unavailable"}})
	case !ok:
		http.Error(w, wordsFor(r).Say("Choose somebody."), http.StatusUnprocessableEntity)
	default:
		code := p.keep(&p.codes, grant{who, fault, in.redirect, in.nonce, in.pkce, random(), in.scope, p.o.Now()})
		answer := url.Values{"code": {code}}
		if fault == WrongIssuer {
			answer.Set("iss", "https://somebody-else.example")
		}
		p.back(w, r, in, answer)
	}
}

func (p *Provider) back(w http.ResponseWriter, r *http.Request, in request, answer url.Values) {
	to, err := url.Parse(in.redirect)
	if err != nil {
		http.Error(w, "This redirect_uri is no address.", http.StatusBadRequest)
		return
	}
	q := to.Query()
	q.Set("state", in.state)
	q.Set("iss", p.o.Issuer)
	for name, values := range answer {
		q[name] = values
	}
	to.RawQuery = q.Encode()
	http.Redirect(w, r, to.String(), http.StatusSeeOther)
}

// who is the person that a form names: one of the list, or somebody made up there.
func (p *Provider) who(form url.Values) (Person, bool) {
	for _, one := range p.list() {
		if one.Subject == form.Get("person") {
			return one, true
		}
	}
	if form.Get("person") != "other" || form.Get("email") == "" {
		return Person{}, false
	}
	return Person{Subject: "other:" + form.Get("email"), Name: form.Get("display-name"), Email: form.Get("email"), Verified: true}, true
}

// most is how many codes and tokens are kept; more make the provider forget all.
const most = 1000

func (p *Provider) keep(in *map[string]grant, g grant) string {
	text := random()
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(*in) >= most {
		*in = map[string]grant{}
	}
	(*in)[text] = g
	return text
}

func random() string { return secret.New("testidp").Reveal() }
