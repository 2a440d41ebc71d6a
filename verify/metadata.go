package verify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// metadata is what we read of RFC 8414 or OpenID Connect Discovery. The last two
// are ours.
type metadata struct {
	Issuer         string `json:"issuer"`
	JWKS           string `json:"jwks_uri"`
	Introspection  string `json:"introspection_endpoint"`
	Revocations    string `json:"mortise_revocations_uri"`
	RevocationKeys string `json:"mortise_revocation_keys_uri"`
}

// issuerURL holds the issuer to RFC 8414, section 2.
func issuerURL(issuer string) (*url.URL, error) {
	u, err := endpoint(issuer, true)
	if err != nil {
		return nil, fmt.Errorf("%w: issuer %w", ErrOption, err)
	}
	if u.RawQuery != "" || u.ForceQuery || strings.Contains(issuer, "#") {
		return nil, fmt.Errorf("%w: issuer %q has a query or fragment", ErrOption, issuer)
	}
	return u, nil
}

// wellKnown lists where the metadata may be: inserted before the path (RFC 8414,
// section 3), and appended to it (OpenID Connect Discovery).
func wellKnown(u *url.URL) []string {
	origin, path := u.Scheme+"://"+u.Host, strings.TrimRight(u.EscapedPath(), "/")
	return []string{
		origin + "/.well-known/oauth-authorization-server" + path,
		origin + path + "/.well-known/openid-configuration",
		origin + path + "/.well-known/oauth-authorization-server", // where only the path is ours to serve
	}
}

// discover reads the metadata of issuer. Errors that are not ErrMetadata may heal.
func discover(ctx context.Context, f *fetcher, issuer string, u *url.URL) (Endpoints, error) {
	var missing error
	for _, address := range wellKnown(u) {
		body, _, err := f.json(ctx, address, maxMetadata)
		var status *statusError
		if errors.As(err, &status) && status.status == http.StatusNotFound {
			missing = fmt.Errorf("%w: %s: %w", ErrMetadata, address, err)
			continue
		}
		if err != nil {
			return Endpoints{}, fmt.Errorf("%s: %w", address, err)
		}
		return parseMetadata(body, issuer)
	}
	return Endpoints{}, missing
}

// parseMetadata compares the issuer byte for byte (RFC 8414, 3.3; JW-21).
func parseMetadata(body []byte, issuer string) (Endpoints, error) {
	var m metadata
	if err := json.Unmarshal(body, &m); err != nil {
		return Endpoints{}, fmt.Errorf("%w: %w", ErrMetadata, err)
	}
	if m.Issuer != issuer {
		return Endpoints{}, fmt.Errorf("%w: it is of issuer %q, not %q", ErrMetadata, m.Issuer, issuer)
	}
	return Endpoints{JWKS: m.JWKS, Introspection: m.Introspection, Revocations: m.Revocations, RevocationKeys: m.RevocationKeys}, nil
}

// checkEndpoints refuses addresses that could be listened to or read on the way.
func checkEndpoints(e Endpoints, issuer *url.URL) error {
	if e.JWKS == "" {
		return fmt.Errorf("%w: no jwks_uri", ErrMetadata)
	}
	if (e.Revocations == "") != (e.RevocationKeys == "") {
		return fmt.Errorf("%w: the feed and its keys go together", ErrMetadata)
	}
	local := issuer.Scheme == "http"
	for _, address := range []string{e.JWKS, e.Introspection, e.Revocations, e.RevocationKeys} {
		if address == "" {
			continue
		}
		if _, err := endpoint(address, local); err != nil {
			return fmt.Errorf("%w: %w", ErrMetadata, err)
		}
	}
	return nil
}
