package verify

import (
	"encoding/json"
	"errors"
	"strings"

	"github.com/mortise-auth/mortise/internal/jwt"
)

// answer is what we read of an introspection response (RFC 7662, section 2.2, and
// the claims our tokens carry).
type answer struct {
	Active    bool            `json:"active"`
	TokenType string          `json:"token_type"`
	Issuer    string          `json:"iss"`
	Subject   string          `json:"sub"`
	Audience  oneOrMore       `json:"aud"`
	ClientID  string          `json:"client_id"`
	Session   string          `json:"sid"`
	Grant     string          `json:"gid"`
	ID        string          `json:"jti"`
	Scope     string          `json:"scope"`
	ACR       string          `json:"acr"`
	AMR       []string        `json:"amr"`
	Roles     []string        `json:"roles"`
	Org       []answerOrg     `json:"org"`
	Expiry    int64           `json:"exp"`
	IssuedAt  int64           `json:"iat"`
	NotBefore int64           `json:"nbf"`
	AuthTime  int64           `json:"auth_time"`
	UserVer   int64           `json:"uv"`
	ClientVer int64           `json:"cv"`
	Bound     json.RawMessage `json:"cnf"`
	Actor     *answerActor    `json:"act"`
}

type answerOrg struct {
	ID    string   `json:"id"`
	Slug  string   `json:"slug"`
	Roles []string `json:"roles"`
}

type answerActor struct {
	Subject string       `json:"sub"`
	Version int64        `json:"uv"`
	Actor   *answerActor `json:"act"`
}

// oneOrMore is a string or a list of strings.
type oneOrMore []string

func (o *oneOrMore) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*o = oneOrMore{one}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(o))
}

// maxActors bounds the chain of act.
const maxActors = 8

// parseAnswer reads a response. An inactive token has no other members.
func parseAnswer(body []byte) (*answer, error) {
	var a answer
	if err := json.Unmarshal(body, &a); err != nil {
		return nil, err
	}
	if !a.Active {
		return &answer{}, nil
	}
	return &a, a.checkActors()
}

func (a *answer) checkActors() error {
	depth := 0
	for act := a.Actor; act != nil; act = act.Actor {
		if depth++; depth > maxActors || act.Subject == "" {
			return errors.New("act: too deep or without sub")
		}
	}
	return nil
}

// binding is what the token is tied to. One that we cannot prove makes the token
// worthless, not free to use.
func (a *answer) binding() binding {
	cnf := map[string]string{}
	if len(a.Bound) == 0 || string(a.Bound) == "null" {
		return binding{bound: a.TokenType != "" && !strings.EqualFold(a.TokenType, "Bearer")}
	}
	if err := json.Unmarshal(a.Bound, &cnf); err != nil || len(cnf) != 1 {
		return binding{bound: true}
	}
	return binding{true, cnf["jkt"]}
}

// access is the answer in the form of a token's claims.
func (a *answer) access() *jwt.Access {
	t := &jwt.Access{
		Issuer: a.Issuer, Subject: a.Subject, ClientID: a.ClientID, Session: a.Session, Grant: a.Grant, ID: a.ID,
		Scope: a.Scope, ACR: a.ACR, Audience: a.Audience, AMR: a.AMR, Roles: a.Roles,
		Expiry: a.Expiry, IssuedAt: a.IssuedAt, NotBefore: a.NotBefore, AuthTime: a.AuthTime,
		UserVersion: a.UserVer, ClientVersion: a.ClientVer, Actor: a.Actor.claim(),
	}
	for _, o := range a.Org {
		t.Org = append(t.Org, jwt.Org{ID: o.ID, Slug: o.Slug, Roles: o.Roles})
	}
	return t
}

func (a *answerActor) claim() *jwt.Actor {
	if a == nil {
		return nil
	}
	return &jwt.Actor{Subject: a.Subject, UserVersion: a.Version, Actor: a.Actor.claim()}
}
