package page

import "github.com/mortise-auth/mortise/internal/problem"

func sampleServices() []Service {
	return []Service{{Name: "acme", Label: "Acme AG"}, {Name: "github", Label: "GitHub", Last: true}}
}

func federationSamples() []Sample {
	services := sampleServices()
	list := []Connection{
		{ID: "lnk_1", Label: "GitHub", Email: "ada@users.example", Added: ago(40 * day), Used: ago(2 * day)},
		{ID: "lnk_2", Label: "Acme AG", Added: ago(3 * day), Off: true},
	}
	var samples []Sample
	for _, a := range Acts {
		samples = append(samples, signed("confirm-other-"+string(a), Confirm{Username: "ada@example.test", Act: a, Object: "ada@lovelace.example", Flow: "flow", Back: "/account", NoPassword: true, Services: services[:1]}))
	}
	return append(samples,
		public("login-services", Login{Signup: true, Services: services, ReturnTo: "/account/sessions"}),
		public("login-refused", Login{Form: wrong(problem.Forbidden, "federation_refused", "The other service did not sign you in. Nothing was changed; try again, or sign in another way."), Services: services}),
		public("signup-services", Signup{MinLength: 15, Services: services}),
		signed("again-services", Again{Username: "ada@example.test", Services: services}),
		signed("again-services-only", Again{Username: "ada@example.test", NoPassword: true, Services: services[:1]}),
		signed("again-service-done", Again{Username: "ada@example.test", NoPassword: true, Code: true, Federated: "sealed", Service: "GitHub"}),
		signed("confirm-link-proof", Confirm{Username: "ada@example.test", Act: ActLink, Object: "GitHub (ada@users.example)", Flow: "flow", Back: "/account/connections"}),
		signed("confirm-link-signed-in", Confirm{Username: "ada@example.test", Act: ActLink, Object: "GitHub (ada@users.example)", Flow: "flow", Back: "/account/connections", Proven: true}),
		signed("confirm-unlink-service", Confirm{Username: "ada@example.test", Act: ActUnlink, Object: "GitHub", Flow: "flow", Back: "/account/connections", NoPassword: true, Services: services[:1]}),
		signed("confirm-unlink-done", Confirm{Username: "ada@example.test", Act: ActUnlink, Object: "GitHub", Flow: "flow", Back: "/account/connections", NoPassword: true, Federated: "sealed", Service: "Acme AG"}),
		signed("connections", Connections{List: list, Offers: services[:1]}),
		signed("connections-none", Connections{Offers: services}),
		signed("connections-last", Connections{Form: wrong(problem.Conflict, "last_way_in", "This is the only way into your account. Add a passkey or a password first."), List: list[:1]}),
		signed("profile-owned", Profile{DisplayName: "Ada Lovelace", Language: "de", TimeZones: []string{"Europe/Berlin"}, Owned: map[string]string{"name": "Acme AG", "locale": "Acme AG"}}),
		public("existing", Existing{Label: "GitHub", Email: "ada@example.test"}),
		public("service-down", ServiceDown{Label: "GitHub", Code: "federation_unavailable", Retry: "/federation/github/start", ReturnTo: "/account/sessions", Others: services[:1]}),
		public("service-down-alone", ServiceDown{Label: "GitHub", Code: "federation_unavailable", Retry: "/federation/github/start"}),
		public("trial", Trial{Label: "Acme AG", Email: "ada@acme.example", Counts: true, Subject: "248289761001", Lines: []TrialLine{{"name", "Ada Lovelace"}, {"groups", "engineers, staff"}, {"roles", "editor"}}}),
		public("trial-uncounted", Trial{Label: "Acme AG", Email: "ada@other.example", Subject: "248289761001"}),
		public("logged-out-service", LoggedOut{Service: Parting{Label: "Acme AG", To: "https://idp.example.test/logout?x=1"}}),
	)
}
