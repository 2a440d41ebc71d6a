// Package consent owns what a person has agreed that an app of somebody else may
// do in their name, so that they are not asked the same twice.
//
//	Put: asked, approved --> remembered --> Put: more is approved, merged
//	                             |
//	                             '-- Withdraw --> forgotten, and the app's grants end
//
// One Consent is kept for an account and a client. It covers a request when
// everything that is asked for was agreed to before: scopes, APIs, and each typed
// detail byte for byte. Taking it back ends the grants that hang on it in the
// same act (OA-47). It goes with its account and with its client; a client that
// gets the name of another starts without any.
//
// It does not decide whom to ask: first-party clients are not asked at all, and
// clients whose identity is not assured are asked every time (OA-22). The
// authorization flow has these rules.
package consent
