package page

import (
	"time"

	"github.com/mortise-auth/mortise/internal/problem"
)

var (
	badLogin     = wrong(problem.Unauthenticated, "credentials_wrong", "That e-mail address and password do not match. Check both, or reset your password.")
	weakPassword = wrong(problem.Unprocessable, "invalid_input", "Some fields need another look. What is wrong stands beside each.",
		field("email", "bad_email", "That does not look like an e-mail address. It should have the form name@example.org."),
		field("new-password", "password_common", "That password is one of those most often used, so it is among the first to be guessed. Choose another."))
	badCode = wrong(problem.Unprocessable, "wrong_code", "That code is not right. Check the newest mail and type its digits again.",
		field("code", "wrong_code", "That code is not right. Check the newest mail and type its digits again."))
)

func signinSamples() []Sample {
	people := []DevPerson{{"ada", "Ada", "Administrator"}, {"ben", "Ben", "Member of Acme"}, {"cleo", "Cleo", "Address not confirmed"}}
	devLogin := func(name string, d DevEntry) Sample {
		d.People = people
		return Sample{Name: name, Dev: true, View: Login{Passkeys: true, Signup: true, Dev: &d}}
	}
	asks := []Sample{
		public("login", Login{Signup: true}),
		public("login-return", Login{ReturnTo: "/account/sessions"}),
		public("login-wrong", Login{Form: badLogin, Identifier: "ada@example.test", Signup: true}),
		public("login-passkey-gone", Login{Form: badLogin, Passkeys: true, Forgotten: `{"rpId":"id.example.test","credentialId":"AQID"}`}),
		public("login-limited", Login{Form: limited(28 * time.Second), Identifier: "ada@example.test", Signup: true}),
		public("login-limited-long", Login{Form: limited(12 * time.Minute), Identifier: "ada@example.test"}),
		public("login-organization", Login{Signup: true, Passkeys: true, Homes: true, ReturnTo: "/account/sessions"}),
		public("login-mail", Login{Signup: true, Passkeys: true, Mail: true, ReturnTo: "/account/sessions"}),
		devLogin("login-dev", DevEntry{}),
		devLogin("login-dev-wrong", DevEntry{Failed: true}),
		devLogin("login-dev-proved", DevEntry{Proved: true}),
		public("signup", Signup{MinLength: 15}),
		public("signup-wrong", Signup{Form: weakPassword, DisplayName: "Ada Lovelace", Email: "ada@example", MinLength: 15, ReturnTo: "/account"}),
		public("logout-nobody", LoggedOut{}),
		public("logout-everywhere-done", LoggedOut{Everywhere: true}),
		signed("end-session", EndSession{App: "Demo web app", Fields: []Field{{"client_id", "web"}, {"state", `"><b>`}}}),
		signed("end-session-unnamed", EndSession{}),
		public("signed-off", SignedOff{App: "Demo web app", To: "https://app.example.test/bye?state=1"}),
		public("signed-off-native", SignedOff{To: "test.example.app:/bye", Frames: []string{"https://one.example.test/out?iss=x&sid=y"}}),
		public("signed-off-here", SignedOff{Frames: []string{"https://one.example.test/out", "https://one.example.test/b", "https://two.example.test:8443/out"}}),
		signed("logout", Logout{Sessions: 1}),
		signed("logout-many", Logout{Sessions: 5, ReturnTo: "/account"}),
	}
	for _, n := range Notices {
		s := public("notice-"+string(n), Login{})
		s.Frame.Flash = Flash{Notice: n, Value: "ada@lovelace.example"}
		asks = append(asks, s)
	}
	return asks
}

func recoverySamples() []Sample {
	codes := []CodePurpose{CodeSignup, CodeRecover, CodeAddress, CodeLogin, CodeMail}
	var all []Sample
	for _, c := range codes {
		all = append(all, public("code-"+string(c), Code{Purpose: c, Email: "ada@example.test"}))
	}
	magic := Magic{Email: "ada@example.test", Asked: ago(2 * time.Minute), From: "Firefox on macOS, Berlin, DE"}
	own := magic
	own.Token, magic.Code = "made-up-token", "40718263"
	verify := Verify{Purpose: VerifySignup, Email: "ada@example.test", Name: "Ada Lovelace", Asked: ago(4 * time.Minute), From: "Firefox on macOS, Berlin", Token: "made-up-token"}
	elsewhere := verify
	elsewhere.Choose, elsewhere.MinLength = true, 15
	return append(all,
		public("code-wrong", Code{Form: badCode, Purpose: CodeSignup, Email: "ada@example.test", Flow: "made-up-flow"}),
		public("magic", own),
		public("magic-elsewhere", magic),
		public("dead-login", DeadLink{Kind: LinkLogin, Code: "link_expired"}),
		public("verify-signup", verify),
		public("verify-signup-elsewhere", elsewhere),
		public("verify-address", Verify{Purpose: VerifyAddress, Email: "ada@lovelace.example", Token: "made-up-token"}),
		public("verified-signup", Verified{Purpose: VerifySignup, Email: "ada@example.test"}),
		public("verified-return", Verified{Purpose: VerifySignup, Email: "ada@example.test", ReturnTo: "/account/profile"}),
		signed("verified-address", Verified{Purpose: VerifyAddress, Email: "ada@lovelace.example"}),
		public("recover", Recover{}),
		public("recover-limited", Recover{Form: limited(3 * time.Hour), Identifier: "ada@example.test"}),
		public("recover-password", RecoverPassword{Username: "ada@example.test", Token: "made-up-token", Sessions: sampleSessions()[1:3], MinLength: 15}),
		public("recover-password-wrong", RecoverPassword{Form: wrong(problem.Unprocessable, "invalid_input", "Some fields need another look. What is wrong stands beside each.",
			field("new-password", "password_too_short", "That password is too short: at least 15 characters are needed. A few unrelated words make a good one.")), Username: "ada@example.test", MinLength: 15}),
		public("recovered", Recovered{Ended: 2}),
		public("dead-verify", DeadLink{Kind: LinkVerify, Code: "link_expired", RequestID: "req_01jd4n3e5f"}),
		public("dead-recover", DeadLink{Kind: LinkRecover, Code: "link_expired"}),
		public("dead-undo", DeadLink{Kind: LinkUndo, Code: "link_expired"}),
		public("undo-email", UndoEmail{Old: "ada@example.test", New: "eve@example.test", At: ago(30 * time.Hour), Token: "made-up-token"}),
		public("undone-email", UndoneEmail{Email: "ada@example.test"}),
		public("keep-account", KeepAccount{Email: "ada@example.test", Due: ago(-9 * day), Token: "made-up-token"}),
		public("kept-account", KeptAccount{}),
		public("keep-account-unnamed", KeepAccount{Due: ago(-9 * day), Token: "made-up-token"}),
	)
}
