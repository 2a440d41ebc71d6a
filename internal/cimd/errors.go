package cimd

import (
	"github.com/mortise-auth/mortise/internal/problem"
)

var (
	// ErrAddress: the client_id is an address that none is read from.
	ErrAddress = problem.New(problem.Invalid, "client_document_address", "This app's client_id is an address that is not accepted here. The operator decides which hosts are.")
	// ErrFetch: the document did not come.
	ErrFetch = problem.New(problem.Unavailable, "client_document_unreachable", "The app's description could not be read from its client_id. Try again later, or tell the makers of the app.")
	// ErrInvalid: the document does not describe a client that could be one here.
	ErrInvalid = problem.New(problem.Invalid, "client_document_invalid", "The app's description, at the address that is its client_id, is not valid. Tell the makers of the app.")
	// ErrFull: there are too many clients of this kind.
	ErrFull = problem.New(problem.Unavailable, "client_documents_full", "No further apps can become known here at the moment. Tell the operator.")
)
