// Package enroll is the flow by which programs register themselves (RFC 7591) and
// look after their registration (RFC 7592).
//
// It is off unless the operator turns it on, and then wants an initial access
// token unless the operator says that anybody may (OA-70). What a client gets is
// bounded by a policy: that of its initial access token, and behind it that of the
// instance. More grant types, methods or redirect hosts than that are refused; of
// the scopes it is given those it may have.
//
// A client never chooses its client_id (OA-6), becomes first-party, or sets what
// only whoever administers may. Its secret and its registration access token are
// shown once. An update replaces the whole record, but for what whoever
// administers has set (OA-72). Software statements are refused by name.
//
// Clients that nobody vouched for and nobody uses are swept.
package enroll
