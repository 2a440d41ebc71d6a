package gateway

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/authn"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/ratelimit"
	"github.com/mortise-auth/mortise/internal/site"
)

var app = site.Site{Host: "app.example.org", Rules: []site.Rule{
	{Paths: []string{"/public/*"}, Action: site.Allow},
	{Paths: []string{"/closed/*"}, Action: site.Deny},
	{Paths: []string{"/editors/*"}, Action: site.Require, Roles: []string{"chief", "editor"}},
	{Paths: []string{"/chiefs/*"}, Action: site.Require, Roles: []string{"chief"}},
	{Paths: []string{"/read/*"}, Action: site.Require, Permissions: []string{"posts:read"}, Scopes: []string{"read"}},
	{Paths: []string{"/write/*"}, Action: site.Require, Permissions: []string{"posts:read", "posts:write"}},
	{Paths: []string{"/acme/*"}, Action: site.Require, Organization: "acme", OrgRoles: []string{"owner"}},
	{Paths: []string{"/members/*"}, Action: site.Require, Organization: "other"},
	{Paths: []string{"/strong/*"}, Action: site.Require, Assurance: 2},
	{Paths: []string{"/fresh/*"}, Action: site.Require, FreshWithin: 30 * time.Second},
	{Paths: []string{"/any/*"}, Action: site.Require},
}}

// TH-37 TH-39 SE-31 SE-52 SE-54 SE-55 SE-58: who may pass.
func TestDecide(t *testing.T) {
	r := newRig(t, app, site.Site{Host: "b.example.org", Rules: app.Rules}, site.Site{Host: "id.example.org", Rules: app.Rules})
	r.enter("app.example.org", "adas", r.ada())
	r.own["session"] = r.ada()
	r.token["good https://app.example.org"] = Bearer{r.ada(), 7, []string{"read"}}
	r.token["narrow https://app.example.org"] = Bearer{r.ada(), 7, nil}
	type o = Original
	for name, tt := range map[string]struct {
		o      Original
		want   error
		signIn bool
	}{
		"anybody":                     {o{Target: "/public/x"}, nil, false},
		"anybody, options":            {o{Method: "OPTIONS", Target: "/public/x"}, nil, false},
		"closed":                      {o{Target: "/closed/x", Gate: "adas"}, ErrDenied, false},
		"no rule":                     {o{Target: "/elsewhere", Gate: "adas"}, ErrDenied, false},
		"unknown host":                {o{Host: "x.example.org", Target: "/public/x"}, ErrDenied, false},
		"host below":                  {o{Host: "a.app.example.org", Target: "/public/x"}, ErrDenied, false},
		"plain http":                  {o{Scheme: "http", Target: "/public/x"}, ErrScheme, false},
		"ambiguous":                   {o{Target: "/public/..%2fclosed", Gate: "adas"}, site.ErrAmbiguous, false},
		"ambiguous page":              {o{Target: "/public/../any", Navigate: true}, site.ErrAmbiguous, false},
		"nobody":                      {o{Target: "/any/x"}, ErrSignIn, false},
		"nobody, options":             {o{Method: "OPTIONS", Target: "/any/x"}, ErrSignIn, false},
		"nobody, a page":              {o{Target: "/any/x", Navigate: true}, ErrSignIn, true},
		"nobody, a form":              {o{Method: "POST", Target: "/any/x", Navigate: true}, ErrSignIn, false},
		"dead gate, a page":           {o{Target: "/any/x", Navigate: true, Gate: "dead"}, ErrSignIn, true},
		"gate":                        {o{Target: "/any/x", Gate: "adas"}, nil, false},
		"gate of another host":        {o{Host: "b.example.org", Target: "/any/x", Gate: "adas"}, ErrSignIn, false},
		"session here":                {o{Host: "id.example.org", Target: "/any/x", Session: "session"}, nil, false},
		"session elsewhere":           {o{Target: "/any/x", Session: "session"}, ErrSignIn, false},
		"dead gate beside session":    {o{Host: "id.example.org", Target: "/any/x", Gate: "dead", Session: "session"}, ErrSignIn, false},
		"token":                       {o{Target: "/any/x", Token: authn.Presented{Token: "good"}}, nil, false},
		"wrong token, right gate":     {o{Target: "/any/x", Token: authn.Presented{Token: "bad"}, Gate: "adas", Navigate: true}, ErrToken, false},
		"token of another audience":   {o{Host: "b.example.org", Target: "/any/x", Token: authn.Presented{Token: "good"}}, ErrToken, false},
		"somebody else's on public":   {o{Target: "/public/x", Token: authn.Presented{Token: "theirs"}}, nil, false},
		"scope":                       {o{Target: "/read/x", Token: authn.Presented{Token: "good"}}, nil, false},
		"no scope":                    {o{Target: "/read/x", Token: authn.Presented{Token: "narrow"}}, ErrLacking, false},
		"a person needs no scope":     {o{Target: "/read/x", Gate: "adas"}, nil, false},
		"one of the roles":            {o{Target: "/editors/x", Gate: "adas"}, nil, false},
		"none of the roles":           {o{Target: "/chiefs/x", Gate: "adas", Navigate: true}, ErrLacking, false},
		"all permissions":             {o{Target: "/write/x", Gate: "adas"}, ErrLacking, false},
		"organisation":                {o{Target: "/acme/x", Gate: "adas"}, nil, false},
		"no member":                   {o{Target: "/members/x", Gate: "adas"}, ErrLacking, false},
		"assurance":                   {o{Target: "/strong/x", Gate: "adas"}, ErrAssurance, false},
		"stale":                       {o{Target: "/fresh/x", Gate: "adas"}, ErrStale, false},
		"post of our own":             {o{Method: "POST", Target: "/any/x", Gate: "adas", Site: "same-origin"}, nil, false},
		"post, typed":                 {o{Method: "POST", Target: "/any/x", Gate: "adas", Site: "none"}, nil, false},
		"post of a sibling":           {o{Method: "POST", Target: "/any/x", Gate: "adas", Site: "same-site", Origin: "https://app.example.org"}, ErrCrossSite, false},
		"post of a stranger":          {o{Method: "DELETE", Target: "/any/x", Gate: "adas", Site: "cross-site"}, ErrCrossSite, false},
		"post, old browser":           {o{Method: "POST", Target: "/any/x", Gate: "adas", Origin: "https://app.example.org"}, nil, false},
		"post, old browser, foreign":  {o{Method: "POST", Target: "/any/x", Gate: "adas", Origin: "https://evil.test"}, ErrCrossSite, false},
		"post, null":                  {o{Method: "POST", Target: "/any/x", Gate: "adas", Origin: "null"}, ErrCrossSite, false},
		"post of a program":           {o{Method: "POST", Target: "/any/x", Gate: "adas"}, nil, false},
		"post with a token":           {o{Method: "POST", Target: "/any/x", Token: authn.Presented{Token: "good"}, Origin: "https://evil.test"}, nil, false},
		"get of a stranger":           {o{Target: "/any/x", Gate: "adas", Site: "cross-site"}, nil, false},
		"socket":                      {o{Target: "/any/x", Gate: "adas", Upgrade: true, Origin: "https://app.example.org"}, nil, false},
		"socket, other scheme":        {o{Target: "/any/x", Gate: "adas", Upgrade: true, Origin: "http://app.example.org"}, ErrCrossSite, false},
		"socket, longer":              {o{Target: "/any/x", Gate: "adas", Upgrade: true, Origin: "https://app.example.org.evil.test"}, ErrCrossSite, false},
		"socket, foreign, same-site":  {o{Target: "/any/x", Gate: "adas", Upgrade: true, Origin: "https://b.example.org", Site: "same-origin"}, ErrCrossSite, false},
		"socket without origin":       {o{Target: "/any/x", Gate: "adas", Upgrade: true}, ErrCrossSite, false},
		"socket of a program":         {o{Target: "/any/x", Token: authn.Presented{Token: "good"}, Upgrade: true}, nil, false},
		"socket of a stranger's page": {o{Target: "/public/x", Upgrade: true, Origin: "https://evil.test"}, ErrCrossSite, false},
	} {
		if tt.o.Host == "" {
			tt.o.Host = "app.example.org"
		}
		if tt.o.Scheme == "" {
			tt.o.Scheme = "https"
		}
		if tt.o.Method == "" {
			tt.o.Method = "GET"
		}
		d := r.Decide(t.Context(), &tt.o)
		if !errors.Is(d.Err, tt.want) || d.SignIn != tt.signIn {
			t.Errorf("%s: %v, sign in %v; want %v, %v", name, d.Err, d.SignIn, tt.want, tt.signIn)
		}
		if (d.Err == nil) != (d.Letter != nil) || d.Err != nil && d.Identity != nil {
			t.Errorf("%s: %+v", name, d)
		}
	}
}

// SE-54: what cannot be told is not a yes.
func TestClosedWhenUncertain(t *testing.T) {
	r := newRig(t, app)
	r.down = site.ErrUncertain
	d := r.Decide(t.Context(), &Original{Scheme: "https", Host: "app.example.org", Method: "GET", Target: "/public/x", Navigate: true})
	if !errors.Is(d.Err, site.ErrUncertain) || d.SignIn {
		t.Errorf("%+v", d)
	}
}

// Look-ups are charged when they fail, and only then; whoever is known without one
// passes when the source has used them up.
func TestFailedLookUps(t *testing.T) {
	r := newRig(t, app)
	r.most = 3
	r.enter("app.example.org", "adas", r.ada())
	r.token["good https://app.example.org"] = Bearer{r.ada(), 7, nil}
	ask := func(gate, bearer string) error {
		return r.Decide(t.Context(), &Original{Scheme: "https", Host: "app.example.org", Method: "GET", Target: "/any/x", Gate: gate, Token: authn.Presented{Token: bearer}}).Err
	}
	for range 10 {
		for _, err := range []error{ask("adas", ""), ask("", "good")} {
			if err != nil || r.charged != 0 {
				t.Fatal(err, r.charged)
			}
		}
		if err := ask("", ""); !errors.Is(err, ErrSignIn) || !Stranger(err) || r.charged != 0 {
			t.Fatalf("a stranger: %v, charged %d", err, r.charged)
		}
	}
	for i, want := range []error{ErrSignIn, ErrToken, ErrSignIn, ratelimit.ErrLimited, ratelimit.ErrLimited} {
		var err error
		if i%2 == 0 {
			err = ask("dead", "")
		} else {
			err = ask("", "bad")
		}
		if !errors.Is(err, want) || Stranger(err) {
			t.Errorf("%d: %v, want %v", i, err, want)
		}
	}
	if err := ask("adas", ""); !errors.Is(err, ratelimit.ErrLimited) {
		t.Errorf("a look-up beyond the limit: %v", err)
	}
	r.warm = true
	if err := ask("adas", ""); err != nil {
		t.Errorf("somebody known, beyond the limit: %v", err)
	}
}

// What a refusal leaves for whoever may ask why: the stage, the rule, what was
// wanted and what was found.
func TestRefusalsExplain(t *testing.T) {
	r := newRig(t, app)
	r.enter("app.example.org", "adas", r.ada())
	type o = Original
	for name, tt := range map[string]struct {
		o           Original
		stage       Stage
		rule        int
		wanted, got string
		found       bool
	}{
		"host":       {o{Host: "x.example.org", Target: "/"}, AtSite, 0, "a host among the sites", "x.example.org", false},
		"address":    {o{Target: "/a/../b"}, AtAddress, 0, "", "", false},
		"scheme":     {o{Scheme: "http", Target: "/"}, AtScheme, 0, "https", "http", false},
		"no rule":    {o{Target: "/elsewhere"}, AtRule, 0, "a rule that fits path, method and network", "GET from invalid IP", false},
		"deny":       {o{Target: "/closed/x"}, AtRule, 2, "a rule that lets pass", "action deny", false},
		"dead gate":  {o{Target: "/any/x", Gate: "dead"}, AtCredential, 11, "a gate into app.example.org whose session lives", "one that opens nothing here", false},
		"role":       {o{Target: "/chiefs/x", Gate: "adas"}, AtRequirements, 4, "any of the roles [chief]", "roles [editor]", true},
		"permission": {o{Target: "/write/x", Gate: "adas"}, AtRequirements, 6, "permission posts:write", "permissions [posts:read]", true},
		"member":     {o{Target: "/members/x", Gate: "adas"}, AtRequirements, 8, "membership of other []", "[editor acme/owner]", true},
		"assurance":  {o{Target: "/strong/x", Gate: "adas"}, AtRequirements, 9, "assurance 2", "assurance 1", true},
		"stale":      {o{Target: "/fresh/x", Gate: "adas"}, AtRequirements, 10, "signed in within 30s", "1m0s ago", true},
		"cross-site": {o{Method: "POST", Target: "/any/x", Gate: "adas", Site: "cross-site"}, AtOrigin, 11, "https://app.example.org", `Origin "", Sec-Fetch-Site "cross-site"`, true},
		"socket":     {o{Target: "/public/x", Upgrade: true, Origin: "https://evil.test"}, AtOrigin, 1, "https://app.example.org", `Origin "https://evil.test", Sec-Fetch-Site ""`, false},
	} {
		if tt.o.Host == "" {
			tt.o.Host = "app.example.org"
		}
		if tt.o.Scheme == "" {
			tt.o.Scheme = "https"
		}
		if tt.o.Method == "" {
			tt.o.Method = "GET"
		}
		d := r.Decide(t.Context(), &tt.o)
		wanted, got := problem.Of(d.Err).Compared()
		if d.Err == nil || d.Stage != tt.stage || d.Rule != tt.rule || wanted != tt.wanted || got != tt.got || (d.Found != nil) != tt.found {
			t.Errorf("%s: %v, stage %d, rule %d, wanted %q, got %q, found %v", name, d.Err, d.Stage, d.Rule, wanted, got, d.Found != nil)
		}
	}
}

// TH-38 SE-51 SE-57: what an upstream is told, signed for it alone and for a minute.
func TestLetter(t *testing.T) {
	signed := site.Site{Host: "app.example.org", Audience: "https://up.internal", Rules: []site.Rule{{Paths: []string{"/p"}, Action: site.Allow}, {Action: site.Require}}}
	r := newRig(t, signed)
	who := r.ada()
	r.enter("app.example.org", "adas", who)
	ask := func() *Letter {
		d := r.Decide(t.Context(), &Original{Scheme: "https", Host: "app.example.org", Method: "GET", Target: "/x", Gate: "adas"})
		if d.Err != nil {
			t.Fatal(d.Err)
		}
		return d.Letter
	}
	l := ask()
	if l.User[0] != who.Subject || l.Name[0] != "AdaX: Lovelace" || l.Email[0] != "ada@example.test" || l.Groups[0] != "editor,acme/owner" {
		t.Errorf("%+v", l)
	}
	typ, payload, _ := strings.Cut(l.Identity[0], ".")
	var c claims
	if err := json.Unmarshal([]byte(payload), &c); err != nil || typ != "mortise-id+jwt" {
		t.Fatal(typ, err)
	}
	if c.Audience != "https://up.internal" || c.Issuer != "https://id.example.org" || c.Subject != who.Subject || c.Session != who.Session || c.Version != 7 ||
		c.Expiry-c.IssuedAt > 60 || c.Expiry <= c.IssuedAt || c.Name != "" || c.Email != "" || len(c.Roles) != 1 {
		t.Errorf("%+v", c)
	}
	if ask() != l || r.sign != 1 {
		t.Errorf("signed %d times at once", r.sign)
	}
	r.now = r.now.Add(31 * time.Second)
	if ask() == l || r.sign != 2 {
		t.Error("an old letter is used again")
	}
	r.enter("app.example.org", "adas", r.ada()) // something about her changed
	if ask(); r.sign != 3 {
		t.Error("the letter outlived what it says")
	}
	if d := r.Decide(t.Context(), &Original{Scheme: "https", Host: "app.example.org", Method: "GET", Target: "/p"}); d.Letter != nobody {
		t.Errorf("nobody is told as %+v", d.Letter)
	}
	r.o.Signer = nil
	r.now = r.now.Add(time.Hour)
	if d := r.Decide(t.Context(), &Original{Scheme: "https", Host: "app.example.org", Method: "GET", Target: "/x", Gate: "adas"}); !errors.Is(d.Err, ErrUnsigned) {
		t.Errorf("without a signer: %+v", d)
	}
}
