package api

import (
	"github.com/mortise-auth/mortise/internal/problem"
)

var (
	errMalformed  = problem.New(problem.Invalid, "malformed_json", "The body is not valid JSON in UTF-8. Check it and send it again.")
	errMembers    = problem.New(problem.Unprocessable, "invalid_members", "Some members of the request are unknown, missing or of the wrong type. Each is named.")
	errParameters = problem.New(problem.Invalid, "invalid_parameters", "Some parameters of the address or the headers are unknown or malformed. Each is named.")
	errBody       = problem.New(problem.Invalid, "body_unexpected", "This address takes no body. Send the request without one.")
	errTag        = problem.New(problem.Invalid, "bad_if_match", "If-Match holds the ETag of the version you read, such as \"3\", or *.")
)
