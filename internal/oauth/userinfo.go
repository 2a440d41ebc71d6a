package oauth

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/mortise-auth/mortise/internal/claims"
	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/jose"
	"github.com/mortise-auth/mortise/internal/jwt"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/token"
	"github.com/mortise-auth/mortise/internal/user"
)

// UserInfoPath is where UserInfo answers, below the issuer. The whole address is
// the audience of access tokens that may be shown there.
const UserInfoPath = "/oauth2/userinfo"

var (
	// ErrToken is authn.ErrToken, for living tokens that are not for UserInfo.
	ErrToken = problem.New(problem.Unauthenticated, "invalid_token", "This access token is expired, revoked or not for here. Get a new one and try again.")
	// ErrScope: the token does not have openid. OAuth: insufficient_scope.
	ErrScope = problem.New(problem.Forbidden, "insufficient_scope", "This access token was not given the scope that is needed here. Ask for openid when people sign in.")
)

// People knows what can be told of an account; package registry is one. It is
// asked for each answer, so it answers from memory.
type People interface {
	Person(ctx context.Context, id user.ID) (claims.Person, error)
}

// UserInfo is an answer of the UserInfo endpoint.
type UserInfo struct {
	Client string // whose token it was; set with an error too, once it is known
	Body   []byte // JSON, or a JWT
	Signed bool
}

// UserInfo tells the client of an access token what its person has let it know
// (Core section 5.3). The token was checked, and its binding proven. ErrToken,
// ErrScope.
func (f *Flow) UserInfo(ctx context.Context, a *jwt.Access) (UserInfo, error) {
	out := UserInfo{Client: a.ClientID}
	switch {
	case !slices.Contains(a.Audience, f.userInfo) && !slices.Contains(a.Audience, f.o.Issuer):
		return out, ErrToken.Because(jwt.ErrAudience).Comparing(f.userInfo, strings.Join(a.Audience, " "))
	case !claims.HasScope(a.Scope, openid):
		return out, ErrScope.Comparing(openid, a.Scope)
	}
	owner, err := user.ParseID(a.Subject)
	if err != nil {
		return out, ErrToken.Because(err) // of a client
	}
	c, err := f.o.Registry.Client(ctx, a.ClientID)
	if err != nil {
		return out, err
	}
	out.Body, err = f.tell(ctx, c, a, owner)
	if err == nil && c.UserInfoAlg != "" {
		out.Signed = true
		out.Body, err = f.signInfo(ctx, c, out.Body)
	}
	return out, err
}

func (f *Flow) tell(ctx context.Context, c client.Client, a *jwt.Access, owner user.ID) ([]byte, error) {
	place := claims.Place{Scope: a.Scope}
	if a.Asked {
		asked, err := f.asked(ctx, a)
		if err != nil {
			return nil, err
		}
		place.Asked, place.May = asked, c.MayAsk
	}
	who, err := f.o.People.Person(ctx, owner)
	if err != nil {
		return nil, err
	}
	return f.describe(make([]byte, 0, 384), c, owner, &place, &who), nil
}

func (f *Flow) describe(b []byte, c client.Client, owner user.ID, place *claims.Place, who *claims.Person) []byte {
	b = append(b, `{"sub":`...)
	b = jwt.AppendString(b, f.Subject(c, owner))
	b = place.Append(b, who)
	return append(b, '}')
}

// asked is what the grant of a token remembers of its claims parameter.
func (f *Flow) asked(ctx context.Context, a *jwt.Access) ([]claims.Asked, error) {
	id, err := token.ParseID(a.Grant)
	if err != nil {
		return nil, ErrToken.Because(err)
	}
	parameter, err := f.o.Grants.Claims(ctx, id)
	if err != nil {
		return nil, ErrToken.Because(err)
	}
	r, err := claims.Parse(string(parameter))
	return r.UserInfo, err
}

// signInfo makes a JWT of an answer, with iss and aud (Core section 5.3.2).
func (f *Flow) signInfo(ctx context.Context, c client.Client, body []byte) ([]byte, error) {
	head, err := json.Marshal(map[string]string{"iss": f.o.Issuer, "aud": string(c.ID)})
	if err != nil {
		return nil, err
	}
	payload := append(append(head[:len(head)-1], ','), body[1:]...)
	text, err := f.o.Signer.Sign(ctx, jose.Algorithm(c.UserInfoAlg), jwt.TypeID, payload)
	return []byte(text), err
}
