package client

import (
	"net/mail"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxNote   = 256               // bytes of a short text
	maxMaxAge = 100 * 366 * 86400 // seconds
)

// described checks the members of Metadata that are for people and the page.
func (c Client) described(a Addresses) error {
	for pointer, text := range map[string]string{"/software_id": c.SoftwareID, "/software_version": c.SoftwareVersion} {
		if !plainText(text) {
			return named(ErrMetadata, pointer, "This is at most 256 bytes of printable text.")
		}
	}
	for _, contact := range c.Contacts {
		if at, err := mail.ParseAddress(contact); err != nil || at.Address != contact || len(contact) > maxNote {
			return named(ErrMetadata, "/contacts", quoted(contact)+" is not an email address.")
		}
	}
	if c.DefaultMaxAge != nil && (*c.DefaultMaxAge < 0 || *c.DefaultMaxAge > maxMaxAge) {
		return named(ErrMetadata, "/default_max_age", "This is a number of seconds, from 0.")
	}
	for pointer, list := range map[string][]string{"/default_acr_values": c.DefaultACRs, "/authorization_details_types": c.DetailTypes, "/assertion_audiences": c.AssertionAudiences} {
		for _, text := range list {
			if text == "" || !plainText(text) || strings.Contains(text, " ") {
				return named(ErrMetadata, pointer, quoted(text)+" is empty, too long, or has spaces or control characters.")
			}
		}
	}
	if c.Assurance < 0 || c.Assurance > 3 {
		return named(ErrMetadata, "/require_assurance", "This is 1, 2 or 3; 0 asks for nothing.")
	}
	for _, mode := range c.ResponseModes {
		if !slices.Contains([]string{"query", "fragment", "form_post"}, mode) {
			return named(ErrMetadata, "/response_modes", "There is no response mode "+quoted(mode)+".")
		}
	}
	if err := c.exchange(); err != nil {
		return err
	}
	if c.RequireSignedRequest && c.RequestObjectAlg == "none" {
		return named(ErrMetadata, "/require_signed_request_object", "What is signed with none is not signed.")
	}
	if c.NoPKCE && c.Public() {
		return named(ErrMetadata, "/without_pkce", "A public client cannot do without PKCE.")
	}
	return nil
}

func plainText(s string) bool {
	return len(s) <= maxNote && utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}

// located checks the addresses of Metadata (OA-3, OA-71).
func (c Client) located(a Addresses) error {
	for _, one := range []struct{ pointer, text string }{
		{"/client_uri", c.ClientURI},
		{"/logo_uri", c.LogoURI},
		{"/policy_uri", c.PolicyURI},
		{"/tos_uri", c.TOSURI},
		{"/jwks_uri", c.JWKSURI},
		{"/sector_identifier_uri", c.SectorIdentifierURI},
		{"/initiate_login_uri", c.InitiateLoginURI},
		{"/frontchannel_logout_uri", c.FrontchannelLogout},
	} {
		if one.text == "" {
			continue
		}
		if fault := a.Endpoint(one.text); fault != "" {
			return named(ErrBadAddress, one.pointer, quoted(one.text)+": "+fault+".")
		}
	}
	for _, text := range c.RequestURIs {
		if fault := a.Endpoint(withoutFragment(text)); fault != "" {
			return named(ErrBadAddress, "/request_uris", quoted(text)+": "+fault+".")
		}
	}
	return nil
}

// withoutFragment leaves out what OpenID registration lets a client put behind a
// request_uri: a hash of the document, which changes the address with it.
func withoutFragment(text string) string {
	front, _, _ := strings.Cut(text, "#")
	return front
}

// Requests reports whether a request_uri is one of c's, whatever is said of the
// document behind the #.
func (c Client) Requests(uri string) bool {
	return slices.ContainsFunc(c.RequestURIs, func(registered string) bool {
		return registered == uri || withoutFragment(registered) == withoutFragment(uri)
	})
}
