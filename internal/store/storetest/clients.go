package storetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/resource"
	"github.com/mortise-auth/mortise/internal/revocation"
	"github.com/mortise-auth/mortise/internal/store"
)

// OA-5 OA-6 OA-7 TH-3
var clients = []test{
	{"create, update, list, delete", clientLife},
	{"names are compared by their bytes", clientNames},
	{"absence", clientAbsence},
	{"what it may ask for exists", clientReferences},
	{"disabling raises the version, once", clientDisabled},
	{"two secrets while one is rotated", clientRotation},
	{"a compromise ends everything", clientCompromise},
	{"a public client has no secret", clientPublic},
	{"versions outlive the client", clientReborn},
	{"raise and revocation are one act", clientRollback},
	{"last use", clientUsed},
	{"races", clientRaces},
}

// client keeps a confidential client.
func (c *testcase) client(id client.ID) client.Client {
	c.Helper()
	v := c.clientOf(id)
	c.ok(c.Clients().Create(c.ctx, v, c.system()))
	c.heard()
	return v
}

func (c *testcase) clientOf(id client.ID) client.Client {
	return client.Client{
		ID: id, Name: "Web", Type: client.Web, Auth: client.AuthBasic, Profile: client.OAuth21, Grants: []string{client.GrantCode, client.GrantRefresh},
		Responses: []string{"code"}, Scopes: []string{"openid"}, RedirectURIs: []string{"https://b.example/cb", "https://a.example/cb?x=1"},
		PostLogoutURIs: []string{"https://a.example/"}, BackchannelLogout: "https://a.example/out", Origins: []string{"https://a.example"},
		IDTokenAlg: "RS256", FirstParty: true, TokenFormat: "opaque", TokenLifetime: 5 * time.Minute, RefreshIdle: time.Hour, RefreshLife: 48 * time.Hour,
		Metadata: client.Metadata{
			SubjectType: client.PairwiseSubject, JWKS: json.RawMessage(`{"keys":[]}`), Contacts: []string{"ada@example.org"},
			DefaultMaxAge: new(int), RequirePAR: true, RequestURIs: []string{"https://a.example/r?\u00fc=1#x"},
		},
		Secret: client.Secret{Digest: digest(), CreatedAt: c.now}, Version: 1, TokenVersion: 1, ManagedBy: "file", Revision: 1, CreatedAt: c.now, UpdatedAt: c.now,
	}
}

func (c *testcase) readClient(id client.ID) client.Client {
	c.Helper()
	v, err := c.Clients().ByID(c.ctx, id)
	c.ok(err)
	return v
}

func (c *testcase) clientDies(id client.ID, version int64) {
	c.Helper()
	c.same(c.heard(), []revocation.Entry{
		{Kind: revocation.Subject, Value: id.Subject(), Version: version, At: c.now}, // of its own tokens, and where it is an actor (TH-13)
		{Kind: revocation.Client, Value: id.Value(), Version: version, At: c.now},
	})
	c.same(c.since(0)[len(c.since(0))-1].Kind, revocation.Client)
}

func (c *testcase) clientRereads(id client.ID) {
	c.Helper()
	c.same(c.heard(), []revocation.Entry{{Kind: revocation.Refresh, Value: id.Value(), At: c.now}})
}

func clientLife(c *testcase) {
	v := c.client("web")
	c.same(c.readClient("web"), v)
	v.Name, v.Type, v.Auth, v.Grants, v.Responses = "App", client.Native, client.AuthPost, []string{client.GrantDevice}, nil
	v.Scopes, v.RedirectURIs, v.PostLogoutURIs, v.BackchannelLogout, v.Origins = []string{"email", "openid"}, nil, nil, "", nil
	v.IDTokenAlg, v.FirstParty, v.TokenFormat, v.TokenLifetime, v.RefreshIdle, v.RefreshLife = "EdDSA", false, "", 0, 2*time.Hour, 3*time.Hour
	v.ManagedBy, v.UpdatedAt, v.Metadata = "", c.later(time.Minute), client.Metadata{}
	c.ok(c.Clients().Update(c.ctx, v, c.system()))
	c.clientRereads("web")
	c.is(c.Clients().Update(c.ctx, v, c.system()), client.ErrStale)
	v.Revision++
	c.same(c.readClient("web"), v)
	other := c.client("api")
	all, err := c.Clients().List(c.ctx, "", 10)
	c.ok(err)
	c.same(all, []client.Client{other, v})
	rest, err := c.Clients().List(c.ctx, "api", 10)
	c.ok(err)
	c.same(rest, []client.Client{v})
	c.ok(c.Clients().Delete(c.ctx, "web", c.now, c.system()))
	c.clientDies("web", 2)
	_, err = c.Clients().ByID(c.ctx, "web")
	c.is(err, client.ErrUnknown)
}

// OA-6: no folding of case makes two names one.
func clientNames(c *testcase) {
	c.client("web")
	upper := c.client("WEB")
	c.is(c.Clients().Create(c.ctx, upper, c.system()), client.ErrTaken)
	all, err := c.Clients().List(c.ctx, "", 10)
	c.ok(err)
	c.same([]client.ID{all[0].ID, all[1].ID}, []client.ID{"WEB", "web"})
	_, err = c.Clients().ByID(c.ctx, "We\x00b\xff")
	c.is(err, client.ErrUnknown)
}

func clientAbsence(c *testcase) {
	ghost := c.clientOf("ghost")
	for _, err := range []error{
		c.Clients().Update(c.ctx, ghost, c.system()),
		c.Clients().SetDisabled(c.ctx, "ghost", true, c.now, c.system()),
		c.Clients().Rotate(c.ctx, "ghost", ghost.Secret, time.Time{}, false, c.now, c.system()),
		c.Clients().Delete(c.ctx, "ghost", c.now, c.system()),
	} {
		c.is(err, client.ErrUnknown)
	}
	c.ok(c.Clients().Used(c.ctx, map[client.ID]time.Time{"ghost": c.now}))
	c.same(len(c.heard()), 0)
}

func clientReferences(c *testcase) {
	v := c.clientOf("web")
	v.Scopes = []string{"posts:read"}
	c.is(c.Clients().Create(c.ctx, v, c.system()), resource.ErrScopeUnknown)
	c.scope("posts:read")
	v.Resources = []string{"https://api.example"}
	c.is(c.Clients().Create(c.ctx, v, c.system()), resource.ErrUnknown)
	c.resource("https://api.example")
	c.ok(c.Clients().Create(c.ctx, v, c.system()))
	c.is(c.Resources().DeleteScope(c.ctx, "posts:read", c.system()), resource.ErrScopeInUse)
	c.is(c.Resources().Delete(c.ctx, "https://api.example", c.now, c.system()), resource.ErrInUse)
	v.Scopes = []string{"openid", "posts:gone"}
	c.is(c.Clients().Update(c.ctx, v, c.system()), resource.ErrScopeUnknown)
	v.Scopes, v.Resources = nil, nil
	c.ok(c.Clients().Update(c.ctx, v, c.system()))
	c.ok(c.Resources().DeleteScope(c.ctx, "posts:read", c.system()))
	c.ok(c.Resources().Delete(c.ctx, "https://api.example", c.now, c.system()))
}

func (c *testcase) disable(id client.ID, disabled bool) {
	c.Helper()
	n := client.Enabled
	if disabled {
		n = client.Disabled
	}
	ev := c.system()
	ev.Name = n.String()
	c.ok(c.Clients().SetDisabled(c.ctx, id, disabled, c.now, ev))
}

// TH-3: what was minted before is below the version, whatever the clocks say.
func clientDisabled(c *testcase) {
	c.client("web")
	c.disable("web", true)
	c.clientDies("web", 2)
	c.disable("web", true)
	c.same(len(c.heard()), 0)
	got := c.readClient("web")
	c.same([]any{got.Disabled, got.Version, got.May(client.GrantCode)}, []any{true, int64(2), false})
	c.disable("web", false)
	c.clientRereads("web")
	got = c.readClient("web")
	c.same([]any{got.Disabled, got.Version}, []any{false, int64(2)})
}

// OA-7
func clientRotation(c *testcase) {
	v := c.client("web")
	opens := func(s client.Secret, at time.Time) bool { return c.readClient("web").Opens(s.Digest, at) }
	rotate := func(keep time.Duration) client.Secret {
		s := client.Secret{Digest: digest(), CreatedAt: c.now}
		c.ok(c.Clients().Rotate(c.ctx, "web", s, c.now.Add(keep), false, c.now, c.system()))
		c.clientRereads("web")
		return s
	}
	second := rotate(time.Hour)
	c.same([]bool{opens(v.Secret, c.now), opens(second, c.now)}, []bool{true, true})
	c.same([]bool{opens(v.Secret, c.now.Add(time.Hour)), opens(second, c.now.Add(time.Hour))}, []bool{false, true})
	third := rotate(time.Hour)
	c.same([]bool{opens(v.Secret, c.now), opens(second, c.now), opens(third, c.now)}, []bool{false, true, true})
	last := rotate(0)
	c.same([]bool{opens(second, c.now), opens(third, c.now), opens(last, c.now)}, []bool{false, false, true})
	c.same(c.readClient("web").Version, int64(1))
}

// OA-7 TH-3
func clientCompromise(c *testcase) {
	v := c.client("web")
	s := client.Secret{Digest: digest(), CreatedAt: c.now}
	c.ok(c.Clients().Rotate(c.ctx, "web", s, c.now.Add(time.Hour), true, c.now, c.system()))
	c.clientDies("web", 2)
	got := c.readClient("web")
	c.same([]bool{got.Opens(v.Secret.Digest, c.now), got.Opens(s.Digest, c.now)}, []bool{false, true})
	c.same(got.Version, int64(2))
}

func clientPublic(c *testcase) {
	v := c.client("spa")
	v.Auth = client.AuthNone
	c.ok(c.Clients().Update(c.ctx, v, c.system()))
	got := c.readClient("spa")
	c.same([]client.Secret{got.Secret, got.FormerSecret}, []client.Secret{{}, {}})
	c.same([]bool{got.Opens(v.Secret.Digest, c.now), got.Opens([32]byte{}, c.now)}, []bool{false, false})
	c.is(c.Clients().Rotate(c.ctx, "spa", v.Secret, time.Time{}, false, c.now, c.system()), client.ErrPublic)
}

// TH-3: a client that gets the name of another does not get its tokens.
func clientReborn(c *testcase) {
	for want := int64(1); want < 4; want++ {
		v := c.client("web")
		v.Version, v.TokenVersion = want, want
		c.same(c.readClient("web"), v)
		c.ok(c.Clients().Delete(c.ctx, "web", c.now, c.system()))
		c.clientDies("web", want+1)
	}
}

// TH-3: there is no version without its revocation, nor the other way round.
func clientRollback(c *testcase) {
	c.client("web")
	head, _, err := c.Revocations().Head(c.ctx)
	c.ok(err)
	stop := errors.New("stop")
	for _, act := range []func(client.Store) error{
		func(s client.Store) error { return s.SetDisabled(c.ctx, "web", true, c.now, c.system()) },
		func(s client.Store) error {
			return s.Rotate(c.ctx, "web", client.Secret{Digest: digest()}, time.Time{}, true, c.now, c.system())
		},
		func(s client.Store) error { return s.Delete(c.ctx, "web", c.now, c.system()) },
	} {
		c.is(c.InTx(c.ctx, func(tx store.Set) error {
			if err := act(tx.Clients()); err != nil {
				return err
			}
			return stop
		}), stop)
	}
	got := c.readClient("web")
	c.same([]any{got.Version, got.Disabled, len(c.heard()), len(c.since(head))}, []any{int64(1), false, 0, 0})
}

func clientUsed(c *testcase) {
	v := c.client("web")
	at := c.now.Add(time.Minute)
	c.ok(c.Clients().Used(c.ctx, map[client.ID]time.Time{"web": at, "ghost": at}))
	c.ok(c.Clients().Used(c.ctx, map[client.ID]time.Time{"web": c.now}))
	v.LastUsedAt = at
	c.same(c.readClient("web"), v)
	c.same(len(c.heard()), 0)
}

func clientRaces(c *testcase) {
	c.once(client.ErrTaken, func(int) error { return c.Clients().Create(c.ctx, c.clientOf("one"), c.system()) })
	v := c.readClient("one")
	c.once(client.ErrStale, func(int) error { return c.Clients().Update(c.ctx, v, c.system()) })
	c.heard()
	c.race(nil, func(int) error {
		return c.Clients().Rotate(c.ctx, "one", client.Secret{Digest: digest()}, time.Time{}, true, c.now, c.system())
	})
	c.same(c.readClient("one").Version, int64(1+callers))
	c.same(len(c.heard()), 2*callers) // of what it has for itself, and of the rest
	c.once(client.ErrUnknown, func(int) error { return c.Clients().Delete(c.ctx, "one", c.now, c.system()) })
	for i := range 10 {
		c.givenOrGone(fmt.Sprintf("posts:%d", i), client.ID(fmt.Sprintf("client%d", i)))
	}
}

// givenOrGone gives a scope to a client and deletes it at the same time.
func (c *testcase) givenOrGone(scope string, id client.ID) {
	c.scope(scope)
	v := c.clientOf(id)
	v.Scopes = []string{scope}
	var given, dropped error
	var wg sync.WaitGroup
	wg.Go(func() { given = c.Clients().Create(c.ctx, v, c.system()) })
	wg.Go(func() { dropped = c.Resources().DeleteScope(c.ctx, scope, c.system()) })
	wg.Wait()
	gaveFirst := given == nil && errors.Is(dropped, resource.ErrScopeInUse)
	dropFirst := dropped == nil && errors.Is(given, resource.ErrScopeUnknown)
	if !gaveFirst && !dropFirst {
		c.Fatalf("given: %v, dropped: %v", given, dropped)
	}
}
