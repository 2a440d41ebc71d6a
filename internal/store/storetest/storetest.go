package storetest

import (
	"testing"

	"github.com/mortise-auth/mortise/internal/store"
)

// Run runs the whole suite. open returns a fresh and empty store and arranges
// for its closing; it is called once for every test.
func Run(t *testing.T, open func(t *testing.T) store.Store) {
	groups := []struct {
		name  string
		tests []test
	}{
		{"absence", absence},
		{"assertions", assertions},
		{"audit", audits},
		{"births", births},
		{"decisions", decisions},
		{"device codes", deviceTests},
		{"challenges", challengeTests},
		{"clients", clients},
		{"consents", consents},
		{"codes", codes},
		{"dpop", dpops},
		{"idempotency", idempotencies},
		{"instance", instances},
		{"keys", keys},
		{"lockouts", lockouts},
		{"logouts", logouts},
		{"mail", mails},
		{"organizations", organizations},
		{"passkeys", passkeyTests},
		{"passwords", passwords},
		{"phones", phoneTests},
		{"policy", policyTests},
		{"proofs", proofs},
		{"recovery codes", recoveryTests},
		{"reclaims", reclaimTests},
		{"approvals", approvalTests},
		{"registrations", registrationTests},
		{"resources", resources},
		{"revocations", revocations},
		{"refreshes", refreshes},
		{"connections", connectionTests},
		{"domains", domainTests},
		{"links", linkTests},
		{"feed", feeds},
		{"roles", roles},
		{"sessions", sessions},
		{"session times", sessionTimes},
		{"session links", sessionLinkTests},
		{"thefts", thefts},
		{"tokens", tokens},
		{"totp", totpTests},
		{"trust", trustTests},
		{"sites", siteTests},
		{"tickets", ticketTests},
		{"authorization requests", authRequests},
		{"signing keys", signingKeys},
		{"transactions", transactions},
		{"users", users},
		{"addresses", addresses},
		{"user lists", userLists},
	}
	for _, g := range groups {
		t.Run(g.name, func(t *testing.T) {
			for _, one := range g.tests {
				t.Run(one.name, func(t *testing.T) { one.run(newCase(t, open(t))) })
			}
		})
	}
}

// test is one line of a group.
type test struct {
	name string
	run  func(*testcase)
}
