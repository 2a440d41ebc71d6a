package page

import (
	"html/template"
	"time"

	"github.com/mortise-auth/mortise/internal/problem"
)

func securitySamples() []Sample {
	wrongCode := wrong(problem.Unprocessable, "second_factor_wrong", "That code is not right. Wait for the next one and type it again, or choose another way.",
		field("code", "second_factor_wrong", "That code is not right. Wait for the next one and type it again, or choose another way."))
	wrongFirst := wrong(problem.Unprocessable, "authenticator_code_wrong", "That code is not right. Check that your phone's clock is right, then type the code that the app shows now.",
		field("code", "authenticator_code_wrong", "That code is not right. Check that your phone's clock is right, then type the code that the app shows now."))
	apps := []Authenticator{
		{ID: "otp_01", Name: "Phone", Added: sampleNow.Add(-90 * day), Used: sampleNow.Add(-2 * time.Hour)},
		{ID: "otp_02", Name: "<b>Tablet</b> of the analytical engine's keeper", Added: sampleNow.Add(-time.Hour)},
	}
	enrol := Enrol{
		Name: "Phone", Secret: "JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP", Flow: "made-up-flow",
		QR: template.HTML(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path fill="#fff" d="M0 0h9v9H0z"/><path d="M4 4h1v1h-1z"/></svg>`),
	}
	enrolWrong := enrol
	enrolWrong.Form = wrongFirst
	codes := make([]string, 10)
	for i := range codes {
		codes[i] = "7K3M-9QWX-1ZB4-T8VD"
	}
	return []Sample{
		public("second", Second{Way: "otp", Ways: []string{"recovery"}, Flow: "made-up-flow"}),
		public("second-wrong", Second{Form: wrongCode, Way: "otp", Ways: []string{"recovery"}, Flow: "made-up-flow"}),
		public("second-recovery", Second{Way: "recovery", Ways: []string{"otp"}, Flow: "made-up-flow"}),
		public("second-sms", Second{Way: "sms", Ways: []string{"recovery"}, Flow: "made-up-flow"}),
		public("second-recovery-sms", Second{Way: "recovery", Ways: []string{"sms"}, Flow: "made-up-flow"}),
		public("second-sms-sent", Second{Way: "sms", Ways: []string{"recovery"}, Sent: "+49 … 567", Flow: "made-up-flow"}),
		public("second-called", Second{Way: "sms", Ways: []string{"recovery"}, Sent: "+49 … 567", Calls: true, Called: true, Flow: "made-up-flow"}),
		signed("security-phones", Security{Codes: 10, CodesAt: sampleNow, AddPhone: true, Calls: true, Phones: []Telephone{{ID: "phn_01", Number: "+49 … 567", Added: sampleNow.Add(-day)}}}),
		signed("security-phone-unused", Security{Apps: apps[:1], Codes: 9, CodesAt: sampleNow, Strong: true, Phones: []Telephone{{ID: "phn_01", Number: "+1 … 100", Added: sampleNow.Add(-day), Used: sampleNow.Add(-time.Hour)}}}),
		signed("enrol-phone", EnrolPhone{Number: "+49 … 567", Flow: "made-up-flow"}),
		signed("enrol-phone-called", EnrolPhone{Number: "+49 … 567", Called: true, Flow: "made-up-flow"}),
		signed("again-phone", Again{Username: "ada@example.test", Code: true, Phone: true, Calls: true, Sent: "+49 … 567"}),
		signed("confirm-phone", Confirm{Username: "ada@example.test", Act: ActNewCodes, Flow: "made-up-flow", Back: "/account/security", Code: true, Phone: true, Calls: true, Called: true, Sent: "+49 … 567"}),
		public("second-remember", Second{Way: "otp", Ways: []string{"recovery"}, Flow: "made-up-flow", Remember: sampleNow.Add(30 * day)}),
		public("second-passkey-only", Second{Passkey: true, Flow: "made-up-flow"}),
		public("enrol-choice", EnrolChoice{Passkey: true, Flow: "made-up-flow"}),
		public("enrol-choice-app", EnrolChoice{Flow: "made-up-flow"}),
		public("enrol-app", EnrolApp{Secret: enrol.Secret, QR: enrol.QR, Flow: "made-up-flow", Enrolment: "made-up-offer", Remember: sampleNow.Add(30 * day)}),
		public("enrol-app-wrong", EnrolApp{Form: wrongFirst, Secret: enrol.Secret, QR: enrol.QR, Flow: "made-up-flow", Enrolment: "made-up-offer"}),
		public("enrol-key", EnrolKey{Options: "{}", Flow: "made-up-flow"}),
		public("first-codes", FirstCodes{List: codes, Flow: "made-up-flow", ReturnTo: "/oauth2/authorize?flow=made-up"}),
		signed("enrol-soon", EnrolSoon{Due: sampleNow.Add(14 * day), ReturnTo: "/oauth2/authorize?flow=made-up"}),
		signed("security-devices", Security{Apps: apps[:1], Codes: 8, CodesAt: sampleNow.Add(-90 * day), Strong: true, Devices: []Remembered{
			{ID: "tru_01", Browser: "Firefox on Linux", Place: "Lyon, France", Since: sampleNow.Add(-3 * day), Until: sampleNow.Add(27 * day)},
			{ID: "tru_02", Browser: "<b>Safari</b> on macOS", Since: sampleNow.Add(-day), Until: sampleNow.Add(29 * day)},
		}}),
		signed("security-none", Security{AddPhone: true}),
		signed("security-passkey", Security{Passkeys: 1}),
		public("second-passkey", Second{Way: "otp", Ways: []string{"recovery"}, Passkey: true, Flow: "made-up-flow"}),
		public("second-passkey-first", Second{Way: "otp", Ways: []string{"recovery"}, Passkey: true, Quick: true, Flow: "made-up-flow"}),
		signed("security", Security{Apps: apps, Passkeys: 2, Codes: 8, CodesAt: sampleNow.Add(-90 * day), Strong: true}),
		signed("security-weak", Security{Apps: apps[:1], Codes: 1, CodesAt: sampleNow.Add(-90 * day)}),
		signed("enrol", enrol),
		signed("enrol-wrong", enrolWrong),
		signed("codes", Codes{List: codes, Flow: "made-up-flow"}),
		signed("again-code", Again{Username: "ada@example.test", Code: true}),
	}
}
