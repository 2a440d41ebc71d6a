package app

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/reclaim"
)

// TH-43: whoever begins a recovery cannot keep the owner's phone from being told by
// hanging up: where a claim runs, it was.
func TestHangingUpSilencesNoPhone(t *testing.T) {
	t.Parallel()
	r := newRig(t, withPhones).running(t)
	u := r.person(t, kimsMail)
	r.withPhone(t, inSession(r.signIn(t, kimsMail)))
	r.clock.Advance(time.Hour)
	link, _, _ := r.recovery(t, kimsMail, "198.51.100.8")
	for after := time.Duration(0); ; after += 20 * time.Microsecond {
		ctx, hangUp := context.WithCancel(t.Context())
		timer := time.AfterFunc(after, hangUp)
		_, _ = r.Rescue.Begin(ctx, from("198.51.100.8"), link, "en")
		timer.Stop()
		hangUp()
		_, err := r.Rescue.Running(t.Context(), u.ID)
		if errors.Is(err, reclaim.ErrNone) {
			continue // it was too early: nothing has begun
		}
		must(t, err)
		if !r.has(t, "recovery.phone_told", u.ID.String()) {
			t.Errorf("hung up after %s: a claim runs and no phone was told", after)
		}
		return
	}
}
