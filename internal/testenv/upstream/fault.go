package upstream

// Fault is something that goes wrong, or that somebody makes go wrong.
type Fault string

// Faults of ID tokens.
const (
	WrongAudience   Fault = "wrong audience"    // made for another client
	SecondAudience  Fault = "second audience"   // made for us and another
	WrongParty      Fault = "wrong azp"         // somebody else is to use it
	WrongIssuer     Fault = "wrong issuer"      // says that somebody else made it
	Unsigned        Fault = "alg none"          // not signed
	PublicSecret    Fault = "HS256, public key" // signed with the public key as a secret
	OldKey          Fault = "old key"           // signed with a key that is no longer published, under its kid
	OldKeyRenamed   Fault = "old key, renamed"  // the same, under the kid of the new one
	Expired         Fault = "expired"
	NotYet          Fault = "not yet"
	FromTheFuture   Fault = "from the future"
	NoExpiry        Fault = "no exp"
	OtherNonce      Fault = "other nonce" // of another attempt
	NoNonce         Fault = "no nonce"
	OtherHash       Fault = "other at_hash"
	NoAuthTime      Fault = "no auth_time"
	OldAuthTime     Fault = "old auth_time"
	NoSubject       Fault = "no sub"
	LongSubject     Fault = "long sub"
	Twice           Fault = "sub twice"
	AccessToken     Fault = "an access token" // of the kind at+jwt instead of an ID token
	ForeignKey      Fault = "key in header"   // brings its own key
	CriticalHeader  Fault = "crit"
	HugeToken       Fault = "huge"
	NoIDToken       Fault = "no ID token"
	OtherPersonInfo Fault = "UserInfo of another"
)

// Faults of everything else.
const (
	Deny          Fault = "denied"            // the person says no
	Broken        Fault = "server_error"      // answered to the browser
	NoIssuer      Fault = "no iss"            // of RFC 9207, although announced
	OtherIssuer   Fault = "other iss"         // of RFC 9207
	Down          Fault = "down"              // 503 to everything
	Nonsense      Fault = "nonsense"          // HTML to everything
	Redirects     Fault = "redirects"         // to another host
	Huge          Fault = "huge answers"      //
	OtherDocument Fault = "other discovery"   // of another issuer
	PlainEndpoint Fault = "http endpoint"     // in the discovery document
	NoKeys        Fault = "no keys"           // the key set does not answer
	Unverified    Fault = "unverified e-mail" //
	RefuseSecret  Fault = "secret refused"
)

// Break switches faults on.
func (s *Service) Break(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range faults {
		s.faults[f] = true
	}
}

// Mend switches all faults off.
func (s *Service) Mend() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.faults)
}
