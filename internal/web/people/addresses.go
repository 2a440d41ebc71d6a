package people

import (
	"net/http"

	"github.com/mortise-auth/mortise/internal/account"
	"github.com/mortise-auth/mortise/internal/proof"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/internal/web"
	"github.com/mortise-auth/mortise/internal/web/page"
)

// showAddresses is GET /account/addresses.
func (p *Pages) showAddresses(w http.ResponseWriter, r *http.Request) error {
	return p.addresses(w, r, nil, "")
}

// addresses shows the list, with what was wrong about typed.
func (p *Pages) addresses(w http.ResponseWriter, r *http.Request, fault error, typed string) error {
	have, waiting, err := p.o.Account.Emails(r.Context(), web.Of(r).Caller)
	if err != nil {
		return err
	}
	v := page.Addresses{List: addressList(have, waiting), Email: clip(typed)}
	if fault == nil {
		return p.own(w, r, http.StatusOK, v)
	}
	return p.again(w, r, fault, p.own, func(form page.Form) page.View { v.Form = form; return v })
}

// addressList names addresses by the key they are compared by. Those that wait
// for their code stand at the end.
func addressList(have []user.Email, waiting []account.Pending) (list []page.Address) {
	verified, _ := count(have)
	known := make(map[string]bool, len(have))
	for _, e := range have {
		known[e.Key] = true
		list = append(list, page.Address{
			ID: e.Key, Email: e.Address, Primary: e.Primary, Verified: e.Verified(), Since: e.CreatedAt,
			OnlyOne: e.Verified() && verified == 1,
		})
	}
	for _, w := range waiting {
		if key := user.EmailKey(w.Address); !known[key] {
			list = append(list, page.Address{ID: key, Email: w.Address, Since: w.ExpiresAt.Add(-account.AddressLife)})
		}
	}
	return list
}

// addAddress is POST /account/addresses. What can be wrong with the address is
// said before the password is asked for.
func (p *Pages) addAddress(w http.ResponseWriter, r *http.Request, f form) error {
	address, _, err := user.ParseEmail(f["email"])
	if err != nil {
		return p.addresses(w, r, at("email", err), f["email"])
	}
	return p.park(w, r, parked{Act: page.ActAddAddress, Object: address}, "/account/addresses")
}

// makePrimary is POST /account/addresses/primary.
func (p *Pages) makePrimary(w http.ResponseWriter, r *http.Request, f form) error {
	return p.park(w, r, parked{Act: page.ActPrimary, Object: clip(f["id"])}, "/account/addresses")
}

// removeAddress is POST /account/addresses/remove.
func (p *Pages) removeAddress(w http.ResponseWriter, r *http.Request, f form) error {
	return p.park(w, r, parked{Act: page.ActRemove, Object: clip(f["id"])}, "/account/addresses")
}

// resendAddress is POST /account/addresses/resend, from the list or from the
// page that asks for the code.
func (p *Pages) resendAddress(w http.ResponseWriter, r *http.Request, f form) error {
	typed := f["id"]
	if typed == "" {
		typed = f["identifier"]
	}
	typed = clip(typed)
	flow, err := p.o.Account.ResendEmail(r.Context(), web.Of(r).Caller, user.EmailKey(typed), p.lang(r))
	if err != nil {
		return p.addresses(w, r, err, "")
	}
	return p.askAddressCode(w, typed, flow)
}

func (p *Pages) askAddressCode(w http.ResponseWriter, address string, flow secret.Token) error {
	p.flash(w, page.NoticeAddressAdded, address)
	return p.goOn(w, step{Kind: stepAddress, Email: address, Flow: flow.Reveal()}, "/account/addresses/verify")
}

// showAddressCode is GET /account/addresses/verify.
func (p *Pages) showAddressCode(w http.ResponseWriter, r *http.Request) error {
	s, err := p.stepOf(r, "", stepAddress)
	if err != nil {
		return p.to(w, "/account/addresses")
	}
	return p.own(w, r, http.StatusOK, p.codeView(page.Form{}, page.CodeAddress, s))
}

// confirmAddress is POST /account/addresses/verify.
func (p *Pages) confirmAddress(w http.ResponseWriter, r *http.Request, f form) error {
	s, err := p.stepOf(r, f["flow"], stepAddress)
	if err != nil {
		return err
	}
	flow, err := flowToken(proof.Address, s)
	if err != nil {
		return err
	}
	e, err := p.o.Account.ConfirmEmail(r.Context(), web.Of(r).Caller, account.Answer{Flow: flow, Code: secret.NewText(f["code"])}, p.lang(r))
	if err := codeFault(err); err != nil {
		return p.again(w, r, err, p.own, func(form page.Form) page.View { return p.codeView(form, page.CodeAddress, s) })
	}
	p.o.Frame.ClearCookie(w, p.o.Frame.Names().Flow)
	p.flash(w, page.NoticeAddressVerified, e.Address)
	return p.to(w, "/account/addresses")
}
