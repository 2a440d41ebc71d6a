package page

func passkeySamples() []Sample {
	const options = `{"challenge":"made-up"}`
	one := Passkey{ID: "psk_01", Name: "Apple Passwords", Synced: true, BackedUp: true, Created: ago(30 * day), Used: ago(day)}
	two := Passkey{ID: "psk_02", Name: "YubiKey 5 NFC", Suspect: true, Created: ago(3 * day)}
	sole := one
	sole.BackedUp, sole.Sole = false, true
	return []Sample{
		signed("passkeys", Passkeys{List: []Passkey{one, two}}),
		signed("passkeys-one", Passkeys{List: []Passkey{one}}),
		signed("passkeys-sole", Passkeys{List: []Passkey{sole}}),
		signed("passkeys-none", Passkeys{}),
		public("signup-passkey", Signup{MinLength: 15, Passkeys: true}),
		public("verify-passkey", Verify{Purpose: VerifySignup, Email: "ada@example.test", Name: "Ada Lovelace", Token: "made-up-token", Choose: true, Keyless: true, MinLength: 15, Options: options}),
		public("verify-passkey-too", Verify{Purpose: VerifySignup, Email: "ada@example.test", Token: "made-up-token", Options: options}),
		public("verify-last", Verify{Purpose: VerifySignup, Email: "ada@example.test", Flow: "made-up-flow", Choose: true, Keyless: true, MinLength: 15, Options: options}),
		signed("password-and-passkey", Password{Username: ada.Email, Changed: ago(90 * day), MinLength: 15, Passkey: true}),
		signed("password-none-passkey", Password{Username: ada.Email, MinLength: 15, Passkey: true}),
		signed("confirm-passkey-only", Confirm{Username: ada.Email, Act: ActExport, Flow: "made-up-flow", Back: "/account/data", Passkey: true, NoPassword: true}),
		signed("again-passkey-only", Again{Username: ada.Email, Passkey: true, NoPassword: true}),
		signed("account-offer", Account{Health: Health{PasswordChanged: ago(0), Verified: 1, Sessions: 1}, Offer: true}),
		signed("account-sole", Account{Health: Health{Keyless: true, Sole: true, Verified: 1, Sessions: 1}}),
		signed("account-sole-beside", Account{Health: Health{PasswordChanged: ago(90 * day), Sole: true, Verified: 1, Sessions: 1}}),
		signed("enrol_passkey", EnrolPasskey{Options: options}),
	}
}
