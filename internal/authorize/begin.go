package authorize

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/mortise-auth/mortise/internal/authreq"
	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/secret"
)

// urn begins every request_uri of ours (RFC 9126 section 2.2).
const urn = "urn:ietf:params:oauth:request_uri:"

// kept is a request with where it is kept: nowhere, when row.Handle is zero.
type kept struct {
	*request
	row    authreq.Request
	handle string // of a parked one
}

// Begin takes a request that a browser brought, as far as it goes at once. Its
// errors are for a page, unless a Refusal is inside. v.Browser must be set.
func (f *Flow) Begin(ctx context.Context, p Params, v Visit) (Step, error) {
	c, err := f.clientOf(ctx, p)
	if err != nil {
		return Step{}, err
	}
	if err := f.charge(ctx, string(c.ID), v.Source); err != nil {
		return Step{}, err
	}
	k, err := f.bring(ctx, c, p)
	if err != nil {
		f.watch(ctx, c, err, v)
		return Step{}, err
	}
	s, err := f.decide(ctx, k, v)
	if err != nil || s.Kind == Done {
		return s, err
	}
	if s.Handle, err = f.park(ctx, k, v); err != nil {
		return Step{}, err
	}
	if s.Kind == Choose {
		d, _ := f.digest(authreq.HandlePurpose, s.Handle)
		err = f.o.Requests.Offer(ctx, d, f.now())
	}
	return s, err
}

// bring reads a request from wherever its parameters are: at a request_uri of
// ours, then nothing else counts (OA-74), in a request object, or here.
func (f *Flow) bring(ctx context.Context, c client.Client, p Params) (*kept, error) {
	if rest, ours := strings.CutPrefix(one(p, "request_uri"), urn); ours {
		return f.bringPushed(ctx, c, rest)
	}
	p, err := f.objects(ctx, c, p)
	if err != nil {
		return nil, err
	}
	r, err := f.read(ctx, c, p, false)
	if err != nil {
		return nil, err
	}
	return f.unkept(r, p, authreq.Request{})
}

// unkept is a request with the row that parking it would make.
func (f *Flow) unkept(r *request, p Params, origin authreq.Request) (*kept, error) {
	b, err := pack(p)
	if err != nil {
		return nil, err
	}
	now := f.now()
	return &kept{request: r, row: authreq.Request{
		Origin: origin.Handle, Client: string(r.client.ID), ClientVersion: r.client.Version, Params: b,
		CreatedAt: now, ExpiresAt: now.Add(authreq.ParkedLife),
	}}, nil
}

// bringPushed finds a request that was pushed. One of another client is as unknown
// as one that never was.
func (f *Flow) bringPushed(ctx context.Context, c client.Client, text string) (*kept, error) {
	d, ok := f.digest(authreq.PushedPurpose, text)
	if !ok {
		return nil, ErrRequestURI.Becausef("not a request_uri of this instance")
	}
	row, err := f.o.Requests.ByHandle(ctx, d)
	switch {
	case errors.Is(err, authreq.ErrUnknown):
		return nil, ErrRequestURI.Because(err)
	case err != nil:
		return nil, err
	case !row.Pushed || row.Client != string(c.ID) || row.ClientVersion != c.Version:
		return nil, ErrRequestURI.Becausef("of another client").Comparing(row.Client, string(c.ID))
	case row.Over(f.now()):
		return nil, ErrRequestURI.Because(ended(authreq.ErrOver, c))
	}
	p, err := unpack(row.Params)
	if err != nil {
		return nil, err
	}
	r, err := f.read(ctx, c, p, true)
	if err != nil {
		return nil, err
	}
	return f.unkept(r, p, row)
}

// objects replaces the parameters by those of a request object, if there is one.
// Then nothing beside it counts (RFC 9101 section 6.3). When it is no good, the
// client is told at the address beside it, if that is one of its own.
func (f *Flow) objects(ctx context.Context, c client.Client, p Params) (Params, error) {
	object, uri := one(p, "request"), one(p, "request_uri")
	var err error
	switch {
	case len(p["request"]) > 1 || len(p["request_uri"]) > 1 || object != "" && uri != "":
		err = ErrInvalidRequest.Becausef("more than one request object")
	case object == "" && uri == "" && c.RequireSignedRequest:
		err = ErrInvalidRequest.Becausef("the client must sign its requests")
	case object == "" && uri == "":
		return p, nil
	case f.o.Objects == nil:
		err = ErrObjectUnsupported
	default:
		inside, objected := f.o.Objects.Parameters(ctx, c, object, uri)
		if objected == nil {
			return insideOf(c, inside)
		}
		err = objected
	}
	to, given, unknown := redirectOf(c, p)
	if unknown != nil {
		return nil, err
	}
	r := &request{client: c, redirect: to, given: given, mode: Query}
	if state := one(p, "state"); echoes(state, maxState) {
		r.state = state
	}
	_ = checkMode(ctx, r, p) // one that cannot be leaves the query
	return nil, r.refuse(f.o.Issuer, err)
}

// insideOf are the parameters of a request object, which names its client too.
func insideOf(c client.Client, inside Params) (Params, error) {
	if id := one(inside, "client_id"); id != "" && id != string(c.ID) {
		return nil, ErrClient.Comparing(string(c.ID), id)
	}
	inside["client_id"] = []string{string(c.ID)}
	return inside, nil
}

// park keeps a request for which somebody has to do something.
func (f *Flow) park(ctx context.Context, k *kept, v Visit) (handle string, err error) {
	browser, ok := f.digest(authreq.BrowserPurpose, v.Browser)
	if !ok {
		return "", authreq.ErrUnknown.Becausef("the browser has no cookie")
	}
	t := secret.New(authreq.HandlePurpose)
	k.row.Handle, k.row.Browser = t.Digest(f.o.Instance), browser
	return t.Reveal(), f.o.Requests.Insert(ctx, k.row)
}

// Post keeps a request that came as a form, for the same browser to bring as a
// link: a form that another site sends comes without our cookies (OA-10). It
// returns the parameters to bring.
func (f *Flow) Post(ctx context.Context, p Params, v Visit) (Params, error) {
	c, err := f.clientOf(ctx, p)
	if err != nil {
		return nil, err
	}
	if err := f.charge(ctx, string(c.ID), v.Source); err != nil {
		return nil, err
	}
	if strings.HasPrefix(one(p, "request_uri"), urn) {
		return Params{"client_id": p["client_id"], "request_uri": p["request_uri"]}, nil
	}
	k, err := f.bring(ctx, c, p)
	if err != nil {
		f.watch(ctx, c, err, v)
		return nil, err
	}
	uri, err := f.push(ctx, k)
	return Params{"client_id": {string(c.ID)}, "request_uri": {uri}}, err
}

// Push takes a request from the client itself (RFC 9126). c was authenticated as
// at the token endpoint; jkt is of the key whose possession it proved with this
// request, or empty. Errors are for the client.
func (f *Flow) Push(ctx context.Context, c client.Client, p Params, jkt string, v Visit) (uri string, life time.Duration, err error) {
	switch {
	case len(p["request_uri"]) > 0:
		return "", 0, ErrInvalidRequest.Becausef("a request_uri in a pushed request")
	case len(p["client_id"]) > 1 || one(p, "client_id") != "" && one(p, "client_id") != string(c.ID):
		return "", 0, ErrInvalidRequest.Becausef("two client_ids")
	}
	if p, err = f.objects(ctx, c, p); err != nil {
		return "", 0, pushed(err)
	}
	if named := one(p, "dpop_jkt"); jkt != "" && named != "" && named != jkt {
		return "", 0, ErrInvalidRequest.Becausef("dpop_jkt is not the proof's key")
	}
	if jkt != "" {
		p["dpop_jkt"] = []string{jkt}
	}
	p["client_id"] = []string{string(c.ID)}
	r, err := f.read(ctx, c, p, true)
	if err != nil {
		f.watch(ctx, c, err, v)
		return "", 0, pushed(err)
	}
	k, err := f.unkept(r, p, authreq.Request{})
	if err != nil {
		return "", 0, err
	}
	uri, err = f.push(ctx, k)
	return uri, authreq.PushedLife, err
}

// pushed says to a client what a person would have been shown as a page. Sender
// and addressee are the same: it is told the address it sent, never the others.
func pushed(err error) error {
	for _, page := range []*problem.Error{ErrRedirect, ErrRedirectMissing, ErrEcho} {
		if errors.Is(err, page) {
			return ErrInvalidRequest.WithPublic("%s", page.Public).Because(err)
		}
	}
	return err
}

func (f *Flow) push(ctx context.Context, k *kept) (uri string, err error) {
	t := secret.New(authreq.PushedPurpose)
	row := k.row
	row.Handle, row.Pushed = t.Digest(f.o.Instance), true
	row.ExpiresAt = row.CreatedAt.Add(authreq.PushedLife)
	return urn + t.Reveal(), f.o.Requests.Insert(ctx, row)
}

// watch tells the audit trail of what may be more than a mistake.
func (f *Flow) watch(ctx context.Context, c client.Client, err error, v Visit) {
	for _, bad := range []*problem.Error{ErrRedirect, ErrRequestURI, ErrInvalidObject} {
		if errors.Is(err, bad) {
			f.suspect(ctx, c, bad.Code, v.Source)
			return
		}
	}
}
