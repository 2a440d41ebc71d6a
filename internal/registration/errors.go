package registration

import "github.com/mortise-auth/mortise/internal/problem"

var (
	// ErrToken: the bearer of a request to register, or to look after a client, may
	// not (RFC 6750 section 3.1).
	ErrToken = problem.New(problem.Unauthenticated, "registration_token_refused", "This access token does not allow it: it is unknown, used up, expired, or for another client.")

	ErrUnknown   = problem.New(problem.NotFound, "initial_token_unknown", "There is no such initial access token. List them to see which there are.")
	ErrBadLife   = problem.New(problem.Unprocessable, "bad_initial_token_life", "An initial access token lives for a minute to 366 days.")
	ErrBadUses   = problem.New(problem.Unprocessable, "bad_initial_token_uses", "An initial access token registers 1 to 100,000 clients.")
	ErrBadPolicy = problem.New(problem.Unprocessable, "bad_registration_policy", "This policy cannot be kept. Redirect hosts are names such as app.example.org, *.example.org, or com.example.app: for native clients; a list has at most 100 entries.")
)
