package manifest

import (
	"go.yaml.in/yaml/v4"

	"github.com/mortise-auth/mortise/internal/apply"
)

func (d *decoder) connection(n *yaml.Node) {
	var c apply.Connection
	d.object(n, keys{
		"id":                         d.text(&c.ID),
		"type":                       d.text(&c.Type),
		"organization":               d.text(&c.Organization),
		"label":                      d.optional(&c.Label),
		"enabled":                    d.choice(&c.Enabled),
		"hidden":                     d.choice(&c.Hidden),
		"client_id":                  d.text(&c.ClientID),
		"client_secret":              d.secret(&c.Secret),
		"issuer":                     d.optional(&c.Issuer),
		"endpoints":                  func(n *yaml.Node) { c.Endpoints = d.endpoints(n) },
		"scopes":                     d.texts(&c.Scopes),
		"algorithms":                 d.texts(&c.Algorithms),
		"token_endpoint_auth_method": d.optional(&c.AuthMethod),
		"tenants":                    d.texts(&c.Tenants),
		"team_id":                    d.optional(&c.TeamID),
		"key_id":                     d.optional(&c.KeyID),
		"trusted_domains":            d.texts(&c.Trust),
		"keep_tokens":                d.choice(&c.KeepTokens),
		"pass_on_freshness":          d.choice(&c.PassOn),
		"strong":                     d.texts(&c.Strong),
		"mapping":                    func(n *yaml.Node) { c.Mapping = d.mapping(n) },
		"provision":                  func(n *yaml.Node) { c.Provision = d.provision(n) },
		"logout":                     d.optional(&c.Logout),
	})
	if d.declare(n, "id", "connection "+c.ID, c.ID) {
		d.file.Connections = append(d.file.Connections, c)
	}
}

func (d *decoder) endpoints(n *yaml.Node) *apply.ConnectionEndpoints {
	e := &apply.ConnectionEndpoints{}
	d.object(n, keys{
		"authorization": d.text(&e.Authorization), "token": d.text(&e.Token), "userinfo": d.text(&e.UserInfo), "emails": d.text(&e.Emails),
		"jwks": d.text(&e.JWKS), "end_session": d.text(&e.EndSession), "revocation": d.text(&e.Revocation),
	})
	return e
}

func (d *decoder) mapping(n *yaml.Node) *apply.ConnectionMapping {
	m := &apply.ConnectionMapping{}
	d.object(n, keys{
		"fields": table(d, &m.Fields, d.text),
		"roles":  table(d, &m.Roles, d.texts),
		"once":   d.texts(&m.Once),
	})
	return m
}

func (d *decoder) provision(n *yaml.Node) *apply.ConnectionProvision {
	p := &apply.ConnectionProvision{}
	d.object(n, keys{"mode": d.text(&p.Mode), "domains": d.texts(&p.Domains), "organization": d.text(&p.Organization), "roles": d.texts(&p.Roles)})
	return p
}

// table reads keys that whoever writes the file chooses, each once.
func table[T any](d *decoder, to *map[string]T, value func(*T) reader) reader {
	return func(n *yaml.Node) {
		if n.Kind != yaml.MappingNode {
			d.fault(n, "want keys and values")
			return
		}
		*to = map[string]T{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			key, ok := d.scalar(n.Content[i])
			if _, twice := (*to)[key]; twice {
				d.fault(n.Content[i], "key %q is written twice", key)
			}
			var v T
			value(&v)(n.Content[i+1])
			if ok {
				(*to)[key] = v
			}
		}
	}
}
