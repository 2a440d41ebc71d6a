package site

import "github.com/mortise-auth/mortise/internal/problem"

var (
	// ErrUnknown: no site has this host.
	ErrUnknown = problem.New(problem.NotFound, "site_unknown", "There is no protected site with this host. Check its name, or add it under sites in a file and apply that.")
	// ErrBadHost: not a host name with an optional port.
	ErrBadHost = problem.New(problem.Unprocessable, "bad_site_host", "The host of a site is a lower-case name such as app.example.org, with a port only when it is unusual.")
	// ErrBadRule: a rule that cannot be obeyed, or could be read in two ways.
	ErrBadRule = problem.New(problem.Unprocessable, "bad_site_rule", "A rule of this site cannot be used. Check its paths, methods, networks, action and requirements.")
	// ErrBadAudience: what the signed identity is for is not a plain name or URL.
	ErrBadAudience = problem.New(problem.Unprocessable, "bad_site_audience", "The audience of the signed identity is a URL or a name of at most 255 visible characters.")
	// ErrAmbiguous: the address could be read in two ways.
	ErrAmbiguous = problem.New(problem.Invalid, "ambiguous_address", "This address can be read in more than one way, so it was refused. Write it without encoded slashes, dots, empty parts or semicolons.")
)
