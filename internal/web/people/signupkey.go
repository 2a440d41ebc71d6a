package people

import (
	"encoding/json"
	"net/http"

	"github.com/mortise-auth/mortise/internal/account"
	"github.com/mortise-auth/mortise/internal/passkey"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/web/page"
)

// chosenIn is what a form says is to open the new account.
func chosenIn(f form) (c account.Chosen) {
	c.Password = secret.NewText(f["new-password"])
	if f["passkey"] != "" {
		c.Passkey = []byte(f["passkey"])
	}
	return c
}

// optionsOf is the question for a passkey as a page carries it; "" when there is none.
func optionsOf(o *passkey.CreationOptions) string {
	if o == nil {
		return ""
	}
	text, err := json.Marshal(o)
	if err != nil {
		return "" // structs of strings always marshal
	}
	return string(text)
}

// firstPasskey asks whoever typed the right code what is to open the account. The
// code travels sealed: it is given again with the answer. why is what was wrong with
// the answer before.
func (p *Pages) firstPasskey(w http.ResponseWriter, r *http.Request, s step, ask *passkey.CreationOptions, why error) error {
	v := page.Verify{
		Purpose: page.VerifySignup, Email: s.Email, Flow: p.seal(sealStep, s), Choose: true, Keyless: true,
		MinLength: p.o.MinLength, Options: optionsOf(ask),
	}
	if why == nil {
		return p.Show(w, r, http.StatusOK, v)
	}
	return p.again(w, r, renamed(why, newPassword), p.Show, func(form page.Form) page.View { v.Form = form; return v })
}
