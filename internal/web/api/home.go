package api

import (
	"context"
	"errors"
	"net/url"

	"github.com/mortise-auth/mortise/internal/federation"
)

// Departure is the service that somebody signs in with.
type Departure struct {
	Connection string `json:"connection" doc:"Its id."`
	Title      string `json:"title" doc:"What people know it by."`
	Start      string `json:"start" doc:"Address to open in a browser, which ends up signed in."`
}

// bare reports whether a request is an identifier and nothing else.
func (in SignInRequest) bare() bool {
	return in.Identifier != "" && in.Password.IsZero() && in.Method == "" && in.Code.IsZero() && in.Passkey == nil && !in.second()
}

// home answers an identifier alone with the service of the organisation that has its
// domain. Whether there is an account is not asked (PW-25).
func (s *surface) home(ctx context.Context, in SignInRequest) (SignInStep, bool, error) {
	if !in.bare() {
		return SignInStep{}, false, nil
	}
	v, err := s.Federation.Home(ctx, in.Identifier)
	if errors.Is(err, federation.ErrUnknown) {
		return SignInStep{}, false, nil
	}
	if err != nil {
		return SignInStep{}, false, err
	}
	start := s.link("/federation/"+v.Name+"/start") + "?" + url.Values{"login_hint": {in.Identifier}}.Encode()
	return SignInStep{
		Step:       Step{Status: "continue", Next: []string{"federation"}},
		Federation: &Departure{Connection: v.Name, Title: v.Title(), Start: start},
	}, true, nil
}
