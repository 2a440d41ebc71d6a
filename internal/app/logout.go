package app

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/egress"
	"github.com/mortise-auth/mortise/internal/endsession"
	"github.com/mortise-auth/mortise/internal/feed"
	"github.com/mortise-auth/mortise/internal/idhint"
	"github.com/mortise-auth/mortise/internal/jose"
	"github.com/mortise-auth/mortise/internal/logout"
	"github.com/mortise-auth/mortise/internal/registry"
	"github.com/mortise-auth/mortise/internal/revocation"
	"github.com/mortise-auth/mortise/internal/signing"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/internal/web"
	webendsession "github.com/mortise-auth/mortise/internal/web/endsession"
	"github.com/mortise-auth/mortise/internal/web/people"
)

// logoutTimeout is how long a client may take to answer a logout token.
const logoutTimeout = 5 * time.Second

// wireLogout makes what tells clients of ended sessions, and what answers clients
// that want one ended.
func (a *App) wireLogout(context.Context) error {
	out, err := egress.New(egress.Options{Allow: a.c.EgressAllow, Roots: a.c.EgressRoots, Timeout: logoutTimeout, Now: a.c.Now, Blocked: a.blocked})
	if err != nil {
		return err
	}
	a.Logouts = logout.New(logout.Options{
		Issuer: a.Issuer(), Store: a.store.Logouts(), Clients: logoutTargets{a.Registry}, Signer: tokenSigner{a.Signing}, Sender: logoutSender{out},
		Steady: a.guard.Check, Now: a.c.Now, Log: a.c.Log,
	})
	a.ended.worker = a.Logouts
	a.Hints = &idhint.Reader{Issuer: a.Issuer(), Keys: func(ctx context.Context) jose.Keys { return hintKeys{ctx, a} }}
	a.EndSession = endsession.New(endsession.Options{
		Issuer: a.Issuer(), Hints: a.Hints, Clients: a.Registry, Participants: a.store.Logouts(),
		Subject: func(u user.ID, c client.Client) string { return a.OAuth.Subject(c, u) },
	})
	return nil
}

func (a *App) endSessionSurface(desk *people.Pages) web.Surface {
	return webendsession.Surface(webendsession.Options{
		BasePath: strings.TrimRight(a.c.url.Path, "/"), Desk: desk, Flow: a.EndSession, SignOut: a.SignIn.SignOut,
	})
}

// ended wakes the worker when a session may have ended.
type ended struct{ worker *logout.Worker }

// Apply implements revocation.Cache.
func (e *ended) Apply(entries []revocation.Entry) {
	for i := range entries {
		switch entries[i].Kind {
		case revocation.Session, revocation.Subject, revocation.Instance:
			e.Reset()
			return
		}
	}
}

// Reset implements revocation.Cache.
func (e *ended) Reset() {
	if e.worker != nil {
		e.worker.Wake()
	}
}

// logoutTargets says where a client wants to be told. One that is disabled is
// told as well: its people are signed in there.
type logoutTargets struct{ clients *registry.Registry }

func (t logoutTargets) Target(ctx context.Context, id string) (logout.Target, error) {
	c, err := t.clients.Client(ctx, id)
	switch {
	case errors.Is(err, client.ErrUnknown):
		return logout.Target{}, logout.ErrNobody
	case err != nil:
		return logout.Target{}, err
	case c.BackchannelLogout == "":
		return logout.Target{}, logout.ErrNobody
	}
	return logout.Target{URL: c.BackchannelLogout, Algorithm: jose.Algorithm(c.IDTokenAlg)}, nil
}

// logoutSender posts by the guarded client: no redirects, nothing private that the
// operator did not name (OA-71, WH-33).
type logoutSender struct{ client *egress.Client }

func (s logoutSender) Post(ctx context.Context, url, form string) (int, error) {
	const most = 64 << 10 // nobody reads the answer
	resp, err := s.client.Do(ctx, egress.Request{
		Method: http.MethodPost, URL: url, Body: []byte(form), MaxBytes: most,
		Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}},
	})
	return resp.Status, err
}

// hintKeys are the keys whose signature on a hint counts: the published ones, and
// those that retired and were never revoked.
type hintKeys struct {
	ctx context.Context //nolint:containedctx // of the one request that the keys are looked up for
	app *App
}

func (k hintKeys) Key(kid string) (jose.PublicKey, bool) {
	if k.app.live.Set().Revoked(&feed.Question{Key: feed.RawValue(feed.Key, kid), SubjectVersion: forever, ClientVersion: forever}) {
		return jose.PublicKey{}, false
	}
	if key, ok := k.app.Signing.Public(signing.Token).Key(kid); ok {
		return key, true
	}
	key, err := k.app.Signing.Former(k.ctx, signing.Token, kid)
	if err != nil && !errors.Is(err, signing.ErrUnknown) {
		k.app.c.Log.Warn("the keys of former times could not be read", "error", err)
	}
	return key, err == nil
}

// forever is a version that nothing is above: only the key is in question.
const forever = 1<<63 - 1

// LogoutQueue is the state of the queue of logout tokens and the time of it, unless
// the store does not answer.
func (a *App) LogoutQueue() (logout.Depth, time.Time, bool) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	d, err := a.store.Logouts().Depth(ctx)
	return d, a.now(), err == nil
}
