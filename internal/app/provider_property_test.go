package app

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/mortise-auth/mortise/internal/authcode"
	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/user"
)

const otherURI = "https://client.example.org/other"

// issued is what the model knows of a code that came back.
type issued struct {
	text, client, redirect, verifier string
	at                               time.Time
	session                          int // which of the browser's sign-ins it is of
	used                             bool
}

// provider is the model of one browser of kim's and the clients that ask there.
type provider struct {
	*tab
	t       *rapid.T
	session int             // counts sign-ins; 0: nobody is signed in
	births  int             //
	agreed  map[string]bool // clients that kim agreed to
	flows   map[string]flow // requests under way, by handle
	order   []string
	codes   []*issued
	tokens  int
}

type flow struct{ client, redirect, verifier, prompt string }

var (
	verifiers = []string{pkceVerifier, strings.Repeat("v", 43)}
	redirects = []string{callbackURI, otherURI}
)

// OA-4 OA-13 OA-15 OA-16 OA-22 OA-24 OA-34: whatever requests come in whatever
// order, over HTTP: a code is only ever given to a browser that is signed in, for a
// client that was agreed to where that is due, at an address that it asked for and
// is registered with; and tokens only for such a code, once, in its time, to that
// client, with that address and verifier.
func TestNoTokenWithoutItsReasons(t *testing.T) {
	t.Parallel()
	w := newCodeWorld(t)
	for _, id := range []client.ID{"rp2", "house2"} {
		w.codeClient(t, id, func(c *client.Client) { c.RedirectURIs, c.FirstParty = redirects, id == "house2" })
	}
	total := 0
	rapid.Check(t, func(rt *rapid.T) {
		for _, id := range []string{"rp", "rp2"} {
			_, _ = w.Directory.Withdraw(t.Context(), user.Host(), w.kim.ID, id)
		}
		w.clock.Advance(2 * time.Hour) // limits are full again, and no request is left over
		p := &provider{tab: w.tab(t), t: rt, agreed: map[string]bool{}, flows: map[string]flow{}}
		rt.Repeat(map[string]func(*rapid.T){
			"ask": p.ask, "sign in": p.enter, "sign out": p.leave, "go on": p.goOn, "agree": p.consent, "redeem": p.redeemed, "redeem well": p.redeemWell,
			"wait": func(t *rapid.T) {
				w.clock.Advance(time.Duration(rapid.IntRange(1, 40).Draw(t, "seconds")) * time.Second)
			},
		})
		total += p.tokens
	})
	t.Logf("%d sets of tokens", total)
	if total == 0 {
		t.Error("no sequence led to tokens: the test proves nothing")
	}
}

func (p *provider) pick(from []string, name string) string {
	return rapid.SampledFrom(from).Draw(p.t, name)
}

// ask begins a request.
func (p *provider) ask(*rapid.T) {
	f := flow{
		client: p.pick([]string{"rp", "rp2", "house", "house2"}, "client"), redirect: p.pick([]string{callbackURI, callbackURI, otherURI, "https://evil.example/cb"}, "redirect"),
		verifier: p.pick(verifiers, "verifier"), prompt: p.pick([]string{"", "", "none", "consent"}, "prompt"),
	}
	a := p.want(wanting(f.client, "redirect_uri", f.redirect, "prompt", f.prompt, "code_challenge", s256(f.verifier)))
	if !registered(f) {
		if a.Code != 400 || a.Header().Get("Location") != "" {
			p.t.Fatalf("%+v: %d to %q", f, a.Code, a.Header().Get("Location"))
		}
		return
	}
	p.follow(f, a, false)
}

func registered(f flow) bool {
	return f.redirect == callbackURI || f.redirect == otherURI && strings.HasSuffix(f.client, "2")
}

// follow notes where an answer leads, and judges a code in it.
func (p *provider) follow(f flow, a answer, approved bool) {
	to := a.Header().Get("Location")
	if _, refresh, ok := strings.Cut(a.Header().Get("Refresh"), "url="); ok {
		to = refresh
	}
	u, err := url.Parse(to)
	if err != nil {
		p.t.Fatal(err)
	}
	q := u.Query()
	if q.Get("code") == "" {
		handle := q.Get("flow")
		if back, err := url.Parse(q.Get("return_to")); handle == "" && err == nil {
			handle = back.Query().Get("flow")
		}
		if handle != "" {
			if _, known := p.flows[handle]; !known {
				p.order = append(p.order, handle)
			}
			p.flows[handle] = f
		}
		return
	}
	house := strings.HasPrefix(f.client, "house")
	switch {
	case p.session == 0:
		p.t.Fatalf("a code for nobody: %+v", f)
	case !strings.HasPrefix(to, f.redirect+"?"):
		p.t.Fatalf("%+v is answered at %s", f, to)
	case !house && !approved && (!p.agreed[f.client] || f.prompt == "consent"):
		p.t.Fatalf("nobody agreed to %+v", f)
	}
	p.codes = append(p.codes, &issued{text: q.Get("code"), client: f.client, redirect: f.redirect, verifier: f.verifier, at: p.now(), session: p.session})
}

// request is one that is under way; "" when there is none.
func (p *provider) request() string {
	if len(p.order) == 0 {
		return ""
	}
	return p.pick(p.order[max(0, len(p.order)-4):], "request")
}

func (p *provider) goOn(*rapid.T) {
	if handle := p.request(); handle != "" {
		p.follow(p.flows[handle], p.get("/oauth2/authorize?flow="+handle), false)
	}
}

// enter signs kim in, whether or not a request waits for it.
func (p *provider) enter(*rapid.T) {
	if p.session > 0 {
		return
	}
	shown := p.get("/login")
	p.clock.Advance(30 * time.Second) // sign-ins are limited
	if a := p.submit("/login", shown, "identifier", "kim@mail.org", "password", rightPassword, "return_to", "/account"); a.Code == 303 {
		p.births++
		p.session = p.births
	}
}

func (p *provider) leave(*rapid.T) {
	if p.session == 0 || !rapid.Bool().Draw(p.t, "really") {
		return
	}
	p.submit("/logout", p.get("/logout"))
	p.session = 0
}

// consent answers the page, whether or not it is its turn.
func (p *provider) consent(*rapid.T) {
	handle := p.request()
	if handle == "" || p.session == 0 {
		return
	}
	f := p.flows[handle]
	shown := p.get("/consent?flow=" + handle)
	if shown.Code != 200 {
		shown = p.get("/account/password") // some form of the same session
	}
	decision := p.pick([]string{"approve", "approve", "deny"}, "decision")
	a := p.submit("/consent", shown, "flow", handle, "decision", decision, "scope:read", "on")
	before := len(p.codes)
	p.follow(f, a, decision == "approve")
	if len(p.codes) > before {
		p.agreed[f.client] = true
	}
}

// redeemed tries a code in any way.
func (p *provider) redeemed(*rapid.T) {
	if len(p.codes) == 0 {
		return
	}
	c := p.codes[rapid.IntRange(max(0, len(p.codes)-3), len(p.codes)-1).Draw(p.t, "code")]
	p.bring(c, p.pick([]string{c.client, c.client, "rp", "house"}, "redeemer"), p.pick([]string{c.redirect, c.redirect, callbackURI, otherURI, ""}, "address"),
		p.pick([]string{c.verifier, c.verifier, verifiers[0], verifiers[1], s256(c.verifier)}, "proof"))
}

func (p *provider) redeemWell(*rapid.T) {
	if len(p.codes) > 0 {
		c := p.codes[len(p.codes)-1]
		p.bring(c, c.client, c.redirect, c.verifier)
	}
}

func (p *provider) bring(c *issued, as, redirect, verifier string) {
	v := url.Values{"grant_type": {"authorization_code"}, "code": {c.text}, "code_verifier": {verifier}}
	if redirect != "" {
		v.Set("redirect_uri", redirect)
	}
	a := p.do(p.tab.t, ask{"POST", "/oauth2/token", v.Encode(), map[string]string{
		"Content-Type": "application/x-www-form-urlencoded", "Authorization": basicOf(as, clientSecret),
	}})
	right := as == c.client && (redirect == "" || redirect == c.redirect) && verifier == c.verifier
	good := right && !c.used && p.now().Before(c.at.Add(time.Minute)) && c.session == p.session
	switch {
	case a.Code == 200 && !good:
		p.t.Fatalf("tokens for %s, %s, %s with %+v: %s", as, redirect, verifier, c, a.Body)
	case a.Code == 200:
		c.used = true
		p.tokens++
	case good && a.Code != 429:
		p.t.Fatalf("refused, and all was right with %+v: %d %s", c, a.Code, a.Body)
	}
}

func s256(verifier string) string { return authcode.Challenge(verifier) }
