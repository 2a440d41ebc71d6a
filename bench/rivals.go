package main

import (
	"time"

	gojose "github.com/go-jose/go-jose/v4"
	gojosejwt "github.com/go-jose/go-jose/v4/jwt"
	golangjwt "github.com/golang-jwt/jwt/v5" //nolint:depguard // a rival, measured
	"github.com/lestrrat-go/jwx/v3/jwa"
	jwx "github.com/lestrrat-go/jwx/v3/jwt"
)

// private are the claims that the rivals read beside the registered ones.
type private struct {
	Client   string   `json:"client_id"`
	Session  string   `json:"sid"`
	Grant    string   `json:"gid"`
	Scope    string   `json:"scope"`
	ACR      string   `json:"acr"`
	AMR      []string `json:"amr"`
	Roles    []string `json:"roles"`
	AuthTime int64    `json:"auth_time"`
	UV       int64    `json:"uv"`
	CV       int64    `json:"cv"`
}

// rivals check the same tokens for the same signature, issuer, audience and times,
// each as its documentation says, with what can be prepared prepared.
func rivals(i *issuer, texts []string) ([]*contender, error) {
	alg, ok := jwa.LookupSignatureAlgorithm(string(i.alg))
	if !ok {
		return nil, gojose.ErrUnsupportedAlgorithm
	}
	key := i.signer.Public()
	parser := golangjwt.NewParser(golangjwt.WithValidMethods([]string{string(i.alg)}), golangjwt.WithIssuer(tokenIssuer),
		golangjwt.WithAudience(tokenAudience), golangjwt.WithExpirationRequired(), golangjwt.WithIssuedAt())
	find := func(*golangjwt.Token) (any, error) { return key, nil }
	algs := []gojose.SignatureAlgorithm{gojose.SignatureAlgorithm(i.alg)}
	return []*contender{
		{name: "golang-jwt/v5", do: func(n int) error {
			var c struct {
				golangjwt.RegisteredClaims
				private
			}
			_, err := parser.ParseWithClaims(texts[n%len(texts)], &c, find)
			return err
		}},
		{name: "go-jose/v4", do: func(n int) error {
			token, err := gojosejwt.ParseSigned(texts[n%len(texts)], algs)
			if err != nil {
				return err
			}
			var c gojosejwt.Claims
			var p private
			if err := token.Claims(key, &c, &p); err != nil {
				return err
			}
			return c.Validate(gojosejwt.Expected{Issuer: tokenIssuer, AnyAudience: gojosejwt.Audience{tokenAudience}, Time: time.Now()})
		}},
		{name: "jwx/v3", do: func(n int) error {
			_, err := jwx.ParseString(texts[n%len(texts)], jwx.WithKey(alg, key), jwx.WithIssuer(tokenIssuer), jwx.WithAudience(tokenAudience))
			return err
		}},
	}, nil
}
