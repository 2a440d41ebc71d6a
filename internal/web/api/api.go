package api

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/mortise-auth/mortise/internal/account"
	"github.com/mortise-auth/mortise/internal/apply"
	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/decision"
	"github.com/mortise-auth/mortise/internal/directory"
	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/idempotency"
	"github.com/mortise-auth/mortise/internal/inspect"
	"github.com/mortise-auth/mortise/internal/instance"
	"github.com/mortise-auth/mortise/internal/jose"
	"github.com/mortise-auth/mortise/internal/logout"
	"github.com/mortise-auth/mortise/internal/oauth"
	"github.com/mortise-auth/mortise/internal/organization"
	"github.com/mortise-auth/mortise/internal/passkey"
	"github.com/mortise-auth/mortise/internal/phone"
	"github.com/mortise-auth/mortise/internal/policy"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/proof"
	"github.com/mortise-auth/mortise/internal/ratelimit"
	"github.com/mortise-auth/mortise/internal/rbac"
	"github.com/mortise-auth/mortise/internal/registration"
	"github.com/mortise-auth/mortise/internal/resource"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/signin"
	"github.com/mortise-auth/mortise/internal/signing"
	"github.com/mortise-auth/mortise/internal/site"
	"github.com/mortise-auth/mortise/internal/token"
	"github.com/mortise-auth/mortise/internal/trust"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/internal/web"
	"github.com/mortise-auth/mortise/internal/web/page"
)

// SignIn is what the surface needs of signin.Flow.
type SignIn interface {
	SignIn(ctx context.Context, r signin.Request) (signin.Result, error)
	Continue(ctx context.Context, r signin.Request) (signin.Result, error)
	AskByMail(ctx context.Context, r signin.Request) (signin.Result, error)
	SendCode(ctx context.Context, r signin.Request, voice bool) (phone.Number, error)
	SendProof(ctx context.Context, by user.Caller, lang string, voice bool) (phone.Number, error)
	OfferFactor(ctx context.Context, r signin.Request, method, name string) (signin.Offer, error)
	Enrol(ctx context.Context, r signin.Request, in signin.NewFactor) (signin.Result, error)
	SignOut(ctx context.Context, by user.Caller) error
}

// Tokens is what it needs of oauth.Flow.
type Tokens interface {
	Deliver(ctx context.Context, want oauth.FirstParty) (*oauth.Delivery, error)
	Renew(ctx context.Context, r oauth.Renewal) (oauth.Tokens, error)
	Leave(ctx context.Context, r oauth.Renewal) (token.Grant, error)
	Trusts(ctx context.Context, client, origin string) bool
	FirstParty(ctx context.Context, client string) (bool, error)
	Preview(ctx context.Context, r oauth.PreviewRequest) (oauth.Preview, error)
}

// Account is what it needs of account.Flow.
type Account interface {
	StartSignUp(ctx context.Context, in account.SignUp) (secret.Token, error)
	FinishSignUp(ctx context.Context, by user.Caller, a account.Answer, chosen account.Chosen) (account.SignedUp, error)
	TradeCode(ctx context.Context, by user.Caller, a account.Answer) (secret.Token, error)
	StartRecovery(ctx context.Context, by user.Caller, identifier, lang string) (secret.Token, error)
	FinishRecovery(ctx context.Context, by user.Caller, a account.Answer, text secret.Text, lang string) (user.User, error)
	ConfirmEmail(ctx context.Context, by user.Caller, a account.Answer, lang string) (user.Email, error)
	Undo(ctx context.Context, by user.Caller, a account.Answer) error
	CancelDeletion(ctx context.Context, by user.Caller, a account.Answer) error

	Get(ctx context.Context, by user.Caller) (user.User, error)
	SetProfile(ctx context.Context, by user.Caller, p user.Profile, revision int64) (user.User, error)
	Emails(ctx context.Context, by user.Caller) ([]user.Email, []account.Pending, error)
	AddEmail(ctx context.Context, by user.Caller, current account.Proof, typed, lang string) (secret.Token, error)
	ResendEmail(ctx context.Context, by user.Caller, key, lang string) (secret.Token, error)
	MakePrimary(ctx context.Context, by user.Caller, current account.Proof, key, lang string) error
	RemoveEmail(ctx context.Context, by user.Caller, current account.Proof, key, lang string) error
	ChangePassword(ctx context.Context, in account.PasswordChange) error
	RemovePassword(ctx context.Context, by user.Caller, current account.Proof, lang string) error
	Sessions(ctx context.Context, by user.Caller) ([]session.Session, error)
	EndSession(ctx context.Context, by user.Caller, id session.ID) error
	EndOthers(ctx context.Context, by user.Caller) (int, error)
	EndEverywhere(ctx context.Context, by user.Caller) (int, error)
	Apps(ctx context.Context, by user.Caller) ([]account.App, error)
	AppsOf(ctx context.Context, owner user.ID) ([]account.App, error)
	EndGrant(ctx context.Context, by user.Caller, id token.ID) error
	Consents(ctx context.Context, by user.Caller) ([]account.Allowed, error)
	ConsentsOf(ctx context.Context, owner user.ID) ([]account.Allowed, error)
	Withdraw(ctx context.Context, by user.Caller, client string) (int, error)
	Events(ctx context.Context, by user.Caller, before audit.ID, limit int) ([]audit.Event, error)
	Report(ctx context.Context, by user.Caller, about, lang string) (secret.Token, error)
	Passkeys(ctx context.Context, by user.Caller) ([]passkey.Passkey, error)
	PasskeyProof(ctx context.Context, by user.Caller) (passkey.RequestOptions, bool, error)
	OfferPasskey(ctx context.Context, by user.Caller, current account.Proof) (passkey.CreationOptions, error)
	AddPasskey(ctx context.Context, by user.Caller, answer []byte, silently bool, lang string) (passkey.Passkey, error)
	RenamePasskey(ctx context.Context, by user.Caller, id passkey.ID, name string) error
	RemovePasskey(ctx context.Context, by user.Caller, current account.Proof, id passkey.ID, lang string) error
	Export(ctx context.Context, by user.Caller, current account.Proof) (account.Export, error)
	Collect(ctx context.Context, by user.Caller, id user.ID) (account.Export, error)
	RequestDeletion(ctx context.Context, by user.Caller, current account.Proof, lang string) (time.Time, error)
}

// Directory is what it needs of directory.Flow.
type Directory interface {
	Resolve(ctx context.Context, by user.Caller, ref string) (user.User, error)
	Users(ctx context.Context, by user.Caller, q user.Query) ([]user.Listed, error)
	CountUsers(ctx context.Context, by user.Caller, q user.Query) (int64, error)
	Emails(ctx context.Context, by user.Caller, id user.ID) ([]user.Email, error)
	CreateUser(ctx context.Context, by user.Caller, in directory.NewUser) (user.User, error)
	UpdateUser(ctx context.Context, by user.Caller, id user.ID, p user.Profile, revision int64) (user.User, error)
	SetRoles(ctx context.Context, by user.Caller, id user.ID, roles []string) error
	Disable(ctx context.Context, by user.Caller, id user.ID, lang string) error
	Enable(ctx context.Context, by user.Caller, id user.ID) error
	DeleteUser(ctx context.Context, by user.Caller, id user.ID) error
	Sessions(ctx context.Context, by user.Caller, id user.ID) ([]session.Session, error)
	EndSession(ctx context.Context, by user.Caller, id user.ID, s session.ID) error
	EndSessions(ctx context.Context, by user.Caller, id user.ID) (int, error)
	EndGrant(ctx context.Context, by user.Caller, id user.ID, grant token.ID) error
	Withdraw(ctx context.Context, by user.Caller, id user.ID, client string) (int, error)
	Events(ctx context.Context, by user.Caller, q audit.Query) ([]audit.Event, error)
	RecoveryLink(ctx context.Context, by user.Caller, id user.ID) (string, time.Time, error)

	Roles(ctx context.Context, by user.Caller) ([]rbac.Role, error)
	Role(ctx context.Context, by user.Caller, name string) (rbac.Role, error)
	Policy(ctx context.Context, by user.Caller) (policy.Policy, error)
	PutPolicy(ctx context.Context, by user.Caller, p policy.Policy) (policy.Policy, error)
	Devices(ctx context.Context, by user.Caller, of user.ID) ([]trust.Device, error)
	ForgetDevice(ctx context.Context, by user.Caller, of user.ID, id trust.ID) error
	PutRole(ctx context.Context, by user.Caller, r rbac.Role) (rbac.Role, error)
	DeleteRole(ctx context.Context, by user.Caller, name string) error
	Organizations(ctx context.Context, by user.Caller, after organization.ID, limit int) ([]organization.Organization, error)
	Organization(ctx context.Context, by user.Caller, ref string) (organization.Organization, error)
	CreateOrganization(ctx context.Context, by user.Caller, o organization.Organization) (organization.Organization, error)
	UpdateOrganization(ctx context.Context, by user.Caller, o organization.Organization) (organization.Organization, error)
	DeleteOrganization(ctx context.Context, by user.Caller, id organization.ID) error
	Members(ctx context.Context, by user.Caller, id organization.ID, after user.ID, limit int) ([]organization.Membership, error)
	SetMember(ctx context.Context, by user.Caller, m organization.Membership) error
	RemoveMember(ctx context.Context, by user.Caller, id organization.ID, member user.ID) error
	Domains(ctx context.Context, by user.Caller, id organization.ID) ([]directory.Domain, error)
	AddDomain(ctx context.Context, by user.Caller, id organization.ID, name string) (directory.Domain, error)
	RemoveDomain(ctx context.Context, by user.Caller, id organization.ID, name string) error
	VerifyDomain(ctx context.Context, by user.Caller, id organization.ID, name string) (directory.Domain, error)
	SSO(ctx context.Context, by user.Caller, id organization.ID) (organization.Requirement, error)
	RequireSSO(ctx context.Context, by user.Caller, id organization.ID, glass []user.ID) (organization.Requirement, error)
	RelaxSSO(ctx context.Context, by user.Caller, id organization.ID) error
	Clients(ctx context.Context, by user.Caller, after client.ID, limit int) ([]client.Client, error)
	Client(ctx context.Context, by user.Caller, id client.ID) (client.Client, error)
	CreateClient(ctx context.Context, by user.Caller, c client.Client, chosen secret.Text) (client.Client, secret.Text, error)
	UpdateClient(ctx context.Context, by user.Caller, c client.Client) (client.Client, error)
	RotateSecret(ctx context.Context, by user.Caller, id client.ID, keep time.Duration, compromised bool) (client.Client, secret.Text, error)
	DisableClient(ctx context.Context, by user.Caller, id client.ID) error
	EnableClient(ctx context.Context, by user.Caller, id client.ID) error
	DeleteClient(ctx context.Context, by user.Caller, id client.ID) error
	Resources(ctx context.Context, by user.Caller, after string, limit int) ([]resource.Resource, error)
	Resource(ctx context.Context, by user.Caller, identifier string) (resource.Resource, error)
	CreateResource(ctx context.Context, by user.Caller, r resource.Resource) (resource.Resource, error)
	UpdateResource(ctx context.Context, by user.Caller, r resource.Resource) (resource.Resource, error)
	DeleteResource(ctx context.Context, by user.Caller, identifier string) error
	Scopes(ctx context.Context, by user.Caller) ([]resource.Scope, error)
	PutScope(ctx context.Context, by user.Caller, s resource.Scope) (resource.Scope, error)
	DeleteScope(ctx context.Context, by user.Caller, name string) error
	InitialTokens(ctx context.Context, by user.Caller, after registration.ID, limit int) ([]registration.Token, error)
	InitialToken(ctx context.Context, by user.Caller, id registration.ID) (registration.Token, error)
	CreateInitialToken(ctx context.Context, by user.Caller, t registration.Token) (registration.Token, secret.Credential, error)
	DeleteInitialToken(ctx context.Context, by user.Caller, id registration.ID) error
	Sites(ctx context.Context, by user.Caller) ([]site.Site, error)
	Site(ctx context.Context, by user.Caller, host string) (site.Site, error)
	PutSite(ctx context.Context, by user.Caller, w apply.Site) (site.Site, error)
	DeleteSite(ctx context.Context, by user.Caller, host string) error
	Connections(ctx context.Context, by user.Caller, after string, limit int) ([]federation.Connection, error)
	Connection(ctx context.Context, by user.Caller, name string) (federation.Connection, error)
	CreateConnection(ctx context.Context, by user.Caller, w apply.Connection) (federation.Connection, error)
	UpdateConnection(ctx context.Context, by user.Caller, w apply.Connection, version int64) (federation.Connection, error)
	DeleteConnection(ctx context.Context, by user.Caller, name string) error
	PreviewConnection(ctx context.Context, by user.Caller, name string, claims map[string]any) (federation.Person, error)
	TestConnection(ctx context.Context, by user.Caller, name string) (path string, until time.Time, err error)
	Logouts(ctx context.Context, by user.Caller, after logout.ID, limit int) ([]logout.Delivery, error)
	RetryLogout(ctx context.Context, by user.Caller, id logout.ID) error
	SigningKeys(ctx context.Context, by user.Caller) ([]signing.Key, error)
	RotateKey(ctx context.Context, by user.Caller, u signing.Use, alg jose.Algorithm, emergency bool) (signing.Key, error)
	RetireKey(ctx context.Context, by user.Caller, id string) (signing.Key, error)
	RotateMaster(ctx context.Context, by user.Caller) (int, string, error)
	Apply(ctx context.Context, by user.Caller, want apply.File, dryRun, allowUsers bool) (apply.Result, error)
}

// Setup is what it needs of setup.Flow.
type Setup interface {
	Open(ctx context.Context, by user.Caller) (secret.Text, time.Time, error)
}

// Cookies is what it needs of web.Frame.
type Cookies interface {
	Names() web.Names
	SetCookie(w http.ResponseWriter, name, value string, maxAge time.Duration)
	ClearCookie(w http.ResponseWriter, name string)
}

// Options configure the surface. All are required.
type Options struct {
	URL         *url.URL // public address, with the path below which we are mounted
	Version     string   // of this program, for the document
	Dev         bool     // files may declare users without being allowed to
	Now         func() time.Time
	Log         *slog.Logger
	SignIn      SignIn
	Tokens      Tokens
	Account     Account
	Factors     Factors
	Rescue      Rescue
	Federation  Federation
	Passkeys    Ceremonies
	Directory   Directory
	Setup       Setup
	Cookies     Cookies
	Pages       *page.Renderer
	Keys        proof.Keys
	Rates       ratelimit.Store
	Idempotency idempotency.Store
	// Rotate gives the caller's session, whose secret is old, a new secret; every
	// change of privilege calls it (SE-3).
	Rotate func(ctx context.Context, by user.Caller, old string) (secret.Token, error)
	// Why explains a refusal by its code.
	Why func(ctx context.Context, code string) (decision.Record, error)
	// Inspect explains a token; see inspect.Inspector.
	Inspect func(ctx context.Context, text string) (inspect.Report, error)
	// Doctor looks for what is wrong with the instance.
	Doctor func(ctx context.Context) ([]instance.Finding, error)
	// Status reports on the running server.
	Status func(ctx context.Context) (Status, error)
}

// Prefix is where the API stands below the mount path.
const Prefix = "/api/v1"

// surface carries the options to the handlers.
type surface struct {
	Options
	endpoints []endpoint
}

// Surface returns the routes of the API, of its document and of the docs page.
func Surface(o Options) web.Surface {
	s := &surface{Options: o}
	s.endpoints = s.table()
	out := web.Surface{Name: "api", Limit: ratelimit.APISource, Fail: s.fail, Refusals: []*problem.Error{oauth.ErrInvalidGrant, oauth.ErrInvalidScope, oauth.ErrInvalidTarget}}
	for _, e := range s.endpoints {
		out.Routes = append(out.Routes, web.Route{Pattern: e.Method + " " + Prefix + e.Path, Access: e.Access, Recent: e.Recent, Admits: e.Admits, Handler: e.handler})
	}
	out.Routes = append(out.Routes, s.preflights()...)
	out.Routes = append(out.Routes, s.documents()...)
	out.Routes = append(out.Routes, web.Route{Pattern: Prefix + "/", Access: web.Anyone, Handler: s.elsewhere()})
	return out
}

func (s *surface) table() []endpoint {
	var all []endpoint
	for _, part := range [][]endpoint{
		s.signinTable(), s.refreshTable(), s.proofTable(), s.meTable(), s.addressTable(), s.deviceTable(), s.grantTable(), s.consentTable(), s.factorTable(), s.phoneTable(), s.passkeyTable(), s.rescueTable(), s.linkTable(),
		s.userTable(), s.userSessionTable(), s.approvalTable(), s.roleTable(), s.organizationTable(), s.memberTable(), s.domainTable(),
		s.clientTable(), s.initialTokenTable(), s.resourceTable(), s.scopeTable(), s.siteTable(), s.policyTable(), s.connectionTable(), s.logoutTable(), s.keyTable(), s.tokenTable(), s.doctorTable(), s.instanceTable(),
	} {
		all = append(all, part...)
	}
	return all
}

// link is the absolute form of one of our paths.
func (s *surface) link(path string) string { return strings.TrimRight(s.URL.String(), "/") + path }

// elsewhere answers what no endpoint takes: a wrong method with those that work,
// an unknown address with not found.
func (s *surface) elsewhere() web.Handler {
	addresses := sync.OnceValue(s.addresses) // few ask for what is not there
	return func(w http.ResponseWriter, r *http.Request) error {
		mux := addresses()
		var allowed []string
		for _, m := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
			if _, pattern := mux.Handler(&http.Request{Method: m, URL: r.URL, Host: r.Host}); pattern != "" {
				allowed = append(allowed, m)
			}
		}
		if allowed == nil {
			return web.ErrNotFound
		}
		allow := strings.Join(append(allowed, http.MethodOptions), ", ")
		if r.Method != http.MethodOptions {
			return web.ErrMethod.Becausef("allowed: %s", allow)
		}
		w.Header().Set("Allow", allow)
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
}

// addresses knows which endpoints there are.
func (s *surface) addresses() *http.ServeMux {
	mux := http.NewServeMux()
	for _, e := range s.endpoints {
		mux.Handle(e.Method+" "+Prefix+e.Path, http.NotFoundHandler())
	}
	return mux
}
