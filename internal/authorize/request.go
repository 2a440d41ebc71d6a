package authorize

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/mortise-auth/mortise/internal/authcode"
	"github.com/mortise-auth/mortise/internal/claims"
	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/secret"
)

// request is a request whose every part was checked against its client.
type request struct {
	client    client.Client
	redirect  string // the address the response goes to
	given     bool   // the request named it
	response  string // code, id_token, code id_token
	mode      Mode
	state     string
	nonce     string
	scopes    []string
	audiences []string
	challenge string
	prompt    prompts
	maxAge    time.Duration // -1: whatever
	hint      string        // subject of the id_token_hint; empty: none
	login     string        // login_hint
	locales   []string
	claims    claims.Request
	wanted    string   // subject that the claims parameter asks for; empty: any
	levels    []string // acr values, one of which the sign-in must reach; empty: any will do
	hoped     []string // acr values that would be welcome, and refuse nobody
	details   []detail
	jkt       string
}

func (r *request) hasCode() bool    { return strings.HasPrefix(r.response, "code") }
func (r *request) hasIDToken() bool { return strings.HasSuffix(r.response, "id_token") }

// clientOf finds the client that a request names, before anything else is looked
// at (OA-4).
func (f *Flow) clientOf(ctx context.Context, p Params) (client.Client, error) {
	id := one(p, "client_id")
	if id == "" {
		return client.Client{}, ErrClient.Becausef("no client_id, or several")
	}
	c, err := f.o.Registry.Client(ctx, id)
	switch {
	case errors.Is(err, client.ErrUnknown):
		return c, ErrClient.Because(err)
	case err != nil:
		return c, err
	case c.Disabled:
		return c, ErrClientDisabled
	}
	return c, nil
}

// redirectOf is where the response goes, compared as it is written (OA-1, OA-2).
func redirectOf(c client.Client, p Params) (to string, given bool, err error) {
	sent := p["redirect_uri"]
	switch {
	case len(sent) > 1:
		return "", false, ErrRedirect.Becausef("several redirect_uris")
	case len(sent) == 1 && c.Matches(sent[0]):
		return sent[0], true, nil
	case len(sent) == 1:
		return "", false, ErrRedirect.Comparing(nearest(c.RedirectURIs, sent[0]), sent[0]).Becausef("the client is %s", c.ID)
	case len(c.RedirectURIs) != 1 || c.Profile == client.FAPI2 || slices.Contains(strings.Fields(one(p, "scope")), "openid"):
		return "", false, ErrRedirectMissing.Becausef("the client is %s", c.ID)
	}
	return c.RedirectURIs[0], false, nil
}

// nearest is the registered address with the longest beginning in common, for
// whoever may read both.
func nearest(registered []string, sent string) string {
	best, most := "", -1
	for _, one := range registered {
		n := 0
		for n < len(one) && n < len(sent) && one[n] == sent[n] {
			n++
		}
		if n > most {
			best, most = one, n
		}
	}
	return best
}

// read checks a request. pushed: its parameters came by a request_uri of ours.
// An error without a Refusal inside is for a page.
func (f *Flow) read(ctx context.Context, c client.Client, p Params, pushed bool) (*request, error) {
	r := &request{client: c, maxAge: -1, mode: Query}
	var err error
	if r.redirect, r.given, err = redirectOf(c, p); err != nil {
		return nil, err
	}
	r.state, r.nonce = one(p, "state"), one(p, "nonce")
	if !echoes(r.state, maxState) || !echoes(r.nonce, maxNonce) {
		return nil, ErrEcho.Becausef("state of %d bytes, nonce of %d", len(r.state), len(r.nonce))
	}
	for _, check := range []func(context.Context, *request, Params) error{
		checkAnswer, checkRepeated, f.checkPushed(pushed), checkChallenge, checkNonce, f.checkScope, f.checkAudience,
		checkPrompt, checkMaxAge, f.checkHint, checkHints, checkClaims, f.checkDetails, checkKey,
	} {
		if err := check(ctx, r, p); err != nil {
			return nil, r.refuse(f.o.Issuer, err)
		}
	}
	return r, nil
}

// refuse is err as the client is told it. Faults of ours stay errors.
func (r *request) refuse(issuer string, err error) error {
	e := problem.Of(err)
	switch {
	case e.Kind == problem.Internal || e.Kind == problem.Unavailable || e.Kind == problem.Limited:
		return err
	case !slices.ContainsFunc(Refusals(), func(known *problem.Error) bool { return e.Is(known) }):
		e = ErrInvalidRequest.Because(err)
	}
	response := r.respond([][2]string{{"error", e.Code}, {"error_description", describe(e.Public)}}, issuer)
	response.Pause = r.client.SelfRegistered()
	return e.Because(&Refusal{Response: response, Cause: e.Unwrap()})
}

// respond completes a response with state and iss (OA-17, OA-18).
func (r *request) respond(params [][2]string, issuer string) Response {
	if r.state != "" {
		params = append(params, [2]string{"state", r.state})
	}
	return Response{Mode: r.mode, To: r.redirect, Params: append(params, [2]string{"iss", issuer}), Client: string(r.client.ID)}
}

// describe keeps to the characters that error_description may have (OA-26).
func describe(text string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 || r > 0x7e || r == '"' || r == '\\' {
			return -1
		}
		return r
	}, text)
}

// responses are the response types by every order of their words (OA-11).
var responses = map[string]string{
	"code": "code", "id_token": "id_token", "code id_token": "code id_token", "id_token code": "code id_token",
}

// checkAnswer settles what is answered and how; what is wrong with the one travels
// by the other.
func checkAnswer(ctx context.Context, r *request, p Params) error {
	wrong := checkResponse(ctx, r, p)
	if err := checkMode(ctx, r, p); wrong == nil {
		return err
	}
	return wrong
}

func checkResponse(_ context.Context, r *request, p Params) error {
	asked := one(p, "response_type")
	r.response = responses[asked]
	if r.response != "code" && r.response != "" || strings.Contains(asked, "token") {
		r.mode = Fragment // where an error of these goes too
	}
	switch {
	case asked == "":
		return ErrInvalidRequest.Becausef("no response_type, or several")
	case r.response == "":
		return ErrResponseType.Becausef("response_type %.40q", asked)
	case !slices.Contains(r.client.Responses, r.response):
		return ErrUnauthorized.Comparing(strings.Join(r.client.Responses, ", "), r.response)
	}
	return nil
}

// checkMode settles how the response travels. What an ID token or a code with one
// says is never written into a query.
func checkMode(_ context.Context, r *request, p Params) error {
	asked := Mode(one(p, "response_mode"))
	if asked == "" || asked == r.mode {
		return nil
	}
	admitted := r.client.ResponseModes
	if len(admitted) == 0 {
		admitted = []string{string(Query), string(FormPost)}
	}
	switch {
	case asked == FormPost && slices.Contains(admitted, string(FormPost)):
	case asked == Fragment && r.response == "code" && slices.Contains(admitted, string(Fragment)):
	default:
		return ErrInvalidRequest.Becausef("response_mode %.40q", asked)
	}
	r.mode = asked
	return nil
}

func checkRepeated(_ context.Context, _ *request, p Params) error {
	if name := repeated(p); name != "" {
		return ErrInvalidRequest.Becausef("parameter %.40q is repeated", name)
	}
	return nil
}

// checkPushed holds a client that must push its requests, or sign them, to it.
func (f *Flow) checkPushed(pushed bool) func(context.Context, *request, Params) error {
	return func(_ context.Context, r *request, _ Params) error {
		if !pushed && (r.client.RequirePAR || r.client.Profile == client.FAPI2) {
			return ErrInvalidRequest.Becausef("the client must push its requests")
		}
		return nil
	}
}

// checkChallenge is OA-12 and OA-13: S256, unless a confidential client is
// registered to need none.
func checkChallenge(_ context.Context, r *request, p Params) error {
	if !r.hasCode() {
		return nil
	}
	challenge, method := one(p, "code_challenge"), one(p, "code_challenge_method")
	waived := r.client.NoPKCE && !r.client.Public() && r.client.Profile != client.FAPI2
	switch {
	case challenge == "" && method == "" && waived:
		return nil
	case method != "S256":
		return ErrInvalidRequest.Becausef("code_challenge_method %.20q, not S256", method)
	case !authcode.ValidChallenge(challenge):
		return ErrInvalidRequest.Becausef("the code_challenge is not 43 characters of base64url")
	}
	r.challenge = challenge
	return nil
}

// checkNonce wants one where an ID token comes through the browser (OpenID Core
// 3.2.2.1, 3.3.2.1).
func checkNonce(_ context.Context, r *request, _ Params) error {
	if r.hasIDToken() && r.nonce == "" {
		return ErrInvalidRequest.Becausef("no nonce")
	}
	return nil
}

// checkKey reads the thumbprint of the key that the code is bound to (OA-84).
func checkKey(_ context.Context, r *request, p Params) error {
	r.jkt = one(p, "dpop_jkt")
	if r.jkt != "" && !authcode.ValidChallenge(r.jkt) { // a SHA-256 too
		return ErrInvalidRequest.Becausef("dpop_jkt is no thumbprint")
	}
	return nil
}

// digest reads a secret of ours that a browser brought.
func (f *Flow) digest(p secret.Purpose, text string) (secret.Digest, bool) {
	return secret.DigestOf(p, f.o.Instance, text)
}
