package page

import (
	"time"

	"github.com/mortise-auth/mortise/internal/problem"
)

func approvalSamples() []Sample {
	bob, kim := Contact{"Bob Babbage", "bob@example.test"}, Contact{"Kim Kant", "kim@example.test"}
	reset := Petition{ID: "apr_01", Kind: PetitionReset, Asks: bob, About: kim, Reason: "Lost her phone; called back on the number we know", Asked: ago(2 * time.Hour), Until: ago(-7 * day)}
	promote := Petition{ID: "apr_02", Kind: PetitionPromote, Asks: bob, About: Contact{Email: "tom@example.test"}, Reason: "Takes over operations", Asked: ago(day), Until: ago(-6 * day)}
	rules := Petition{ID: "apr_03", Kind: PetitionPolicy, Policy: Recoveries{Wait: "96h", Reset: ResetTwo}, Reason: "As agreed", Asked: ago(3 * day), Until: ago(-4 * day)}
	never := rules
	never.Policy = Recoveries{Reset: ResetOff}
	gone := wrong(problem.NotFound, "approval_unknown", "There is no such request, or it was decided already. Reload the list.")
	self := &problem.Error{Kind: problem.Forbidden, Code: "approval_self", Public: "Somebody else has to decide this: neither who asked for it nor whom it is about."}
	weak := &problem.Error{Kind: problem.Forbidden, Code: "approval_needs_passkey", Public: "Sign in again with a passkey, then approve within ten minutes."}
	beholden := wrong(problem.Forbidden, "approval_beholden", "Who approves must not have been invited, promoted, enabled or reset by who asked. Another administrator has to.")
	one := rules
	one.Policy.Reset = ResetOne
	waits := Claim{ID: "rcl_01", Kind: ClaimWaiting, About: kim, Started: ago(day), Due: ago(-2 * day), Until: ago(-9 * day)}
	objected := waits
	objected.ID, objected.About, objected.Delayed, objected.Due = "rcl_02", Contact{Email: "tom@example.test"}, ago(time.Hour), ago(-5*day)
	link, vouched := waits, waits
	link.Kind, vouched.Kind, vouched.ID = ClaimLink, ClaimReset, "rcl_03"
	vouched.Ready = true
	unknown := wrong(problem.Unprocessable, "reset_nobody", "No account has that address. Check how it is written.", field("person", "reset_nobody", "No account has that address. Check how it is written."))
	return []Sample{
		signed("approvals-running", Approvals{Running: []Claim{waits, objected, vouched}}),
		signed("approvals-unknown", Approvals{Form: unknown, Person: "kim@exmaple.test", Reason: "Lost her phone"}),
		signed("recovery", Recovery{Claim: objected}),
		signed("recovery-due", Recovery{Claim: vouched}),
		signed("approvals-off", Approvals{Off: &problem.Error{Kind: problem.Forbidden, Code: "reset_off", Public: "Administrators cannot reset factors on this server. Use the command line on the host."}}),
		signed("recovery-own", Recovery{Claim: link, Own: true}),
		signed("account-administers", Account{Health: Health{PasswordChanged: ago(day), Verified: 1, Sessions: 1}, Administers: true}),
		signed("approvals", Approvals{List: []Petition{reset, promote, rules}}),
		signed("approvals-none", Approvals{}),
		signed("approvals-stale", Approvals{Stale: true}),
		signed("approvals-gone", Approvals{Form: gone, List: []Petition{promote}}),
		signed("approval", Approval{Petition: reset}),
		signed("approval-prove", Approval{Petition: promote, Refusal: weak, Prove: true}),
		signed("approval-keyless", Approval{Petition: promote, Refusal: weak, Keyless: true}),
		signed("account-deciding", Account{Health: Health{PasswordChanged: ago(day), Verified: 1, Sessions: 1}, Deciding: true}),
		signed("approval-policy", Approval{Petition: rules}),
		signed("approval-own", Approval{Petition: one, Refusal: self, Own: true}),
		signed("approval-about", Approval{Petition: never, Refusal: self, Undeniable: true}),
		signed("approval-refused", Approval{Form: beholden, Petition: reset, Refusal: beholden.Problem}),
	}
}
