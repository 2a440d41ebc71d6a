package registry

import (
	"fmt"
	"testing"
	"unsafe"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/mortise-auth/mortise/internal/client"
)

// What is shared is what was there, and equal lists are one.
func TestSharedSnapshots(t *testing.T) {
	p := newPool()
	lists := rapid.SliceOfN(rapid.SampledFrom([]string{"", "a", "b", "a\x00b", "openid"}), 0, 3)
	rapid.Check(t, func(t *rapid.T) {
		one := client.Client{
			ID: client.ID(rapid.String().Draw(t, "id")), Name: rapid.String().Draw(t, "name"), Auth: client.Auth(rapid.SampledFrom([]string{"", "none"}).Draw(t, "auth")),
			Grants: lists.Draw(t, "grants"), Scopes: lists.Draw(t, "scopes"), Metadata: client.Metadata{DetailTypes: lists.Draw(t, "types")},
		}
		kept := one
		p.share(&kept)
		if d := cmp.Diff(one, kept); d != "" {
			t.Fatal(d)
		}
		again := one
		again.Scopes = append([]string(nil), one.Scopes...)
		p.share(&again)
		if len(one.Scopes) > 0 && unsafe.SliceData(again.Scopes) != unsafe.SliceData(kept.Scopes) {
			t.Fatal("equal lists are two")
		}
	})
}

// A pool does not grow with what clients make up.
func TestPoolIsBounded(t *testing.T) {
	p := newPool()
	for i := range 5 * pooled {
		c := client.Client{Scopes: []string{fmt.Sprint("scope-", i)}}
		p.share(&c)
	}
	if len(p.words) > pooled || len(p.lists) > pooled {
		t.Errorf("%d words, %d lists", len(p.words), len(p.lists))
	}
}
