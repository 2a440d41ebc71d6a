package page

import (
	"time"

	"github.com/mortise-auth/mortise/internal/problem"
)

// Approvals is /account/approvals: what waits for a second administrator, and
// recoveries that run. Each leads to /account/approvals?request=… or ?recovery=….
// POST person and reason to /account/approvals/reset to ask for one.
type Approvals struct {
	Form
	List           []Petition
	Running        []Claim
	Person, Reason string         // of the last try
	Stale          bool           // the reader has to sign in again before they ask
	Off            *problem.Error // why nobody may ask; nil: they may
}

// Claim is a recovery that runs.
type Claim struct {
	ID      string
	Kind    ClaimKind
	About   Contact
	Started time.Time
	Due     time.Time
	Until   time.Time
	Delayed time.Time // somebody objected; zero: nobody did
	Ready   bool      // it can be completed now
}

// ClaimKind says who vouches for it; see reclaim.Kind.
type ClaimKind string

const (
	ClaimWaiting ClaimKind = "waiting"
	ClaimReset   ClaimKind = "reset"
	ClaimLink    ClaimKind = "link"
)

// Recovery is one of them: POST id to /account/approvals/stop.
type Recovery struct {
	Form
	Claim
	Own bool // it is the reader's account
}

// Petition is what one administrator asks for.
type Petition struct {
	ID     string
	Kind   PetitionKind
	Asks   Contact // zero: the host
	About  Contact // zero: nobody, but the policy
	Policy Recoveries
	Reason string
	Asked  time.Time
	Until  time.Time
}

// PetitionKind says what is asked for; see approval.Kind.
type PetitionKind string

const (
	PetitionReset   PetitionKind = "reset"
	PetitionPromote PetitionKind = "promote"
	PetitionPolicy  PetitionKind = "policy"
)

// Contact is somebody by name and address. The name may be empty.
type Contact struct{ Name, Email string }

// Recoveries is a policy of recovery.
type Recoveries struct {
	Wait  string // such as 72h; empty: nobody gets back in by waiting
	Reset Administrators
}

// Administrators says how many of them reset somebody; see reclaim.Resetting.
type Administrators string

const (
	ResetOff Administrators = "off"
	ResetOne Administrators = "one"
	ResetTwo Administrators = "two"
)

// Approval is one of them: POST id to /account/approvals/approve or
// /account/approvals/deny.
type Approval struct {
	Form
	Petition
	Refusal    *problem.Error // why the reader may not approve it; nil: they may
	Prove      bool           // a passkey would do: POST it to /login/again
	Keyless    bool           // and the reader has none
	Undeniable bool           // it is about the reader
	Own        bool           // the reader asked: denying takes it back
}

func (Recovery) sheet() sheet  { return sheet{name: "recovery", layout: account} }
func (Approvals) sheet() sheet { return sheet{name: "approvals", layout: account} }
func (Approval) sheet() sheet  { return sheet{name: "approval", layout: account} }
