package passkey

import (
	"testing"
	"time"
)

func TestLasting(t *testing.T) {
	t.Parallel()
	p := Passkey{Credential: []byte("credential"), Count: 7, Name: "Key", BackedUp: true, UsedAt: time.Unix(1, 0), SuspectAt: time.Unix(2, 0)}.lasting()
	if p.Count != 0 || p.Name != "" || p.BackedUp || !p.UsedAt.IsZero() || !p.SuspectAt.IsZero() {
		t.Errorf("%+v holds what changes", p)
	}
	if p.key != (publicKey{}) {
		t.Error("there is a key where none can be read")
	}
}
