package federate

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/organization"
	"github.com/mortise-auth/mortise/internal/ratelimit"
	"github.com/mortise-auth/mortise/internal/rbac"
	"github.com/mortise-auth/mortise/internal/user"
)

// errExists: the address is an account's. Only who has shown to own it is told.
var errExists = errors.New("federate: an account has the address")

// create makes an account for somebody who has none, with its link, in one act.
// errExists, ErrNoAccount, ErrNotMember; user.ErrEmailTaken and
// federation.ErrLinkTaken when somebody else was faster.
//
// An address that counts is taken as verified: whoever holds it unverified had never
// shown to read it, and what they left behind goes (TH-41). One that does not count
// is not looked at: it neither names an account nor tells whether there is one.
func (f *Flow) create(ctx context.Context, r Return, c federation.Connection, p federation.Person) (federation.Link, error) {
	counts, err := f.counts(ctx, c, p)
	if err != nil {
		return federation.Link{}, err
	}
	address, key, err := user.ParseEmail(p.Email)
	if err != nil {
		counts = false
	}
	if counts {
		if _, email, err := f.o.Read.Users().ByEmail(ctx, key); err == nil && email.Verified() {
			return federation.Link{}, errExists
		} else if err != nil && !errors.Is(err, user.ErrUnknown) {
			return federation.Link{}, err
		}
	}
	if err := f.admitted(ctx, c, key, counts); err != nil {
		return federation.Link{}, err
	}
	if err := f.limit(ctx, ratelimit.Key{Limit: ratelimit.SignupSource, Of: ratelimit.SourceOf(r.By.Source.IP)}); err != nil {
		return federation.Link{}, err
	}
	home, err := f.home(ctx, c)
	if err != nil {
		return federation.Link{}, err
	}
	now := f.now()
	u := user.User{
		ID: user.NewID(now), Name: p.Name, Locale: p.Locale, State: user.Active, Version: 1, Revision: 1, CreatedAt: now, UpdatedAt: now,
	}
	var emails []user.Email
	if counts {
		emails = []user.Email{{User: u.ID, Address: address, Key: key, VerifiedAt: now, Primary: true, CreatedAt: now}}
	}
	l := linkOf(c, p, u.ID, now)
	l.Born, l.Owns = true, c.Owns(p)
	return l, f.o.InTx(ctx, func(tx Tx) error {
		roles, err := f.known(ctx, tx, c, slices.Concat(c.Settings.Provision.Roles, p.Roles))
		if err != nil {
			return err
		}
		v := u
		if home.IsZero() {
			v.Roles = without(roles, []string{rbac.Admin}) // as in updateRoles
		}
		if err := tx.Users().Create(ctx, v, emails, about(r.By, user.Created, now, u.ID, c)); err != nil {
			return err
		}
		if !home.IsZero() {
			m := organization.Membership{Organization: home, User: u.ID, Roles: roles, JoinedAt: now}
			if err := tx.Organizations().SetMember(ctx, m, memberEvent(r.By, c, u.ID, home, now)); err != nil {
				return err
			}
		}
		return tx.Federation().Link(ctx, l, c.Version, u.Version, about(r.By, federation.LinkMade, now, u.ID, c).With("link", l.ID.String()))
	})
}

// admitted is ErrNoAccount when c makes no account for somebody with that address.
func (f *Flow) admitted(ctx context.Context, c federation.Connection, key string, counts bool) error {
	if c.Organization != "" && !counts {
		return ErrNotMember
	}
	rule, ok := c.Settings.Provision, false
	switch rule.Mode {
	case federation.ProvisionDefault:
		ok = f.o.SignUp
	case federation.ProvisionAnyone:
		ok = true
	case federation.ProvisionDomains:
		ok = counts && slices.Contains(rule.Domains, domainOf(key))
	case federation.ProvisionInvited:
		if counts {
			var err error
			if ok, err = f.invited(ctx, c, key); err != nil {
				return err
			}
		}
	case federation.ProvisionNobody:
	}
	if !ok {
		return ErrNoAccount
	}
	return nil
}

// invited reports whether an administrator has made an account for an address that
// nobody has entered yet, in the organisation if c is one's. Nobody else makes
// accounts with an address that is not verified.
func (f *Flow) invited(ctx context.Context, c federation.Connection, key string) (bool, error) {
	u, email, err := f.o.Read.Users().ByEmail(ctx, key)
	switch {
	case errors.Is(err, user.ErrUnknown):
		return false, nil
	case err != nil || email.Verified() || u.State != user.Active:
		return false, err
	case c.Organization == "":
		return true, nil
	}
	_, member, err := f.membership(ctx, f.o.Read, c, u.ID)
	return member, err
}

// home is the organisation that new people join; zero for none.
func (f *Flow) home(ctx context.Context, c federation.Connection) (organization.ID, error) {
	if c.Organization != "" {
		return organization.ParseID(c.Organization)
	}
	if c.Settings.Provision.Organization == "" {
		return organization.ID{}, nil
	}
	o, err := f.o.Read.Organizations().BySlug(ctx, c.Settings.Provision.Organization)
	if errors.Is(err, organization.ErrUnknown) {
		f.o.Log.Warn("the organisation that new people of a connection join is not there", "connection", c.Name, "organization", c.Settings.Provision.Organization)
		return organization.ID{}, ErrNoAccount.Because(err)
	}
	return o.ID, err
}

// known are the roles that exist: fewer than a connection names is less authority,
// which is no reason to let nobody in.
func (f *Flow) known(ctx context.Context, tx Tx, c federation.Connection, names []string) ([]string, error) {
	var known []string
	for _, name := range names {
		_, err := tx.Roles().ByName(ctx, name)
		switch {
		case errors.Is(err, rbac.ErrUnknown):
			f.o.Log.Warn("a connection gives a role that is not there", "connection", c.Name, "role", name)
		case err != nil:
			return nil, err
		default:
			known = append(known, name)
		}
	}
	slices.Sort(known)
	return slices.Compact(known), nil
}

func memberEvent(by user.Caller, c federation.Connection, u user.ID, o organization.ID, now time.Time) audit.Event {
	return about(by, organization.MemberAdded, now, u, c).With("organization", o.String())
}

// linkOf is a link from who came by c to an account.
func linkOf(c federation.Connection, p federation.Person, owner user.ID, now time.Time) federation.Link {
	return federation.Link{
		ID: federation.NewLinkID(now), Connection: c.ID, Issuer: p.Issuer, Subject: p.Subject, User: owner,
		Email: p.Email, Verified: p.Verified, Session: p.Session, CreatedAt: now,
	}
}
