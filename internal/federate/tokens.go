package federate

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/user"
)

// Token is an access token of a service, to be used there on behalf of the person.
type Token struct {
	Access     secret.Text
	Scope      string
	ExpiresAt  time.Time // zero: the service does not tell
	Connection federation.Connection
}

// Token is the one kept with a link of the caller, refreshed when it is about to end.
// The caller has asked who may have it. federation.ErrLinkUnknown; ErrNoToken;
// ErrRefreshing when another call refreshes it right now; federation.ErrUpstream.
func (f *Flow) Token(ctx context.Context, by user.Caller, id federation.LinkID) (Token, error) {
	l, c, err := f.linkOf(ctx, by.User, id)
	if err != nil {
		return Token{}, err
	}
	if !c.Enabled || !c.Settings.KeepTokens || l.Tokens == nil {
		return Token{}, ErrNoToken
	}
	t, err := f.openTokens(l)
	if err != nil {
		return Token{}, err
	}
	if f.stale(t) {
		if t, err = f.refresh(ctx, c, l, t); err != nil {
			return Token{}, err
		}
	}
	if t.Access.IsZero() {
		return Token{}, ErrNoToken
	}
	ev := about(by, TokenGiven, f.now(), by.User, c).With("link", id.String())
	return Token{t.Access, t.Scope, t.ExpiresAt, c}, f.o.Read.Audit().Append(ctx, ev)
}

// early is how long a token must last for whoever is given it.
const early = time.Minute

func (f *Flow) stale(t federation.Tokens) bool {
	return t.Access.IsZero() || !t.ExpiresAt.IsZero() && !f.now().Add(early).Before(t.ExpiresAt)
}

// refresh trades tokens for new ones. Of all who find them stale one does it: a
// service may take a second use of a refresh token for a theft. One that does not
// answer is asked again after the pause.
func (f *Flow) refresh(ctx context.Context, c federation.Connection, l federation.Link, t federation.Tokens) (federation.Tokens, error) {
	const pause = 30 * time.Second
	turn := f.now().Truncate(pause)
	mine := once("refresh "+l.ID.String()+" "+strconv.FormatInt(turn.Unix(), 10), string(l.Tokens))
	if err := f.o.Read.Federation().Spend(ctx, mine, turn.Add(2*pause)); err != nil {
		if errors.Is(err, federation.ErrAttempt) {
			return t, ErrRefreshing.Because(err)
		}
		return t, err
	}
	fresh, err := f.o.Protocol.Refresh(ctx, c, t)
	if errors.Is(err, federation.ErrRefused) {
		return t, ErrNoToken.Because(err)
	}
	if err != nil {
		return t, err
	}
	err = f.o.Read.Federation().Keep(ctx, l.ID, l.Tokens, f.sealTokens(l.ID, fresh))
	if errors.Is(err, federation.ErrStale) {
		err = nil // they signed in meanwhile, and newer ones are kept
	}
	return fresh, err
}

// openTokens are the service's own that were kept with a link.
func (f *Flow) openTokens(l federation.Link) (federation.Tokens, error) {
	if l.Tokens == nil {
		return federation.Tokens{}, federation.ErrLinkUnknown
	}
	plain, err := f.o.Keys.Open(sealTokens, l.ID[:], l.Tokens)
	if err != nil {
		return federation.Tokens{}, err
	}
	return federation.ReadTokens(plain)
}

// giveBack gives the tokens of a link that is gone back to its service, as well as it
// can: they are of no use to us any more, and to nobody else.
func (f *Flow) giveBack(ctx context.Context, c federation.Connection, l federation.Link) {
	t, err := f.openTokens(l)
	if err != nil {
		return // none were kept
	}
	const most = 5 * time.Second
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), most)
	defer cancel()
	if err := f.o.Protocol.Revoke(ctx, c, t); err != nil {
		f.o.Log.Warn("a service did not take back the tokens of a link that was removed", "connection", c.Name, "error", err)
	}
}
