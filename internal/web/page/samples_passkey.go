package page

func passkeySamples() []Sample {
	one := Passkey{ID: "psk_01", Name: "Apple Passwords", Synced: true, Created: ago(30 * day), Used: ago(day)}
	two := Passkey{ID: "psk_02", Name: "YubiKey 5 NFC", Suspect: true, Created: ago(3 * day)}
	return []Sample{
		signed("passkeys", Passkeys{List: []Passkey{one, two}}),
		signed("passkeys-one", Passkeys{List: []Passkey{one}}),
		signed("passkeys-none", Passkeys{}),
		signed("enrol_passkey", EnrolPasskey{Options: `{"challenge":"made-up"}`}),
	}
}
