package oauth

import (
	"context"
	"errors"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/devicecode"
	"github.com/mortise-auth/mortise/internal/ratelimit"
	"github.com/mortise-auth/mortise/internal/resource"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/user"
)

// Sessions tells how a person has signed in.
type Sessions interface {
	ByID(ctx context.Context, id session.ID) (session.Session, error)
}

// Scopes tells what scopes mean, in the words of the house.
type Scopes interface {
	Scope(ctx context.Context, name string) (resource.Scope, error)
}

// Device is what a person is asked about.
type Device struct {
	UserCode  string // in the usual form, to be compared
	Client    string // name
	ClientURI string
	Scopes    []resource.Scope
	Audiences []string // but for our own API and UserInfo
	IP        string   // where the device is
	UserAgent string
	Place     string
	AskedAt   time.Time
}

// Device returns the device that waits with the code that by has typed. Guesses
// are counted by source and account; a code that is right is given back (OA-63).
// devicecode.ErrUnknown, ratelimit.ErrLimited.
func (f *Flow) Device(ctx context.Context, by user.Caller, typed string) (Device, error) {
	a, code, err := f.waitingDevice(ctx, by, typed)
	if err != nil {
		return Device{}, err
	}
	c, err := f.o.Registry.Client(ctx, a.Client)
	if err != nil || c.Disabled {
		return Device{}, devicecode.ErrUnknown.Because(err)
	}
	d := Device{
		UserCode: code, Client: c.Name, ClientURI: c.ClientURI, IP: a.IP, UserAgent: a.UserAgent, Place: a.Place, AskedAt: a.CreatedAt,
	}
	for _, audience := range a.Audiences {
		if audience != f.o.Issuer && audience != f.userInfo {
			d.Audiences = append(d.Audiences, audience)
		}
	}
	names, err := resource.ParseScopes(a.Scope)
	if err != nil {
		return Device{}, err
	}
	for _, name := range names {
		s, err := f.scope(ctx, name)
		if err != nil {
			return Device{}, err
		}
		d.Scopes = append(d.Scopes, s)
	}
	return d, nil
}

// scope is one that was registered when it was asked for.
func (f *Flow) scope(ctx context.Context, name string) (resource.Scope, error) {
	if s, ok := resource.Standard(name); ok {
		return s, nil
	}
	s, err := f.o.Scopes.Scope(ctx, name)
	if errors.Is(err, resource.ErrScopeUnknown) {
		return resource.Scope{Name: name}, nil
	}
	return s, err
}

// ApproveDevice lets the device in, as whoever by is signed in as.
func (f *Flow) ApproveDevice(ctx context.Context, by user.Caller, typed string) error {
	a, _, err := f.waitingDevice(ctx, by, typed)
	if err != nil {
		return err
	}
	id, err := session.ParseID(by.Session)
	if err != nil {
		return devicecode.ErrBirth.Because(err)
	}
	s, err := f.o.Sessions.ByID(ctx, id)
	if errors.Is(err, session.ErrUnknown) || err == nil && s.User != by.User {
		return devicecode.ErrBirth.Because(err)
	}
	if err != nil {
		return err
	}
	if c, err := f.o.Registry.Client(ctx, a.Client); err != nil {
		return err
	} else if s.Assurance < c.Assurance {
		return ErrAssurance.Becausef("assurance %d", s.Assurance)
	}
	return f.o.Devices.Approve(ctx, a.UserCode, devicecode.Approver{
		User: s.User, UserVersion: s.UserVersion, Session: s.ID, Methods: s.Methods, ACR: ACR(s.Assurance), AuthTime: s.AuthenticatedAt,
	}, f.now(), f.decided(devicecode.Approved, by, a))
}

// DenyDevice sends the device away.
func (f *Flow) DenyDevice(ctx context.Context, by user.Caller, typed string) error {
	a, _, err := f.waitingDevice(ctx, by, typed)
	if err != nil {
		return err
	}
	return f.o.Devices.Deny(ctx, a.UserCode, f.now(), f.decided(devicecode.Denied, by, a))
}

func (f *Flow) decided(name audit.Name, by user.Caller, a devicecode.Authorization) audit.Event {
	ev := by.Event(name, f.now(), by.User).With("device_ip", a.IP)
	ev.Client = a.Client
	return ev
}

func (f *Flow) waitingDevice(ctx context.Context, by user.Caller, typed string) (a devicecode.Authorization, code string, err error) {
	source := ratelimit.SourceOf(by.Source.IP)
	keys := ratelimit.All(
		ratelimit.Key{Limit: ratelimit.DeviceSource, Of: source},
		ratelimit.Key{Limit: ratelimit.DeviceAccount, Of: by.User.String()},
	)
	d, err := f.o.Rates.Take(ctx, keys)
	if err == nil {
		err = d.Err()
	}
	if err != nil {
		return a, "", err
	}
	code, ok := devicecode.ParseUserCode(typed)
	if !ok {
		return a, "", devicecode.ErrUnknown.Becausef("not a code")
	}
	a, err = f.o.Devices.ByUserCode(ctx, devicecode.UserDigest(f.o.Keys, code), f.now())
	if err != nil {
		return a, "", err
	}
	if err := f.o.Rates.Refund(ctx, keys); err != nil {
		f.o.Log.Warn("a limit was not given back", "error", err)
	}
	return a, code, nil
}
