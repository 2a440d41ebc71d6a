package directory

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/consent"
	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/instance"
	"github.com/mortise-auth/mortise/internal/logout"
	"github.com/mortise-auth/mortise/internal/mail"
	"github.com/mortise-auth/mortise/internal/organization"
	"github.com/mortise-auth/mortise/internal/password"
	"github.com/mortise-auth/mortise/internal/policy"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/proof"
	"github.com/mortise-auth/mortise/internal/rbac"
	"github.com/mortise-auth/mortise/internal/reclaim"
	"github.com/mortise-auth/mortise/internal/registration"
	"github.com/mortise-auth/mortise/internal/resource"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/site"
	"github.com/mortise-auth/mortise/internal/token"
	"github.com/mortise-auth/mortise/internal/trust"
	"github.com/mortise-auth/mortise/internal/user"
)

// Tx is what one act of the flow may touch.
type Tx interface {
	Users() user.Store
	Passwords() password.Store
	Sessions() session.Store
	Proofs() proof.Store
	Roles() rbac.Store
	Organizations() organization.Store
	Clients() client.Store
	Consents() consent.Store
	Resources() resource.Store
	Instance() instance.Store
	Mail() mail.Store
	Audit() audit.Store
	Sites() site.Store
	Registrations() registration.Store
	Logouts() logout.Store
	Policy() policy.Store
	Trust() trust.Store
	Federation() federation.Store
	Reclaims() reclaim.Store
}

// InTx runs fn in one transaction; see store.Store.
type InTx func(ctx context.Context, fn func(Tx) error) error

// Hasher makes password hashes; see password.Hasher.
type Hasher interface {
	Hash(ctx context.Context, t password.Ticket, text secret.Text) (password.Hash, error)
}

// Policy judges new passwords; see password.Policy.
type Policy interface {
	Check(ctx context.Context, candidate secret.Text, about password.Context) error
}

// Mailer composes messages for the outbox.
type Mailer interface {
	Queue(m mail.Message) (mail.Queued, error)
	Wake()
}

// Grants ends what accounts let apps do; see token.Grants.
type Grants interface {
	End(ctx context.Context, by user.Caller, owner user.ID, id token.ID, cause token.Cause) error
}

// Options configure a Flow. All but Addresses and Trial are required.
type Options struct {
	Instance [16]byte
	Now      func() time.Time
	Read     Tx // outside transactions
	InTx     InTx
	Hasher   Hasher
	Policy   Policy
	Keys     proof.Keys
	Mailer   Mailer
	Grants   Grants
	Link     func(path string) string // absolute form of a path of ours
	// Addresses says what clients may register beyond the addresses of production.
	Addresses client.Addresses
	Documents client.Documents // that clients refer to
	Signing   Signing
	Masters   Masters
	// Trial is where a browser goes once around with a connection, and until when;
	// the caller was found to be an administrator.
	Trial func(c federation.Connection) (path string, until time.Time)
	// Resolver looks for what verifies domains.
	Resolver organization.Resolver
}

// Flow administers. It is safe for concurrent use.
type Flow struct{ o Options }

// New makes a Flow.
func New(o Options) *Flow { return &Flow{o} }

var (
	// ErrNotAdmin: the caller may not administer.
	ErrNotAdmin = problem.New(problem.Forbidden, "not_admin", "Only administrators can do this. Ask one, or use the command line on the host.")
	// ErrLastAdmin: the act would leave no active administrator.
	ErrLastAdmin = rbac.ErrLastAdmin

	denied        = audit.Define("authz.denied", audit.Warning, "")
	recoveryLink  = audit.Define("password.recovery_link_created", audit.Critical, "Recovery link created by an administrator")
	passwordGiven = audit.Define("password.given", audit.Notice, "Password set when the account was created")
)

func (f *Flow) now() time.Time { return f.o.Now().UTC().Truncate(time.Microsecond) }

// allow decides whether by may administer, and records a refusal.
func (f *Flow) allow(ctx context.Context, by user.Caller, act string) error {
	switch by.Actor.Type {
	case audit.ActorHost, audit.ActorSystem:
		return nil
	case audit.ActorUser:
		u, err := f.o.Read.Users().ByID(ctx, by.User)
		if err != nil && !errors.Is(err, user.ErrUnknown) {
			return err
		}
		if err == nil && u.State == user.Active && slices.Contains(u.Roles, rbac.Admin) {
			return nil
		}
	}
	ev := by.Event(denied, f.now(), by.User).Failed(audit.Blocked, "not_admin").With("act", act)
	if err := f.o.Read.Audit().Append(ctx, ev); err != nil {
		return err
	}
	return ErrNotAdmin
}

// keepAdmin refuses, inside tx and after the change, to leave nobody who may
// administer. The host may: it can make another.
func keepAdmin(ctx context.Context, tx Tx, by user.Caller) error {
	if by.Actor.Type == audit.ActorHost || by.Actor.Type == audit.ActorSystem {
		return nil
	}
	n, err := tx.Users().Holders(ctx, rbac.Admin)
	if err == nil && n == 0 {
		return ErrLastAdmin
	}
	return err
}

// Resolve finds an account by usr_… or by one of its addresses.
func (f *Flow) Resolve(ctx context.Context, by user.Caller, ref string) (user.User, error) {
	if err := f.allow(ctx, by, "users.get"); err != nil {
		return user.User{}, err
	}
	return f.resolve(ctx, ref)
}

func (f *Flow) resolve(ctx context.Context, ref string) (user.User, error) {
	if id, err := user.ParseID(ref); err == nil {
		return f.o.Read.Users().ByID(ctx, id)
	}
	u, _, err := f.o.Read.Users().ByEmail(ctx, user.EmailKey(ref))
	return u, err
}
