package dev

import (
	"context"
	"net/http"

	"github.com/mortise-auth/mortise/internal/mail"
	"github.com/mortise-auth/mortise/internal/ratelimit"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/signin"
	"github.com/mortise-auth/mortise/internal/web"
	"github.com/mortise-auth/mortise/internal/web/page"
)

// Desk is how a page is read and written here; see people.Pages.
type Desk interface {
	Form(w http.ResponseWriter, r *http.Request) (func(field string) string, error)
	ReturnTo(typed string) string
	Show(w http.ResponseWriter, r *http.Request, status int, v page.View) error
	SignInRequest(r *http.Request, identifier string, password secret.Text) signin.Request
	Enter(w http.ResponseWriter, r *http.Request, res signin.Result, identifier, returnTo string) error
	Fail(w http.ResponseWriter, r *http.Request, err error)
}

// Mailbox holds what would have been sent; see mail.Mailbox.
type Mailbox interface{ List() []mail.Entry }

// Options configure the surface. All are required.
type Options struct {
	Desk    Desk
	Gate    func() *Gate // as the people are now
	Mailbox Mailbox
	// SignIn signs in a demo person, whose password it adds to r.
	SignIn func(ctx context.Context, r signin.Request) (signin.Result, error)
}

type surface struct{ o Options }

// Surface is the pages of development.
func Surface(o Options) web.Surface {
	s := surface{o}
	return web.Surface{Name: "dev", Limit: ratelimit.PageSource, Fail: o.Desk.Fail, Routes: []web.Route{
		{Pattern: "GET /dev/mail", Access: web.Anyone, Handler: s.mailbox},
		{Pattern: "GET /dev/mail.json", Access: web.Anyone, Handler: s.document},
		{Pattern: "GET /dev/mail/{id}", Access: web.Anyone, Handler: s.letter},
		{Pattern: "GET /dev/mail/{id}/html", Access: web.Anyone, Handler: s.html},
		{Pattern: "POST /dev/enter", Access: web.Anyone, Limit: ratelimit.SetupSource, Handler: s.enter},
	}}
}
