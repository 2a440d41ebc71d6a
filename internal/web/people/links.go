package people

import (
	"errors"
	"net/http"

	"github.com/mortise-auth/mortise/internal/account"
	"github.com/mortise-auth/mortise/internal/proof"
	"github.com/mortise-auth/mortise/internal/web/page"
)

// showUndo is GET /account/undo, from the message to an address that was taken
// off an account. It changes nothing.
func (p *Pages) showUndo(w http.ResponseWriter, r *http.Request) error {
	f, err := query(r)
	if err != nil {
		return err
	}
	if s, err := p.stepOf(r, "", stepUndone); err == nil && f["token"] == "" {
		return p.Show(w, r, http.StatusOK, page.UndoneEmail{Email: s.Email})
	}
	about, err := p.peek(r, proof.Undo, f["token"])
	if err != nil {
		return p.dead(w, r, page.LinkUndo, err)
	}
	return p.Show(w, r, http.StatusOK, undoView(page.Form{}, about, f["token"]))
}

func undoView(again page.Form, about account.Pending, token string) page.UndoEmail {
	return page.UndoEmail{Form: again, Old: about.Address, At: about.ExpiresAt.Add(-account.UndoLife), Token: token}
}

// undo is POST /account/undo. Nobody is signed in by it (TH-43).
func (p *Pages) undo(w http.ResponseWriter, r *http.Request, f form) error {
	about, err := p.peek(r, proof.Undo, f["token"])
	if err != nil {
		return p.dead(w, r, page.LinkUndo, err)
	}
	link, err := linkToken(proof.Undo, f["token"])
	if err != nil {
		return err
	}
	err = p.o.Account.Undo(r.Context(), stranger(r), account.Answer{Link: link})
	if errors.Is(err, proof.ErrExpired) {
		return p.dead(w, r, page.LinkUndo, err)
	}
	if err != nil {
		return p.again(w, r, err, p.Show, func(form page.Form) page.View { return undoView(form, about, f["token"]) })
	}
	return p.goOn(w, step{Kind: stepUndone, Email: about.Address}, "/account/undo")
}

// showKeep is GET /account/keep, from the message about a deletion. It changes
// nothing.
func (p *Pages) showKeep(w http.ResponseWriter, r *http.Request) error {
	f, err := query(r)
	if err != nil {
		return err
	}
	if _, err := p.stepOf(r, "", stepKept); err == nil && f["token"] == "" {
		return p.Show(w, r, http.StatusOK, page.KeptAccount{})
	}
	about, err := p.peek(r, proof.CancelDeletion, f["token"])
	if err != nil {
		return p.dead(w, r, page.LinkUndo, err)
	}
	return p.Show(w, r, http.StatusOK, keepView(page.Form{}, about, f["token"]))
}

func keepView(again page.Form, about account.Pending, token string) page.KeepAccount {
	return page.KeepAccount{Form: again, Email: about.Address, Due: about.ExpiresAt, Token: token}
}

// keep is POST /account/keep. Nobody is signed in by it.
func (p *Pages) keep(w http.ResponseWriter, r *http.Request, f form) error {
	about, err := p.peek(r, proof.CancelDeletion, f["token"])
	if err != nil {
		return p.dead(w, r, page.LinkUndo, err)
	}
	link, err := linkToken(proof.CancelDeletion, f["token"])
	if err != nil {
		return err
	}
	err = p.o.Account.CancelDeletion(r.Context(), stranger(r), account.Answer{Link: link})
	if errors.Is(err, proof.ErrExpired) {
		return p.dead(w, r, page.LinkUndo, err)
	}
	if err != nil {
		return p.again(w, r, err, p.Show, func(form page.Form) page.View { return keepView(form, about, f["token"]) })
	}
	return p.goOn(w, step{Kind: stepKept}, "/account/keep")
}
