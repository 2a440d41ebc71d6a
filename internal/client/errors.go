package client

import "github.com/mortise-auth/mortise/internal/problem"

var (
	ErrUnknown = problem.New(problem.NotFound, "client_unknown", "There is no such client. Check its client_id.")
	ErrTaken   = problem.New(problem.Conflict, "client_id_taken", "Another client has this client_id. Choose a different one, or leave it out.")
	// ErrStale: the client was changed since it was read.
	ErrStale = problem.New(problem.Conflict, "client_changed", "The client was changed in the meantime. Read it again and repeat your change.")
	// ErrPublic: an act on the secret of a client that has none, being public or having keys.
	ErrPublic = problem.New(problem.Conflict, "client_public", "This client has no secret: it is public or proves itself with its keys. Give it a token_endpoint_auth_method with a secret first.")
	// ErrCredentials: the one answer to an unknown client, a wrong secret and a
	// method that is not the client's (OA-36).
	ErrCredentials = problem.New(problem.Unauthenticated, "invalid_client", "The client could not be authenticated. Check client_id, secret and method.")

	ErrBadID          = problem.New(problem.Unprocessable, "bad_client_id", "A client_id has 1 to 128 letters, digits or . _ ~ - characters, starts with a letter or digit, and not with usr_.")
	ErrBadSecret      = problem.New(problem.Unprocessable, "bad_client_secret", "A client secret has 32 to 256 printable ASCII characters without spaces, and at least 10 different ones. Leave it out to have one made.")
	ErrAuthMethod     = problem.New(problem.Unprocessable, "client_auth_method_unsupported", "This authentication method is not supported. Use private_key_jwt, client_secret_basic, client_secret_post or none.")
	ErrProfile        = problem.New(problem.Unprocessable, "client_profile_unmet", "The client does not keep to its profile. The documentation of clients has the table of profiles.")
	ErrBadGrants      = problem.New(problem.Unprocessable, "bad_grant_types", "These grant_types and response_types do not fit each other, the redirect_uris or the authentication method. The documentation of clients has the table.")
	ErrBadRedirect    = problem.New(problem.Unprocessable, "bad_redirect_uri", "This redirect address cannot be registered. Use a complete https address without fragment, user name or dot segments, written exactly as it will be sent.")
	ErrBadLogout      = problem.New(problem.Unprocessable, "bad_logout_uri", "This logout address cannot be registered. Use a complete https address without fragment, user name or dot segments.")
	ErrBadOrigin      = problem.New(problem.Unprocessable, "bad_origin", "An origin is what browsers send: https, a host in lower case, a port unless it is 443, and nothing after it, such as https://app.example.org.")
	ErrBadAlgorithm   = problem.New(problem.Unprocessable, "bad_signing_alg", "Signatures are made with PS256, ES256, EdDSA or, unless the profile is fapi2, RS256.")
	ErrMetadata       = problem.New(problem.Unprocessable, "bad_client_metadata", "A member of the client's metadata has a value that it cannot have.")
	ErrBadAddress     = problem.New(problem.Unprocessable, "bad_client_address", "An address of the client cannot be registered. Use a complete https address without fragment, user name or dot segments.")
	ErrBadKeys        = problem.New(problem.Unprocessable, "bad_client_keys", "The client's keys cannot be used. Give public keys for PS256, ES256, EdDSA or RS256, as jwks or behind a jwks_uri.")
	ErrBadSector      = problem.New(problem.Unprocessable, "bad_sector_identifier", "Pairwise subjects need redirect addresses of one host, or a sector_identifier_uri whose document lists all of them.")
	ErrBadTokenFormat = problem.New(problem.Unprocessable, "bad_access_token_format", "The format of access tokens is jwt or opaque.")
	ErrBadLifetime    = problem.New(problem.Unprocessable, "bad_token_lifetime", "Access tokens live 300 to 900 seconds; refresh tokens 300 seconds to 366 days, and unused no longer than in all.")
	ErrTooMany        = problem.New(problem.Unprocessable, "client_too_large", "A client has at most 100 addresses, origins, scopes or resources of a kind.")
)
