package authorize

import (
	"errors"
	"testing"

	"github.com/mortise-auth/mortise/internal/authreq"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/user"
)

// Not knowing what was agreed to is no agreement. OA-22
func TestNoCodeWhileConsentsAreUnknown(t *testing.T) {
	r := newRig(t)
	r.down = errors.New("the store does not answer")
	v := Visit{Browser: secret.New(authreq.BrowserPurpose).Reveal(), Who: r.signIn(user.NewID(r.now))}
	if s, err := r.Begin(t.Context(), wanting("rp", callback), v); !errors.Is(err, r.down) || len(r.codes) > 0 {
		t.Errorf("begin: %+v, %v, %d codes", s, err, len(r.codes))
	}
}
