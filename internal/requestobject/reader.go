package requestobject

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/jose"
	"github.com/mortise-auth/mortise/internal/jwt"
)

// Keys runs a check with the keys of a client, and once more if they may have
// changed; see registry.Registry.
type Keys interface {
	WithKeys(ctx context.Context, c client.Client, check func(jose.KeySet) error) error
}

// Documents fetches a request object within the bounds of OA-71.
type Documents interface {
	Request(ctx context.Context, address string) ([]byte, error)
}

// Options configure a Reader. All are required.
type Options struct {
	Issuer    string
	Keys      Keys
	Documents Documents
	Now       func() time.Time
}

// Reader reads request objects. It is safe for concurrent use.
type Reader struct{ o Options }

// New makes a Reader.
func New(o Options) *Reader { return &Reader{o} }

// maxURI is the longest request_uri (RFC 9101 section 5.2.2).
const maxURI = 512

// Parameters are the parameters of a request of c, from its request parameter or
// the address in its request_uri; exactly one is given. resource may have several
// values. Errors: ErrObject, ErrURI, ErrURIUnsupported.
func (r *Reader) Parameters(ctx context.Context, c client.Client, request, requestURI string) (map[string][]string, error) {
	if (request == "") == (requestURI == "") {
		return nil, ErrObject.Becausef("request and request_uri: one is wanted")
	}
	if requestURI != "" {
		var err error
		if request, err = r.fetch(ctx, c, requestURI); err != nil {
			return nil, err
		}
	}
	found, err := r.read(ctx, c, request)
	if err != nil {
		return nil, ErrObject.Because(err)
	}
	if err := r.check(c, found); err != nil {
		return nil, ErrObject.Because(err)
	}
	return parameters(c, found), nil
}

func (r *Reader) fetch(ctx context.Context, c client.Client, uri string) (string, error) {
	switch {
	case len(c.RequestURIs) == 0:
		return "", ErrURIUnsupported
	case len(uri) > maxURI || !c.Requests(uri):
		return "", ErrURI.Comparing(strings.Join(c.RequestURIs, " "), uri)
	}
	address, _, _ := strings.Cut(uri, "#")
	document, err := r.o.Documents.Request(ctx, address)
	if err != nil {
		return "", ErrURI.Because(err)
	}
	return strings.TrimSpace(string(document)), nil
}

// read is what the client signed, or wrote when it need not sign.
func (r *Reader) read(ctx context.Context, c client.Client, text string) (found *jwt.Request, err error) {
	algorithms := c.RequestAlgorithms()
	if slices.Equal(algorithms, []string{"none"}) {
		return jwt.UnsignedRequest(text)
	}
	err = r.o.Keys.WithKeys(ctx, c, func(keys jose.KeySet) (err error) {
		found, err = jwt.VerifyRequest(text, keys.For(algorithms))
		return err
	})
	return found, err
}
