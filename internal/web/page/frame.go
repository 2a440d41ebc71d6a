package page

import "time"

// Theme is the person's choice of colours. The zero Theme follows the system.
type Theme string

const (
	ThemeSystem Theme = ""
	ThemeLight  Theme = "light"
	ThemeDark   Theme = "dark"
)

// ParseTheme reads a cookie or form value. Anything unknown is ThemeSystem.
func ParseTheme(s string) Theme {
	if t := Theme(s); t == ThemeLight || t == ThemeDark {
		return t
	}
	return ThemeSystem
}

// Person is who is signed in.
type Person struct{ Name, Email string }

// Frame is what surrounds a view: everything that does not depend on the page.
type Frame struct {
	Lang   string         // one of Languages; anything else is English
	Theme  Theme          //
	Person *Person        // nil: nobody is signed in
	CSRF   string         // hidden in every form as "csrf" unless empty
	Nonce  string         // on style sheet and script, for the policy of SE-40
	Asked  string         // the language that the app asked for by ui_locales, which this journey keeps; empty: none
	Path   string         // where the language and theme buttons come back to, below the base path; a safe path, chosen by the caller
	Flash  Flash          // said once, above the content
	Now    time.Time      // "5 minutes ago" is counted from here
	Zone   *time.Location // nil: UTC, and the script shows local times
}

// Notice names a sentence that confirms what was just done.
type Notice string

const (
	NoticeProfileSaved      Notice = "profile_saved"
	NoticePasswordChanged   Notice = "password_changed"
	NoticeAddressAdded      Notice = "address_added"
	NoticeAddressVerified   Notice = "address_verified"
	NoticeAddressRemoved    Notice = "address_removed"
	NoticePrimaryChanged    Notice = "primary_changed"
	NoticeMailSent          Notice = "mail_sent"
	NoticeSessionEnded      Notice = "session_ended"
	NoticeOthersEnded       Notice = "others_ended"
	NoticeAppEnded          Notice = "app_ended"
	NoticeConsentWithdrawn  Notice = "consent_withdrawn"
	NoticeAccountEnded      Notice = "account_ended"
	NoticeDeletionCancelled Notice = "deletion_cancelled"
	NoticeDeletionScheduled Notice = "deletion_scheduled"
	NoticeSecured           Notice = "secured"
	NoticeFactorAdded       Notice = "factor_added"
	NoticeFactorRemoved     Notice = "factor_removed"
	NoticeRecoveryStopped   Notice = "recovery_stopped"
	NoticeRecoveryDelayed   Notice = "recovery_delayed"
	NoticeFactorRenamed     Notice = "factor_renamed"
	NoticeDeviceForgotten   Notice = "device_forgotten"
	NoticeSecondNeeded      Notice = "second_needed"
	NoticeSignInAgain       Notice = "sign_in_again"
	NoticePasskeyAdded      Notice = "passkey_added"
	NoticePasskeyRenamed    Notice = "passkey_renamed"
	NoticePasskeyRemoved    Notice = "passkey_removed"
	NoticePasswordRemoved   Notice = "password_removed"
	NoticeLinked            Notice = "linked"
	NoticeUnlinked          Notice = "unlinked"
	NoticeServiceRefused    Notice = "service_refused"
	NoticeApproved          Notice = "approved"
	NoticeDenied            Notice = "denied"
	NoticeResetAsked        Notice = "reset_asked"
	NoticeResetDone         Notice = "reset_done"
	NoticeClaimEnded        Notice = "claim_ended"
	NoticeNotYet            Notice = "not_yet"
)

// Notices lists every Notice, so that a cookie can be checked against it.
var Notices = []Notice{
	NoticeProfileSaved, NoticePasswordChanged, NoticeAddressAdded, NoticeAddressVerified, NoticeAddressRemoved,
	NoticePrimaryChanged, NoticeMailSent, NoticeSessionEnded, NoticeOthersEnded, NoticeAppEnded, NoticeConsentWithdrawn, NoticeAccountEnded, NoticeDeletionCancelled,
	NoticeDeletionScheduled, NoticeSecured, NoticeSignInAgain,
	NoticeFactorAdded, NoticeSecondNeeded, NoticeFactorRemoved, NoticeFactorRenamed, NoticeDeviceForgotten, NoticeRecoveryStopped, NoticeRecoveryDelayed,
	NoticePasskeyAdded, NoticePasskeyRenamed, NoticePasskeyRemoved, NoticePasswordRemoved, NoticeLinked, NoticeUnlinked, NoticeServiceRefused,
	NoticeApproved, NoticeDenied, NoticeResetAsked, NoticeResetDone, NoticeClaimEnded, NoticeNotYet,
}

// Flash is a Notice with the one value its sentence may carry. The zero Flash
// says nothing.
type Flash struct {
	Notice Notice
	Value  string // an address, or a date in the form of time.DateOnly
}
