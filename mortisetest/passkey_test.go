package mortisetest_test

import (
	"testing"

	"github.com/mortise-auth/mortise/mortisetest"
)

// PW-69 PW-72 PW-25: a passkey signs in, is the proof for acts, is missed when it
// is copied, and when it was removed the answer is that of any unknown one.
func TestPasskey(t *testing.T) {
	t.Parallel()
	srv := mortisetest.NewServer(t)
	ada := srv.User(t, mortisetest.Password(""))
	key, second := srv.Passkey(t, ada), srv.Passkey(t, ada)
	copied := key.Clone()

	b := srv.Browser(t).Open(srv.Path("/login")).Passkey(key).At(srv.Path("/account"))
	srv.Browser(t).Open(srv.Path("/login")).Passkey(copied).At(srv.Path("/account"))
	srv.Audit(t).Want("passkey.counter_back", ada.ID)

	// An act is proven by it; the last one stays.
	b.Open(srv.Path("/account/passkeys")).See("may have been copied")
	b.Press("add-passkey-button").Passkey(second).See("Your browser asks you")

	b.Open(srv.Path("/account/passkeys")).Press("remove-" + key.ID).Passkey(second).At(srv.Path("/account/passkeys"))
	srv.Browser(t).Open(srv.Path("/login")).Passkey(key).Problem("passkey_wrong")
	b.Press("remove-" + second.ID).Passkey(second).Problem("passkey_last")
	srv.Audit(t).Want("passkey.removed", ada.ID)

	second.Verifies = false
	srv.Browser(t).Open(srv.Path("/login")).Passkey(second).Problem("passkey_wrong")
	stranger := srv.Passkey(t, srv.User(t))
	stranger.Origin = "https://evil.example"
	srv.Browser(t).Open(srv.Path("/login")).Passkey(stranger).Problem("passkey_wrong")
}

// PW-36 PW-52 PW-72: an account from the first page to the last with a passkey alone;
// a password is added and taken away by it.
func TestPasskeyOnlyJourney(t *testing.T) {
	t.Parallel()
	srv := mortisetest.NewServer(t)
	const kim, words = "kim@example.test", "seven oak pegs hold this frame"
	key := srv.Authenticator(t)

	b := srv.Browser(t)
	b.Open(srv.Path("/signup")).Fill("display-name", "Kim").Fill("email", kim).Press("passkey")
	b.Fill("code", srv.Inbox(t).Next(kim).Code).Submit().At(srv.Path("/verify")).See("One last step")
	key.Verifies = false
	b.CreatePasskey(key).Problem("passkey_refused")
	key = srv.Authenticator(t)
	b.CreatePasskey(key).See("your account is ready")
	b.Open(srv.Path("/login")).Passkey(key).At(srv.Path("/account"))
	srv.Browser(t).Open(srv.Path("/login")).Fill("identifier", kim).Fill("password", words).Submit().Problem("credentials_wrong")

	b.Open(srv.Path("/account/password")).See("You have no password yet").Fill("new-password", words).Passkey(key).See("Your password is changed")
	srv.Browser(t).Open(srv.Path("/login")).Fill("identifier", kim).Fill("password", words).Submit().At(srv.Path("/account"))
	b.Open(srv.Path("/account/password")).Press("remove-password-button").Passkey(key).See("The password was removed")
	srv.Browser(t).Open(srv.Path("/login")).Fill("identifier", kim).Fill("password", words).Submit().Problem("credentials_wrong")
	srv.Audit(t).Want("password.removed", "")

	// Without a browser that has passkeys, the link leads to a password.
	other := srv.Browser(t)
	other.Open(srv.Path("/signup")).Fill("display-name", "Lou").Fill("email", "lou@example.test").Press("passkey")
	other.Open(srv.Inbox(t).Next("lou@example.test").Link()).Fill("new-password", words).Submit().See("That worked")
	other.Open(srv.Path("/login")).Fill("identifier", "lou@example.test").Fill("password", words).Submit().At(srv.Path("/account"))
}
