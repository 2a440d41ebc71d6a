package page

import (
	"time"

	"github.com/mortise-auth/mortise/internal/problem"
)

func sampleConsent() Consent {
	return Consent{
		Flow: "made-up-flow", Account: "usr_01", Back: "/oauth2/authorize?flow=made-up-flow",
		App: ConsentApp{
			Name: "Field notes", ID: "notes", Host: "notes.example", Home: "https://notes.example/", Policy: "https://notes.example/privacy", Terms: "https://notes.example/terms",
		},
		Scopes: []ConsentScope{
			{Scope: Scope{Name: "openid", Text: "Know who you are"}, Required: true, New: true},
			{Scope: Scope{Name: "email", Text: "Your e-mail address"}, New: true},
			{Scope: Scope{Name: "posts:write", Text: "Write and change your posts"}, New: true},
		},
		Partial: true,
	}
}

func consentSamples() []Sample {
	full := sampleConsent()
	full.Offline, full.Partial = true, false
	full.Scopes = append(full.Scopes, ConsentScope{Scope: Scope{Name: "offline_access", Text: "Stay signed in when you are away"}, New: true}, ConsentScope{Scope: Scope{Name: "posts:export"}, New: true})
	full.APIs = []ConsentAPI{{"Posts", "https://api.example.test"}, {"", "https://files.analytical-engine.example/archive"}}
	full.Details = []ConsentDetail{{"Transfer money", [][2]string{{"Amount", "49.00 EUR"}, {"To", "The Analytical Engine Company of London, Dorset Street"}}}}
	strange := sampleConsent()
	strange.App = ConsentApp{Name: "Totally Official Assistant", ID: "https://tool.example/client.json", Host: "127.0.0.1", SelfRegistered: true}
	strange.Life = 30 * day
	more := sampleConsent()
	more.Scopes[0].New, more.Scopes[1].New = false, false
	more.Offline = true
	other := sampleConsent()
	other.Form = wrong(problem.Conflict, "consent_other_account", "Another account is signed in here now. Check who decides, then answer once more.")
	other.Scopes[1].Off = true
	two := []Seat{{ID: "ses_01", Name: "Ada Lovelace", Email: "ada@example.test", Current: true}, {ID: "ses_02", Name: "", Email: "lovelace@analytical-engine.example"}}
	five := append(two[:2:2], Seat{ID: "ses_03", Name: "Augusta Ada King, Countess of Lovelace, of the house of Byron", Email: "countess.of.lovelace.and.analytical.engines@ockham-park.example"},
		Seat{ID: "ses_04", Name: "Ben", Email: "ben@example.test"}, Seat{ID: "ses_05", Name: "Cleo", Email: "cleo@example.test"})
	again := Again{Username: "ada@example.test", ReturnTo: "/oauth2/authorize?flow=made-up-flow"}
	againWrong := again
	againWrong.Others = true
	againWrong.Form = wrong(problem.Forbidden, "confirmation_wrong", "That is not your current password. Check it and try again.",
		field("password", "confirmation_wrong", "That is not your current password. Check it and try again."))
	return []Sample{
		signed("consent", sampleConsent()),
		signed("consent-full", full),
		signed("consent-self-registered", strange),
		signed("consent-more", more),
		signed("consent-other-account", other),
		signed("choose", Choose{List: two, ReturnTo: "/oauth2/authorize?flow=made-up-flow"}),
		public("choose-none-current", Choose{List: two[1:]}),
		signed("choose-full", Choose{List: five, Full: true}),
		signed("again", again),
		signed("again-wrong", againWrong),
		signed("logout-accounts", Logout{Sessions: 1, Others: []Seat{two[1]}}),
		public("logout-others-stay", LoggedOut{Others: true}),
		public("login-beside", Login{Beside: true, ReturnTo: "/account", Seats: 2}),
		public("recovered-return", Recovered{ReturnTo: "/oauth2/authorize?flow=made-up-flow"}),
		public("consent-short-life", func() Consent { c := sampleConsent(); c.Life = 8 * time.Hour; return c }()),
	}
}
