package passkey_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/passkey"
	"github.com/mortise-auth/mortise/internal/testenv/authenticator"
	"github.com/mortise-auth/mortise/internal/user"
)

const origin = "https://id.example.test"

type keys struct{}

func (keys) MAC(purpose string, parts ...[]byte) (sum [32]byte) {
	i := 0
	for _, b := range append([]byte(purpose), bytes.Join(parts, []byte{0xff})...) {
		sum[i%32] = sum[i%32]*31 + b + byte(i)
		i++
	}
	return sum
}

// kept is one passkey and the challenges that were spent; the real stores have
// their contract in storetest.
type kept struct {
	passkey.Store
	mu    sync.Mutex
	spent map[[32]byte]bool
	all   []passkey.Passkey
	told  []audit.Event
}

func (k *kept) Spend(_ context.Context, d [32]byte, _ time.Time) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.spent[d] {
		return passkey.ErrChallenge
	}
	k.spent[d] = true
	return nil
}

func (k *kept) ByCredential(_ context.Context, id []byte) (passkey.Passkey, error) {
	for _, p := range k.all {
		if bytes.Equal(p.Credential, id) {
			return p, nil
		}
	}
	return passkey.Passkey{}, passkey.ErrUnknown
}

func (k *kept) Use(_ context.Context, u passkey.Use) error {
	for i, p := range k.all {
		switch back := u.Count <= p.Count && u.Count+p.Count > 0; {
		case p.ID != u.ID:
		case back && u.Strict:
			return passkey.ErrCounter
		case back:
			k.told = append(k.told, u.Event(passkey.CounterBack))
			return nil
		default:
			k.all[i].Count = u.Count
			return nil
		}
	}
	return passkey.ErrUnknown
}

func (k *kept) Domains(context.Context) (all []string, _ error) {
	for _, p := range k.all {
		all = append(all, p.RPID)
	}
	return all, nil
}

type rig struct {
	*passkey.Ceremonies
	*testing.T
	kept *kept
	now  time.Time
	ada  user.ID
	key  *authenticator.Authenticator
}

func newRig(t *testing.T, policy passkey.Policy, related ...string) *rig {
	t.Helper()
	r := &rig{T: t, kept: &kept{spent: map[[32]byte]bool{}}, now: time.Date(2033, 1, 2, 3, 4, 5, 0, time.UTC), key: authenticator.New(origin)}
	r.ada = user.NewID(r.now)
	public, _ := url.Parse(origin)
	site, err := passkey.NewSite(public, "", "Example", related)
	r.ok(err)
	r.Ceremonies = passkey.New(passkey.Options{Now: func() time.Time { return r.now }, Keys: keys{}, Store: r.kept, Site: site, Policy: policy})
	return r
}

func (r *rig) ok(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

func (r *rig) is(err, want error) {
	r.Helper()
	if !errors.Is(err, want) {
		r.Fatalf("got %v, want %v", err, want)
	}
}

func (r *rig) person() passkey.Person {
	return passkey.Person{ID: r.ada, Address: "ada@example.test", Name: "Ada"}
}

func (r *rig) create(p passkey.Purpose) []byte {
	r.Helper()
	answer, err := r.key.Create(r.Creation(p, r.person(), "tab", r.kept.all))
	r.ok(err)
	return answer
}

func (r *rig) enrol() passkey.Passkey {
	r.Helper()
	k, err := r.Register(r.Context(), passkey.Create, "tab", r.create(passkey.Create))
	r.ok(err)
	r.kept.all = append(r.kept.all, k)
	return k
}

func (r *rig) get() []byte {
	r.Helper()
	answer, err := r.key.Get(r.Request(passkey.SignIn, user.ID{}, "tab", nil))
	r.ok(err)
	return answer
}

func (r *rig) assert(answer []byte) (passkey.Asserted, error) {
	return r.judge(passkey.SignIn, "tab", answer)
}

func (r *rig) judge(p passkey.Purpose, bound string, answer []byte) (passkey.Asserted, error) {
	read, err := r.Read(r.Context(), answer)
	if err != nil {
		return passkey.Asserted{}, err
	}
	a, err := r.Assert(r.Context(), p, bound, read)
	if err == nil { // as what comes of it does
		err = r.Spend(r.Context(), a.Once)
	}
	return a, err
}

// PW-50 PW-51 PW-52 PW-53: what is asked.
func TestOptions(t *testing.T) {
	t.Parallel()
	r := newRig(t, passkey.Policy{})
	k := r.enrol()
	o := r.Creation(passkey.Create, r.person(), "tab", r.kept.all)
	if o.RP.ID != "id.example.test" || o.Selection.UserVerification != "required" || o.Selection.ResidentKey != "required" || o.Attestation != "none" || o.Timeout != 300_000 {
		t.Errorf("creation %+v", o)
	}
	if len(o.Exclude) != 1 || len(o.Params) != 3 || o.Params[0].Alg != -8 || o.Params[1].Alg != -7 || o.Params[2].Alg != -257 {
		t.Errorf("creation %+v", o)
	}
	if o.User.ID != r.Handle(r.ada) || len(o.User.ID) != 43 || bytes.Contains([]byte(o.User.ID), r.ada[:]) {
		t.Errorf("user handle %q", o.User.ID)
	}
	q := r.Request(passkey.SignIn, user.ID{}, "tab", nil)
	if text, _ := json.Marshal(q); !bytes.Contains(text, []byte(`"allowCredentials":[]`)) || q.Verification != "required" || q.Challenge == r.Request(passkey.SignIn, user.ID{}, "tab", nil).Challenge {
		t.Errorf("request %s", text)
	}
	if _, err := r.key.Create(o); !errors.Is(err, authenticator.ErrExcluded) {
		t.Errorf("a second one on the same device: %v", err)
	}
	if k.User != r.ada || k.Algorithm != passkey.ES256 || !k.Discoverable || k.Synced() || k.RPID != "id.example.test" || len(k.Transports) != 1 {
		t.Errorf("kept %+v", k)
	}
}

// PW-71: extensions that nobody asked for change nothing, nor does it that none came. What
// is said of prf is from WebAuthn Level 3, 16.17.1 (test-vectors-extensions-prf-webauthn).
func TestExtensions(t *testing.T) {
	t.Parallel()
	const pseudorandom = "xBcumC6Ql8OabAy3IMs3W5Lj_K0VSmPkOpPxCWseGXM"
	prf := func(said map[string]any) *authenticator.Authenticator {
		return &authenticator.Authenticator{Results: map[string]any{"prf": said}}
	}
	for name, a := range map[string]*authenticator.Authenticator{
		"absent":  {},
		"signed":  {Extensions: []byte("\xa1\x69unheardof\xf5")},
		"claimed": {Results: map[string]any{"appid": true, "unheardof": map[string]any{"a": 1}, "prf": map[string]any{"enabled": true}}},

		"prf, empty":         prf(map[string]any{}),
		"prf, enabled":       prf(map[string]any{"enabled": true}),
		"prf, not enabled":   prf(map[string]any{"enabled": false}),
		"prf, at the making": prf(map[string]any{"enabled": true, "results": map[string]any{"first": pseudorandom}}),
		"prf, with a result": prf(map[string]any{"results": map[string]any{"first": pseudorandom}}),
		"prf, with a second": prf(map[string]any{"results": map[string]any{"first": pseudorandom, "second": pseudorandom}}),
	} {
		r := newRig(t, passkey.Policy{})
		r.key.Extensions, r.key.Results = a.Extensions, a.Results
		r.enrol()
		if _, err := r.assert(r.get()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// PW-60: the challenge of another browser, ceremony or time, or a second time.
func TestChallenges(t *testing.T) {
	t.Parallel()
	r := newRig(t, passkey.Policy{})
	r.enrol()
	answer := r.get()
	_, err := r.assert(answer)
	r.ok(err)
	_, err = r.assert(answer)
	r.is(err, passkey.ErrChallenge)

	_, err = r.judge(passkey.SignIn, "other tab", r.get())
	r.is(err, passkey.ErrChallenge)
	_, err = r.judge(passkey.SignIn, "", r.get())
	r.is(err, passkey.ErrChallenge)
	_, err = r.judge(passkey.Confirm, "tab", r.get())
	r.is(err, passkey.ErrChallenge)
	late := r.get()
	r.now = r.now.Add(5 * time.Minute)
	_, err = r.assert(late)
	r.is(err, passkey.ErrChallenge)

	// Spent first, whatever the outcome.
	r.key.Verifies = false
	bad := r.get()
	_, err = r.assert(bad)
	r.is(err, passkey.ErrRefused)
	_, err = r.assert(bad)
	r.is(err, passkey.ErrChallenge)

	// The question for a new one is used up by its answer too, also by a bad one.
	fresh := newRig(t, passkey.Policy{})
	asked := fresh.create(passkey.Create)
	_, err = fresh.Register(t.Context(), passkey.Create, "tab", asked)
	fresh.ok(err)
	_, err = fresh.Register(t.Context(), passkey.Create, "tab", asked)
	fresh.is(err, passkey.ErrChallenge)
	fresh.key.Verifies = false
	asked = fresh.create(passkey.Create)
	_, err = fresh.Register(t.Context(), passkey.Create, "tab", asked)
	fresh.is(err, passkey.ErrRefused)
	_, err = fresh.Register(t.Context(), passkey.Create, "tab", asked)
	fresh.is(err, passkey.ErrChallenge)
	for _, bound := range []string{"other tab", ""} {
		_, err = fresh.Register(t.Context(), passkey.Create, bound, fresh.create(passkey.Create))
		fresh.is(err, passkey.ErrChallenge)
	}
	_, err = fresh.Register(t.Context(), passkey.Upgrade, "tab", fresh.create(passkey.Create))
	fresh.is(err, passkey.ErrChallenge)

	// One that was made for another domain is none, though its MAC is ours.
	moved := newRig(t, passkey.Policy{})
	moved.enrol()
	public, _ := url.Parse("https://id.example.test")
	site, err := passkey.NewSite(public, "example.test", "Example", nil)
	moved.ok(err)
	before := moved.get()
	moved.Ceremonies = passkey.New(passkey.Options{Now: func() time.Time { return moved.now }, Keys: keys{}, Store: moved.kept, Site: site})
	_, err = moved.assert(before)
	moved.is(err, passkey.ErrChallenge)

	for _, made := range []string{"", "AAAA", string(bytes.Repeat([]byte("A"), 96))} {
		r.key.Client = func(said map[string]any) { said["challenge"] = made }
		_, err = r.assert(r.get())
		r.is(err, passkey.ErrChallenge)
	}
}

// PW-61 PW-62 PW-63 PW-67: who signed what, where.
func TestRefused(t *testing.T) {
	t.Parallel()
	for name, bend := range map[string]func(k *authenticator.Authenticator){
		"wrong origin":        func(k *authenticator.Authenticator) { k.Origin = "https://id.example.test.evil.test" },
		"origin's other case": func(k *authenticator.Authenticator) { k.Origin = "https://ID.example.test" },
		"origin with a path":  func(k *authenticator.Authenticator) { k.Origin = origin + "/" },
		"plain http":          func(k *authenticator.Authenticator) { k.Origin = "http://id.example.test" },
		"another port":        func(k *authenticator.Authenticator) { k.Origin = origin + ":8443" },
		"cross-origin frame":  func(k *authenticator.Authenticator) { k.CrossOrigin = true },
		"top origin":          func(k *authenticator.Authenticator) { k.Client = func(d map[string]any) { d["topOrigin"] = origin } },
		"wrong relying party": func(k *authenticator.Authenticator) { k.RPID = "example.test" },
		"nobody verified":     func(k *authenticator.Authenticator) { k.Verifies = false },
		"nobody there":        func(k *authenticator.Authenticator) { k.Absent = true },
		"another ceremony": func(k *authenticator.Authenticator) {
			k.Client = func(d map[string]any) { d["type"] = "webauthn.fake" }
		},
		"no type": func(k *authenticator.Authenticator) { k.Client = func(d map[string]any) { delete(d, "type") } },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, passkey.Policy{})
			r.enrol()
			bend(r.key)
			_, err := r.assert(r.get())
			r.is(err, passkey.ErrRefused)
			r.kept.all = nil
			_, err = r.Register(t.Context(), passkey.Create, "tab", r.create(passkey.Create))
			r.is(err, passkey.ErrRefused)
		})
	}
	r := newRig(t, passkey.Policy{})
	r.enrol()
	r.key.Silent = true // not discoverable: whose it is must be known beforehand
	_, err := r.assert(r.get())
	r.is(err, passkey.ErrRefused)
	answer, err := r.key.Get(r.Request(passkey.Confirm, r.ada, "tab", r.kept.all))
	r.ok(err)
	_, err = r.judge(passkey.Confirm, "tab", answer)
	r.ok(err)
	answer, err = r.key.Get(r.Request(passkey.Confirm, user.NewID(r.now), "tab", r.kept.all))
	r.ok(err)
	_, err = r.judge(passkey.Confirm, "tab", answer)
	r.is(err, passkey.ErrRefused)
	// What is left of token binding is not looked at.
	r.key.Silent, r.key.Client = false, func(d map[string]any) { d["tokenBinding"] = map[string]any{"status": "nonsense"} }
	_, err = r.assert(r.get())
	r.ok(err)
}

// PW-68 PW-25: a changed byte anywhere; a credential that nobody has.
func TestTampered(t *testing.T) {
	t.Parallel()
	r := newRig(t, passkey.Policy{})
	r.enrol()
	for _, part := range []string{"signature", "authenticatorData", "clientDataJSON", "userHandle"} {
		var all map[string]any
		r.ok(json.Unmarshal(r.get(), &all))
		in := all["response"].(map[string]any)
		text := []byte(in[part].(string))
		text[len(text)/2] ^= 1 // still base64url, mostly
		in[part] = string(text)
		answer, err := json.Marshal(all)
		r.ok(err)
		if _, err := r.assert(answer); !errors.Is(err, passkey.ErrRefused) && !errors.Is(err, passkey.ErrMalformed) && !errors.Is(err, passkey.ErrChallenge) {
			t.Errorf("changed %s: %v", part, err)
		}
	}
	elsewhere := newRig(t, passkey.Policy{})
	elsewhere.enrol()
	r.key = elsewhere.key
	_, err := r.assert(r.get())
	r.is(err, passkey.ErrUnknown)
}

// PW-64: eligibility never changes, and nothing is backed up that may not be.
func TestBackup(t *testing.T) {
	t.Parallel()
	r := newRig(t, passkey.Policy{})
	r.enrol()
	r.key.Synced = true
	_, err := r.assert(r.get())
	r.is(err, passkey.ErrRefused)
	for name, flags := range map[string]byte{"backed up, and may not be": 0x10, "with another key": 0x40} {
		r.key.Synced, r.key.Flags = false, flags
		if _, err := r.assert(r.get()); !errors.Is(err, passkey.ErrRefused) && !errors.Is(err, passkey.ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	synced := newRig(t, passkey.Policy{})
	synced.key.Synced = true
	if k := synced.enrol(); !k.Synced() || !k.BackedUp || k.Assurance() != 2 || k.Methods()[0] != "swk" {
		t.Errorf("%+v", k)
	}
	// PW-76: a key's own word makes no AAL3.
	if k := r.kept.all[0]; k.Assurance() != 2 || k.Methods()[0] != "hwk" {
		t.Errorf("%+v", k)
	}
	attested := passkey.Passkey{Attested: true}
	if attested.Assurance() != 3 {
		t.Error("attested hardware is 3")
	}
}

// enter judges an answer and keeps the proof, as a sign-in does.
func (r *rig) enter(answer []byte) error {
	r.Helper()
	read, err := r.Read(r.Context(), answer)
	r.ok(err)
	a, err := r.Assert(r.Context(), passkey.SignIn, "tab", read)
	r.ok(err)
	return r.Keep(r.Context(), r.kept, a, user.Anonymous(audit.Source{}))
}

// PW-69: it is the stored counter that counts, also for a passkey that is remembered.
func TestCounters(t *testing.T) {
	t.Parallel()
	r := newRig(t, passkey.Policy{})
	k := r.enrol()
	copied := r.key.Clone()
	r.ok(r.enter(r.get()))
	if r.kept.told != nil {
		t.Error("it went forward")
	}
	r.key = copied
	r.ok(r.enter(r.get()))
	if len(r.kept.told) != 1 || r.kept.told[0].Name != "passkey.counter_back" || r.kept.told[0].Details["passkey"] != k.ID.String() {
		t.Errorf("a copy was not noticed: %+v", r.kept.told)
	}
	strict := newRig(t, passkey.Policy{Strict: true})
	strict.enrol()
	strict.ok(strict.enter(strict.get()))
	strict.kept.all[0].Count = 9
	strict.is(strict.enter(strict.get()), passkey.ErrCounter)
	uncounted := newRig(t, passkey.Policy{Strict: true})
	uncounted.key.Counts = false
	uncounted.enrol()
	uncounted.ok(uncounted.enter(uncounted.get()))
}

// TH-1: nothing comes of a passkey that was removed elsewhere, though its key is
// remembered here; and then it is like one that nobody has.
func TestRemovedElsewhere(t *testing.T) {
	t.Parallel()
	r := newRig(t, passkey.Policy{})
	r.enrol()
	r.ok(r.enter(r.get()))
	r.kept.all = nil
	r.is(r.enter(r.get()), passkey.ErrUnknown)
	read, err := r.Read(t.Context(), r.get())
	r.ok(err)
	if _, known := read.Owner(); known {
		t.Error("it is still remembered")
	}
	// The same credential, of somebody else by now.
	other := passkey.NewID(r.now)
	k := r.enrol()
	r.kept.all[0].ID = other
	r.ok(r.enter(r.get()))
	if k.ID == other {
		t.Error("the same passkey")
	}
}

// TH-1: of two answers to one question one is kept.
func TestKeptOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t, passkey.Policy{})
	r.enrol()
	read, err := r.Read(t.Context(), r.get())
	r.ok(err)
	a, err := r.Assert(t.Context(), passkey.SignIn, "tab", read)
	r.ok(err)
	by := user.Anonymous(audit.Source{})
	r.ok(r.Keep(t.Context(), r.kept, a, by))
	r.is(r.Keep(t.Context(), r.kept, a, by), passkey.ErrChallenge)
}

// PW-70: lists of models.
func TestModels(t *testing.T) {
	t.Parallel()
	one, err := passkey.ParseAAGUID("ee882879-721c-4913-9775-3dfcce97072a")
	if err != nil || one.String() != "ee882879-721c-4913-9775-3dfcce97072a" {
		t.Fatal(one, err)
	}
	for _, policy := range []passkey.Policy{{Deny: []passkey.AAGUID{{}}}, {Allow: []passkey.AAGUID{one}}} {
		r := newRig(t, policy)
		_, err := r.Register(t.Context(), passkey.Create, "tab", r.create(passkey.Create))
		r.is(err, passkey.ErrModel)
		r.key.Model = one
		if k := r.enrol(); passkey.Named(k, "") != "YubiKey 5" {
			t.Error(passkey.Named(k, ""))
		}
	}
	for _, bad := range []string{"", "ee882879-721c-4913-9775-3dfcce97072", "ee882879721c491397753dfcce97072a0000", "gg882879-721c-4913-9775-3dfcce97072a"} {
		if _, err := passkey.ParseAAGUID(bad); err == nil {
			t.Errorf("%q is no model id", bad)
		}
	}
}

// PW-54 PW-63: a silent upgrade proves nothing, and is taken; it does not serve as
// an enrolment that somebody asked for.
func TestUpgrade(t *testing.T) {
	t.Parallel()
	r := newRig(t, passkey.Policy{})
	r.key.Absent, r.key.Verifies = true, false
	_, err := r.Register(t.Context(), passkey.Create, "tab", r.create(passkey.Create))
	r.is(err, passkey.ErrRefused)
	k, err := r.Register(t.Context(), passkey.Upgrade, "tab", r.create(passkey.Upgrade))
	r.ok(err)
	r.kept.all = append(r.kept.all, k)
	_, err = r.assert(r.get())
	r.is(err, passkey.ErrRefused)
}

// PW-74 PW-75
func TestSites(t *testing.T) {
	t.Parallel()
	r := newRig(t, passkey.Policy{}, "https://example.com")
	r.enrol()
	r.key.Origin = "https://example.com"
	_, err := r.assert(r.get())
	r.ok(err)
	r.ok(r.Check(t.Context()))
	r.kept.all[0].RPID = "old.example.test"
	r.is(r.Check(t.Context()), passkey.ErrDomain)

	public, _ := url.Parse("https://id.example.test")
	if s, err := passkey.NewSite(public, "example.test", "x", nil); err != nil || s.ID != "example.test" {
		t.Error(s, err)
	}
	for _, bad := range []string{"ample.test", "other.test", "x.id.example.test"} {
		if _, err := passkey.NewSite(public, bad, "x", nil); !errors.Is(err, passkey.ErrPolicy) {
			t.Errorf("%s: %v", bad, err)
		}
	}
	for _, bad := range []string{"http://a.test", "https://a.test/", "https://A.test", "a.test", "https://u@a.test"} {
		if _, err := passkey.NewSite(public, "", "x", []string{bad}); !errors.Is(err, passkey.ErrPolicy) {
			t.Errorf("%s: %v", bad, err)
		}
	}
	six := []string{"https://a.test", "https://b.test", "https://c.test", "https://d.test", "https://e.test", "https://f.test"}
	if _, err := passkey.NewSite(public, "", "x", six); !errors.Is(err, passkey.ErrPolicy) {
		t.Error("browsers do not follow six names")
	}
	if s, err := passkey.NewSite(public, "", "x", six[:5]); err != nil || len(s.Origins) != 6 {
		t.Errorf("five names: %v", err)
	}
}

// PW-66: the longest id there may be, and one that is longer; and one that somebody has
// is not made for another, which is the store's to see.
func TestLongIDs(t *testing.T) {
	t.Parallel()
	r := newRig(t, passkey.Policy{})
	r.key.IDSize = 1023
	r.enrol()
	_, err := r.assert(r.get())
	r.ok(err)
	r.kept.all, r.key.IDSize = nil, 1024
	_, err = r.Register(t.Context(), passkey.Create, "tab", r.create(passkey.Create))
	if !errors.Is(err, passkey.ErrRefused) && !errors.Is(err, passkey.ErrMalformed) {
		t.Errorf("an id of 1024 bytes: %v", err)
	}
	_, err = r.assert(r.get())
	r.is(err, passkey.ErrMalformed)
}

// PW-65: oversize answers, and nonsense, are refused before anything is spent.
func TestMalformed(t *testing.T) {
	t.Parallel()
	r := newRig(t, passkey.Policy{})
	for _, answer := range [][]byte{nil, []byte("{}"), []byte("[]"), bytes.Repeat([]byte(" "), 33<<10), []byte(`{"id":"AA","rawId":"AA","type":"public-key"}`)} {
		_, err := r.assert(answer)
		r.is(err, passkey.ErrMalformed)
		_, err = r.Register(t.Context(), passkey.Create, "tab", answer)
		r.is(err, passkey.ErrMalformed)
	}
	if len(r.kept.spent) != 0 {
		t.Error("spent")
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"  my   key ": "my key", "": "", "\x00": "", "\xff": "", string(bytes.Repeat([]byte("x"), 65)): ""} {
		if got, err := passkey.CleanName(in); got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q %v", in, got, err)
		}
	}
	for via, want := range map[string]string{"usb": "Security key", "hybrid": "Phone or tablet", "internal": "Firefox on Linux", "": "Passkey"} {
		if got := passkey.Named(passkey.Passkey{Transports: []string{via}}, "Firefox on Linux"); got != want {
			t.Errorf("%s: %s", via, got)
		}
	}
}
