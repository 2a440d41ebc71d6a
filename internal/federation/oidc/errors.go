package oidc

import "errors"

// Why a statement is refused, beside the errors of jose and jwt. They are causes
// of federation.ErrStatement, for the log.
var (
	errNonce    = errors.New("oidc: not the nonce of this attempt")
	errAuthTime = errors.New("oidc: the person was not proven lately")
	errHash     = errors.New("oidc: the ID token is for another access token or code")
	errUserInfo = errors.New("oidc: UserInfo is about somebody else")
)
