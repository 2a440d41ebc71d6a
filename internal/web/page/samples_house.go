package page

import (
	"time"

	"github.com/mortise-auth/mortise/internal/problem"
)

func houseSamples() []Sample {
	devMap := []MapLine{
		{"Sign in", "/login", "enter as Ada, Ben or Cleo"},
		{"Mailbox", "/dev/mail", "every message lands here"},
		{"API", "/docs/api", "the same, for programs"},
	}
	all := []Sample{
		public("landing", Landing{Signup: true}),
		{Name: "landing-dev", Dev: true, View: Landing{Signup: true, Map: devMap}},
		signed("landing-signed-in", Landing{}),
		public("setup-code", SetupCode{}),
		public("setup-code-wrong", SetupCode{Form: wrong(problem.Unprocessable, "setup_code_wrong", "That is not the setup code. It was printed where the server was started.",
			field("code", "setup_code_wrong", "That is not the setup code. It was printed where the server was started."))}),
		public("setup-person", SetupPerson{MinLength: 15}),
		public("setup-person-wrong", SetupPerson{Form: weakPassword, DisplayName: "Ada Lovelace", Email: "ada@example", MinLength: 15}),
		public("setup-person-passkeys", SetupPerson{MinLength: 15, Passkeys: true}),
		public("setup-key", SetupKey{DisplayName: "Ada Lovelace", Email: "ada@example.test", MinLength: 15, Options: `{"challenge":"made-up"}`}),
		public("setup-key-wrong", SetupKey{Form: wrong(problem.Unprocessable, "passkey_refused", "That passkey cannot be used here. Try again, or choose another one."), DisplayName: "Ada Lovelace", Email: "ada@example.test", MinLength: 15, Options: `{"challenge":"made-up"}`}),
		public("setup-closed", SetupClosed{RequestID: "req_01jd4n3e5f"}),
		public("setup-done", SetupDone{Email: "ada@example.test"}),
		public("setup-done-passkey", SetupDone{Email: "ada@example.test", Passkey: true}),
	}
	return append(append(all, faultSamples()...), mailSamples()...)
}

func faultSamples() []Sample {
	var all []Sample
	for k := problem.Internal; k <= problem.Unavailable; k++ {
		e := &problem.Error{Kind: k, Code: sampleCodes[k], Public: sampleSentences[k]}
		if k == problem.Limited || k == problem.Unavailable {
			e = e.After(45 * time.Second)
		}
		if k == problem.Unprocessable {
			e = e.WithFields(field("email", "bad_email", "That does not look like an e-mail address."))
		}
		f := Fault{Err: e, RequestID: "req_01jd4n3e5fezqrb2mcvkzx9p0h"}
		if k == problem.Forbidden {
			f.Why, f.Back = "4KD-9TX", "/account"
		}
		all = append(all, public("fault-"+e.Code, f))
	}
	return append(all, public("explain", Explain{Err: problem.ErrInternal}))
}

var sampleCodes = map[problem.Kind]string{
	problem.Internal: "internal", problem.Invalid: "bad_request", problem.Unauthenticated: "not_signed_in", problem.Forbidden: "not_admin",
	problem.NotFound: "not_found", problem.MethodNotAllowed: "method_not_allowed", problem.Conflict: "account_changed", problem.Gone: "flow_ended",
	problem.TooLarge: "too_large", problem.UnsupportedMediaType: "unsupported_media_type", problem.Misdirected: "misdirected",
	problem.Unprocessable: "invalid_input", problem.Limited: "rate_limited", problem.Unavailable: "store_unavailable",
}

var sampleSentences = map[problem.Kind]string{
	problem.Internal:             problem.ErrInternal.Public,
	problem.Invalid:              "We could not read this request. Check its form and try again.",
	problem.Unauthenticated:      "You are not signed in. Sign in and try again.",
	problem.Forbidden:            "Only administrators can do this. Ask one, or use the command line on the host.",
	problem.NotFound:             "There is nothing at this address. Check it, or start again from the first page.",
	problem.MethodNotAllowed:     "This address does not take that kind of request.",
	problem.Conflict:             "The account was changed in the meantime. Reload and try again.",
	problem.Gone:                 "This sign-in took too long or was finished already. Start again.",
	problem.TooLarge:             "That is more than we accept at once. Send less.",
	problem.UnsupportedMediaType: "This address wants another content type; see the documentation.",
	problem.Misdirected:          "This server does not answer under that name. Use the address it was set up with.",
	problem.Unprocessable:        "Some fields need another look. What is wrong stands beside each.",
	problem.Limited:              "Too many requests. Wait a little, then try again.",
	problem.Unavailable:          "We cannot reach our database right now. Nothing was changed; try again in a moment.",
}

func mailSamples() []Sample {
	mail := Mail{
		ID: "msg_02", To: "ada@example.test", Channel: "mail", Subject: "Welcome to Mortise: is this your address?", At: ago(2 * time.Minute), HTML: true, Code: "482 913",
		Links: []Link{"http://localhost:8080/verify?token=made-up-token"},
		Text:  "Hello Ada,\n\nopen this link to confirm your address:\nhttp://localhost:8080/verify?token=made-up-token\n\nor enter the code 482 913.\n",
	}
	dev := func(name string, v View) Sample { return Sample{Name: name, Dev: true, View: v} }
	return []Sample{
		dev("mailbox", Mailbox{Messages: []Mail{
			mail,
			{ID: "msg_01", To: "ben@example.test", Channel: "mail", Subject: "Your password was changed", At: ago(3 * time.Hour)},
		}}),
		dev("mailbox-empty", Mailbox{}),
		dev("letter", Letter{Mail: mail}),
		dev("letter-text", Letter{Mail: Mail{ID: "msg_01", To: "ben@example.test", Channel: "mail", Subject: "Your password was changed", At: ago(3 * time.Hour), Text: "Hello Ben,\n\nyour password was changed.\n"}}),
	}
}
