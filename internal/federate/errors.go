package federate

import "github.com/mortise-auth/mortise/internal/problem"

var (
	// ErrNoAccount: nobody has this sign-in, and the connection makes no accounts for
	// people like them. It says nothing about who has an account.
	ErrNoAccount = problem.New(problem.Forbidden, "federation_no_account", "There is no account here for that sign-in, and none is made by itself. Sign in another way, or ask whoever runs this site.")
	// ErrNoHome: no organisation has the domain of the address and a service of its own.
	ErrNoHome = problem.New(problem.Unprocessable, "federation_no_home", "No organisation here signs in with this address. Check the address, or sign in another way.")
	// ErrNotMember: the connection is an organisation's, and they are not its people.
	ErrNotMember = problem.New(problem.Forbidden, "federation_not_member", "That sign-in is for the people of one organisation, and you are not one of them here. Sign in another way, or ask its administrator.")
	// ErrNotProven: the service does not prove people anew, and the account has better
	// proofs.
	ErrNotProven = problem.New(problem.Forbidden, "federation_no_proof", "This service cannot confirm that it is you right now. Use your password or a passkey instead.")
	// ErrOther: they came back as somebody else than whose account it is.
	ErrOther = problem.New(problem.Forbidden, "federation_other_person", "You came back as somebody else than this account is linked to. Choose the right account over there, or confirm in another way.")
	// ErrNoToken: none is kept, or the service takes it no longer.
	ErrNoToken = problem.New(problem.Conflict, "link_no_token", "There is no token of that service here. Sign in with it once more; its connection has to keep tokens.")
	// ErrRefreshing: another request refreshes the same token.
	ErrRefreshing = problem.New(problem.Unavailable, "link_token_refreshing", "The token is being refreshed right now. Try again in a moment.")
	// ErrIssuer: a sign-in begun elsewhere names another service than the connection's.
	ErrIssuer = problem.New(problem.Invalid, "federation_issuer", "Whoever sent you here named another service than the one asked for. Start again from the sign-in page.")
)
