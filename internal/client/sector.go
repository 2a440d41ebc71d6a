package client

import (
	"context"
	"encoding/json"
	"net/url"
	"slices"
)

// Documents fetches a JSON document that a client named, within the bounds of
// OA-71: https, no private address, no redirect, little and soon.
type Documents interface {
	JSON(ctx context.Context, address string) ([]byte, error)
}

// Sector is the host that pairwise subjects of c are made for (OpenID Core,
// section 8.1); empty when there is no such one host.
func (c Client) Sector() string {
	if c.SectorIdentifierURI != "" {
		return hostOf(c.SectorIdentifierURI)
	}
	sector := ""
	for i, uri := range c.RedirectURIs {
		name := hostOf(uri)
		if i > 0 && name != sector {
			return ""
		}
		sector = name
	}
	return sector
}

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

func (c Client) sectored(Addresses) error {
	switch c.SubjectType {
	case "", PublicSubject:
		return nil
	case PairwiseSubject:
		if c.Sector() == "" {
			return named(ErrBadSector, "/sector_identifier_uri", "The redirect_uris are of several hosts, or of none.")
		}
		return nil
	}
	return named(ErrBadSector, "/subject_type", "Use public or pairwise.")
}

// CheckSector fetches the document of a sector_identifier_uri, which must list
// every redirect address: otherwise anybody could join a sector and learn its
// subjects. ErrBadSector.
func CheckSector(ctx context.Context, from Documents, c Client) error {
	if c.SectorIdentifierURI == "" {
		return nil
	}
	document, err := from.JSON(ctx, c.SectorIdentifierURI)
	if err != nil {
		return named(ErrBadSector.Because(err), "/sector_identifier_uri", "The document cannot be fetched.")
	}
	var listed []string
	if err := json.Unmarshal(document, &listed); err != nil {
		return named(ErrBadSector.Because(err), "/sector_identifier_uri", "The document is not a JSON array of addresses.")
	}
	for _, uri := range c.RedirectURIs {
		if !slices.Contains(listed, uri) {
			return named(ErrBadSector, "/redirect_uris", "The document does not list "+quoted(uri)+".")
		}
	}
	return nil
}
