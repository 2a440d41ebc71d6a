package token

import (
	"time"

	"github.com/mortise-auth/mortise/internal/secret"
)

// What is forgiven to a sender that proves nothing (TH-5). docs/refresh.md
// derives the claim from these: a copy used from elsewhere lives at most 3
// generations in a row and 10 in all.
const (
	BudgetInRow = 3
	BudgetInAll = 10
	// FreeReplay is how soon after the rotation a repetition from the same
	// address costs nothing: parallel tabs, a retry.
	FreeReplay = 2 * time.Second
	// MaxWindow bounds and is the default of the window.
	MaxWindow = 30 * time.Second
)

// step is what happens to a family when one of its genuine tokens is presented.
type step uint8

const (
	refuse  step = iota // nothing; log it
	rotate              // consume this generation, mint the next
	stay                // the token stays; only its idle time moves
	repeat              // the unused successor again
	charge              // the same, and one unit of the budget
	forward             // a commit was lost: take this generation as the newest, and rotate
	end                 // for the cause
)

// presented is a genuine token of a family, from its sender, as decide sees it.
type presented struct {
	generation int64
	digest     secret.Digest
	from       string // address
	at         time.Time
}

// decide is the whole rule. It has no side effects; what it decides is carried
// out only if the family still is what it saw.
func (g *Grant) decide(p presented, window time.Duration) (step, Cause) {
	f := &g.Family
	switch {
	case p.generation == f.Generation && p.digest.Equal(f.Digest):
		if g.Rotates {
			return rotate, ""
		}
		return stay, ""
	case !g.Rotates:
		return refuse, ""
	case p.generation == f.Generation-1 && p.digest.Equal(f.Parent) && f.Successor != nil:
		return g.again(p, window)
	case p.generation >= f.Generation:
		// We made it and do not know it.
		if g.Sender.proven() {
			return forward, ""
		}
		return end, StoreRollback
	case g.Sender.keyed():
		return refuse, ""
	}
	return end, Theft
}

// again: the successor of what is presented was never used.
func (g *Grant) again(p presented, window time.Duration) (step, Cause) {
	f := &g.Family
	age := p.at.Sub(f.RotatedAt)
	switch {
	case g.Sender.proven():
		return repeat, ""
	case window <= 0:
		return end, Theft
	case age <= FreeReplay && p.from != "" && p.from == f.RotatedFrom:
		return repeat, ""
	case age > window:
		return end, Theft
	case f.Replayed:
		return repeat, ""
	case f.InRow >= BudgetInRow || f.InAll >= BudgetInAll:
		return end, Theft
	}
	return charge, ""
}

// charged is f after its parent came a second time.
func (f Family) charged() Family {
	f.Replayed = true
	f.InRow++
	f.InAll++
	return f
}

// next is f after the generation p was consumed for its successor.
func (f Family) next(p presented, successor secret.Digest, sealed []byte, lapses time.Time) Family {
	inRow := f.InRow
	if !f.Replayed {
		inRow = 0
	}
	return Family{
		Generation: p.generation + 1, Digest: successor, Parent: p.digest, Successor: sealed,
		RotatedAt: p.at, RotatedFrom: p.from, InRow: inRow, InAll: f.InAll, LapsesAt: lapses,
	}
}
