package proof

import (
	"context"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/id"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/user"
)

// ID names a proof: prf_….
type ID = id.ID[noun]

type noun struct{}

func (noun) Prefix() string { return "prf" }

// NewID makes the name of a proof made now.
func NewID(now time.Time) ID { return id.New[noun](now) }

// Purpose says what a proof allows. It is part of every digest.
type Purpose string

const (
	SignUp         Purpose = "signup"  // finishes a sign-up; Payload holds the account to be
	SignIn         Purpose = "signin"  // the mailed code that a much-guessed account asks of new devices
	Enter          Purpose = "enter"   // signs in: the code, or the link in the browser that asked; Payload is what the link's page says
	Phone          Purpose = "phone"   // a second step by phone; Key is what it belongs to
	Number         Purpose = "number"  // confirms a phone; Key is its id
	Address        Purpose = "address" // confirms an address of an existing account
	Recover        Purpose = "recover" // sets a new password
	Undo           Purpose = "undo"    // takes back an address change
	Frozen         Purpose = "frozen"  // not mailed: while it lives, no address resets the password (TH-43)
	CancelDeletion Purpose = "undelete"
)

// LinkPurpose and FlowPurpose are the purposes of the two secrets of a proof.
func (p Purpose) LinkPurpose() secret.Purpose { return secret.Purpose("l" + p.short()) }
func (p Purpose) FlowPurpose() secret.Purpose { return secret.Purpose("f" + p.short()) }

// short fits a purpose into the six bytes that a secret.Purpose leaves for it.
func (p Purpose) short() string { return string(p)[:min(6, len(p))] }

// MaxAttempts is how often a code may be tried (PW-23).
const MaxAttempts = 5

// Proof is one mailed proof.
type Proof struct {
	ID              ID
	Purpose         Purpose
	User            user.ID       // zero for a sign-up, and for a sign-in of nobody
	Key             string        // of the address it was mailed to; of a phone's code what it is for
	Link            secret.Digest // of the link's secret
	Flow            secret.Digest // of the asking browser's secret; zero: no code
	Code            []byte        // MAC of the code; empty: link only
	Attempts        int
	UserVersion     int64
	PasswordVersion int64
	Payload         []byte // sealed; what the act needs
	CreatedAt       time.Time
	ExpiresAt       time.Time
	UsedAt          time.Time
}

var (
	// ErrExpired: the link or code opens nothing any more: used, replaced,
	// expired, or never made. The answer is the same.
	ErrExpired = problem.New(problem.Gone, "link_expired", "This link or code has expired or was used already. Ask for a new one.")
	// ErrWrongCode: the code does not fit; another try may remain.
	ErrWrongCode = problem.New(problem.Unprocessable, "wrong_code", "That code is not right. Check the newest mail and type its digits again.")
)

// Store keeps proofs. Each method is one atomic act.
type Store interface {
	// Put keeps p and spends every other unused proof of the same purpose for
	// the same account and address key. Of Recover an account has one at a time,
	// whatever the key; of SignIn and Enter each flow has its own.
	Put(ctx context.Context, p Proof) error
	// ByLink and ByFlow return a proof, used or expired or not; or ErrExpired.
	ByLink(ctx context.Context, purpose Purpose, d secret.Digest) (Proof, error)
	ByFlow(ctx context.Context, purpose Purpose, d secret.Digest) (Proof, error)
	// Attempt counts one try of the code if fewer than MaxAttempts were made and
	// the proof is unused and unexpired; otherwise ErrExpired.
	Attempt(ctx context.Context, id ID, now time.Time) error
	// Spend uses p: exactly one of many concurrent callers succeeds, the others
	// get ErrExpired. It also fails when the account has another version than
	// p.UserVersion, or the password another than p.PasswordVersion; a version of
	// 0 is not compared, so that an undo link survives what follows it.
	Spend(ctx context.Context, id ID, now time.Time, ev audit.Event) error
	// Pending returns the unused, unexpired proofs of an account for a purpose.
	Pending(ctx context.Context, owner user.ID, purpose Purpose, now time.Time) ([]Proof, error)
	// Cancel spends the unused proofs of an account for a purpose and address key.
	Cancel(ctx context.Context, owner user.ID, purpose Purpose, key string, now time.Time) error
	// Sweep deletes proofs that expired before the given time.
	Sweep(ctx context.Context, before time.Time, limit int) (int, error)
}
