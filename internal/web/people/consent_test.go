package people_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/mortise-auth/mortise/internal/authorize"
	"github.com/mortise-auth/mortise/internal/authreq"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/internal/web"
)

// asking is a flow with one pending request, called "h", and the desk that ends it.
type asking struct {
	page    authorize.Page
	over    bool
	decided []string // by whom, and what
}

func newAsking() *asking {
	return &asking{page: authorize.Page{
		Handle: "h", Partial: true,
		Client: authorize.Client{ID: "notes", Name: "Field notes", Host: "notes.example", Policy: "https://notes.example/privacy", Logo: origin + "/assets/notes.svg"},
		Scopes: []authorize.Scope{
			{Name: "openid", Description: "Know who you are", Required: true, New: true},
			{Name: "email", Description: "Your e-mail address", New: true},
			{Name: "posts:write", Description: "Write your posts", New: true},
		},
		Resources: []authorize.Resource{{Identifier: "https://api.example.test", Name: "Posts"}},
		Details:   []authorize.Detail{{Type: "payment", Name: "Transfer money", Fields: [][2]string{{"Amount", "49.00 EUR"}}}},
		Offline:   true,
	}}
}

func (a *asking) View(_ context.Context, handle string, v authorize.Visit) (authorize.Page, error) {
	switch {
	case handle != "h" || v.Who == nil:
		return authorize.Page{}, authreq.ErrUnknown
	case a.over:
		return authorize.Page{}, authreq.ErrOver
	}
	return a.page, nil
}

func (a *asking) end(handle string, v authorize.Visit, what string) (authorize.Response, error) {
	if _, err := a.View(context.Background(), handle, v); err != nil {
		return authorize.Response{}, err
	}
	a.over = true
	a.decided = append(a.decided, v.Who.User.String()+" "+what)
	return authorize.Response{Mode: authorize.Query, To: "https://notes.example/cb"}, nil
}

func (a *asking) Approve(_ context.Context, handle string, v authorize.Visit, c authorize.Choice) (authorize.Response, error) {
	what := "all"
	if c.Scopes != nil {
		what = strings.Join(c.Scopes, " ")
	}
	return a.end(handle, v, what)
}

func (a *asking) Deny(_ context.Context, handle string, v authorize.Visit) (authorize.Response, error) {
	return a.end(handle, v, "denied")
}

func (a *asking) Visit(r *http.Request) (authorize.Visit, error) {
	q := web.Of(r)
	if q.Identity == nil {
		return authorize.Visit{}, nil
	}
	id, err := session.ParseID(q.Identity.Session)
	return authorize.Visit{Who: &authorize.Who{User: q.Caller.User, Session: id}, Source: q.Caller.Source}, err
}

func (a *asking) Answer(w http.ResponseWriter, _ *http.Request, res authorize.Response) error {
	w.Header().Set("Location", res.To)
	w.WriteHeader(http.StatusSeeOther)
	return nil
}

// saw fails unless just these decisions were made, by the account.
func (a *asking) saw(t *testing.T, who user.ID, want ...string) {
	t.Helper()
	for i := range want {
		want[i] = who.String() + " " + want[i]
	}
	if !slices.Equal(a.decided, want) {
		t.Fatalf("decided %q, want %q", a.decided, want)
	}
}

func askingWorld(t *testing.T) (*world, *asking, *browser) {
	a := newAsking()
	w := worldOf(t, set{asking: a})
	return w, a, w.signed(ada)
}

const back = "https://notes.example/cb"

// OA-23 SE-41 OA-20: everything a person needs to decide, and no policy that keeps
// the browser from going back to the app.
func TestConsentPage(t *testing.T) {
	w, a, b := askingWorld(t)
	got := b.get("/consent?flow=h").want(200, "Field notes", "notes.example", "Know who you are", "Your e-mail address", "https://api.example.test",
		"Transfer money", "49.00 EUR", "Until you take it back", `href="https://notes.example/privacy"`, `id="approve"`, `id="deny"`, ada, `src="/assets/notes.svg"`)
	if policy := got.Header.Get("Content-Security-Policy"); strings.Contains(policy, "form-action") || !strings.Contains(policy, "default-src 'none'") {
		t.Errorf("policy %q", policy)
	}
	if strings.Contains(got.body, `name="scope:openid"`) {
		t.Error("what is required can be left out")
	}
	a.page.Client.Logo = "https://tracker.example/logo.png"
	a.page.Client.SelfRegistered, a.page.Client.Policy = true, "javascript:alert(1)"
	got = b.get("/consent?flow=h").want(200, "registered itself")
	if strings.Contains(got.body, "tracker.example") || strings.Contains(got.body, "javascript:") {
		t.Error("the page believes what the app says")
	}
	a.saw(t, w.callerOf(ada).User)
}

func TestConsentApprove(t *testing.T) {
	w, a, b := askingWorld(t)
	who := w.callerOf(ada).User
	b.get("/consent?flow=h").want(200)
	b.post("/consent", "account", who.String(), "scope:email", "yes").want(422, "consent_undecided")
	b.post("/consent", "account", who.String(), "decision", "approve", "scope:email", "yes", "scope:admin", "yes").leads(back)
	a.saw(t, who, "openid email")

	// The back button, and the form once more (OA-24).
	b.post("/consent", "account", who.String(), "decision", "approve").want(410, "authorization_over")
	b.get("/consent?flow=h").want(410, "This sign-in window has closed")
	a.saw(t, who, "openid email")
}

func TestConsentWhole(t *testing.T) {
	w, a, b := askingWorld(t)
	a.page.Partial = false
	b.get("/consent?flow=h").want(200)
	b.post("/consent", "decision", "approve").leads(back)
	a.saw(t, w.callerOf(ada).User, "all")
}

func TestConsentDeny(t *testing.T) {
	w, a, b := askingWorld(t)
	b.get("/consent?flow=h").want(200)
	b.post("/consent", "decision", "deny").leads(back)
	a.saw(t, w.callerOf(ada).User, "denied")
}

// OA-24 TH-41: only the session the page was shown to decides, and only what was
// asked of it.
func TestConsentBound(t *testing.T) {
	w, a, b := askingWorld(t)
	b.get("/consent?flow=h").want(200)
	kept := b.hidden["csrf"]
	b.hidden["csrf"] = ""
	b.post("/consent", "decision", "approve").want(403, "form_expired")
	b.hidden["flow"] = "another"
	b.post("/consent", "decision", "approve").want(410, "authorization_unknown")

	// Another account in another tab: the page says so and asks that one.
	first := w.callerOf(ada).User
	ben := w.signed("ben@example.test")
	ben.get("/consent?flow=h").want(200, "ben@example.test")
	ben.post("/consent", "account", first.String(), "decision", "approve").want(409, "consent_other_account", "ben@example.test", `id="approve"`)
	ben.hidden["csrf"] = kept
	ben.post("/consent", "decision", "approve").want(403, "form_expired")

	// The session ended: to sign in, and back to the question.
	delete(b.cookies, sessionCookie)
	b.get("/consent?flow=h").leads("/oauth2/authorize?flow=h")
	b.hidden["flow"] = "h"
	b.post("/consent", "decision", "approve").leads("/oauth2/authorize?flow=h")
	a.saw(t, first)

	r := b.raw("/consent", "flow=h&flow=h&decision=approve")
	r.want(400)
}

func (*asking) Least(context.Context, string, authorize.Visit) int { return 0 }
