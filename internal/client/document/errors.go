package document

import (
	"errors"

	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/problem"
)

// The registered errors of RFC 7591 section 3.2.2.
var (
	ErrMetadata   = problem.New(problem.Invalid, "invalid_client_metadata", "A member of the client metadata is missing, malformed, or not allowed here.")
	ErrRedirect   = problem.New(problem.Invalid, "invalid_redirect_uri", "A redirect address is missing, malformed, or not allowed here. Use complete https addresses; native clients may use a loopback address or a scheme of their own.")
	ErrStatement  = problem.New(problem.Invalid, "invalid_software_statement", "The software statement is malformed. None is needed here: leave it out.")
	ErrUnapproved = problem.New(problem.Invalid, "unapproved_software_statement", "Software statements are not trusted here, whoever signed them. Leave software_statement out.")
)

// Registered returns the registered error that err, of checking a client, is.
// What is no refusal passes unchanged.
func Registered(err error) error {
	var p *problem.Error
	if err == nil || !errors.As(err, &p) {
		return err
	}
	switch {
	case errors.Is(err, ErrMetadata), errors.Is(err, ErrRedirect), errors.Is(err, ErrStatement), errors.Is(err, ErrUnapproved):
		return err
	case errors.Is(err, client.ErrBadRedirect):
		return ErrRedirect.WithFields(p.Fields...).Because(err)
	case p.Kind == problem.Unprocessable, errors.Is(err, client.ErrTaken):
		return ErrMetadata.WithPublic("%s", p.Public).WithFields(p.Fields...).Because(err)
	}
	return err
}

// NotAllowed is ErrMetadata about one member, whose value was understood and is
// not to be had.
func NotAllowed(member, message string) error { return at(member, message) }

// at is ErrMetadata about one member.
func at(member, message string) error {
	return ErrMetadata.WithFields(problem.Field{Pointer: "/" + member, Code: ErrMetadata.Code, Message: message})
}
