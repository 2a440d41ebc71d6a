package gateway

import (
	"context"
	"errors"
	"strings"

	"github.com/mortise-auth/mortise/internal/authn"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/ratelimit"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/site"
	"github.com/mortise-auth/mortise/internal/ticket"
	"github.com/mortise-auth/mortise/verify"
)

// who reads the one credential that counts: a token if there is one, else the
// cookie of this host.
func (f *Flow) who(ctx context.Context, o *Original, s *site.Compiled) (b Bearer, cookie bool, err error) {
	if o.Token.Token == "" {
		b.Identity, b.Version, err = f.cookie(ctx, o, s)
		return b, true, err
	}
	if f.o.Tokens == nil {
		return b, false, f.failed(ctx, o, ErrToken)
	}
	if o.Token.DPoP {
		path, _, _ := strings.Cut(o.Target, "?")
		o.Token.Method, o.Token.URL = o.Method, o.Scheme+"://"+o.Host+path
	}
	b, err = f.o.Tokens.Bearer(ctx, &o.Token, f.audience(s))
	if errors.Is(err, authn.ErrNonce) {
		return b, false, err // how a client learns its first nonce
	}
	if err != nil && problem.Of(err).Kind != problem.Unavailable {
		err = f.failed(ctx, o, ErrToken.Because(err).Comparing("a live token for "+f.audience(s), "another"))
	}
	return b, false, err
}

func (f *Flow) cookie(ctx context.Context, o *Original, s *site.Compiled) (who *verify.Identity, version int64, err error) {
	switch {
	case o.Gate != "":
		who, version, err = f.gate(ctx, o, s.Host)
	case o.Session != "" && s.Host == f.o.OwnHost:
		if who, version, err = f.o.People.Versioned(ctx, o.Session); errors.Is(err, session.ErrEnded) {
			err = f.failed(ctx, o, ErrSignIn.Because(err).Comparing("a live session", "one that ended, or none"))
		}
	default:
		return nil, 0, ErrSignIn.Because(errNothing)
	}
	return who, version, err
}

// gate asks memory first. Only what the store has to tell is charged, and given
// back when it opens: a source with many people behind it is not limited, and one
// that used up its look-ups keeps whoever is known.
func (f *Flow) gate(ctx context.Context, o *Original, host string) (who *verify.Identity, version int64, err error) {
	if who, version, ok := f.o.People.Known(ctx, o.Gate, host); ok {
		return who, version, nil
	}
	key := f.charged(o)
	if err = f.take(ctx, key); err != nil {
		return nil, 0, err
	}
	if who, version, err = f.o.People.Gate(ctx, o.Gate, host); errors.Is(err, ticket.ErrGate) {
		return nil, 0, ErrSignIn.Because(err).Comparing("a gate into "+host+" whose session lives", "one that opens nothing here")
	}
	if back := f.o.Rates.Refund(ctx, key); back != nil {
		f.o.Log.Warn("a look-up was not given back", "error", back)
	}
	return who, version, err
}

func (f *Flow) charged(o *Original) ratelimit.Keys {
	of := "unix"
	if o.Client.IsValid() {
		of = ratelimit.Source(o.Client).String()
	}
	return ratelimit.All(ratelimit.Key{Limit: ratelimit.GateSource, Of: of})
}

func (f *Flow) take(ctx context.Context, key ratelimit.Keys) error {
	d, err := f.o.Rates.Take(ctx, key)
	if err != nil {
		return err
	}
	return d.Err()
}

// failed charges the source for a look-up that found nothing, and returns why it
// is refused.
func (f *Flow) failed(ctx context.Context, o *Original, why error) error {
	if err := f.take(ctx, f.charged(o)); err != nil {
		return err
	}
	return why
}
