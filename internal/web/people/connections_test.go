package people_test

import (
	"context"

	"github.com/mortise-auth/mortise/internal/federate"
	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/user"
)

// alone is a flow of federation without connections.
type alone struct{}

func (alone) Buttons(context.Context) ([]federation.Connection, error) { return nil, nil }

func (alone) Home(context.Context, string) (federation.Connection, error) {
	return federation.Connection{}, federation.ErrUnknown
}

func (alone) Homes(context.Context) (bool, error) { return false, nil }

func (alone) Links(context.Context, user.Caller) ([]federate.Linked, error) { return nil, nil }

func (alone) Start(context.Context, federate.Wish) (federate.Begun, error) {
	return federate.Begun{}, federation.ErrUnknown
}

func (alone) Redeem(context.Context, string, string) (*federation.Vouched, error) {
	return nil, federation.ErrAttempt
}

func (alone) Waiting(context.Context, user.Caller, string) (federate.Waiting, error) {
	return federate.Waiting{}, federation.ErrAttempt
}

func (alone) Link(context.Context, user.Caller, federate.Proof, string, string) (federation.Link, error) {
	return federation.Link{}, federation.ErrAttempt
}

func (alone) Unlink(context.Context, user.Caller, federate.Proof, federation.LinkID, string) error {
	return federation.ErrLinkUnknown
}

func (alone) Onward(string) string { return "" }
func (alone) Farewell(context.Context, user.Caller, string) (federate.Farewell, error) {
	return federate.Farewell{}, nil
}
