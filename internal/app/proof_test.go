package app

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/keyring"
	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/internal/testenv/dpoptest"
	"github.com/mortise-auth/mortise/internal/testenv/pgstore"
	"github.com/mortise-auth/mortise/internal/token"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/storage/postgres"
)

// bound begins a grant of kim for a public client that proved a key, as a code's
// redemption does.
func (w *world) bound(t *testing.T, id string, key *dpoptest.Key, audiences ...string) token.Issued {
	t.Helper()
	c, err := w.Registry.Client(t.Context(), id)
	must(t, err)
	u, err := w.store.Users().ByID(t.Context(), w.kim.ID)
	must(t, err)
	i, err := w.Grants.Begin(t.Context(), token.Birth{
		User: u.ID, UserVersion: u.Version, Client: id, ClientVersion: c.Version, Audiences: audiences, Scope: "read write",
		Sender: token.Sender{Kind: token.DPoP, Key: key.JKT}, Wanted: token.Wanted{JKT: key.JKT}, Methods: []string{"pwd"}, ACR: "1",
		AuthTime: w.now(), Refresh: true, Idle: c.RefreshIdle, Life: c.RefreshLife,
	})
	must(t, err)
	return i
}

// prove is a refresh with proofs, each in a header of its own.
func (w *world) prove(t *testing.T, as, refresh string, proofs ...string) answer {
	t.Helper()
	a := formOf("/oauth2/token", as, "grant_type", "refresh_token", "refresh_token", refresh)
	if len(proofs) > 0 {
		a.head["DPoP"] = strings.Join(proofs, "\n")
	}
	return w.do(t, a)
}

const tokenURL = selfURI + "/oauth2/token"

func (w *world) proof(key *dpoptest.Key, nonce string) string {
	return key.Proof(w.now(), "POST", tokenURL, "", func(c map[string]any) { c["nonce"] = nonce })
}

// OA-80 OA-81 OA-83 OA-85 TH-8: a refresh token bound to a key needs a proof of that
// key with a nonce of ours, once; whatever else comes changes nothing.
func TestBoundRefresh(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, st store.Store) {
		w := newRigOn(t, st).world(t)
		key, other := dpoptest.New(t), dpoptest.New(t)
		first := w.bound(t, "phone", key, apiURI).Refresh.Reveal()
		got := w.prove(t, "phone", first, w.proof(key, "")).want(t, 400, "use_dpop_nonce")
		nonce := got.Header().Get("DPoP-Nonce")
		if nonce == "" {
			t.Fatalf("no nonce: %v", got.Header())
		}
		used := w.proof(key, nonce)
		w.prove(t, "phone", first, used, w.proof(key, nonce)).want(t, 400, "invalid_dpop_proof")
		w.prove(t, "phone", first, "x").want(t, 400, "invalid_dpop_proof")
		w.prove(t, "phone", first).want(t, 400, "invalid_grant")
		w.prove(t, "phone", first, w.proof(other, nonce)).want(t, 400, "invalid_grant")
		w.prove(t, "own", first, w.proof(key, nonce)).want(t, 400, "invalid_grant")
		w.prove(t, "phone", first, key.Proof(w.now(), "GET", tokenURL, "", nil)).want(t, 400, "invalid_dpop_proof")
		w.prove(t, "phone", first, key.Proof(w.now().Add(-2*time.Minute), "POST", tokenURL, "", nil)).want(t, 400, "invalid_dpop_proof")

		got = w.prove(t, "phone", first, used).want(t, 200, "")
		if got.text("token_type") != "DPoP" || got.Header().Get("DPoP-Nonce") != "" {
			t.Errorf("%v %s", got.Header(), got.Body)
		}
		w.prove(t, "phone", got.text("refresh_token"), used).want(t, 400, "invalid_dpop_proof")
		next := w.prove(t, "phone", got.text("refresh_token"), w.proof(key, nonce)).want(t, 200, "")
		w.prove(t, "phone", first, w.proof(key, nonce)).want(t, 400, "invalid_grant") // a stale ancestor is no theft
		w.clock.Advance(3 * time.Minute)
		last := w.prove(t, "phone", next.text("refresh_token"), w.proof(key, nonce)).want(t, 200, "")
		if n := last.Header().Get("DPoP-Nonce"); n == "" || n == nonce {
			t.Errorf("the nonce is not renewed: %q", n)
		}
		w.clock.Advance(3 * time.Minute)
		w.prove(t, "phone", last.text("refresh_token"), w.proof(key, nonce)).want(t, 400, "use_dpop_nonce")

		events, err := w.store.Audit().Search(t.Context(), audit.Query{Name: "dpop.replayed", Limit: 10})
		must(t, err)
		if len(events) != 1 || events[0].Client != "phone" {
			t.Errorf("%d events of replays", len(events))
		}
	})
}

// OA-81: fifty at once with one proof: one has tokens.
func TestOneProofOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := dpoptest.New(t)
	refresh := w.bound(t, "phone", key, apiURI).Refresh.Reveal()
	nonce := w.prove(t, "phone", refresh, w.proof(key, "")).Header().Get("DPoP-Nonce")
	one := w.proof(key, nonce)
	var good, bad atomic.Int64
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			switch got := w.prove(t, "phone", refresh, one); {
			case got.Code == 200:
				good.Add(1)
			case got.text("error") == "invalid_dpop_proof":
				bad.Add(1)
			}
		})
	}
	all.Wait()
	if good.Load() != 1 || bad.Load() != 49 {
		t.Errorf("%d good, %d refused", good.Load(), bad.Load())
	}
}

// OA-85: a client that proves who it is may change its key; its access tokens are
// bound to the one it shows. One registered for bound tokens must show one.
func TestBoundClients(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := dpoptest.New(t)
	refresh := w.grant(t, "web", token.Client, apiURI).Refresh.Reveal()
	nonce := w.prove(t, "web", refresh, w.proof(key, "")).want(t, 400, "use_dpop_nonce").Header().Get("DPoP-Nonce")
	got := w.prove(t, "web", refresh, w.proof(key, nonce)).want(t, 200, "")
	told := w.introspect(t, "api", got.text("access_token")).want(t, 200, "")
	cnf, _ := told.json["cnf"].(map[string]any)
	if told.json["active"] != true || told.text("token_type") != "DPoP" || cnf["jkt"] != key.JKT {
		t.Errorf("%s", told.Body)
	}
	got = w.prove(t, "web", got.text("refresh_token"), w.proof(dpoptest.New(t), nonce)).want(t, 200, "")

	c, err := w.Directory.Client(t.Context(), user.Host(), "web")
	must(t, err)
	c.DPoPBound = true
	_, err = w.Directory.UpdateClient(t.Context(), user.Host(), c)
	must(t, err)
	w.prove(t, "web", got.text("refresh_token")).want(t, 400, "invalid_dpop_proof")
	w.prove(t, "web", got.text("refresh_token"), w.proof(key, nonce)).want(t, 200, "")
}

// OA-51 OA-54 OA-82 OA-83 TH-20: our own API takes a bound token with its proof, of
// this request, made by its key, once, however often it saw the token.
func TestBoundTokenAtOurAPI(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := dpoptest.New(t)
	call := func(authorization string, proof ...string) answer {
		a := ask{"GET", "/api/v1/me", "", map[string]string{"Authorization": authorization}}
		if len(proof) > 0 {
			a.head["DPoP"] = proof[0]
		}
		return w.do(t, a)
	}
	for _, opaque := range []bool{false, true} {
		id := client.ID("own")
		if opaque {
			c, err := w.Directory.Client(t.Context(), user.Host(), id)
			must(t, err)
			c.TokenFormat = "opaque"
			_, err = w.Directory.UpdateClient(t.Context(), user.Host(), c)
			must(t, err)
		}
		access := w.bound(t, "own", key, selfURI).Access.Reveal()
		address := selfURI + "/api/v1/me"
		proof := func(key *dpoptest.Key, nonce string) string {
			return key.Proof(w.now(), "GET", address, access, func(c map[string]any) { c["nonce"] = nonce })
		}
		first := call("DPoP "+access, proof(key, "")).want(t, 401, "dpop_nonce_needed")
		nonce := first.Header().Get("DPoP-Nonce")
		if c := first.Header().Get("WWW-Authenticate"); nonce == "" || !strings.HasPrefix(c, "DPoP ") || !strings.HasSuffix(c, `algs="ES256 EdDSA PS256", error="use_dpop_nonce"`) ||
			!strings.Contains(c, `resource_metadata="https://id.example.org/.well-known/oauth-protected-resource"`) {
			t.Errorf("nonce %q, challenge %q", nonce, c)
		}
		good := proof(key, nonce)
		call("dpop "+access, good).want(t, 200, "")
		for range 2 {
			call("DPoP "+access, good).want(t, 401, "dpop_proof_refused")
			call("Bearer "+access, proof(key, nonce)).want(t, 401, "invalid_token")
			call("Bearer "+access).want(t, 401, "invalid_token")
			call("DPoP "+access).want(t, 401, "dpop_proof_refused")
			call("DPoP "+access, proof(dpoptest.New(t), nonce)).want(t, 401, "invalid_token")
			call("DPoP "+access, key.Proof(w.now(), "GET", address, "another", nil)).want(t, 401, "dpop_proof_refused")
			call("DPoP "+access, key.Proof(w.now(), "GET", selfURI+"/api/v1/session", access, nil)).want(t, 401, "dpop_proof_refused")
			call("DPoP "+access, proof(key, nonce)).want(t, 200, "")
		}
	}
}

// OA-54: the document tells MCP clients and others who hands out tokens, below a path
// too, and says of itself what was asked for.
func TestProtectedResource(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ url, resource, path string }{
		{"https://id.example.org", "", "/.well-known/oauth-protected-resource"},
		{"https://id.example.org/auth", "", "/.well-known/oauth-protected-resource/auth"},
		{"https://id.example.org/auth", "https://id.example.org/api", "/.well-known/oauth-protected-resource/api"},
	} {
		r := newRig(t, func(cfg *Config) { cfg.URL, cfg.Resource = c.url, c.resource })
		w := &world{rig: r, h: r.Handler()}
		if c.url != "https://id.example.org" {
			w.h = r.WellKnown()
		}
		got := w.do(t, ask{"GET", c.path, "", nil}).want(t, 200, "")
		want := c.resource
		if want == "" {
			want = c.url
		}
		issuers, _ := got.json["authorization_servers"].([]any)
		if got.text("resource") != want || len(issuers) != 1 || issuers[0] != c.url || got.Header().Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s: %v %s", c.path, got.Header(), got.Body)
		}
	}
}

// OA-81 OA-83 TH-27: on PostgreSQL a nonce of one process is good at the other, a proof
// used at one is used at both, and when what they remember is lost all nonces are void.
func TestProofsOfReplicas(t *testing.T) {
	t.Parallel()
	url, secretKey := pgstore.URL(t), keyring.NewMaster().Reveal()
	replica := func() *rig {
		st, err := postgres.Open(t.Context(), url, postgres.Options{})
		must(t, err)
		t.Cleanup(func() { _ = st.Close() })
		return newRigOn(t, st, func(cfg *Config) { cfg.SecretKey = secretKey })
	}
	a := replica().world(t)
	second := replica()
	b := &world{rig: second, h: second.Handler(), kim: a.kim}
	key := dpoptest.New(t)
	refresh := a.bound(t, "phone", key, apiURI).Refresh.Reveal()
	nonce := a.prove(t, "phone", refresh, a.proof(key, "")).want(t, 400, "use_dpop_nonce").Header().Get("DPoP-Nonce")
	used := b.proof(key, nonce)
	refresh = b.prove(t, "phone", refresh, used).want(t, 200, "").text("refresh_token")
	a.prove(t, "phone", refresh, used).want(t, 400, "invalid_dpop_proof")

	conn, err := pgx.Connect(t.Context(), url)
	must(t, err)
	defer conn.Close(t.Context())
	_, err = conn.Exec(t.Context(), "TRUNCATE dpop_epoch, dpop_proofs") // as a crash leaves them
	must(t, err)
	for _, w := range []*world{a, b, a} {
		w.prove(t, "phone", refresh, used).want(t, 400, "use_dpop_nonce")
	}
	nonce = a.prove(t, "phone", refresh, a.proof(key, "")).want(t, 400, "use_dpop_nonce").Header().Get("DPoP-Nonce")
	b.clock.Advance(time.Second)
	b.prove(t, "phone", refresh, b.proof(key, nonce)).want(t, 200, "")
}
