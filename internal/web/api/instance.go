package api

import (
	"context"
	"time"

	"github.com/mortise-auth/mortise/internal/apply"
	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/decision"
	"github.com/mortise-auth/mortise/internal/directory"
	"github.com/mortise-auth/mortise/internal/instance"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/web"
)

// maxFile is the largest declarative file, in bytes.
const maxFile = 4 << 20

func (s *surface) instanceTable() []endpoint {
	const tag = "Instance"
	return []endpoint{
		route(s, endpoint{Method: "GET", Path: "/events", Access: web.Admin, Tag: tag, Name: "events.list", Summary: "Read the audit log", Text: "Newest first."}, s.events),
		route(s, endpoint{
			Method: "POST", Path: "/apply", Access: web.Admin, Tag: tag, Name: "apply", Body: maxFile, Summary: "Bring what a file declares about",
			Text: "What the file does not mention is left alone; a list it mentions becomes exactly that list; a password " +
				"counts only when the account is created, and a client_secret that differs is a rotation. Each resource succeeds or fails by itself.",
			Example: `{"roles": [{"name": "editor", "permissions": ["posts:write"]}], "organizations": [{"slug": "acme", "name": "Acme", "domains": []}]}`,
			Errors:  []*problem.Error{directory.ErrUsersInFile},
		}, s.apply),
		route(s, endpoint{
			Method: "POST", Path: "/setup", Access: web.Host, Tag: tag, Name: "setup", Once: true, Summary: "Open setup with a new code",
			Text: "Only on the host, by the socket in the data folder.", Errors: []*problem.Error{instance.ErrSetupDone},
		}, s.openSetup),
		route(s, endpoint{
			Method: "GET", Path: "/decisions/{code}", Access: web.Admin, Tag: tag, Name: "decisions.get", Summary: "Explain a refusal",
			Text: "The code is the member why of a problem, or stands on the page of the error. Refusals are remembered for a week.", Errors: []*problem.Error{decision.ErrUnknown},
		}, s.why),
		route(s, endpoint{Method: "GET", Path: "/status", Access: web.Admin, Tag: tag, Name: "status", Summary: "How this server is doing"}, s.status),
	}
}

// EventsRequest selects events.
type EventsRequest struct {
	Limit   int    `query:"limit" doc:"Rows at most, up to 100; 50 unless said otherwise."`
	After   string `query:"after" doc:"next of the page before."`
	Name    string `query:"name" doc:"Exact name, such as login.failed."`
	Subject string `query:"subject" doc:"Id of what it happened to."`
}

func (s *surface) events(ctx context.Context, c *Call, in EventsRequest) (List[LogEvent], error) {
	return s.search(ctx, c, audit.Query{Name: in.Name, Subject: in.Subject}, in.Limit, in.After)
}

// ApplyRequest is the declared state.
type ApplyRequest struct {
	DryRun        bool                 `query:"dry_run" doc:"Say what would change, and change nothing."`
	AllowUsers    bool                 `query:"allow_users" doc:"Let the file declare users on a production server."`
	Roles         []apply.Role         `json:"roles,omitempty"`
	Organizations []apply.Organization `json:"organizations,omitempty"`
	Scopes        []apply.Scope        `json:"scopes,omitempty"`
	Resources     []apply.Resource     `json:"resources,omitempty"`
	Clients       []apply.Client       `json:"clients,omitempty"`
	Users         []apply.User         `json:"users,omitempty"`
	Sites         []apply.Site         `json:"sites,omitempty"`
	Connections   []apply.Connection   `json:"connections,omitempty"`
}

func (s *surface) apply(ctx context.Context, c *Call, in ApplyRequest) (apply.Result, error) {
	want := apply.File{
		Roles: in.Roles, Organizations: in.Organizations, Scopes: in.Scopes, Resources: in.Resources, Clients: in.Clients, Users: in.Users, Sites: in.Sites,
		Connections: in.Connections,
	}
	return s.Directory.Apply(ctx, c.Caller, want, in.DryRun, in.AllowUsers || s.Dev)
}

// SetupCode opens the first run.
type SetupCode struct {
	Code      string    `json:"code"`
	ExpiresAt time.Time `json:"expires_at"`
	URL       string    `json:"url" format:"uri" doc:"Where to type it."`
}

func (s *surface) openSetup(ctx context.Context, c *Call, _ struct{}) (SetupCode, error) {
	code, expires, err := s.Setup.Open(ctx, c.Caller)
	return SetupCode{Code: code.Reveal(), ExpiresAt: expires.UTC(), URL: s.link("/setup")}, err
}

// Status is how a running server is doing.
type Status struct {
	Version   string    `json:"version"`
	Engine    string    `json:"engine" enum:"sqlite,postgres"`
	Schema    int64     `json:"schema" doc:"Version of the database's schema."`
	StartedAt time.Time `json:"started_at"`
	SetupDone bool      `json:"setup_done"`
	Outbox    int64     `json:"outbox" doc:"Mails that wait to be sent."`
	Logouts   int64     `json:"logouts" doc:"Logouts that wait for a client to be told: see logouts list."`
	Users     int64     `json:"users"`
	Keys      []string  `json:"keys" doc:"Ids of the keys in use."`
	MasterKey string    `json:"master_key" doc:"Id of the master key, the first that was given: eight hexadecimal digits of its SHA-256."`
	// What keeps sessions and tokens honest here.
	Revocations     int64 `json:"revocations" doc:"Number of the last revocation known here. Compare it between replicas."`
	LiveRevocations int   `json:"live_revocations" doc:"Revocations that can still concern a token."`
	SigningKeys     int   `json:"signing_keys" doc:"Signing keys that are published or about to be: see keys list."`

	Ready  bool   `json:"ready"`
	Reason string `json:"reason,omitempty" doc:"Why it is not ready."`
}

func (s *surface) status(ctx context.Context, _ *Call, _ struct{}) (Status, error) {
	return s.Status(ctx)
}
