package api

import (
	"context"
	"time"

	"github.com/mortise-auth/mortise/internal/jose"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/signing"
	"github.com/mortise-auth/mortise/internal/web"
)

func (s *surface) keyTable() []endpoint {
	const tag = "Keys"
	return []endpoint{
		route(s, endpoint{
			Method: "GET", Path: "/keys", Access: web.Admin, Tag: tag, Name: "keys.list", Summary: "List signing keys",
			Text: "Oldest first, those that are gone included. Public parts are at /oauth2/jwks.",
		}, s.signingKeys),
		route(s, endpoint{
			Method: "POST", Path: "/keys/rotate", Access: web.Admin, Tag: tag, Name: "keys.rotate", Summary: "Replace a signing key",
			Text: "The answer is the successor. It becomes current as soon as it was published for long enough, which due_at " +
				"tells. As an emergency it is current at once, and every other key of its use and algorithm is gone, with all it signed.",
			Example: `{"use": "token", "algorithm": "EdDSA"}`,
			Errors:  []*problem.Error{signing.ErrUse, signing.ErrAlgorithm, signing.ErrMoved, signing.ErrClock},
		}, s.rotateKey),
		route(s, endpoint{
			Method: "POST", Path: "/keys/rotate-master", Access: web.Admin, Tag: tag, Name: "keys.rotate_master", Summary: "Wrap every data key by the first master key",
			Text: "The last step of changing the master key. It may be repeated.",
		}, s.rotateMaster),
		route(s, endpoint{
			Method: "POST", Path: "/keys/{kid}/retire", Access: web.Admin, Tag: tag, Name: "keys.retire", Summary: "End one signing key",
			Text:   "A key that signs gives way to its successor and goes on to verify; any other is gone at once, with what it signed.",
			Errors: []*problem.Error{signing.ErrUnknown, signing.ErrNoSuccessor, signing.ErrMoved},
		}, s.retireKey),
	}
}

// SigningKey is a key that signs tokens or the feed.
type SigningKey struct {
	KID       string     `json:"kid" doc:"RFC 7638 thumbprint."`
	Use       string     `json:"use" enum:"token,feed"`
	Algorithm string     `json:"algorithm" enum:"EdDSA,ES256,RS256,PS256"`
	State     string     `json:"state" enum:"next,current,retiring,gone"`
	CreatedAt time.Time  `json:"created_at" doc:"Published from then on."`
	DueAt     time.Time  `json:"due_at" doc:"When it becomes current, at the earliest."`
	CurrentAt *time.Time `json:"current_at,omitempty"`
	RetiredAt *time.Time `json:"retired_at,omitempty"`
	GoneAt    *time.Time `json:"gone_at,omitempty"`
}

func showKey(k signing.Key) SigningKey {
	return SigningKey{
		KID: k.ID, Use: string(k.Use), Algorithm: string(k.Algorithm), State: string(k.State),
		CreatedAt: k.CreatedAt, DueAt: k.DueAt, CurrentAt: moment(k.CurrentAt), RetiredAt: moment(k.RetiredAt), GoneAt: moment(k.GoneAt),
	}
}

func (s *surface) signingKeys(ctx context.Context, c *Call, in PageRequest) (List[SigningKey], error) {
	all, err := s.Directory.SigningKeys(ctx, c.Caller)
	if err != nil {
		return List[SigningKey]{}, err
	}
	kid := func(k signing.Key) string { return k.ID }
	return paged(s, c, rest(all, in.After, kid), size(in.Limit), kid, showKey), nil
}

// RotateKeyRequest says which key.
type RotateKeyRequest struct {
	Use       string `json:"use,omitempty" doc:"token or feed; token unless said otherwise."`
	Algorithm string `json:"algorithm,omitempty" doc:"EdDSA unless said otherwise."`
	Emergency bool   `json:"emergency,omitempty" doc:"The key is known to somebody else: end it now."`
}

func (s *surface) rotateKey(ctx context.Context, c *Call, in RotateKeyRequest) (SigningKey, error) {
	use, alg := signing.Token, jose.EdDSA
	if in.Use != "" {
		use = signing.Use(in.Use)
	}
	if in.Algorithm != "" {
		alg = jose.Algorithm(in.Algorithm)
	}
	k, err := s.Directory.RotateKey(ctx, c.Caller, use, alg, in.Emergency)
	return showKey(k), err
}

// RetireKeyRequest names a key.
type RetireKeyRequest struct {
	KID string `path:"kid"`
}

func (s *surface) retireKey(ctx context.Context, c *Call, in RetireKeyRequest) (SigningKey, error) {
	k, err := s.Directory.RetireKey(ctx, c.Caller, in.KID)
	return showKey(k), err
}

// MasterRotated tells what a rotation of the master key did.
type MasterRotated struct {
	MasterKey string `json:"master_key" doc:"Id of the master key that wraps every data key now."`
	Rewrapped int    `json:"rewrapped" doc:"How many data keys another one had wrapped."`
}

func (s *surface) rotateMaster(ctx context.Context, c *Call, _ struct{}) (MasterRotated, error) {
	n, master, err := s.Directory.RotateMaster(ctx, c.Caller)
	return MasterRotated{MasterKey: master, Rewrapped: n}, err
}
