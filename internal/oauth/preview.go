package oauth

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/mortise-auth/mortise/internal/claims"
	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/token"
	"github.com/mortise-auth/mortise/internal/user"
)

// PreviewRequest asks what an app would be told of a person.
type PreviewRequest struct {
	Client   string
	User     user.User
	Scope    string   // empty: all that the client is registered for
	Resource []string // empty: all that the client has
}

// Preview is what the tokens of a sign-in now would say. Nothing of it is signed
// or kept.
type Preview struct {
	Scope  string
	Opaque bool // the access token is a reference, and its claims are what introspection tells
	Lines  []PreviewLine
}

// PreviewLine is one claim.
type PreviewLine struct {
	In      string // id_token, access_token or userinfo
	Name    string
	Value   json.RawMessage // nil: made when the token is
	Because string
}

// Preview tells what c would be told of a person who signs in now, by the code that
// makes the real tokens. Errors are those of an authorization request.
func (f *Flow) Preview(ctx context.Context, r PreviewRequest) (Preview, error) {
	c, err := f.o.Registry.Client(ctx, r.Client)
	if err != nil {
		return Preview{}, err
	}
	var out Preview
	if out.Scope, err = scopesFor(c, r.Scope); err != nil {
		return out, err
	}
	audiences, err := f.wanted(c, out.Scope, r.Resource)
	if err != nil {
		return out, err
	}
	rules, err := f.o.Grants.Rules(ctx, string(c.ID), audiences)
	if err != nil {
		return out, Registered(err)
	}
	out.Opaque = rules.Opaque
	who, err := f.o.People.Person(ctx, r.User.ID)
	if err != nil {
		return out, err
	}
	authority, err := f.o.Authority(ctx, r.User)
	if err != nil {
		return out, err
	}
	authority.ClientVersion = c.Version
	if claims.HasScope(out.Scope, openid) {
		out.Lines = append(out.Lines, f.previewID(c, r.User.ID)...)
	}
	out.Lines = append(out.Lines, f.previewAccess(c, r.User, audiences, out, authority)...)
	if claims.HasScope(out.Scope, openid) {
		out.Lines = append(out.Lines, f.previewInfo(c, r.User.ID, out.Scope, &who)...)
	}
	return out, nil
}

// wanted are the audiences of a grant that is asked for: resources, or all that the
// client has.
func (f *Flow) wanted(c client.Client, scope string, asked []string) ([]string, error) {
	if len(asked) == 0 && len(c.Resources) == 0 {
		return f.granted(c, nil, scope)
	}
	audiences, err := f.audiencesFor(c, asked)
	if err != nil {
		return nil, err
	}
	return f.granted(c, audiences, scope)
}

func (f *Flow) previewID(c client.Client, u user.ID) []PreviewLine {
	id := f.idClaims(c, u, f.now(), "1", []string{"pwd"}, login{})
	id.IssuedAt, id.Expiry = 1, 1
	sub := "who it is: the name of the account"
	if c.Pairwise() {
		sub = "who it is: a name for the sector " + c.Sector() + " only (subject_type pairwise)"
	}
	return lines("id_token", id.Append(nil), map[string]string{"sub": sub}, "nonce", "sid", "at_hash")
}

func (f *Flow) previewAccess(c client.Client, u user.User, audiences []string, p Preview, a token.Authority) []PreviewLine {
	in := "access_token"
	claimed := f.o.Grants.Described(token.Grant{User: u.ID, Client: string(c.ID), Audiences: audiences, Scope: p.Scope, Methods: []string{"pwd"}, ACR: "1"}, a)
	return lines(in, claimed.Append(nil), map[string]string{"sub": "who it is: the account's id, for the APIs"}, "exp", "iat", "nbf", "jti", "sid", "gid", "auth_time")
}

func (f *Flow) previewInfo(c client.Client, u user.ID, scope string, who *claims.Person) []PreviewLine {
	place := claims.Place{Scope: scope}
	because := map[string]string{"sub": "always; the same as in the ID token"}
	for _, l := range place.Lines(who) {
		because[l.Name] = "the scope " + l.Scope
	}
	return lines("userinfo", f.describe(nil, c, u, &place, who), because)
}

// reasons of the claims that every token of a kind has, or has when there is
// something to say.
var reasons = map[string]string{
	"iss": "who issued it", "aud": "whom it is for", "exp": "when it ends", "iat": "when it was made", "nbf": "when it begins",
	"client_id": "the app that asked", "jti": "names this one token", "gid": "the grant it dies with", "sid": "the session it was made in; access tokens of offline grants have none",
	"auth_time": "when the person proved who they are", "acr": "how surely", "amr": "by which methods", "nonce": "when the request had one",
	"at_hash": "ties it to the access token", "scope": "what was granted", "roles": "roles of the account", "org": "organisations of the account",
	"uv": "version of the account: a loss of authority ends the token", "cv": "version of the client",
}

// later are claims whose values are made with the token.
func later(name string) bool {
	return strings.Contains(" exp iat nbf jti gid sid auth_time nonce at_hash acr amr ", " "+name+" ")
}

// lines takes a payload apart in its order, and adds the claims that only a token
// has that was really made.
func lines(in string, payload []byte, because map[string]string, made ...string) (out []PreviewLine) {
	values := map[string]json.RawMessage{}
	if err := json.Unmarshal(payload, &values); err != nil {
		return nil // ours, and always an object
	}
	for _, name := range order(payload) {
		l := PreviewLine{In: in, Name: name, Value: values[name], Because: because[name]}
		if l.Because == "" {
			l.Because = reasons[name]
		}
		if later(name) {
			l.Value = nil
		}
		out = append(out, l)
	}
	for _, name := range made {
		if _, there := values[name]; !there {
			out = append(out, PreviewLine{In: in, Name: name, Because: reasons[name]})
		}
	}
	return out
}

// order are the names of an object's members as they come.
func order(object []byte) (names []string) {
	d := json.NewDecoder(strings.NewReader(string(object)))
	if _, err := d.Token(); err != nil {
		return nil
	}
	for d.More() {
		name, err := d.Token()
		var skipped json.RawMessage
		if err != nil || d.Decode(&skipped) != nil {
			return names
		}
		names = append(names, name.(string))
	}
	return names
}
