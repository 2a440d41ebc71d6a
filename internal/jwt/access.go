package jwt

import "slices"

// Access is the claims of an access token (RFC 9068, 2.2). Empty values are left
// out of the token. Times are seconds since 1970. An Access that was checked is
// shared: do not change it.
type Access struct {
	Issuer    string   // iss
	Subject   string   // sub
	ClientID  string   // client_id
	Audience  []string // aud: resource identifiers
	ID        string   // jti
	Expiry    int64    // exp
	IssuedAt  int64    // iat
	NotBefore int64    // nbf

	Session string // sid: the session it dies with
	Grant   string // gid: the grant or refresh family it came of
	Scope   string // scope: names separated by spaces

	AuthTime int64    // auth_time: when the person proved who they are
	ACR      string   // acr: assurance
	AMR      []string // amr: methods
	Roles    []string // roles
	Org      []Org    // org

	UserVersion   int64 // uv: of the user's authority
	ClientVersion int64 // cv: of the client

	// Details are authorization_details as JSON (RFC 9396, 9.1).
	Details string
	// Asked (ui) says that claims were asked for one by one from UserInfo; which
	// ones the grant knows.
	Asked bool

	JKT   string // cnf.jkt: thumbprint of a DPoP key
	X5T   string // cnf.x5t#S256: thumbprint of a certificate
	Actor *Actor // act: who acts for the subject

	KeyID string // not a claim: the ID of the key that signed the checked token
}

// Org is an organisation that the subject belongs to.
type Org struct {
	ID, Slug string
	Roles    []string
}

// Actor is who acts for a subject (RFC 8693, 4.1), and for whom they do.
type Actor struct {
	Subject     string
	UserVersion int64
	Actor       *Actor
}

// Bound reports whether the token is worth nothing without the proof of a key.
func (a *Access) Bound() bool { return a.JKT != "" || a.X5T != "" }

// DPoPKey is the thumbprint of the key whose proof by DPoP makes the token good: JKT,
// unless a certificate would have to be proven too.
func (a *Access) DPoPKey() string {
	if a.X5T != "" {
		return ""
	}
	return a.JKT
}

// Clone is a copy that shares nothing which can be changed.
func (a *Access) Clone() *Access {
	c := *a
	lists := make([]string, 0, a.listed())
	own := func(list []string) []string {
		from := len(lists)
		lists = append(lists, list...)
		return lists[from:len(lists):len(lists)]
	}
	c.Audience, c.AMR, c.Roles = own(a.Audience), own(a.AMR), own(a.Roles)
	c.Org = slices.Clone(a.Org)
	for i := range c.Org {
		c.Org[i].Roles = own(c.Org[i].Roles)
	}
	for to := &c.Actor; *to != nil; to = &(*to).Actor {
		actor := **to
		*to = &actor
	}
	return &c
}

// listed is how many strings are in all lists.
func (a *Access) listed() int {
	n := len(a.Audience) + len(a.AMR) + len(a.Roles)
	for i := range a.Org {
		n += len(a.Org[i].Roles)
	}
	return n
}

// Size bounds the bytes that claims which were read hold beside their text.
func (a *Access) Size() int { return 1<<9 + 16*a.listed() + 64*len(a.Org) }
