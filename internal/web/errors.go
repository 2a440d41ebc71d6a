package web

import "github.com/mortise-auth/mortise/internal/problem"

var (
	ErrNotFound    = problem.New(problem.NotFound, "not_found", "There is nothing at this address. Check it, or start again from the first page.")
	ErrMethod      = problem.New(problem.MethodNotAllowed, "method_not_allowed", "This address does not take that kind of request.")
	ErrMisdirected = problem.New(problem.Misdirected, "misdirected", "This server does not answer under that name. Use the address it was set up with.")
	ErrCrossOrigin = problem.New(problem.Forbidden, "cross_origin", "This request came from another site and was refused. Open our own page and try again.")
	ErrForwarded   = problem.New(problem.Forbidden, "forwarded_in_dev", "Development mode does not answer through a proxy. Use mortise serve for anything that others can reach.")
	ErrForm        = problem.New(problem.Forbidden, "form_expired", "This form is out of date. Reload the page and send it again.")
	ErrBadRequest  = problem.New(problem.Invalid, "bad_request", "We could not read this request. Check its form and try again.")
	ErrTooLarge    = problem.New(problem.TooLarge, "too_large", "That is more than we accept at once. Send less.")
	ErrMedia       = problem.New(problem.UnsupportedMediaType, "unsupported_media_type", "This address wants another content type; see the documentation.")
	ErrFresh       = problem.New(problem.Forbidden, "sign_in_again", "This needs a recent sign-in. Sign in again and repeat it.")
	ErrHostOnly    = problem.New(problem.Forbidden, "host_only", "This can only be done on the host, with the mortise command.")
)
