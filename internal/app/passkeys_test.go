package app

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mortise-auth/mortise/internal/account"
	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/factor"
	"github.com/mortise-auth/mortise/internal/keyring"
	"github.com/mortise-auth/mortise/internal/passkey"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/signin"
	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/internal/testenv/authenticator"
	"github.com/mortise-auth/mortise/internal/user"
)

// keyed gives who is signed in a passkey.
func (r *rig) keyed(t *testing.T, by user.Caller, proof account.Proof) (*authenticator.Authenticator, passkey.Passkey) {
	t.Helper()
	key := authenticator.New(r.Passkeys.Site().Origins[0])
	o, err := r.Account.OfferPasskey(t.Context(), by, proof)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := key.Create(o)
	if err != nil {
		t.Fatal(err)
	}
	k, err := r.Account.AddPasskey(t.Context(), by, answer, false, "en")
	if err != nil {
		t.Fatal(err)
	}
	return key, k
}

func (r *rig) asserted(t *testing.T, key *authenticator.Authenticator) *signin.Passkey {
	t.Helper()
	answer, err := key.Get(r.Passkeys.Request(passkey.SignIn, user.ID{}, "browser", nil))
	if err != nil {
		t.Fatal(err)
	}
	return &signin.Passkey{Purpose: passkey.SignIn, Bound: "browser", Credential: answer}
}

func (r *rig) confirmed(t *testing.T, by user.Caller, key *authenticator.Authenticator) []byte {
	t.Helper()
	o, has, err := r.Account.PasskeyProof(t.Context(), by)
	if err != nil || !has {
		t.Fatal(has, err)
	}
	answer, err := key.Get(o)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// PW-46 PW-47: a passkey takes the second step in the place of a code, only for its
// own account, and each answer once.
func TestPasskeyAsSecondStep(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	u, p := r.enrolled(t, "kim@example.org")
	r.person(t, "eve@example.org")
	by := inSession(r.signIn(t, "eve@example.org"))
	theirs, _ := r.keyed(t, by, account.Proof{Password: secret.NewText(rightPassword)})
	done, err := r.second(t, r.half(t, "kim@example.org"), signin.Response{OTP: p.code()})
	if err != nil {
		t.Fatal(err)
	}
	by = inSession(done)
	if _, err := r.Account.OfferPasskey(t.Context(), by, account.Proof{Password: secret.NewText(rightPassword)}); !errors.Is(err, signin.ErrSecondNeeded) {
		t.Fatalf("a strong session added a passkey by password alone: %v", err)
	}
	key, k := r.keyed(t, by, account.Proof{Password: secret.NewText(rightPassword), Code: p.codes[0]})

	half := r.half(t, "kim@example.org")
	if !slices.Contains(half.Next, "passkey") || half.Next[0] != "otp" {
		t.Errorf("next %v", half.Next)
	}
	if _, err := r.second(t, half, signin.Response{Passkey: r.asserted(t, theirs)}); !errors.Is(err, signin.ErrSecond) {
		t.Errorf("another's passkey: %v", err)
	}
	answer := r.asserted(t, key)
	res, err := r.second(t, half, signin.Response{Passkey: answer})
	if err != nil || !res.Complete() || res.User.ID != u.ID || res.Session.Assurance != 2 {
		t.Fatalf("second step: %v, %+v", err, res.Session)
	}
	if _, err := r.second(t, r.half(t, "kim@example.org"), signin.Response{Passkey: answer}); !errors.Is(err, passkey.ErrChallenge) {
		t.Errorf("the same answer again: %v", err)
	}
	by = inSession(res)
	all, err := r.Factors.List(t.Context(), by)
	if err != nil || len(all.Apps) != 1 || len(all.Passkeys) != 1 {
		t.Fatalf("factors: %+v, %v", all, err)
	}
	if err := r.Factors.Remove(t.Context(), by, factor.Proof{Passkey: r.confirmed(t, by, key)}, p.id, "en"); err != nil {
		t.Errorf("a passkey is both steps: %v", err)
	}
	if err := r.Factors.RemovePasskeyFor(t.Context(), user.Host(), u.ID, k.ID); err != nil {
		t.Errorf("by the host: %v", err)
	}
	if err := r.Factors.RemovePasskeyFor(t.Context(), user.Host(), u.ID, k.ID); !errors.Is(err, passkey.ErrUnknown) {
		t.Errorf("again: %v", err)
	}
}

// PW-50 TH-1, on both engines: of many who bring the answer to one challenge one gets
// in, and an answer of which nothing was born is used up like any other.
func TestPasskeyChallengeOnce(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, st store.Store) {
		r := newRigOn(t, st)
		u := r.person(t, "kim@example.org")
		key, _ := r.keyed(t, inSession(r.signIn(t, "kim@example.org")), account.Proof{Password: secret.NewText(rightPassword)})
		enter := func(answer signin.Passkey) error {
			_, err := r.SignIn.SignIn(t.Context(), signin.Request{By: from("198.51.100.9"), Response: signin.Response{Passkey: &answer}})
			return err
		}
		const n = 6
		answer, errs := r.asserted(t, key), make([]error, n)
		var wg sync.WaitGroup
		for i := range n {
			wg.Go(func() { errs[i] = enter(*answer) })
		}
		wg.Wait()
		in := 0
		for _, err := range errs {
			if err == nil {
				in++
			} else if !errors.Is(err, passkey.ErrChallenge) {
				t.Errorf("one of many: %v", err)
			}
		}
		if in != 1 {
			t.Errorf("%d got in with one answer", in)
		}
		must(t, r.Directory.Disable(t.Context(), user.Host(), u.ID, ""))
		late := r.asserted(t, key)
		if err := enter(*late); !errors.Is(err, signin.ErrPasskey) {
			t.Errorf("disabled: %v", err)
		}
		must(t, r.Directory.Enable(t.Context(), user.Host(), u.ID))
		if err := enter(*late); !errors.Is(err, passkey.ErrChallenge) {
			t.Errorf("the answer of before: %v", err)
		}
		if err := enter(*r.asserted(t, key)); err != nil {
			t.Errorf("another answer: %v", err)
		}
	})
}

// TH-1 PW-69, on both engines: a replica that remembers a passkey lets nobody in by it
// once another one removed it, and refuses a counter that another one saw go on.
func TestPasskeyElsewhere(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, st store.Store) {
		secretKey := keyring.NewMaster().Reveal()
		replica := func(c *Config) { c.SecretKey, c.Passkeys.Strict = secretKey, true }
		one, two := newRigOn(t, st, replica), newRigOn(t, st, replica)
		u := one.person(t, "kim@example.org")
		by := inSession(one.signIn(t, "kim@example.org"))
		key, k := one.keyed(t, by, account.Proof{Password: secret.NewText(rightPassword)})
		enter := func(r *rig, key *authenticator.Authenticator) error {
			_, err := r.SignIn.SignIn(t.Context(), signin.Request{By: from("198.51.100.9"), Response: signin.Response{Passkey: r.asserted(t, key)}})
			return err
		}
		last := func(reason string) {
			t.Helper()
			evs, err := st.Audit().Search(t.Context(), audit.Query{Name: "login.failed", Subject: u.ID.String(), Limit: 1})
			if err != nil || len(evs) != 1 || evs[0].Reason != reason {
				t.Errorf("noted: %+v, %v", evs, err)
			}
		}
		must(t, enter(one, key))
		copied := key.Clone()
		must(t, enter(two, key))
		if err := enter(one, copied); !errors.Is(err, signin.ErrPasskey) {
			t.Errorf("a copy: %v", err)
		}
		last("passkey_counter")
		copied.SetCount(0)
		confirmed := one.confirmed(t, by, copied)
		if _, err := one.SignIn.Confirm(t.Context(), by, signin.Response{Passkey: &signin.Passkey{Purpose: passkey.Confirm, Bound: account.ConfirmBound(by), Credential: confirmed}}); !errors.Is(err, signin.ErrConfirmation) {
			t.Errorf("an act by a copy: %v", err)
		}
		must(t, two.Factors.RemovePasskeyFor(t.Context(), user.Host(), u.ID, k.ID))
		if err := enter(one, key); !errors.Is(err, signin.ErrPasskey) {
			t.Errorf("removed by another replica: %v", err)
		}
		last("passkey_unknown")
	})
}

// TH-1: an account is remembered between sign-ins, and each sign-in is told of it as it
// is now, whichever replica changed it: renamed, suspended, enabled again, deleted.
func TestPasskeyOfChangedAccount(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, st store.Store) {
		secretKey := keyring.NewMaster().Reveal()
		replica := func(c *Config) { c.SecretKey = secretKey }
		one, two := newRigOn(t, st, replica), newRigOn(t, st, replica)
		u := one.person(t, "kim@example.org")
		key, _ := one.keyed(t, inSession(one.signIn(t, "kim@example.org")), account.Proof{Password: secret.NewText(rightPassword)})
		enter := func() (signin.Result, error) {
			return one.SignIn.SignIn(t.Context(), signin.Request{By: from("198.51.100.9"), Response: signin.Response{Passkey: one.asserted(t, key)}})
		}
		named := func(want string) {
			t.Helper()
			if got, err := enter(); err != nil || got.User.Name != want || got.Email.Address != "kim@example.org" {
				t.Errorf("signed in as %q (%q), want %q: %v", got.User.Name, got.Email.Address, want, err)
			}
		}
		named(u.Name)
		named(u.Name)
		must(t, st.Users().SetProfile(t.Context(), u.ID, user.Profile{Name: "Kim the Second"}, 0, two.now(), user.Host().Event(user.Updated, two.now(), u.ID)))
		named("Kim the Second")
		must(t, two.Directory.Disable(t.Context(), user.Host(), u.ID, "en"))
		if _, err := enter(); !errors.Is(err, signin.ErrPasskey) {
			t.Errorf("a suspended account: %v", err)
		}
		evs, err := st.Audit().Search(t.Context(), audit.Query{Name: "login.failed", Subject: u.ID.String(), Limit: 5})
		if err != nil || len(evs) != 1 || evs[0].Reason != "account_inactive" {
			t.Errorf("noted: %+v, %v", evs, err)
		}
		must(t, two.Directory.Enable(t.Context(), user.Host(), u.ID))
		named("Kim the Second")
		must(t, st.Users().Delete(t.Context(), u.ID, two.now(), user.Host().Event(user.Deleted, two.now(), u.ID)))
		if _, err := enter(); !errors.Is(err, signin.ErrPasskey) {
			t.Errorf("an account that is gone: %v", err)
		}
	})
}

// PW-74: who may use our passkeys is told only when there are others than us.
func TestPasskeyDocuments(t *testing.T) {
	t.Parallel()
	get := func(r *rig, path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		r.WellKnown().ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		return w
	}
	alone := newRig(t)
	if w := get(alone, "/.well-known/webauthn"); w.Code != http.StatusNotFound {
		t.Errorf("no related origins: %d %s", w.Code, w.Body)
	}
	page := alone.link("/account/passkeys")
	for path, want := range map[string]any{
		"/.well-known/passkey-endpoints": map[string]any{"enroll": page, "manage": page},
		"/.well-known/webauthn":          map[string]any{"origins": []any{"https://" + mustHost(t, page), "https://id.example.net"}},
	} {
		w := get(newRig(t, func(c *Config) { c.Passkeys.Related = []string{"https://id.example.net"} }), path)
		var got any
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != 200 || w.Header().Get("Content-Type") != "application/json" {
			t.Errorf("%s: %d %s %v", path, w.Code, w.Body, err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: %s", path, d)
		}
	}
}

func mustHost(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Host
}

// The sign-in page with all it loads is small: 45 kB sent, its script 8 kB.
func TestLoginIsSmall(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	get := func(path string) []byte {
		w := httptest.NewRecorder()
		r.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, r.link(path), nil))
		if w.Code != http.StatusOK {
			t.Fatalf("%s: %d", path, w.Code)
		}
		return w.Body.Bytes()
	}
	sent := func(b []byte) int {
		var out bytes.Buffer
		z := gzip.NewWriter(&out)
		_, _ = z.Write(b)
		_ = z.Close()
		return out.Len()
	}
	login := get("/login")
	total, script := sent(login), 0
	for _, m := range regexp.MustCompile(`(?:src|href)="(/assets/[^"]+)"`).FindAllSubmatch(login, -1) {
		n := sent(get(string(m[1])))
		total += n
		if bytes.Contains(m[1], []byte("passkey")) {
			script = n
		}
	}
	t.Logf("%d bytes sent, the script of passkeys %d", total, script)
	if script == 0 || script > 8<<10 || total > 45_000 {
		t.Errorf("%d bytes sent, the script %d", total, script)
	}
}

// PW-70: settings of passkeys that mean nothing are refused at the start, and a model
// that is denied gets no passkey.
func TestPasskeySettings(t *testing.T) {
	t.Parallel()
	for name, bad := range map[string]Passkeys{
		"a domain that is not ours": {RPID: "example.net"}, "no origin": {Related: []string{"http://id.example.net"}},
		"no model id": {Allow: []string{"yubikey"}}, "no such file": {RootsFile: "/nonexistent/roots.pem"}, "no certificates": {Roots: "none"}, "no metadata": {Metadata: "/nonexistent/blob.jwt"},
	} {
		policy, err := bad.policy(time.Now())
		if err == nil {
			_, err = passkey.NewSite(&url.URL{Scheme: "https", Host: "id.example.org"}, bad.RPID, "Mortise", bad.Related)
		}
		if !errors.Is(err, passkey.ErrPolicy) {
			t.Errorf("%s: %v, %+v", name, err, policy)
		}
	}
	var model passkey.AAGUID
	r := newRig(t, func(c *Config) { c.Passkeys.Deny = []string{model.String()} })
	r.person(t, "kim@example.org")
	by := inSession(r.signIn(t, "kim@example.org"))
	o, err := r.Account.OfferPasskey(t.Context(), by, account.Proof{Password: secret.NewText(rightPassword)})
	if err != nil {
		t.Fatal(err)
	}
	answer, err := authenticator.New(r.Passkeys.Site().Origins[0]).Create(o)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Account.AddPasskey(t.Context(), by, answer, false, "en"); !errors.Is(err, passkey.ErrModel) {
		t.Errorf("a denied model: %v", err)
	}
}
