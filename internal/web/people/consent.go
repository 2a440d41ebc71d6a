package people

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/mortise-auth/mortise/internal/authorize"
	"github.com/mortise-auth/mortise/internal/authreq"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/web"
	"github.com/mortise-auth/mortise/internal/web/page"
)

// Authorization is the flow that people decide about; see authorize.Flow. A handle
// names one pending request, of one browser (OA-24).
type Authorization interface {
	Least(ctx context.Context, handle string, v authorize.Visit) (assurance int)
	View(ctx context.Context, handle string, v authorize.Visit) (authorize.Page, error)
	Approve(ctx context.Context, handle string, v authorize.Visit, c authorize.Choice) (authorize.Response, error)
	Deny(ctx context.Context, handle string, v authorize.Visit) (authorize.Response, error)
}

// Desk is the surface that begins and ends what an app asks for; see
// web/authorize.
type Desk interface {
	Visit(r *http.Request) (authorize.Visit, error)
	Answer(w http.ResponseWriter, r *http.Request, a authorize.Response) error
}

var (
	// errOther: the page was shown to another account than answers it.
	errOther = problem.New(problem.Conflict, "consent_other_account", "Another account is signed in here now. Check who decides, then answer once more.")
	// errDecision: neither of the two buttons.
	errDecision = problem.New(problem.Unprocessable, "consent_undecided", "We could not tell whether you allow this. Use one of the two buttons.")
)

// showConsent is GET /consent. It changes nothing.
func (p *Pages) showConsent(w http.ResponseWriter, r *http.Request) error {
	f, err := query(r)
	if err != nil {
		return err
	}
	if web.Of(r).Identity == nil {
		return p.to(w, pendingPath(f["flow"]))
	}
	return p.consentPage(w, r, f, nil)
}

// consentPage shows what is asked for, once more if something was wrong.
func (p *Pages) consentPage(w http.ResponseWriter, r *http.Request, f form, wrong error) error {
	visit, err := p.o.Desk.Visit(r)
	if err != nil {
		return err
	}
	asked, err := p.o.Authorize.View(r.Context(), f["flow"], visit)
	if err != nil {
		return p.overtaken(w, f, err)
	}
	v := p.consentView(r, asked)
	if wrong == nil {
		return p.Show(w, r, http.StatusOK, v)
	}
	for i := range v.Scopes {
		v.Scopes[i].Off = f[scopeField+v.Scopes[i].Name] == ""
	}
	return p.again(w, r, wrong, p.Show, func(form page.Form) page.View {
		v.Form = form
		return v
	})
}

// decide is POST /consent.
func (p *Pages) decide(w http.ResponseWriter, r *http.Request) error {
	f, err := readForm(w, r)
	if err != nil {
		return err
	}
	who := web.Of(r).Identity
	if who == nil { // to sign in, and back to the question
		p.flash(w, page.NoticeSignInAgain, "")
		return p.to(w, pendingPath(f["flow"]))
	}
	if f["account"] != "" && f["account"] != who.Subject {
		return p.consentPage(w, r, f, errOther)
	}
	if err := p.checkForm(r, f); err != nil {
		return p.consentPage(w, r, f, err)
	}
	visit, err := p.o.Desk.Visit(r)
	if err != nil {
		return err
	}
	var answer authorize.Response
	switch f["decision"] {
	case "approve":
		var choice authorize.Choice
		if choice, err = p.choice(r, f, visit); err == nil {
			answer, err = p.o.Authorize.Approve(r.Context(), f["flow"], visit, choice)
		}
	case "deny":
		answer, err = p.o.Authorize.Deny(r.Context(), f["flow"], visit)
	default:
		return p.consentPage(w, r, f, errDecision)
	}
	if err != nil {
		return p.overtaken(w, f, err)
	}
	return p.o.Desk.Answer(w, r, answer)
}

// scopeField begins the name of a scope's box.
const scopeField = "scope:"

// choice is what was left ticked. Where nothing can be left out, it is everything.
func (p *Pages) choice(r *http.Request, f form, v authorize.Visit) (authorize.Choice, error) {
	asked, err := p.o.Authorize.View(r.Context(), f["flow"], v)
	if err != nil || !asked.Partial {
		return authorize.Choice{}, err
	}
	kept := []string{}
	for _, s := range asked.Scopes {
		if s.Required || f[scopeField+s.Name] != "" {
			kept = append(kept, s.Name)
		}
	}
	return authorize.Choice{Scopes: kept}, nil
}

// overtaken leads to where a request says what is next, or that it is over, when
// the question is not due.
func (p *Pages) overtaken(w http.ResponseWriter, f form, err error) error {
	if len(f["flow"]) == secret.EncodedLen && (errors.Is(err, authorize.ErrSkipped) || errors.Is(err, authreq.ErrOver) || errors.Is(err, authreq.ErrUnknown)) {
		return p.to(w, pendingPath(f["flow"]))
	}
	return err
}

// pendingPath is where a pending request goes on.
func pendingPath(handle string) string {
	return "/oauth2/authorize?" + url.Values{"flow": {handle}}.Encode()
}

func (p *Pages) consentView(r *http.Request, a authorize.Page) page.Consent {
	c := a.Client
	v := page.Consent{
		Flow: a.Handle, Account: web.Of(r).Identity.Subject, Back: p.o.BasePath + pendingPath(a.Handle),
		App: page.ConsentApp{
			Name: c.Name, ID: c.ID, Logo: p.ourPicture(c.Logo), Home: page.Link(c.URI), Policy: page.Link(c.Policy), Terms: page.Link(c.Terms),
			Host: c.Host, SelfRegistered: c.SelfRegistered,
		},
		Offline: a.Offline, Life: a.Life, Partial: a.Partial && choosable(a.Scopes),
	}
	for _, s := range a.Scopes {
		v.Scopes = append(v.Scopes, page.ConsentScope{Scope: page.Scope{Name: s.Name, Text: s.Description}, Required: s.Required, New: s.New})
	}
	for _, api := range a.Resources {
		v.APIs = append(v.APIs, page.ConsentAPI{Name: api.Name, Identifier: api.Identifier})
	}
	for _, d := range a.Details {
		v.Details = append(v.Details, page.ConsentDetail{Name: d.Name, Fields: d.Fields})
	}
	return v
}

func choosable(scopes []authorize.Scope) bool {
	for _, s := range scopes {
		if !s.Required {
			return true
		}
	}
	return false
}

// ourPicture is the path, below the base path, where we serve a logo; "" when we do
// not: the page loads nothing of strangers (OA-20).
func (p *Pages) ourPicture(logo string) string {
	path, ok := p.o.Frame.Path(logo)
	if clean, fine := ReturnTo(path); ok && fine {
		return clean
	}
	if p.o.Picture == nil {
		return ""
	}
	return p.o.Picture(logo)
}
