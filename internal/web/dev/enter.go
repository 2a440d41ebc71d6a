package dev

import (
	"net/http"

	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/web"
	"github.com/mortise-auth/mortise/internal/web/page"
)

// enter is POST /dev/enter: the code, once per browser, then the ordinary sign-in.
func (s surface) enter(w http.ResponseWriter, r *http.Request) error {
	field, err := s.o.Desk.Form(w, r)
	if err != nil {
		return err
	}
	who, ok := s.o.Gate().person(field("person"))
	if !ok {
		return web.ErrNotFound
	}
	returnTo := s.o.Desk.ReturnTo(field("return_to"))
	if !s.o.Gate().proved(r) {
		if !s.o.Gate().fits(field("dev-code")) {
			entry := s.o.Gate().Entry(r)
			entry.Failed = true
			return s.o.Desk.Show(w, r, http.StatusUnprocessableEntity, page.Login{Signup: true, ReturnTo: returnTo, Dev: entry})
		}
		s.o.Gate().frame.SetCookie(w, s.o.Gate().frame.Names().Dev, s.o.Gate().pass(), 0)
	}
	res, err := s.o.SignIn(r.Context(), s.o.Desk.SignInRequest(r, who.Email, secret.Text{}))
	if err != nil {
		return err
	}
	return s.o.Desk.Enter(w, r, res, who.Email, returnTo)
}
