package app

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/cimd"
	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/egress"
	"github.com/mortise-auth/mortise/internal/enroll"
	"github.com/mortise-auth/mortise/internal/logo"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/registration"
	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/internal/web"
	weblogo "github.com/mortise-auth/mortise/internal/web/logo"
	"github.com/mortise-auth/mortise/internal/web/register"
)

// ErrBadRegistration: the configuration of registration cannot be.
var ErrBadRegistration = problem.New(problem.Invalid, "bad_registration", "The mode of registration is off, token or open, and hosts of metadata documents are names such as app.example.org or *.example.org.")

// Registration is the part of Config about clients that register themselves.
type Registration struct {
	Mode      enroll.Mode         // empty: off
	Policy    registration.Policy // empty lists: enroll.DefaultPolicy
	Unused    time.Duration       // when clients nobody uses are swept; default 30 days
	Documents bool                // clients whose client_id is the address of their metadata
	Hosts     []string            // that such documents are read from; empty: any
}

// check says what is wrong and fills in what is missing.
func (r *Registration) check() (err error) {
	r.Mode, r.Unused = cmp.Or(r.Mode, enroll.Off), cmp.Or(r.Unused, 30*24*time.Hour)
	switch r.Mode {
	case enroll.Off, enroll.Token, enroll.Open:
	default:
		return ErrBadRegistration.Becausef("mode %q", r.Mode)
	}
	for _, h := range r.Hosts {
		if !registration.CheckHost(h) {
			return ErrBadRegistration.Becausef("host %q", h)
		}
	}
	if r.Policy, err = r.Policy.Clean(); err != nil {
		return err
	}
	r.Policy = r.Policy.Over(enroll.DefaultPolicy())
	return nil
}

// wireRegistration makes what clients register themselves with. The sweep is there
// also while registration is off: clients of before go all the same.
func (a *App) wireRegistration(context.Context) error {
	r, addresses := a.c.Registration, client.Addresses{Dev: a.c.Dev}
	a.Enroll = enroll.New(enroll.Options{
		Instance: a.facts.ID, Mode: r.Mode, Policy: r.Policy, Read: a.store, Keys: a.keys, Addresses: addresses, Documents: documents{a.egress, documentTime},
		InTx: func(ctx context.Context, fn func(enroll.Tx) error) error {
			return a.store.InTx(ctx, func(s store.Set) error { return fn(s) })
		},
		Unused: r.Unused, Now: a.c.Now, Log: a.c.Log,
		Record: func(ctx context.Context, ev audit.Event) error { return a.suspect.record(ctx, ev, ev.Client) },
	})
	a.logos = logo.New(pictures{a.egress}, a.keys, a.c.Now, a.c.Log)
	if !r.Documents {
		return nil
	}
	a.Registry.Read(cimd.New(cimd.Options{
		Fetch: clientDocuments{a.egress}, Documents: documents{a.egress, documentTime}, Read: a.store, Rates: a.rates, Hosts: r.Hosts, Policy: r.Policy, Addresses: addresses,
		InTx: func(ctx context.Context, fn func(cimd.Tx) error) error {
			return a.store.InTx(ctx, func(s store.Set) error { return fn(s) })
		},
		Now: a.c.Now, Log: a.c.Log,
	}))
	return nil
}

// registrationSurfaces are the registration endpoint, when it is on, and the
// pictures of clients.
func (a *App) registrationSurfaces() []web.Surface {
	all := []web.Surface{weblogo.Surface(a.logos, a.c.Log)}
	if a.c.Registration.Mode != enroll.Off {
		all = append(all, register.Surface(register.Options{Issuer: a.Issuer(), Flow: a.Enroll, Pages: a.c.Registration.Mode == enroll.Open, Log: a.c.Log}))
	}
	return all
}

// clientDocuments fetches metadata documents of clients.
type clientDocuments struct{ client *egress.Client }

func (d clientDocuments) Fetch(ctx context.Context, address string, most int64) (cimd.Answer, error) {
	resp, err := d.client.Get(ctx, address, most, http.Header{"Accept": {"application/json"}})
	if err != nil {
		return cimd.Answer{}, err
	}
	return cimd.Answer{Status: resp.Status, Type: resp.Header.Get("Content-Type"), CacheControl: resp.Header.Get("Cache-Control"), Body: resp.Body}, nil
}

// pictures fetches logos of clients.
type pictures struct{ client *egress.Client }

func (p pictures) Fetch(ctx context.Context, address string, most int64) (int, []byte, error) {
	resp, err := p.client.Get(ctx, address, most, http.Header{"Accept": {"image/png, image/jpeg, image/webp, image/gif"}})
	if err != nil {
		return 0, nil, err
	}
	return resp.Status, resp.Body, nil
}
