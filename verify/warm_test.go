package verify

import (
	"fmt"
	"runtime"
	"slices"
	"testing"

	"github.com/mortise-auth/mortise/internal/bearer"
	"github.com/mortise-auth/mortise/internal/jwt"
)

// What tokens are remembered in is bounded in bytes, identities included, be they
// small or large. TH-20
func TestMemoryOfTokens(t *testing.T) {
	const room = 4 << 20
	o := newOrigin(t, testIssuer)
	v := o.start()
	for name, change := range map[string]func(*jwt.Access){
		"small": func(a *jwt.Access) { a.Org, a.Roles, a.AMR, a.Scope = nil, nil, nil, "" },
		"usual": func(*jwt.Access) {},
		"large": func(a *jwt.Access) {
			for i := range 60 {
				a.Roles, a.Scope = append(a.Roles, fmt.Sprint("role-", i)), a.Scope+fmt.Sprint(" scope:", i)
			}
			a.Org = slices.Repeat([]jwt.Org{{ID: "org_1", Slug: "x", Roles: []string{"owner", "admin"}}}, 10)
		},
	} {
		c, err := bearer.New(bearer.Options{
			Issuer: v.issuer, Audiences: []string{v.audience}, Keys: v.tokens, Live: v.live, Now: v.now, Cache: room,
		})
		if err != nil {
			t.Fatal(err)
		}
		before := heap()
		for i := range 2500 {
			k, err := c.Check(o.mint(func(a *jwt.Access) { change(a); a.ID = fmt.Sprint("tok_", i) }))
			if err != nil {
				t.Fatal(err)
			}
			k.Derived(derive)
		}
		if used := heap() - before; used > room+room/8 || used < room/2 {
			t.Errorf("%s tokens: %d bytes, of %d", name, used, room)
		}
		runtime.KeepAlive(c)
	}
}

func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // what pools held
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// A warm request costs no allocation, be the token checked by the live set or not.
func TestAuthenticateAllocations(t *testing.T) {
	o := newOrigin(t, testIssuer)
	v, r := o.start(), request(o.mint(nil))
	n := testing.AllocsPerRun(100, func() {
		if _, err := v.Authenticate(t.Context(), r); err != nil {
			t.Error(err)
		}
	})
	if n > 0 {
		t.Errorf("%.0f allocations", n)
	}
}

func BenchmarkAuthenticateSeen(b *testing.B) {
	o := newOrigin(b, testIssuer)
	v := o.start()
	r := request(o.mint(nil))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.Authenticate(b.Context(), r); err != nil {
			b.Fatal(err)
		}
	}
}
