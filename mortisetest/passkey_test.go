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
