package gateway

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mortise-auth/mortise/internal/decision"
	flow "github.com/mortise-auth/mortise/internal/gateway"
	"github.com/mortise-auth/mortise/internal/site"
	"github.com/mortise-auth/mortise/verify"
)

// anySite wants somebody for everything.
type anySite struct{}

func (anySite) Site(context.Context, string) (*site.Compiled, error) {
	return site.Compile(site.Site{Host: "app.example.org", Rules: []site.Rule{{Action: site.Require}}}), nil
}

// A refusal has a code in a header and in its body, and its record names the rule,
// what was wanted and what was found, and neither the address nor a credential.
func TestExplained(t *testing.T) {
	h, j := handler(t, "")
	var all []decision.Record
	h.o.Explain = func(_ context.Context, r decision.Record) string {
		all = append(all, r)
		return "4KD-9TX"
	}
	who := verify.NewIdentity(verify.Claims{Subject: "usr_1", Session: "ses_1"})
	j.answer = flow.Decision{Err: flow.ErrLacking.Becausef("rule 3").Comparing("any of the roles [chief]", "roles []"), Stage: flow.AtRequirements, Rule: 3, Found: &who}
	shape := append([]string{"Cookie", "__Host-mortise-gate=hush", "User-Agent", "Mosaic"}, traefikShape...)
	w := serve(h, request("GET", "/forward-auth", shape...))
	var body struct{ Code, Why string }
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil || body.Why != "4KD-9TX" || w.Header().Get("Mortise-Why") != "4KD-9TX" {
		t.Errorf("%v %s %v", err, w.Body, w.Header())
	}
	passed := func(names ...string) (all []decision.Check) {
		for _, n := range names {
			all = append(all, decision.Check{Name: n, Passed: true})
		}
		return all
	}
	want := decision.Record{
		Refusal: "site_not_allowed", Reason: "rule 3", Method: "POST", Route: "app.example.org rule 3", IP: "192.0.2.7", UserAgent: "Mosaic",
		Subject: "usr_1", Session: "ses_1", Credential: "gate",
		Checks: append(passed("proxy", "original", "site", "address", "scheme", "rule", "credential", "origin"),
			decision.Check{Name: "requirements", Wanted: "any of the roles [chief]", Got: "roles []"}),
	}
	if diff := cmp.Diff([]decision.Record{want}, all); diff != "" {
		t.Error(diff)
	}

	// Browsers get a page that says the same.
	w = serve(h, request("GET", "/forward-auth", append([]string{"Sec-Fetch-Mode", "navigate"}, shape...)...))
	if !strings.Contains(w.Body.String(), "4KD-9TX") || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") || w.Code != 403 {
		t.Errorf("%d %s", w.Code, w.Body)
	}

	// Who must not ask learns a code too; strangers and faults have none.
	all = nil
	r := request("GET", "/forward-auth", shape...)
	r.RemoteAddr = "192.0.2.99:1"
	if w = serve(h, r); w.Code != 403 || len(all) != 1 || all[0].IP != "192.0.2.99" || len(all[0].Checks) != 1 || all[0].Checks[0].Got != "192.0.2.99:1" {
		t.Errorf("%d %+v", w.Code, all)
	}
	all = nil
	j.answer = flow.New(flow.Options{Scheme: "https", Sites: anySite{}}).Decide(t.Context(), &flow.Original{Scheme: "https", Host: "app.example.org", Method: "GET", Target: "/"})
	for _, r := range []*http.Request{request("GET", "/forward-auth", traefikShape...), request("GET", "/forward-auth")} {
		if w = serve(h, r); len(all) != 0 || w.Header().Get("Mortise-Why") != "" {
			t.Errorf("%d %+v", w.Code, all)
		}
	}
}
