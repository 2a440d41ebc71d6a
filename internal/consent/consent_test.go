package consent_test

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/mortise-auth/mortise/internal/consent"
)

// OA-22 OA-23: nothing that was not agreed to is covered, whatever the order.
func TestCovers(t *testing.T) {
	t.Parallel()
	name := rapid.SliceOf(rapid.SampledFrom([]string{"openid", "email", "posts:read", "posts:write"}))
	rapid.Check(t, func(t *rapid.T) {
		agreed, asked := name.Draw(t, "agreed"), name.Draw(t, "asked")
		want := true
		for _, one := range asked {
			want = want && slices.Contains(agreed, one)
		}
		c := consent.Consent{Client: "web"}
		for _, one := range agreed {
			c = c.With(consent.Consent{Scopes: []string{one}, Audiences: []string{one}, Details: []string{one}})
		}
		for kind, got := range map[string]bool{
			"scopes": c.Covers(asked, nil, nil), "audiences": c.Covers(nil, asked, nil), "details": c.Covers(nil, nil, asked),
		} {
			if got != want {
				t.Errorf("%s %v of %v: covered %v", kind, asked, agreed, got)
			}
		}
	})
	if (consent.Consent{}).Covers(nil, nil, nil) {
		t.Error("nobody agreed to anything")
	}
}

func TestWith(t *testing.T) {
	t.Parallel()
	first := consent.Consent{Client: "web", CreatedAt: time.Unix(1, 0), UpdatedAt: time.Unix(1, 0)}
	c := first
	for i := range consent.MaxDetails + 3 {
		c = c.With(consent.Consent{Details: []string{strconv.Itoa(i)}, UpdatedAt: time.Unix(2, 0)})
	}
	if len(c.Details) != consent.MaxDetails || c.Details[0] != "3" || !c.CreatedAt.Equal(first.CreatedAt) || !c.UpdatedAt.Equal(time.Unix(2, 0)) {
		t.Errorf("merged to %+v", c)
	}
	if a, b := consent.DigestOf([]byte(`{"type":"payment"}`)), consent.DigestOf([]byte(`{"type":"payments"}`)); a == b || len(a) != 43 {
		t.Errorf("digests %q %q", a, b)
	}
}
