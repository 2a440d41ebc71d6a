package page

import (
	"html/template"
	"time"

	"github.com/mortise-auth/mortise/internal/problem"
)

func rescueSamples() []Sample {
	picture := template.HTML(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path fill="#fff" d="M0 0h9v9H0z"/><path d="M4 4h1v1h-1z"/></svg>`)
	replace := Replace{
		Username: "ada@example.test", Token: "made-up-token", Flow: "made-up-flow", Secret: "JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP", QR: picture,
		MinLength: 15, Options: `{"challenge":"made-up"}`,
	}
	needs, key := replace, replace
	needs.NeedPassword = true
	key.Flow, key.Secret, key.QR = "", "", ""
	mistyped := replace
	const text = "That code is not right. Check that your phone's clock is right, then type the code that the app shows now."
	mistyped.Form = wrong(problem.Unprocessable, "authenticator_code_wrong", text, field("code", "authenticator_code_wrong", text))
	codes := make([]string, 10)
	for i := range codes {
		codes[i] = "7K3M-9QWX-1ZB4-T8VD"
	}
	due := sampleNow.Add(72 * time.Hour)
	lost := RecoverPassword{Username: "ada@example.test", Token: "made-up-token", MinLength: 15, Lost: true}
	only := lost
	only.OnlyPasskeys = true
	return []Sample{
		public("recover-password-lost", lost),
		public("recover-password-passkeys", only),
		public("reclaiming", Reclaiming{Due: due}),
		public("reclaiming-ready", Reclaiming{Ready: true}),
		public("objection", Objection{Token: "made-up-token", Started: sampleNow.Add(-time.Hour), Due: due}),
		public("objection-delayed", Objection{Token: "made-up-token", Started: sampleNow.Add(-time.Hour), Due: due, Delayed: true}),
		public("objected", Objected{Due: due}),
		public("replace", replace),
		public("replace-wrong", mistyped),
		public("replace-password", needs),
		public("replace-key", key),
		public("replacement", Replacement{List: codes}),
		public("replacement-passkey", Replacement{}),
		signed("reclaim", Reclaim{Kind: "waiting", Started: sampleNow.Add(-time.Hour), Due: due}),
		signed("reclaim-delayed", Reclaim{Kind: "reset", Started: sampleNow.Add(-time.Hour), Due: due, Delayed: true}),
		signed("account-recovering", Account{Health: Health{Keyless: true, Verified: 1, Sessions: 1}, Recovering: true}),
		signed("security-recovering", Security{Passkeys: 1, Recovering: true}),
		signed("activity-recovering", Activity{Newest: true, Recovering: true}),
		signed("reclaim-none", Reclaim{None: true}),
	}
}
