package inspect

import "time"

// Kind says what a text is.
type Kind string

const (
	AccessJWT    Kind = "access_token"        // RFC 9068
	AccessOpaque Kind = "opaque_access_token" // mrt_at_…
	Refresh      Kind = "refresh_token"       // mrt_rt_…
	Unknown      Kind = "unknown"             // none of ours
)

// Finding says why a token is not good.
type Finding string

const (
	Malformed      Finding = "malformed"
	NotOurs        Finding = "not_ours"        // another issuer, or a key we never had
	BadSignature   Finding = "signature"       // a key of ours is named, and did not sign it
	Expired        Finding = "expired"         //
	NotYet         Finding = "not_yet_valid"   //
	KeyGone        Finding = "key_gone"        // the key was retired or replaced
	TokenRevoked   Finding = "token_revoked"   // this one by itself
	GrantGone      Finding = "grant_gone"      // unknown, or swept after it ended
	GrantEnded     Finding = "grant_ended"     // GrantCause says why
	SessionEnded   Finding = "session_ended"   // SessionCause says why
	AccountGone    Finding = "account_gone"    //
	AccountState   Finding = "account_state"   // suspended, or about to be deleted
	AccountChanged Finding = "account_changed" // password, factor or role, since it was minted
	ClientGone     Finding = "client_gone"     //
	ClientDisabled Finding = "client_disabled" //
	ClientChanged  Finding = "client_changed"  // its secrets were replaced as compromised
	Replaced       Finding = "replaced"        // a newer refresh token was handed out
	NotLiving      Finding = "not_living"      // an opaque token that is expired, revoked or made up
)

// Report is what is known of one token. Empty members are unknown or do not apply.
type Report struct {
	Kind     Kind
	Valid    bool      // Findings is empty
	Findings []Finding // worst first

	Subject   string // usr_…
	Email     string // primary address of the account
	ClientID  string
	Audience  []string
	Scope     string
	ID        string // jti
	IssuedAt  time.Time
	ExpiresAt time.Time

	Key      string // kid
	KeyState string // next, current, retiring, gone

	Grant        string // grt_…
	GrantedAt    time.Time
	GrantEndedAt time.Time
	GrantCause   string
	Generation   int64 // of a refresh token

	Session        string // ses_…
	Device         string // user agent of the session, as it said
	SessionEndedAt time.Time
	SessionCause   string

	Sender string // bound to: none, client, jkt or x5t
}

func (r *Report) find(f Finding) { r.Findings = append(r.Findings, f) }
