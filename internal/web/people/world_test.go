package people_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/account"
	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/authn"
	"github.com/mortise-auth/mortise/internal/device"
	"github.com/mortise-auth/mortise/internal/factor"
	"github.com/mortise-auth/mortise/internal/keyring"
	"github.com/mortise-auth/mortise/internal/lockout"
	"github.com/mortise-auth/mortise/internal/mail"
	"github.com/mortise-auth/mortise/internal/passkey"
	"github.com/mortise-auth/mortise/internal/password"
	"github.com/mortise-auth/mortise/internal/ratelimit"
	"github.com/mortise-auth/mortise/internal/reclaim"
	"github.com/mortise-auth/mortise/internal/rescue"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/setup"
	"github.com/mortise-auth/mortise/internal/signin"
	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/internal/token"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/internal/web"
	"github.com/mortise-auth/mortise/internal/web/dev"
	"github.com/mortise-auth/mortise/internal/web/page"
	"github.com/mortise-auth/mortise/internal/web/people"
	"github.com/mortise-auth/mortise/storage/sqlite"
)

const (
	origin = "https://id.example.test"
	first  = "correct horse battery staple"
	second = "seven purple elephants dancing"
)

// world is one instance with real flows on a real store, and a clock one can set.
type world struct {
	t       *testing.T
	store   *sqlite.Store
	handler http.Handler
	pages   *people.Pages
	signin  *signin.Flow
	factors *factor.Flow
	account *account.Flow
	setup   *setup.Flow
	grants  *token.Grants
	frame   *web.Frame
	mailbox *mail.Mailbox

	mu sync.Mutex
	at time.Time
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.at
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.at = w.at.Add(d)
}

// set are the choices of a world.
type set struct {
	base  string // mount path
	fresh bool   // setup is not over
	tight bool   // the limits of production
	keyed bool   // passkeys are asked for

	asking *asking // what an app asks for; nil: there are none
}

func newWorld(t *testing.T) *world { return worldOf(t, set{}) }

func worldOf(t *testing.T, with set) *world {
	t.Helper()
	ctx := t.Context()
	st, err := sqlite.Memory(ctx, sqlite.Options{})
	must(t, err)
	t.Cleanup(func() { st.Close() })
	w := &world{t: t, store: st, mailbox: mail.NewMailbox(), at: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)}
	facts, err := st.Instance().Facts(ctx)
	must(t, err)
	keys, err := keyring.Load(ctx, st.Keys(), keyring.Masters{Current: keyring.NewMaster()}, w.now)
	must(t, err)
	public, err := url.Parse(origin + with.base)
	must(t, err)
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	if testing.Verbose() {
		log = slog.New(slog.NewTextHandler(t.Output(), nil))
	}
	letters, err := mail.NewRenderer(public.String(), "Mortise")
	must(t, err)
	outbox := mail.NewOutbox(letters, keys, w.now)
	w.deliver(mail.NewWorker(st.Mail(), keys, w.mailbox, w.now, log, outbox.Woken(), 1))
	hasher, err := password.NewHasher(password.HasherOptions{Parameters: password.TestParameters(), Gate: password.NewGate(password.GateOptions{Now: time.Now})})
	must(t, err)
	policy, err := password.NewPolicy(password.PolicyOptions{Service: "Mortise"})
	must(t, err)
	limits := ratelimit.Defaults()
	for i := range limits {
		if !with.tight {
			limits[i].Burst, limits[i].Every = 10_000, time.Second
		}
	}
	start := w.now()
	rates, err := ratelimit.NewMemory(limits, 0, func() time.Duration { return w.now().Sub(start) })
	must(t, err)
	auth := authn.New(authn.Options{Instance: facts.ID, Sessions: st.Sessions(), Users: st.Users(), Organizations: st.Organizations(), Roles: st.Roles(), Now: w.now, Log: log})
	w.signin = signin.New(signin.Options{
		Instance: facts.ID, Now: w.now, Log: log, Read: st, Rates: rates, Keys: keys, Mailer: outbox,
		InTx: func(ctx context.Context, fn func(signin.Tx) error) error {
			return st.InTx(ctx, func(s store.Set) error { return fn(s) })
		},
		Methods: []signin.Method{signin.NewPassword(hasher, st.Passwords(), w.now, log)},
		Seconds: []signin.Second{signin.NewOTP(keys, st.TOTP(), w.now), signin.NewRecovery(keys, st.Recovery(), outbox, w.now)},
		Lockout: lockout.New(st.Lockouts(), func(ctx context.Context, ev audit.Event) error { return st.Audit().Append(ctx, ev) }, w.now),
		Devices: device.NewBook(keys, facts.ID, facts.Epoch),
	})
	site, err := passkey.NewSite(public, "", "Mortise", nil)
	must(t, err)
	ceremonies := passkey.New(passkey.Options{Instance: facts.ID, Now: w.now, Keys: keys, Store: st.Passkeys(), Site: site})
	w.setup = setup.New(setup.Options{
		Instance: facts.ID, Now: w.now, Read: st, Hasher: hasher, Policy: policy, Rates: rates, Keys: keys, Passkeys: ceremonies,
		InTx: func(ctx context.Context, fn func(setup.Tx) error) error {
			return st.InTx(ctx, func(s store.Set) error { return fn(s) })
		},
	})
	ready := func(context.Context) (bool, error) { return true, nil }
	if with.fresh {
		ready = func(ctx context.Context) (bool, error) {
			needed, err := w.setup.Needed(ctx)
			return !needed, err
		}
	}
	w.grants = token.New(token.Parts{Store: st.Tokens(), Keys: keys, Resources: opaqueRules{}, Events: st.Audit()}, token.Options{Issuer: origin, Instance: facts.ID}, w.now)
	w.account = account.New(account.Options{
		Instance: facts.ID, Now: w.now, Log: log, Read: st, Rates: rates, Keys: keys, Mailer: outbox, Hasher: hasher, Policy: policy,
		InTx: func(ctx context.Context, fn func(account.Tx) error) error {
			return st.InTx(ctx, func(s store.Set) error { return fn(s) })
		},
		Confirmer: confirmer{w.signin}, Ready: ready, Grants: w.grants, Passkeys: ceremonies,
	})
	w.factors = factor.New(factor.Options{
		Now: w.now, Read: st, Rates: rates, Keys: keys, Mailer: outbox, Issuer: "Mortise", Confirmer: factorConfirmer{confirmer{w.signin}},
		InTx: func(ctx context.Context, fn func(factor.Tx) error) error {
			return st.InTx(ctx, func(s store.Set) error { return fn(s) })
		},
	})
	w.frame = web.NewFrame(web.Options{URL: public, Sessions: auth, Rates: rates, Keys: keys, Now: w.now, Log: log, Fresh: time.Hour})
	render, err := page.New(page.Options{BasePath: with.base, Dev: true})
	must(t, err)
	demo := []dev.Person{{DevPerson: page.DevPerson{Key: "ada", Name: "Ada"}, Email: "ada@example.test"}}
	gate := dev.NewGate(w.frame, keys, secret.NewText("H4TW-9QKM"), demo)
	o := people.Options{
		Frame: w.frame, Render: render, BasePath: with.base, SignIn: w.signin, Account: w.account, Factors: w.factors, Setup: w.setup, Keys: keys, Now: w.now,
		SignUp: true, Ready: ready, MinLength: 15, DevEntry: gate.Entry, Federation: alone{}, Rescue: unclaimed{},
		Map: []page.MapLine{{Label: "Sign in", Path: "/login", Note: "as anybody"}},
	}
	if with.keyed {
		o.Passkeys = ceremonies
	}
	if with.asking != nil {
		o.Authorize, o.Desk = with.asking, with.asking
	}
	w.pages = people.New(o)
	w.handler = w.frame.Handler(w.pages.Surface(), dev.Surface(dev.Options{
		Desk: w.pages, Gate: func() *dev.Gate { return gate }, Mailbox: w.mailbox,
		SignIn: func(ctx context.Context, r signin.Request) (signin.Result, error) {
			r.Response.Password = secret.NewText(first)
			return w.signin.SignIn(ctx, r)
		},
	}))
	return w
}

// unclaimed: nobody gets back into anything here.
type unclaimed struct{ people.Rescue }

func (unclaimed) Petitions(context.Context, user.Caller, int) ([]rescue.Petition, error) {
	return nil, nil
}

func (unclaimed) Recoveries(context.Context, user.Caller, int) ([]rescue.Recovery, error) {
	return nil, nil
}

func (unclaimed) Running(context.Context, user.ID) (reclaim.Claim, error) {
	return reclaim.Claim{}, reclaim.ErrNone
}

// opaqueRules are those of every resource here.
type opaqueRules struct{}

func (opaqueRules) Access(context.Context, string, []string) (token.Rules, error) {
	return token.Rules{Opaque: true, Lifetime: token.MinLifetime}, nil
}

type confirmer struct{ flow *signin.Flow }

func (c confirmer) Asks(ctx context.Context, owner user.ID) (bool, error) {
	return c.flow.Asks(ctx, owner)
}

func (c confirmer) ConfirmFully(ctx context.Context, by user.Caller, p account.Proof) (int64, error) {
	proven, err := c.flow.ConfirmFully(ctx, by, responseTo(p))
	return proven.PasswordVersion, err
}

func (c confirmer) Confirm(ctx context.Context, by user.Caller, p account.Proof) (int64, error) {
	proven, err := c.flow.Confirm(ctx, by, responseTo(p))
	return proven.PasswordVersion, err
}

func (w *world) deliver(worker *mail.Worker) {
	ctx, stop := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() { _ = worker.Run(ctx) })
	w.t.Cleanup(func() { stop(); done.Wait() })
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// letter is the next message to an address.
func (w *world) letter(to string) mail.Entry {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 20*time.Second)
	defer cancel()
	e, err := w.mailbox.Next(ctx, to)
	must(w.t, err)
	return e
}

// letterWith is the next message to an address that has a code.
func (w *world) letterWith(to string) mail.Entry {
	for {
		if e := w.letter(to); e.Code != "" {
			return e
		}
	}
}

// path is the part of a mailed link that is ours.
func (w *world) path(link string) string {
	w.t.Helper()
	path, ok := strings.CutPrefix(link, origin)
	if !ok {
		w.t.Fatalf("the link %q leads elsewhere (PW-32)", link)
	}
	return path
}

// browser is a client with cookies, which fills in the hidden fields of the page
// it looks at.
type browser struct {
	w       *world
	cookies map[string]string
	agent   string
	source  string
	hidden  map[string]string // csrf, flow, token of the last page
}

func (w *world) browser() *browser {
	return &browser{
		w: w, cookies: map[string]string{}, hidden: map[string]string{}, source: "192.0.2.1:1234",
		agent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
	}
}

// answer is what came back.
type answer struct {
	*http.Response
	t    *testing.T
	body string
}

func (b *browser) send(r *http.Request) answer {
	b.w.t.Helper()
	r.RemoteAddr = b.source
	r.Header.Set("User-Agent", b.agent)
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	rec := httptest.NewRecorder()
	b.w.handler.ServeHTTP(rec, r)
	res := rec.Result()
	for _, c := range res.Cookies() {
		if c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		} else {
			b.cookies[c.Name] = c.Value
		}
	}
	a := answer{res, b.w.t, rec.Body.String()}
	if strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") {
		b.remember(a.body)
	}
	return a
}

var hiddenField = regexp.MustCompile(`<input type="hidden" name="(csrf|flow|token)" value="([^"]*)">`)

func (b *browser) remember(body string) {
	clear(b.hidden)
	for _, m := range hiddenField.FindAllStringSubmatch(body, -1) {
		b.hidden[m[1]] = m[2]
	}
}

func (b *browser) get(path string) answer {
	b.w.t.Helper()
	return b.send(httptest.NewRequest(http.MethodGet, origin+path, nil))
}

// post sends fields and whatever the last page hid.
func (b *browser) post(path string, fields ...string) answer {
	b.w.t.Helper()
	v := url.Values{}
	for name, value := range b.hidden {
		v.Set(name, value)
	}
	for i := 0; i+1 < len(fields); i += 2 {
		v.Set(fields[i], fields[i+1])
	}
	return b.raw(path, v.Encode())
}

func (b *browser) raw(path, body string) answer {
	b.w.t.Helper()
	r := httptest.NewRequest(http.MethodPost, origin+path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.send(r)
}

func (a answer) want(status int, words ...string) answer {
	a.t.Helper()
	if a.StatusCode != status {
		a.t.Fatalf("status %d, want %d\nLocation: %s\n%s", a.StatusCode, status, a.Header.Get("Location"), excerpt(a.body))
	}
	for _, word := range words {
		if !strings.Contains(a.body, word) {
			a.t.Fatalf("%q is missing in\n%s", word, excerpt(a.body))
		}
	}
	return a
}

// leads checks a 303 and where it goes.
func (a answer) leads(to string) answer {
	a.t.Helper()
	a.want(http.StatusSeeOther)
	if got := a.Header.Get("Location"); got != to {
		a.t.Fatalf("leads to %q, want %q", got, to)
	}
	return a
}

var tags = regexp.MustCompile(`(?s)<svg.*?</svg>|<option.*?</option>`)

func excerpt(body string) string {
	if _, main, ok := strings.Cut(body, "<main"); ok {
		body = main
	}
	body, _, _ = strings.Cut(body, "</main>")
	return tags.ReplaceAllString(body, "")
}

// signUp makes an account by the mailed code.
func (b *browser) signUp(email string) {
	b.w.t.Helper()
	b.get("/signup").want(200)
	b.post("/signup", "display-name", "Ada Lovelace", "email", email, "new-password", first).leads("/verify")
	b.get("/verify").want(200, email)
	b.post("/verify", "code", b.w.letterWith(email).Code).leads("/verify")
	b.get("/verify").want(200, "That worked")
}

func (b *browser) signIn(email, password string) answer {
	b.w.t.Helper()
	b.get("/login").want(200)
	return b.post("/login", "identifier", email, "password", password)
}

// signed is a browser signed in to a new account.
func (w *world) signed(email string) *browser {
	w.t.Helper()
	b := w.browser()
	b.signUp(email)
	b.signIn(email, first).leads("/account")
	return b
}

const sessionCookie = "__Host-mortise"

// liveOf are the live sessions of an account.
func (w *world) liveOf(email string) []session.Session {
	w.t.Helper()
	live, err := w.store.Sessions().Of(w.t.Context(), w.callerOf(email).User, w.now())
	must(w.t, err)
	return live
}

// seatOf is the id of the one live session of an account.
func (w *world) seatOf(email string) string {
	w.t.Helper()
	live := w.liveOf(email)
	if len(live) != 1 {
		w.t.Fatalf("%d sessions of %s", len(live), email)
	}
	return live[0].ID.String()
}

func responseTo(p account.Proof) signin.Response {
	r := signin.Response{Password: p.Password}
	r.OTP, r.Recovery = signin.Typed(p.Code)
	return r
}

type factorConfirmer struct{ confirmer }

func (c factorConfirmer) ConfirmFully(ctx context.Context, by user.Caller, p factor.Proof) (int64, error) {
	return c.confirmer.ConfirmFully(ctx, by, account.Proof(p))
}
