package testidp

// Fault is something that goes wrong on demand.
type Fault string

const (
	None            Fault = ""
	WrongAudience   Fault = "wrong_audience"   // the ID token is for somebody else
	WrongIssuer     Fault = "wrong_issuer"     // the answer says that it comes from somebody else
	OldKey          Fault = "old_key"          // signed with a key that is not published
	Expired         Fault = "expired"          // the ID token was good an hour ago
	Replayed        Fault = "replayed_nonce"   // the ID token belongs to another sign-in
	Unverified      Fault = "unverified_email" // the address was not checked
	NewSubject      Fault = "changed_subject"  // the same address, and another subject
	OtherUserInfo   Fault = "other_userinfo"   // UserInfo is about somebody else
	Slow            Fault = "slow"             // the token takes longer than anybody waits
	Down            Fault = "down"             // nothing but errors
	TemporarilyAway Fault = "temporarily_unavailable"
)

// Faults are all of them with what they do, for the page.
var Faults = []struct {
	Fault Fault
	Words string
}{
	{None, "nothing"},
	{WrongAudience, "the ID token is for somebody else"},
	{WrongIssuer, "the answer names another issuer"},
	{OldKey, "signed with a key that is not published"},
	{Expired, "the ID token is over"},
	{Replayed, "the ID token belongs to another sign-in"},
	{Unverified, "the e-mail address was not checked"},
	{NewSubject, "the same address, and another subject"},
	{OtherUserInfo, "UserInfo is about somebody else"},
	{Slow, "the answer takes too long"},
	{Down, "the token endpoint is down"},
	{TemporarilyAway, "the provider says that it cannot right now"},
}

func parseFault(s string) (Fault, bool) {
	for _, one := range Faults {
		if string(one.Fault) == s {
			return one.Fault, true
		}
	}
	return None, false
}
