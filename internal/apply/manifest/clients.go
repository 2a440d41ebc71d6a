package manifest

import (
	"maps"
	"strconv"

	"go.yaml.in/yaml/v4"

	"github.com/mortise-auth/mortise/internal/apply"
)

func (d *decoder) scope(n *yaml.Node) {
	var s apply.Scope
	d.object(n, keys{"name": d.text(&s.Name), "description": d.text(&s.Description)})
	if d.declare(n, "name", "scope "+s.Name, s.Name) {
		d.file.Scopes = append(d.file.Scopes, s)
	}
}

func (d *decoder) resource(n *yaml.Node) {
	var r apply.Resource
	d.object(n, keys{
		"identifier":               d.text(&r.Identifier),
		"name":                     d.text(&r.Name),
		"scopes":                   d.texts(&r.Scopes),
		"access_token_format":      d.text(&r.TokenFormat),
		"access_token_lifetime":    d.number(&r.TokenLifetime),
		"access_token_signing_alg": d.text(&r.Algorithm),
		"verifiers":                d.texts(&r.Verifiers),

		"authorization_details_types": d.array(&r.DetailTypes),
	})
	if d.declare(n, "identifier", "resource "+r.Identifier, r.Identifier) {
		d.file.Resources = append(d.file.Resources, r)
	}
}

func (d *decoder) client(n *yaml.Node) {
	var c apply.Client
	known := keys{
		"client_id":                    d.text(&c.ClientID),
		"client_name":                  d.text(&c.Name),
		"client_secret":                d.secret(&c.Secret),
		"token_endpoint_auth_method":   d.text(&c.AuthMethod),
		"application_type":             d.text(&c.Type),
		"grant_types":                  d.texts(&c.GrantTypes),
		"response_types":               d.texts(&c.ResponseTypes),
		"redirect_uris":                d.texts(&c.RedirectURIs),
		"post_logout_redirect_uris":    d.texts(&c.PostLogoutURIs),
		"backchannel_logout_uri":       d.text(&c.BackchannelLogout),
		"id_token_signed_response_alg": d.text(&c.IDTokenAlg),
		"scope":                        d.optional(&c.Scope),
		"first_party":                  d.choice(&c.FirstParty),
		"profile":                      d.text(&c.Profile),
		"origins":                      d.texts(&c.Origins),
		"resources":                    d.texts(&c.Resources),
		"access_token_format":          d.text(&c.TokenFormat),
		"access_token_lifetime":        d.number(&c.TokenLifetime),
		"refresh_token_idle_lifetime":  d.number(&c.RefreshIdle),
		"refresh_token_lifetime":       d.number(&c.RefreshLife),
	}
	maps.Copy(known, d.metadata(&c.Metadata))
	d.object(n, known)
	if d.declare(n, "client_id", "client "+c.ClientID, c.ClientID) {
		d.file.Clients = append(d.file.Clients, c)
	}
}

// optional is text that may be empty and still counts.
func (d *decoder) optional(to **string) reader {
	return func(n *yaml.Node) {
		*to = new(string)
		d.text(*to)(n)
	}
}

// choice is a flag whose absence is not false.
func (d *decoder) choice(to **bool) reader {
	return func(n *yaml.Node) {
		*to = new(bool)
		d.flag(*to)(n)
	}
}

// number reads a whole number from 1.
func (d *decoder) number(to *int) reader {
	return func(n *yaml.Node) {
		v, err := strconv.Atoi(n.Value)
		if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!int" || err != nil || v < 1 {
			d.fault(n, "want a whole number from 1")
			return
		}
		*to = v
	}
}

// array reads a list of whatever JSON has.
func (d *decoder) array(to *any) reader {
	return func(n *yaml.Node) {
		if n.Kind != yaml.SequenceNode || n.Decode(to) != nil {
			d.fault(n, "want a list")
		}
	}
}
