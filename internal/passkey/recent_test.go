package passkey

import (
	"encoding/binary"
	"testing"
	"time"
)

func TestRecentIsBounded(t *testing.T) {
	t.Parallel()
	r := &recent{}
	numbered := func(n int) lasting {
		return Passkey{Credential: binary.BigEndian.AppendUint32(nil, uint32(n)), Count: 7, Name: "Key", UsedAt: time.Unix(1, 0)}.lasting()
	}
	first := numbered(0)
	r.put(first)
	for n := range 3 * recentHalf {
		r.put(numbered(n + 1))
		if _, ok := r.get(first.Credential); !ok {
			t.Fatalf("what is in use was forgotten after %d others", n)
		}
	}
	if n := len(r.young) + len(r.old); n > 2*recentHalf {
		t.Errorf("%d are kept", n)
	}
	if _, ok := r.get(numbered(1).Credential); ok {
		t.Error("one that nobody used is kept")
	}
	if first.Count != 0 || first.Name != "" || !first.UsedAt.IsZero() {
		t.Errorf("%+v holds what changes", first)
	}
	r.forget(first.Credential)
	if _, ok := r.get(first.Credential); ok {
		t.Error("not forgotten")
	}
}
