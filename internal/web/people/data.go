package people

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/mortise-auth/mortise/internal/account"
	"github.com/mortise-auth/mortise/internal/web"
	"github.com/mortise-auth/mortise/internal/web/page"
)

// showData is GET /account/data. An account that is to be deleted has no
// sessions, so whoever sees this page keeps theirs.
func (p *Pages) showData(w http.ResponseWriter, r *http.Request) error {
	return p.own(w, r, http.StatusOK, page.Data{Days: int(account.DeletionWait / (24 * time.Hour))})
}

// export is POST /account/data/export.
func (p *Pages) export(w http.ResponseWriter, r *http.Request, f form) error {
	format := f["format"]
	if format != "json" && format != "html" {
		return web.ErrBadRequest
	}
	return p.park(w, r, parked{Act: page.ActExport, Format: format}, "/account/data")
}

// deleteAccount is POST /account/data/delete.
func (p *Pages) deleteAccount(w http.ResponseWriter, r *http.Request, _ form) error {
	return p.park(w, r, parked{Act: page.ActDelete}, "/account/data")
}

// keepData is POST /account/data/keep from a page that was overtaken: a person
// who is signed in has an account that stays.
func (p *Pages) keepData(w http.ResponseWriter, _ *http.Request, _ form) error {
	p.flash(w, page.NoticeDeletionCancelled, "")
	return p.to(w, "/account/data")
}

// doExport sends the copy as a download.
func (p *Pages) doExport(w http.ResponseWriter, r *http.Request, act parked, proof account.Proof) error {
	all, err := p.o.Account.Export(r.Context(), web.Of(r).Caller, proof)
	if err != nil {
		return err
	}
	var body bytes.Buffer
	kind := "application/json; charset=utf-8"
	if act.Format == "html" {
		kind = "text/html; charset=utf-8"
		err = p.o.Render.Write(&body, page.Frame{Lang: p.lang(r), Now: all.At}, p.exportPage(p.lang(r), all))
	} else {
		e := json.NewEncoder(&body)
		e.SetIndent("", "  ")
		err = e.Encode(exportDocument(all))
	}
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Disposition", `attachment; filename="account-`+all.At.Format(time.DateOnly)+`.`+act.Format+`"`)
	h.Set("Content-Length", strconv.Itoa(body.Len()))
	_, err = body.WriteTo(w)
	return err
}
