package page

import "github.com/mortise-auth/mortise/internal/problem"

func authorizeSamples() []Sample {
	over := &problem.Error{Kind: problem.Gone, Code: "authorization_over", Public: "This sign-in window has closed: it was used already, or it took too long. Go back to the app and start again."}
	mismatch := &problem.Error{Kind: problem.Invalid, Code: "redirect_uri_mismatch", Public: "The app asked to be called back at an address that is not registered for it, so you were not sent there. Whoever runs the app must register exactly the redirect_uri it sends."}
	registered, sent := Compare("https://app.example.test/callback", "https://app.example.test/Callback")
	missing := &problem.Error{Kind: problem.Invalid, Code: "redirect_uri_missing", Public: "The app did not say where to call it back. Whoever runs it must send the redirect_uri."}
	return []Sample{
		public("fault-from-app", Fault{Err: missing, RequestID: "req_01jd4n3e5f", FromApp: true}),
		public("respond", Respond{To: "https://app.example.test/cb", Host: "app.example.test", Params: [][2]string{{"code", "sample"}, {"state", `"><script>`}}}),
		public("onward-service", Onward{To: "https://login.acme.example/authorize?x=1", Service: "Acme AG"}),
		public("onward", Onward{To: "https://app.example.test/cb?code=sample", Host: "app.example.test"}),
		public("away", Away{To: "https://app.example.test/cb?error=invalid_request", Host: "app.example.test"}),
		public("closed", Closed{Err: over, RequestID: "req_01jd4n3e5f", App: "Demo web app", Back: "https://app.example.test/"}),
		public("closed-unknown", Closed{Err: over, RequestID: "req_01jd4n3e5f"}),
		public("mismatch", Mismatch{Err: mismatch, RequestID: "req_01jd4n3e5f", Why: "4KD-9TX"}),
		public("mismatch-compared", Mismatch{Err: mismatch, RequestID: "req_01jd4n3e5f", Registered: registered, Sent: sent}),
	}
}
