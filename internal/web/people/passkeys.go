package people

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/mortise-auth/mortise/internal/account"
	"github.com/mortise-auth/mortise/internal/passkey"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/signin"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/internal/web"
	"github.com/mortise-auth/mortise/internal/web/page"
)

// Ceremonies asks whoever it is for a passkey; see passkey.Ceremonies.
type Ceremonies interface {
	Request(p passkey.Purpose, subject user.ID, bound string, only []passkey.Passkey) passkey.RequestOptions
	Unknown(ctx context.Context, answer []byte) (passkey.Unknown, bool)
}

// maxPasskey is the longest answer of an authenticator that a form may carry.
const maxPasskey = 32 << 10

// askPasskey is GET /login/passkey: a question to this browser. Nothing is kept,
// and it is the same whoever asks.
func (p *Pages) askPasskey(w http.ResponseWriter, r *http.Request) error {
	bound, err := p.bound(r)
	if err != nil {
		return err
	}
	if bound == "" {
		return web.ErrForm
	}
	return p.tell(w, p.o.Passkeys.Request(passkey.SignIn, user.ID{}, bound, nil))
}

// tell answers with JSON, for our own script only.
func (p *Pages) tell(w http.ResponseWriter, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_, err = w.Write(body)
	return err
}

// signInPasskey is what the flow wants to know about a passkey in a form; nil when
// there is none.
func (p *Pages) signInPasskey(r *http.Request, f form) (*signin.Passkey, error) {
	if f["passkey"] == "" {
		return nil, nil
	}
	if len(f["passkey"]) > maxPasskey {
		return nil, passkey.ErrMalformed
	}
	bound, err := p.bound(r)
	return &signin.Passkey{Purpose: passkey.SignIn, Bound: bound, Credential: []byte(f["passkey"])}, err
}

// forgotten is what a browser is told of the passkey in a form that was refused because
// nobody has it; "" otherwise. It says no more than the browser brought.
func (p *Pages) forgotten(r *http.Request, f form, why error) string {
	if f["passkey"] == "" || p.o.Passkeys == nil || !errors.Is(why, signin.ErrPasskey) {
		return ""
	}
	u, unknown := p.o.Passkeys.Unknown(r.Context(), []byte(f["passkey"]))
	if !unknown {
		return ""
	}
	text, err := json.Marshal(u)
	if err != nil {
		return "" // structs of strings always marshal
	}
	return string(text)
}

// proofOf is the proof for an act that a form carries: a passkey, or password and
// code.
func proofOf(f form) account.Proof {
	if f["passkey"] != "" {
		return account.Proof{Passkey: []byte(f["passkey"])}
	}
	return account.Proof{Password: secret.NewText(f["password"]), Code: secret.NewText(f["code"])}
}

// askProof is GET /account/confirm/passkey: a question to the session.
func (p *Pages) askProof(w http.ResponseWriter, r *http.Request) error {
	o, has, err := p.o.Account.PasskeyProof(r.Context(), web.Of(r).Caller)
	if err != nil {
		return err
	}
	if !has {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	return p.tell(w, o)
}

// showPasskeys is GET /account/passkeys.
func (p *Pages) showPasskeys(w http.ResponseWriter, r *http.Request) error {
	list, err := p.passkeys(r)
	if err != nil {
		return err
	}
	return p.own(w, r, http.StatusOK, page.Passkeys{List: list})
}

func (p *Pages) passkeys(r *http.Request) (list []page.Passkey, err error) {
	have, err := p.o.Account.Passkeys(r.Context(), web.Of(r).Caller)
	if err != nil {
		return nil, err
	}
	sole, err := p.sole(r)
	for _, k := range have {
		list = append(list, page.Passkey{
			ID: k.ID.String(), Name: k.Name, Synced: k.Synced(), BackedUp: k.BackedUp, Sole: k.ID == sole,
			Suspect: !k.SuspectAt.IsZero(), Created: k.CreatedAt, Used: k.UsedAt,
		})
	}
	return list, err
}

// sole is the passkey whose device, once lost, takes the way in with it; zero when there
// is none such. Who has it is asked for another (PW-64), and so is who has one that never
// was backed up: they are no better off.
func (p *Pages) sole(r *http.Request) (passkey.ID, error) {
	k, sole, err := p.o.SignIn.Sole(r.Context(), web.Of(r).Caller.User)
	if err != nil || !sole || k.BackedUp {
		return passkey.ID{}, err
	}
	return k.ID, nil
}

// offerPasskey is POST /account/passkeys/offer: first a proof that it is them.
func (p *Pages) offerPasskey(w http.ResponseWriter, r *http.Request, _ form) error {
	return p.park(w, r, parked{Act: page.ActAddPasskey}, "/account/passkeys")
}

// doOfferPasskey asks the browser for one. The question itself says that the proof
// was given, so it is asked only here.
func (p *Pages) doOfferPasskey(w http.ResponseWriter, r *http.Request, _ parked, proof account.Proof) error {
	o, err := p.o.Account.OfferPasskey(r.Context(), web.Of(r).Caller, proof)
	if err != nil {
		return err
	}
	text, err := json.Marshal(o)
	if err != nil {
		return err
	}
	return p.own(w, r, http.StatusOK, page.EnrolPasskey{Options: string(text)})
}

// addPasskey is POST /account/passkeys.
func (p *Pages) addPasskey(w http.ResponseWriter, r *http.Request, f form) error {
	k, err := p.o.Account.AddPasskey(r.Context(), web.Of(r).Caller, []byte(f["passkey"]), f["silently"] == "1", p.lang(r))
	if err != nil {
		return p.passkeysAgain(w, r, err)
	}
	p.flash(w, page.NoticePasskeyAdded, k.Name)
	return p.to(w, "/account/passkeys")
}

// passkeysAgain shows the list with what was wrong.
func (p *Pages) passkeysAgain(w http.ResponseWriter, r *http.Request, err error) error {
	list, bad := p.passkeys(r)
	if bad != nil {
		return bad
	}
	return p.again(w, r, err, p.own, func(form page.Form) page.View { return page.Passkeys{Form: form, List: list} })
}

// offerUpgrade is GET /account/passkeys/upgrade.
func (p *Pages) offerUpgrade(w http.ResponseWriter, r *http.Request) error {
	o, wanted, err := p.o.Account.OfferUpgrade(r.Context(), web.Of(r).Caller)
	if err != nil {
		return err
	}
	if !wanted {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	return p.tell(w, o)
}

// passkeySignals is GET /account/passkeys/signals.
func (p *Pages) passkeySignals(w http.ResponseWriter, r *http.Request) error {
	s, err := p.o.Account.PasskeySignals(r.Context(), web.Of(r).Caller)
	if err != nil {
		return err
	}
	return p.tell(w, s)
}

// renamePasskey is POST /account/passkeys/rename.
func (p *Pages) renamePasskey(w http.ResponseWriter, r *http.Request, f form) error {
	id, err := passkey.ParseID(f["id"])
	if err != nil {
		return passkey.ErrUnknown.Because(err)
	}
	if err := p.o.Account.RenamePasskey(r.Context(), web.Of(r).Caller, id, f["name"]); err != nil {
		return p.passkeysAgain(w, r, err)
	}
	p.flash(w, page.NoticePasskeyRenamed, "")
	return p.to(w, "/account/passkeys")
}

// removePasskey is POST /account/passkeys/remove.
func (p *Pages) removePasskey(w http.ResponseWriter, r *http.Request, f form) error {
	if _, err := passkey.ParseID(f["id"]); err != nil {
		return passkey.ErrUnknown.Because(err)
	}
	return p.park(w, r, parked{Act: page.ActRemovePasskey, Object: f["id"]}, "/account/passkeys")
}

func (p *Pages) doRemovePasskey(w http.ResponseWriter, r *http.Request, act parked, proof account.Proof) error {
	id, err := passkey.ParseID(act.Object)
	if err != nil {
		return passkey.ErrUnknown.Because(err)
	}
	err = p.o.Account.RemovePasskey(r.Context(), web.Of(r).Caller, proof, id, p.lang(r))
	if errors.Is(err, passkey.ErrLast) || errors.Is(err, passkey.ErrUnknown) {
		return p.passkeysAgain(w, r, err)
	}
	if err != nil {
		return err
	}
	p.flash(w, page.NoticePasskeyRemoved, "")
	return p.to(w, "/account/passkeys")
}
