package api

import (
	"context"
	"time"

	"github.com/mortise-auth/mortise/internal/approval"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/reclaim"
	"github.com/mortise-auth/mortise/internal/rescue"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/internal/web"
)

func (s *surface) approvalTable() []endpoint {
	const tag = "Recovery"
	asking := []*problem.Error{user.ErrUnknown, approval.ErrReason, approval.ErrWaiting, approval.ErrAlone}
	deciding := []*problem.Error{approval.ErrUnknown, approval.ErrSelf, approval.ErrNew, approval.ErrBeholden, approval.ErrWeak, approval.ErrRequester}
	return []endpoint{
		route(s, endpoint{
			Method: "GET", Path: "/recoveries", Access: web.Admin, Tag: tag, Name: "recoveries.list", Summary: "List what waits and what runs",
			Text: "Requests that wait for a second administrator, and recoveries that run; at most 200 of each.",
		}, s.recoveries),
		route(s, endpoint{
			Method: "POST", Path: "/recoveries/{id}/approve", Access: web.Admin, Tag: tag, Name: "recoveries.approve", Summary: "Approve what another administrator asked for",
			Text: "In a session proven by a passkey within ten minutes, by an administrator of at least seven days whom the one who " +
				"asked did not make, promote, enable or reset.",
			Errors: deciding,
		}, s.approve),
		route(s, endpoint{
			Method: "POST", Path: "/recoveries/{id}/deny", Access: web.Admin, Tag: tag, Name: "recoveries.deny", Summary: "Deny a request, or end a recovery",
			Errors: []*problem.Error{approval.ErrUnknown, approval.ErrSelf, reclaim.ErrNone},
		}, s.deny),
		route(s, endpoint{
			Method: "POST", Path: "/users/{user}/recovery-reset", Access: web.Admin, Tag: tag, Name: "users.recovery_reset", Summary: "Ask to reset a user's factors",
			Text:    "Once a second administrator approved, the user's own address is mailed a link to set up new ones. Neither administrator holds it.",
			Example: `{"reason": "Lost her phone; called back on the number we know"}`,
			Errors:  append([]*problem.Error{rescue.ErrResetOff, rescue.ErrNothingLost, rescue.ErrUnreachable, user.ErrInactive, reclaim.ErrRunning}, asking...),
		}, s.requestReset),
		route(s, endpoint{
			Method: "POST", Path: "/users/{user}/promotion", Access: web.Admin, Tag: tag, Name: "users.promotion", Summary: "Ask to make a user an administrator",
			Example: `{"reason": "Takes over operations in March"}`, Errors: append([]*problem.Error{rescue.ErrAdminAlready}, asking...),
		}, s.requestPromotion),
		route(s, endpoint{Method: "GET", Path: "/recovery-policy", Access: web.Admin, Tag: tag, Name: "recovery_policy.get", Summary: "Read the policy of recovery"}, s.recoveryPolicy),
		route(s, endpoint{
			Method: "PUT", Path: "/recovery-policy", Access: web.Admin, Tag: tag, Name: "recovery_policy.put", Summary: "Change the policy of recovery",
			Text:    "On the host at once; by an administrator once a second one approved.",
			Example: `{"wait": "72h", "reset": "two", "reason": "As agreed"}`, Errors: []*problem.Error{reclaim.ErrPolicy, approval.ErrReason, approval.ErrWaiting, approval.ErrAlone},
		}, s.setRecoveryPolicy),
	}
}

// RecoveryItem is a request that waits, or a recovery that runs.
type RecoveryItem struct {
	ID        string     `json:"id" doc:"apr_… or rcl_…"`
	Type      string     `json:"type" enum:"request,recovery"`
	Kind      string     `json:"kind" enum:"reset,promote,policy,waiting,link"`
	User      string     `json:"user,omitempty"`
	Requester string     `json:"requester,omitempty" doc:"usr_… or host."`
	Reason    string     `json:"reason,omitempty"`
	Policy    string     `json:"policy,omitempty"`
	Status    string     `json:"status" enum:"waiting,approved,delayed,due"`
	URL       string     `json:"url,omitempty" format:"uri" doc:"Where administrators look at it and decide in a browser, while it waits or runs."`
	CreatedAt time.Time  `json:"created_at"`
	DueAt     *time.Time `json:"due_at,omitempty"`
	ExpiresAt time.Time  `json:"expires_at"`
}

// RecoveryItems are all there are.
type RecoveryItems struct {
	Data []RecoveryItem `json:"data"`
}

const mostRecoveries = 200

func (s *surface) recoveries(ctx context.Context, c *Call, _ struct{}) (RecoveryItems, error) {
	out := RecoveryItems{Data: []RecoveryItem{}}
	requests, err := s.Rescue.Requests(ctx, c.Caller, mostRecoveries)
	if err != nil {
		return out, err
	}
	claims, err := s.Rescue.Claims(ctx, c.Caller, mostRecoveries)
	if err != nil {
		return out, err
	}
	for _, r := range requests {
		out.Data = append(out.Data, s.showRequest(r))
	}
	for _, r := range claims {
		out.Data = append(out.Data, s.showClaim(r, s.Now()))
	}
	return out, nil
}

func (s *surface) showRequest(r approval.Request) RecoveryItem {
	item := RecoveryItem{
		ID: r.ID.String(), Type: "request", Kind: string(r.Kind), Requester: "host", Reason: r.Reason, Policy: r.Payload, Status: "waiting",
		CreatedAt: r.CreatedAt.UTC(), ExpiresAt: r.ExpiresAt.UTC(),
	}
	if !r.Subject.IsZero() {
		item.User = r.Subject.String()
	}
	if !r.Requester.IsZero() {
		item.Requester = r.Requester.String()
	}
	switch r.Decision {
	case approval.Approved:
		item.Status = "approved"
	case "":
		item.URL = s.link(rescue.DecidePath(r.ID))
	}
	return item
}

func (s *surface) showClaim(r reclaim.Claim, now time.Time) RecoveryItem {
	item := RecoveryItem{
		ID: r.ID.String(), Type: "recovery", Kind: string(r.Kind), User: r.User.String(), Status: "waiting", URL: s.link(rescue.RecoveryPath(r.ID)),
		CreatedAt: r.StartedAt.UTC(), DueAt: moment(r.DueAt), ExpiresAt: r.ExpiresAt.UTC(),
	}
	switch {
	case r.Due(now):
		item.Status = "due"
	case !r.DelayedAt.IsZero():
		item.Status = "delayed"
	}
	return item
}

// RecoveryRef names a request or a recovery.
type RecoveryRef struct {
	ID string `path:"id" doc:"apr_… or rcl_…"`
}

// approve needs a session of its own: a token that an app holds has proven nothing
// about who is there now.
func (s *surface) approve(ctx context.Context, c *Call, in RecoveryRef) (RecoveryItem, error) {
	id, err := approval.ParseID(in.ID)
	if err != nil {
		return RecoveryItem{}, approval.ErrUnknown.Because(err)
	}
	if c.Token {
		return RecoveryItem{}, approval.ErrWeak
	}
	r, err := s.Rescue.Approve(ctx, c.Caller, id)
	if err != nil {
		return RecoveryItem{}, err
	}
	r.Decision = approval.Approved
	return s.showRequest(r), nil
}

func (s *surface) deny(ctx context.Context, c *Call, in RecoveryRef) (none, error) {
	if id, err := reclaim.ParseID(in.ID); err == nil {
		return none{}, s.Rescue.DenyClaim(ctx, c.Caller, id)
	}
	id, err := approval.ParseID(in.ID)
	if err != nil {
		return none{}, approval.ErrUnknown.Because(err)
	}
	return none{}, s.Rescue.Deny(ctx, c.Caller, id)
}

// Reasoned asks for something about a user.
type Reasoned struct {
	User   string `path:"user" doc:"usr_… or an e-mail address."`
	Reason string `json:"reason" doc:"For whoever decides, and for the log; at most 250 characters."`
}

func (s *surface) requestReset(ctx context.Context, c *Call, in Reasoned) (RecoveryItem, error) {
	return s.asked(ctx, c, in, s.Rescue.Request)
}

func (s *surface) requestPromotion(ctx context.Context, c *Call, in Reasoned) (RecoveryItem, error) {
	return s.asked(ctx, c, in, s.Rescue.Promote)
}

func (s *surface) asked(ctx context.Context, c *Call, in Reasoned, ask func(context.Context, user.Caller, user.ID, string) (approval.Request, error)) (RecoveryItem, error) {
	u, err := s.Directory.Resolve(ctx, c.Caller, in.User)
	if err != nil {
		return RecoveryItem{}, err
	}
	r, err := ask(ctx, c.Caller, u.ID, in.Reason)
	if err != nil {
		return RecoveryItem{}, err
	}
	return s.showRequest(r), nil
}

// RecoveryPolicy says which ways back there are.
type RecoveryPolicy struct {
	Wait    string `json:"wait" doc:"How long a person without their factors waits, 24h to 720h; 0s: nobody gets back in by waiting."`
	Reset   string `json:"reset" enum:"off,one,two" doc:"How many administrators reset somebody's factors; administrators always need two."`
	Request string `json:"request,omitempty" doc:"apr_… of the change that waits for a second administrator."`
}

func (s *surface) recoveryPolicy(ctx context.Context, _ *Call, _ struct{}) (RecoveryPolicy, error) {
	p, err := s.Rescue.Policy(ctx)
	return RecoveryPolicy{Wait: p.Wait.String(), Reset: string(p.Reset)}, err
}

// RecoveryPolicyRequest changes the policy of recovery.
type RecoveryPolicyRequest struct {
	Wait   string `json:"wait"`
	Reset  string `json:"reset" enum:"off,one,two"`
	Reason string `json:"reason,omitempty" doc:"Needed where a second administrator approves."`
}

func (s *surface) setRecoveryPolicy(ctx context.Context, c *Call, in RecoveryPolicyRequest) (RecoveryPolicy, error) {
	wait, err := time.ParseDuration(in.Wait)
	if err != nil {
		return RecoveryPolicy{}, reclaim.ErrPolicy.Because(err)
	}
	r, done, err := s.Rescue.SetPolicy(ctx, c.Caller, reclaim.Policy{Wait: wait, Reset: reclaim.Resetting(in.Reset)}, in.Reason)
	if err != nil {
		return RecoveryPolicy{}, err
	}
	now, err := s.recoveryPolicy(ctx, c, struct{}{})
	if !done {
		now.Request = r.ID.String()
	}
	return now, err
}
