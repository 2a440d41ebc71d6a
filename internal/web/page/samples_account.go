package page

import (
	"time"

	"github.com/mortise-auth/mortise/internal/problem"
)

func accountSamples() []Sample {
	all := []Sample{
		signed("account", Account{
			Health:  Health{PasswordChanged: ago(26 * time.Hour), Verified: 1, Unverified: 1, Sessions: 5},
			Pending: []Pending{{Kind: PendingAddress, Email: "ada@lovelace.example"}},
			Recent:  sampleEvents()[:4],
		}),
		signed("account-good", Account{Health: Health{PasswordChanged: ago(90 * day), Verified: 2, Sessions: 1}, Recent: sampleEvents()[:2]}),
		signed("account-new", Account{Health: Health{PasswordChanged: ago(0), Verified: 1, Sessions: 1}}),
		signed("account-bad", Account{
			Health:  Health{PasswordChanged: ago(900 * day), Compromised: true, Verified: 1, Unverified: 2, Sessions: 2},
			Pending: []Pending{{Kind: PendingDeletion, Due: ago(-9 * day)}},
		}),
		signed("account-no-password", Account{Health: Health{Verified: 1, Sessions: 1}}),
		signed("profile", sampleProfile(Form{})),
		signed("profile-wrong", sampleProfile(wrong(problem.Unprocessable, "bad_name", "A name has at most 100 characters, without control characters.",
			field("display-name", "bad_name", "A name has at most 100 characters, without control characters.")))),
		signed("password", Password{Username: ada.Email, Changed: ago(90 * day), Others: 4, MinLength: 15}),
		signed("password-wrong", Password{Form: wrong(problem.Unprocessable, "confirmation_wrong", "That is not your current password. Check it and try again.",
			field("password", "confirmation_wrong", "That is not your current password. Check it and try again.")), Username: ada.Email, Changed: ago(90 * day), Others: 1, Keep: true, MinLength: 8}),
		signed("password-none", Password{Username: ada.Email, MinLength: 15}),
	}
	return append(append(all, addressSamples()...), actSamples()...)
}

func sampleProfile(f Form) Profile {
	return Profile{
		Form: f, DisplayName: "Ada Lovelace", Language: "en", TimeZone: "Europe/Berlin",
		TimeZones: []string{"America/New_York", "Asia/Tokyo", "Europe/Berlin", "Europe/London", "UTC"},
	}
}

func addressSamples() []Sample {
	primary := Address{ID: "eml_01", Email: "ada@example.test", Primary: true, Verified: true, Since: ago(31 * day), OnlyOne: true}
	second := Address{ID: "eml_02", Email: "augusta.ada.king.countess.of.lovelace@analytical-engine.example", Verified: true, Since: ago(5 * day)}
	pending := Address{ID: "eml_03", Email: "ada@lovelace.example", Since: ago(12 * time.Minute)}
	taken := wrong(problem.Unprocessable, "bad_email", "That does not look like an e-mail address. It should have the form name@example.org.",
		field("email", "bad_email", "That does not look like an e-mail address. It should have the form name@example.org."))
	return []Sample{
		signed("addresses-one", Addresses{List: []Address{primary}}),
		signed("addresses", Addresses{List: []Address{primary, second, pending}}),
		signed("addresses-wrong", Addresses{Form: taken, List: []Address{primary}, Email: "ada at example"}),
	}
}

func actSamples() []Sample {
	var all []Sample
	for _, a := range Acts {
		all = append(all, signed("confirm-"+string(a), Confirm{Username: ada.Email, Act: a, Object: "ada@lovelace.example", Flow: "made-up-flow", Back: "/account/addresses"}))
	}
	inZone := signed("activity-zone", Activity{Events: sampleEvents()[2:4], Older: "evt_02", Newest: false})
	inZone.Frame.Zone = time.FixedZone("CET", 3600)
	return append(all,
		signed("confirm-code", Confirm{Username: ada.Email, Act: ActRemoveApp, Object: "Phone", Flow: "made-up-flow", Back: "/account/security", Code: true}),
		signed("confirm-wrong", Confirm{Form: wrong(problem.Unprocessable, "confirmation_wrong", "That is not your current password. Check it and try again.",
			field("password", "confirmation_wrong", "That is not your current password. Check it and try again.")), Username: ada.Email, Act: ActExport, Flow: "made-up-flow", Back: "/account/data"}),
		signed("sessions", Sessions{List: sampleSessions()}),
		signed("sessions-one", Sessions{List: sampleSessions()[:1]}),
		signed("apps", Apps{List: sampleApps()}),
		signed("apps-one", Apps{List: sampleApps()[3:]}),
		signed("apps-empty", Apps{}),
		signed("apps-gone", Apps{Form: wrong(problem.NotFound, "grant_unknown", "That access is not there any more. Reload the list."), List: sampleApps()[:1]}),
		signed("activity", Activity{Events: sampleEvents(), Older: "evt_01", Newest: true}),
		inZone,
		signed("activity-empty", Activity{Newest: true}),
		signed("not-me", NotMe{Event: sampleEvents()[1], Sessions: 5}),
		signed("data", Data{Days: 14}),
		signed("data-deleting", Data{Deletion: ago(-9 * day), Days: 14}),
	)
}
