package claims

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/mortise-auth/mortise/internal/jose/strictjson"
	"github.com/mortise-auth/mortise/internal/problem"
)

// ErrRequest: the claims parameter is not of the form of Core, section 5.5.
// OAuth: invalid_request.
var ErrRequest = problem.New(problem.Invalid, "bad_claims_parameter", "The claims parameter is no JSON object as OpenID Connect describes it, or is too long.")

// MaxRequest bounds the claims parameter, in bytes.
const MaxRequest = 8 << 10

// Request is the claims parameter: what was asked for by name. What there is not
// is left out of it, as Core has it.
type Request struct {
	UserInfo []Asked
	IDToken  []Asked
}

// Asked is one claim asked for by name.
type Asked struct {
	Name      string
	Essential bool
	Values    []string // wanted, the most wanted first; of value or values, texts only
}

// Parse reads a claims parameter, or says ErrRequest. The empty text asks for
// nothing.
func Parse(parameter string) (r Request, err error) {
	if parameter == "" {
		return r, nil
	}
	if len(parameter) > MaxRequest {
		return r, ErrRequest.Becausef("%d bytes", len(parameter))
	}
	in := strictjson.New(parameter)
	if in.Next() != '{' {
		in.Fail()
	}
	in.Object(func(name string) {
		switch name {
		case "userinfo":
			r.UserInfo = place(&in)
		case "id_token":
			r.IDToken = place(&in)
		default:
			in.Skip()
		}
	})
	if err := in.Close(); err != nil {
		return Request{}, ErrRequest.Because(err)
	}
	return r, nil
}

func place(in *strictjson.Reader) (asked []Asked) {
	if in.Next() == 'n' {
		in.Skip()
		return nil
	}
	in.Object(func(name string) {
		a := Asked{Name: strings.Clone(name)}
		if in.Next() == 'n' {
			in.Skip()
		} else {
			in.Object(func(member string) { a.member(in, member) })
		}
		if known(a.Name) {
			asked = append(asked, a)
		}
	})
	return asked
}

func (a *Asked) member(in *strictjson.Reader, name string) {
	switch name {
	case "essential":
		if a.Essential = in.Next() == 't'; !a.Essential && in.Next() != 'f' {
			in.Fail()
		}
		in.Skip()
	case "value":
		a.value(in)
	case "values":
		in.Array(func() { a.value(in) })
	default:
		in.Skip()
	}
}

// value takes texts; no claim of ours that a value can be asked of is another type.
func (a *Asked) value(in *strictjson.Reader) {
	if in.Next() != '"' {
		in.Skip()
		return
	}
	a.Values = append(a.Values, strings.Clone(in.String()))
}

// known: of a person, or about the sign-in.
func known(name string) bool {
	_, ok := Lookup(name)
	return ok || slices.Contains([]string{"sub", "auth_time", "acr", "amr"}, name)
}

// IsZero reports whether nothing is asked for.
func (r Request) IsZero() bool { return len(r.UserInfo) == 0 && len(r.IDToken) == 0 }

// Scopes are those that the claims asked for belong to, sorted: a person is asked
// as if the app had asked for them.
func (r Request) Scopes() []string {
	all := map[string]bool{}
	for _, a := range slices.Concat(r.UserInfo, r.IDToken) {
		if c, ok := Lookup(a.Name); ok {
			all[c.Scope] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// Within is what is left of r when only some scopes were granted. Claims about the
// sign-in stay.
func (r Request) Within(granted func(scope string) bool) Request {
	left := func(all []Asked) []Asked {
		return slices.DeleteFunc(slices.Clone(all), func(a Asked) bool {
			c, ok := Lookup(a.Name)
			return ok && !granted(c.Scope)
		})
	}
	return Request{UserInfo: left(r.UserInfo), IDToken: left(r.IDToken)}
}

// InIDToken returns what was asked of one claim of the ID token, such as acr or
// sub.
func (r Request) InIDToken(name string) (Asked, bool) {
	i := slices.IndexFunc(r.IDToken, func(a Asked) bool { return a.Name == name })
	if i < 0 {
		return Asked{}, false
	}
	return r.IDToken[i], true
}

// JSON is r as a claims parameter again, without what there is not; nil when
// nothing is asked for. It is what codes and grants keep.
func (r Request) JSON() json.RawMessage {
	if r.IsZero() {
		return nil
	}
	b, err := json.Marshal(map[string]any{"userinfo": members(r.UserInfo), "id_token": members(r.IDToken)})
	if err != nil {
		return nil // texts and truths cannot fail
	}
	return b
}

func members(all []Asked) map[string]any {
	out := map[string]any{}
	for _, a := range all {
		switch {
		case len(a.Values) > 0:
			out[a.Name] = map[string]any{"essential": a.Essential, "values": a.Values}
		case a.Essential:
			out[a.Name] = map[string]any{"essential": true}
		default:
			out[a.Name] = nil
		}
	}
	return out
}
