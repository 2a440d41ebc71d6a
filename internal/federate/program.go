package federate

import (
	"context"
	"encoding/hex"
	"time"

	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/secret"
)

// FlowPurpose is that of the secret by which a program uses the answer it waits for.
const FlowPurpose secret.Purpose = "fedflow"

// ProgramLife is how long a program may take from the address to the answer's use.
const ProgramLife = AttemptLife + answerLife

// Program asks for a sign-in whose answer goes to a page of a program, which has
// pages of its own in place of ours. The caller has checked that the client may sign
// people in, and that the page is registered for it.
type Program struct {
	Connection string // its name
	Client     string
	Page       string
	LoginHint  string
}

// Departure is where a program sends the browser, and the secret without which
// nobody uses what comes back: it is in no address (TH-34).
type Departure struct {
	Address string // ours, to be opened within AttemptLife
	Flow    secret.Token
}

// programWish is what a program was given an address for.
type programWish struct {
	Connection federation.ID `json:"c"`
	Version    int64         `json:"v"`
	Page       string        `json:"p"`
	Bound      string        `json:"b"`
	Hint       string        `json:"h,omitempty"`
	At         time.Time     `json:"t"`
}

// ForProgram makes the address for a program, and keeps nothing. The browser that
// opens it need not be the one that asked: an app's is not. federation.ErrUnknown.
func (f *Flow) ForProgram(ctx context.Context, p Program) (Departure, error) {
	c, err := f.wished(ctx, &Wish{Connection: p.Connection, Purpose: SignIn})
	if err != nil {
		return Departure{}, err
	}
	const most = 254 // octets of an address
	if len(p.LoginHint) > most {
		p.LoginHint = ""
	}
	flow := secret.New(FlowPurpose)
	w := programWish{c.ID, c.Version, p.Page, f.boundToProgram(p.Client, flow), p.LoginHint, f.now()}
	return Departure{f.o.Link("/federation/" + c.Name + "/start?program=" + f.seal(sealProgram, w)), flow}, nil
}

// RedeemFor is Redeem for the client that has the secret of the flow.
func (f *Flow) RedeemFor(ctx context.Context, client string, flow secret.Token, text string) (*federation.Vouched, error) {
	return f.Redeem(ctx, f.boundToProgram(client, flow), text)
}

func (f *Flow) boundToProgram(client string, flow secret.Token) string {
	d := flow.Digest(f.o.Instance)
	return "program " + client + " " + hex.EncodeToString(d[:])
}

// programmed is the connection that a program's address is for; w then carries what
// the program is told by.
func (f *Flow) programmed(ctx context.Context, w *Wish) (federation.Connection, error) {
	var p programWish
	if !f.unseal(sealProgram, w.Program, &p) || !live(p.At, AttemptLife, f.now()) {
		return federation.Connection{}, federation.ErrAttempt
	}
	c, err := f.connection(ctx, w.Connection)
	if err == nil && (c.ID != p.Connection || c.Version != p.Version) {
		return federation.Connection{}, federation.ErrAttempt
	}
	w.Purpose, w.LoginHint, w.Carry = SignIn, p.Hint, Carry{Page: p.Page, Bound: p.Bound}
	return c, err
}
