package gateway

import "github.com/mortise-auth/mortise/internal/problem"

var (
	// ErrSignIn: nobody is signed in here. Browsers are sent to sign in.
	ErrSignIn = problem.New(problem.Unauthenticated, "site_sign_in", "This site wants to know who you are. Sign in and try again.")
	// ErrToken: the bearer token is none of ours, or not for this site.
	ErrToken = problem.New(problem.Unauthenticated, "site_token_refused", "This token opens nothing here. Get a new one for this site.")
	// ErrDenied: a rule says no, or no rule says yes.
	ErrDenied = problem.New(problem.Forbidden, "site_denied", "This address is closed. Ask an administrator of this site if you need it.")
	// ErrLacking: the person lacks a role, permission, scope or membership.
	ErrLacking = problem.New(problem.Forbidden, "site_not_allowed", "Your account may not open this address. Ask an administrator of this site for access.")
	// ErrAssurance: signed in with too few factors.
	ErrAssurance = problem.New(problem.Forbidden, "site_assurance", "This address needs a stronger sign-in. Sign out and sign in again with a second factor.")
	// ErrStale: signed in too long ago.
	ErrStale = problem.New(problem.Forbidden, "site_sign_in_again", "This address needs a recent sign-in. Sign out, sign in again and come back.")
	// ErrCrossSite: another site's page made the browser send this.
	ErrCrossSite = problem.New(problem.Forbidden, "site_cross_origin", "This request came from another site and was refused. Open this site's own page and try again.")
	// ErrScheme: the site is not asked for over the scheme it has.
	ErrScheme = problem.New(problem.Forbidden, "site_scheme", "This site is only reachable over https. Change the address to https.")
	// ErrOriginal: the proxy's headers do not say, or say twice, what was asked.
	ErrOriginal = problem.New(problem.Invalid, "bad_original_request", "The proxy did not say clearly what was asked for. Check its configuration against mortise proxy snippet.")
	// ErrProxy: whoever asks is no proxy that was named.
	ErrProxy = problem.New(problem.Forbidden, "untrusted_proxy", "Only a trusted proxy may ask this. Name its address in MORTISE_TRUSTED_PROXIES.")
)
