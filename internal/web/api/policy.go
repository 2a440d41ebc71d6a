package api

import (
	"context"
	"time"

	"github.com/mortise-auth/mortise/internal/policy"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/trust"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/internal/web"
)

func (s *surface) policyTable() []endpoint {
	const tag, mine = "Sign-in policy", "My account"
	unknown := []*problem.Error{trust.ErrUnknown}
	return []endpoint{
		route(s, endpoint{Method: "GET", Path: "/policy", Access: web.Admin, Tag: tag, Name: "policy.get", Summary: "Read what is asked of every sign-in"}, s.policy),
		route(s, endpoint{
			Method: "PATCH", Path: "/policy", Access: web.Admin, Tag: tag, Name: "policy.update", Summary: "Change what is asked of every sign-in",
			Text: "Roles and clients ask for more by themselves: the highest applies. Whoever has no second factor may set one up for grace_days, counted from the first sign-in that " +
				"asks for it, and has to before a session exists after that. A change ends every remembered device.",
			Example: `{"assurance": 2, "grace_days": 14, "remember_days": 0}`, Errors: []*problem.Error{policy.ErrBadPolicy, policy.ErrStale},
		}, s.updatePolicy),
		route(s, endpoint{Method: "GET", Path: "/me/devices", Tag: mine, Name: "me.devices.list", Summary: "List the devices on which I am asked for no second step"}, s.devices),
		route(s, endpoint{Method: "DELETE", Path: "/me/devices", Tag: mine, Name: "me.devices.forget_all", Summary: "Forget all of them"}, s.forgetDevices),
		route(s, endpoint{Method: "DELETE", Path: "/me/devices/{device}", Tag: mine, Name: "me.devices.forget", Summary: "Forget one of them", Errors: unknown}, s.forgetDevice),
		route(s, endpoint{Method: "GET", Path: "/users/{user}/devices", Access: web.Admin, Tag: "Users", Name: "users.devices.list", Summary: "List the devices on which a user is asked for no second step", Errors: []*problem.Error{user.ErrUnknown}}, s.userDevices),
		route(s, endpoint{Method: "DELETE", Path: "/users/{user}/devices/{device}", Access: web.Admin, Tag: "Users", Name: "users.devices.forget", Summary: "Forget one of them", Errors: append(unknown, user.ErrUnknown)}, s.forgetUserDevice),
	}
}

// Policy is what is asked of every sign-in.
type Policy struct {
	Assurance    int        `json:"assurance" doc:"1: one factor opens an account; 2: two are needed."`
	GraceDays    int        `json:"grace_days" doc:"How long whoever has no second factor may go on without."`
	RememberDays int        `json:"remember_days" doc:"How long a device may be remembered after the second step; 0: not at all."`
	ManagedBy    string     `json:"managed_by,omitempty" doc:"file, when declared by apply."`
	Revision     int64      `json:"revision"`
	UpdatedAt    *time.Time `json:"updated_at,omitempty" doc:"Absent: it was never changed."`
}

func showPolicy(p policy.Policy) Policy {
	return Policy{
		Assurance: p.Assurance, GraceDays: int(p.Grace / policy.Day), RememberDays: int(p.Remember / policy.Day),
		ManagedBy: p.ManagedBy, Revision: p.Revision, UpdatedAt: moment(p.UpdatedAt),
	}
}

func (s *surface) policy(ctx context.Context, c *Call, _ struct{}) (Policy, error) {
	p, err := s.Directory.Policy(ctx, c.Caller)
	return showPolicy(p), err
}

// PolicyRequest is what shall be asked. What is left out stays.
type PolicyRequest struct {
	Assurance    *int   `json:"assurance,omitempty" doc:"1 or 2."`
	GraceDays    *int   `json:"grace_days,omitempty" doc:"0 to 90."`
	RememberDays *int   `json:"remember_days,omitempty" doc:"0 to 30."`
	Revision     *int64 `json:"revision,omitempty" doc:"Of what was read: refused when somebody changed it since."`
}

func (s *surface) updatePolicy(ctx context.Context, c *Call, in PolicyRequest) (Policy, error) {
	p, err := s.Directory.Policy(ctx, c.Caller)
	if err != nil {
		return Policy{}, err
	}
	replace(&p.Assurance, in.Assurance)
	replace(&p.Revision, in.Revision)
	inDays(&p.Grace, in.GraceDays)
	inDays(&p.Remember, in.RememberDays)
	p, err = s.Directory.PutPolicy(ctx, c.Caller, p)
	return showPolicy(p), err
}

func inDays(to *time.Duration, days *int) {
	if days != nil {
		*to = time.Duration(max(-1, min(*days, 10_000))) * policy.Day
	}
}

// TrustedDevice is a browser or program on which somebody is asked for no second step.
type TrustedDevice struct {
	ID         string     `json:"id" doc:"tru_…"`
	UserAgent  string     `json:"user_agent"`
	IP         string     `json:"ip"`
	Place      string     `json:"place,omitempty"`
	CreatedAt  time.Time  `json:"created_at"`
	LastUsedAt *time.Time `json:"last_used_at,omitempty"`
	ExpiresAt  time.Time  `json:"expires_at"`
}

// TrustedDevices is all of them, newest first.
type TrustedDevices struct {
	Data []TrustedDevice `json:"data"`
}

func showDevices(all []trust.Device) TrustedDevices {
	out := TrustedDevices{Data: []TrustedDevice{}}
	for _, d := range all {
		out.Data = append(out.Data, TrustedDevice{
			ID: d.ID.String(), UserAgent: d.UserAgent, IP: d.IP, Place: d.Place, CreatedAt: d.CreatedAt.UTC(),
			LastUsedAt: moment(d.UsedAt), ExpiresAt: d.ExpiresAt.UTC(),
		})
	}
	return out
}

func (s *surface) devices(ctx context.Context, c *Call, _ struct{}) (TrustedDevices, error) {
	all, err := s.Factors.Devices(ctx, c.Caller)
	return showDevices(all), err
}

func (s *surface) forgetDevices(ctx context.Context, c *Call, _ struct{}) (Ended, error) {
	n, err := s.Factors.ForgetDevices(ctx, c.Caller)
	return Ended{n}, err
}

// DeviceRef names a remembered device.
type DeviceRef struct {
	Device string `path:"device" doc:"tru_…"`
}

func (s *surface) forgetDevice(ctx context.Context, c *Call, in DeviceRef) (none, error) {
	id, err := trust.ParseID(in.Device)
	if err != nil {
		return none{}, trust.ErrUnknown.Because(err)
	}
	return none{}, s.Factors.ForgetDevice(ctx, c.Caller, id)
}

func (s *surface) userDevices(ctx context.Context, c *Call, in UserRef) (TrustedDevices, error) {
	u, err := s.Directory.Resolve(ctx, c.Caller, in.User)
	if err != nil {
		return TrustedDevices{}, err
	}
	all, err := s.Directory.Devices(ctx, c.Caller, u.ID)
	return showDevices(all), err
}

// UserDeviceRef names a remembered device of a user.
type UserDeviceRef struct {
	User   string `path:"user" doc:"usr_… or an e-mail address."`
	Device string `path:"device" doc:"tru_…"`
}

func (s *surface) forgetUserDevice(ctx context.Context, c *Call, in UserDeviceRef) (none, error) {
	u, err := s.Directory.Resolve(ctx, c.Caller, in.User)
	if err != nil {
		return none{}, err
	}
	id, err := trust.ParseID(in.Device)
	if err != nil {
		return none{}, trust.ErrUnknown.Because(err)
	}
	return none{}, s.Directory.ForgetDevice(ctx, c.Caller, u.ID, id)
}
