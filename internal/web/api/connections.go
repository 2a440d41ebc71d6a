package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/mortise-auth/mortise/internal/apply"
	"github.com/mortise-auth/mortise/internal/directory"
	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/organization"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/rbac"
	"github.com/mortise-auth/mortise/internal/web"
)

func (s *surface) connectionTable() []endpoint {
	const tag = "Connections"
	which := []*problem.Error{federation.ErrUnknown}
	wrong := []*problem.Error{federation.ErrInvalid, rbac.ErrUnknown, organization.ErrUnknown}
	return []endpoint{
		route(s, endpoint{Method: "GET", Path: "/connections", Access: web.Admin, Tag: tag, Name: "connections.list", Summary: "List connections", Text: "In order of id."}, s.connections),
		route(s, endpoint{
			Method: "POST", Path: "/connections", Access: web.Admin, Tag: tag, Name: "connections.create", Status: http.StatusCreated, Summary: "Connect a service that people may sign in with",
			Text:    "The answer's callback_uri is what the other service wants to know.",
			Example: `{"id": "google", "type": "google", "client_id": "1234.apps.googleusercontent.com", "client_secret": "GOCSPX-not-a-real-secret"}`,
			Errors:  append([]*problem.Error{federation.ErrTaken}, wrong...),
		}, s.createConnection),
		route(s, endpoint{Method: "GET", Path: "/connections/{connection}", Access: web.Admin, Tag: tag, Name: "connections.get", Summary: "Read a connection", Text: "The ETag is for If-Match of a later PATCH.", Errors: which}, s.getConnection),
		route(s, endpoint{
			Method: "PATCH", Path: "/connections/{connection}", Access: web.Admin, Tag: tag, Name: "connections.update", Summary: "Change a connection",
			Text:    "What is left out stays; a list or an object that is given replaces the one before. Sign-ins that were begun before are void. A connection that a file declares is only turned on and off here.",
			Example: `{"enabled": false}`,
			Errors:  append(append([]*problem.Error{federation.ErrStale, apply.ErrConnectionFixed, apply.ErrConnectionManaged}, which...), wrong...),
		}, s.updateConnection),
		route(s, endpoint{
			Method: "DELETE", Path: "/connections/{connection}", Access: web.Admin, Tag: tag, Name: "connections.delete", Summary: "Delete a connection",
			Text: "Its links go with it. One that is made later under the same id has none of them.", Errors: which,
		}, s.deleteConnection),
		route(s, endpoint{
			Method: "POST", Path: "/connections/{connection}/preview", Access: web.Admin, Tag: tag, Name: "connections.preview", Summary: "See whom claims would bring",
			Text: "It asks nobody and stores nothing.", Example: `{"claims": {"sub": "248289761001", "email": "ada@example.org", "email_verified": true, "name": "Ada Lovelace"}}`,
			Errors: append([]*problem.Error{federation.ErrStatement}, which...),
		}, s.previewConnection),
		route(s, endpoint{
			Method: "POST", Path: "/connections/{connection}/test", Access: web.Admin, Tag: tag, Name: "connections.test", Once: true, Summary: "Go around with a connection",
			Text: "Open the address in a browser: it goes to the other service and back, and shows whom that would bring. Nothing is stored, and the connection may be off.", Errors: which,
		}, s.testConnection),
	}
}

// Connection is a service that people sign in with. Its secret is never shown.
type Connection struct {
	ID           string                    `json:"id" doc:"In addresses and files."`
	ConnectionID federation.ID             `json:"connection_id" doc:"Never used again."`
	Callback     string                    `json:"callback_uri" doc:"What the other service wants to know: where people come back to."`
	Backchannel  string                    `json:"backchannel_logout_uri" doc:"Where the other service may tell of log-outs."`
	Type         string                    `json:"type"`
	Title        string                    `json:"title" doc:"On its button."`
	Label        string                    `json:"label,omitempty"`
	Enabled      bool                      `json:"enabled"`
	Hidden       bool                      `json:"hidden" doc:"No button on the sign-in page."`
	Organization string                    `json:"organization,omitempty" doc:"Whose people it is for: org_…"`
	ClientID     string                    `json:"client_id"`
	HasSecret    bool                      `json:"has_client_secret"`
	Issuer       string                    `json:"issuer" doc:"Who speaks for the service: as set, or the type's."`
	Endpoints    federation.Endpoints      `json:"endpoints" doc:"As set; those of the type are left out."`
	Scopes       []string                  `json:"scopes" doc:"That are asked for."`
	Algorithms   []string                  `json:"algorithms"`
	AuthMethod   string                    `json:"token_endpoint_auth_method,omitempty" doc:"Absent: as the service announces."`
	Tenants      []string                  `json:"tenants,omitempty"`
	TeamID       string                    `json:"team_id,omitempty"`
	KeyID        string                    `json:"key_id,omitempty"`
	Trust        []string                  `json:"trusted_domains" doc:"Empty: the type's own rule."`
	KeepTokens   bool                      `json:"keep_tokens"`
	PassOn       bool                      `json:"pass_on_freshness"`
	Strong       []string                  `json:"strong"`
	Mapping      apply.ConnectionMapping   `json:"mapping"`
	Provision    apply.ConnectionProvision `json:"provision"`
	Logout       string                    `json:"logout,omitempty"`
	ManagedBy    string                    `json:"managed_by,omitempty" doc:"file, when declared by apply."`
	Version      int64                     `json:"version"`
	CreatedAt    time.Time                 `json:"created_at"`
	UpdatedAt    time.Time                 `json:"updated_at"`
}

func (s *surface) showConnection(c federation.Connection) Connection {
	m := directory.ShowConnection(c, "")
	at := s.link("/federation/" + c.Name)
	return Connection{
		ID: c.Name, ConnectionID: c.ID, Callback: at + "/callback", Backchannel: at + "/backchannel-logout", Type: string(c.Kind), Title: c.Title(),
		Label: c.Label, Enabled: c.Enabled, Hidden: c.Hidden, Organization: c.Organization, ClientID: m.ClientID, HasSecret: len(c.Secret) > 0,
		Issuer: c.Issuer(), Endpoints: c.Settings.Endpoints, Scopes: listed(c.Scopes()), Algorithms: listed(m.Algorithms), AuthMethod: c.AuthMethod(),
		Tenants: m.Tenants, TeamID: *m.TeamID, KeyID: *m.KeyID, Trust: listed(m.Trust), KeepTokens: *m.KeepTokens, PassOn: *m.PassOn,
		Strong: listed(m.Strong), Mapping: *m.Mapping, Provision: *m.Provision, Logout: *m.Logout, ManagedBy: c.ManagedBy, Version: c.Version,
		CreatedAt: c.CreatedAt.UTC(), UpdatedAt: c.UpdatedAt.UTC(),
	}
}

// shown is showConnection with the tag of its version.
func (s *surface) shownConnection(c *Call, v federation.Connection, err error) (Connection, error) {
	if err != nil {
		return Connection{}, err
	}
	c.head.Set("ETag", fmt.Sprintf("%q", fmt.Sprint(v.Version)))
	return s.showConnection(v), nil
}

// ConnectionRef names a connection.
type ConnectionRef struct {
	Connection string `path:"connection" doc:"Its id."`
}

func (s *surface) connections(ctx context.Context, c *Call, in PageRequest) (List[Connection], error) {
	rows, err := s.Directory.Connections(ctx, c.Caller, in.After, size(in.Limit)+1)
	if err != nil {
		return List[Connection]{}, err
	}
	return paged(s, c, rows, size(in.Limit), func(v federation.Connection) string { return v.Name }, s.showConnection), nil
}

// CreateConnectionRequest is a connection to be made.
type CreateConnectionRequest struct {
	ID string `json:"id" doc:"Letters in lower case, digits and hyphens within; it cannot be changed."`
	apply.ConnectionMembers
}

func (s *surface) createConnection(ctx context.Context, c *Call, in CreateConnectionRequest) (Connection, error) {
	v, err := s.Directory.CreateConnection(ctx, c.Caller, apply.Connection{ID: in.ID, ConnectionMembers: in.ConnectionMembers})
	if err == nil {
		c.head.Set("Location", s.link(Prefix+"/connections/"+v.Name))
	}
	return s.shownConnection(c, v, err)
}

func (s *surface) getConnection(ctx context.Context, c *Call, in ConnectionRef) (Connection, error) {
	v, err := s.Directory.Connection(ctx, c.Caller, in.Connection)
	return s.shownConnection(c, v, err)
}

// UpdateConnectionRequest changes a connection.
type UpdateConnectionRequest struct {
	Connection string `path:"connection" doc:"Its id."`
	Match      string `header:"If-Match" doc:"ETag of the version that was read."`
	apply.ConnectionMembers
}

func (s *surface) updateConnection(ctx context.Context, c *Call, in UpdateConnectionRequest) (Connection, error) {
	at, err := revision(in.Match)
	if err != nil {
		return Connection{}, err
	}
	v, err := s.Directory.UpdateConnection(ctx, c.Caller, apply.Connection{ID: in.Connection, ConnectionMembers: in.ConnectionMembers}, at)
	return s.shownConnection(c, v, err)
}

func (s *surface) deleteConnection(ctx context.Context, c *Call, in ConnectionRef) (none, error) {
	return none{}, s.Directory.DeleteConnection(ctx, c.Caller, in.Connection)
}

// PreviewConnectionRequest asks whom claims would bring.
type PreviewConnectionRequest struct {
	Connection string          `path:"connection" doc:"Its id."`
	Claims     json.RawMessage `json:"claims" doc:"As the service tells them."`
}

// ConnectionPerson is whom a service would bring.
type ConnectionPerson struct {
	Issuer     string   `json:"issuer"`
	Subject    string   `json:"subject"`
	Email      string   `json:"email,omitempty"`
	Verified   bool     `json:"email_counts" doc:"The service says that it checked the address, and is trusted for its domain."`
	Name       string   `json:"name,omitempty"`
	GivenName  string   `json:"given_name,omitempty"`
	FamilyName string   `json:"family_name,omitempty"`
	Locale     string   `json:"locale,omitempty"`
	Picture    string   `json:"picture,omitempty"`
	Groups     []string `json:"groups"`
	Roles      []string `json:"roles" doc:"Ours, by the mapping."`
}

func (s *surface) previewConnection(ctx context.Context, c *Call, in PreviewConnectionRequest) (ConnectionPerson, error) {
	claims, err := federation.ParseClaims(in.Claims)
	if err != nil {
		return ConnectionPerson{}, errMalformed.Because(err)
	}
	p, err := s.Directory.PreviewConnection(ctx, c.Caller, in.Connection, claims)
	return ConnectionPerson{
		Issuer: p.Issuer, Subject: p.Subject, Email: p.Email, Verified: p.Verified, Name: p.Name, GivenName: p.GivenName, FamilyName: p.FamilyName,
		Locale: p.Locale, Picture: p.Picture, Groups: listed(p.Groups), Roles: listed(p.Roles),
	}, err
}

// ConnectionTest is where to go around.
type ConnectionTest struct {
	Address   string    `json:"address" doc:"To be opened in a browser, by an administrator."`
	ExpiresAt time.Time `json:"expires_at"`
}

func (s *surface) testConnection(ctx context.Context, c *Call, in ConnectionRef) (ConnectionTest, error) {
	path, until, err := s.Directory.TestConnection(ctx, c.Caller, in.Connection)
	return ConnectionTest{Address: s.link(path), ExpiresAt: until.UTC()}, err
}
