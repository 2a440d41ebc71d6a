package app

import (
	"html"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/devicecode"
	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/internal/user"
)

// tv registers a program without a browser.
func (w *world) tv(t *testing.T, scopes ...string) {
	t.Helper()
	w.register(t, client.Client{
		ID: "tv", Name: "Living room <TV>", Auth: client.AuthNone, Type: client.Native, Grants: []string{client.GrantDevice, client.GrantRefresh},
		Scopes: append([]string{"openid", "read"}, scopes...), Resources: []string{apiURI}, IDTokenAlg: "EdDSA",
	})
}

func (w *world) poll(t *testing.T, code string) answer {
	t.Helper()
	return w.form(t, "/oauth2/token", "tv", "grant_type", client.GrantDevice, "device_code", code)
}

// browser is kim's, signed in.
type browser struct {
	w      *world
	cookie string
}

func (w *world) browser(t *testing.T) *browser {
	t.Helper()
	return &browser{w, "__Host-mortise=" + w.signIn(t, "kim@mail.org").Secret.Reveal()}
}

var csrfField = regexp.MustCompile(`name="csrf" value="([^"]+)"`)

func (b *browser) get(t *testing.T, path string) answer {
	t.Helper()
	return b.w.do(t, ask{"GET", path, "", map[string]string{"Cookie": b.cookie}})
}

func (b *browser) post(t *testing.T, fields ...string) answer {
	t.Helper()
	token := csrfField.FindStringSubmatch(b.get(t, "/device").Body.String())
	v := url.Values{"csrf": {html.UnescapeString(token[1])}}
	for i := 0; i < len(fields); i += 2 {
		v.Set(fields[i], fields[i+1])
	}
	return b.w.do(t, ask{"POST", "/device", v.Encode(), map[string]string{
		"Cookie": b.cookie, "Content-Type": "application/x-www-form-urlencoded", "Origin": selfURI,
	}})
}

func (w *world) deviceEvents(t *testing.T, name audit.Name) int {
	t.Helper()
	all, err := w.store.Audit().Search(t.Context(), audit.Query{Name: name.String(), Limit: 10})
	must(t, err)
	for _, ev := range all {
		if ev.Client != "tv" {
			t.Errorf("%+v", ev)
		}
	}
	return len(all)
}

// OA-63: a device asks, a person compares and approves, the device gets its tokens
// once; the page names the client and asks to compare in every case.
func TestDeviceAuthorization(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, st store.Store) {
		w := newRigOn(t, st).world(t)
		w.tv(t)
		asked := w.form(t, "/oauth2/device_authorization", "tv", "scope", "openid read").want(t, 200, "")
		code, typed := asked.text("device_code"), asked.text("user_code")
		if asked.text("verification_uri") != selfURI+"/device" || asked.text("verification_uri_complete") != selfURI+"/device?user_code="+typed ||
			asked.json["expires_in"] != 900.0 || asked.json["interval"] != 5.0 || len(code) < 40 {
			t.Errorf("%s", asked.Body)
		}
		w.poll(t, code).want(t, 400, "authorization_pending")
		w.poll(t, code).want(t, 400, "slow_down")
		w.form(t, "/oauth2/token", "phone", "grant_type", client.GrantDevice, "device_code", code).want(t, 400, "unauthorized_client")
		if got := w.do(t, ask{"GET", "/device?user_code=" + typed, "", nil}); got.Code != 303 || !strings.Contains(got.Header().Get("Location"), "return_to=%2Fdevice%3Fuser_code") {
			t.Errorf("a stranger: %d %v", got.Code, got.Header())
		}
		for path, want := range map[string]string{"/device/qr.svg": "<svg ", "/device/qr.txt": "█"} {
			if got := w.do(t, ask{"GET", path + "?user_code=" + typed, "", nil}); got.Code != 200 || !strings.Contains(got.Body.String(), want) {
				t.Errorf("%s: %d %s", path, got.Code, got.Body)
			}
			if got := w.do(t, ask{"GET", path + "?user_code=<script>", "", nil}); got.Code != 422 {
				t.Errorf("%s draws anything: %d", path, got.Code)
			}
		}
		b := w.browser(t)
		if got := b.get(t, "/device?user_code="+typed); got.Code != 200 || !strings.Contains(got.Body.String(), `value="`+typed+`"`) || strings.Contains(got.Body.String(), "Living room") {
			t.Errorf("the link does more than fill in: %d %s", got.Code, got.Body)
		}
		page := b.post(t, "code", strings.ToLower(strings.ReplaceAll(typed, "-", " "))).Body.String()
		for _, want := range []string{typed, "Living room &lt;TV&gt;", "Know who you are", apiURI, `id="approve"`, `id="deny"`, "Compare this code"} {
			if !strings.Contains(page, want) {
				t.Errorf("the page lacks %q: %s", want, page)
			}
		}
		w.poll(t, code).want(t, 400, "slow_down") // nothing was decided
		if got := b.post(t, "code", typed, "decision", "approve"); got.Code != 200 || !strings.Contains(got.Body.String(), "Device connected") {
			t.Fatalf("%d %s", got.Code, got.Body)
		}
		got := w.poll(t, code).want(t, 200, "")
		if got.text("id_token") == "" || got.text("refresh_token") == "" || got.text("scope") != "openid read" {
			t.Errorf("%s", got.Body)
		}
		who, err := w.Auth.Bearer(t.Context(), got.text("access_token"), apiURI)
		must(t, err)
		if who.Subject != w.kim.ID.String() || who.Session == "" || who.ClientID != "tv" || who.Assurance != 1 {
			t.Errorf("%+v", who)
		}
		w.poll(t, code).want(t, 400, "invalid_grant")
		w.renew(t, "tv", got.text("refresh_token")).want(t, 200, "")
		if b.post(t, "code", typed, "decision", "deny").Code != 422 || b.post(t, "code", typed).Code != 422 {
			t.Error("it can be decided again")
		}
		if w.deviceEvents(t, devicecode.Requested) != 1 || w.deviceEvents(t, devicecode.Approved) != 1 {
			t.Error("AU-5: events are missing")
		}
	})
}

// OA-63: refused, expired, unknown.
func TestDeviceRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.tv(t)
	b := w.browser(t)
	begin := func() (code, typed string) {
		got := w.form(t, "/oauth2/device_authorization", "tv").want(t, 200, "")
		return got.text("device_code"), got.text("user_code")
	}
	code, typed := begin()
	if got := b.post(t, "code", typed, "decision", "deny"); !strings.Contains(got.Body.String(), "Device refused") {
		t.Errorf("%s", got.Body)
	}
	w.poll(t, code).want(t, 400, "access_denied")
	if w.deviceEvents(t, devicecode.Denied) != 1 {
		t.Error("AU-5: no event")
	}
	code, typed = begin()
	w.clock.Advance(devicecode.Life)
	w.poll(t, code).want(t, 400, "expired_token")
	if got := b.post(t, "code", typed); got.Code != 422 || !strings.Contains(got.Body.String(), "device_code_unknown") {
		t.Errorf("%d %s", got.Code, got.Body)
	}
	for _, wrong := range []string{code + "A", "mrt_dc_", typed, ""} {
		if got := w.poll(t, wrong); got.Code != 400 || !strings.HasPrefix(got.text("error"), "invalid_") {
			t.Errorf("%q: %s", wrong, got.Body)
		}
	}
	w.form(t, "/oauth2/device_authorization", "tv", "scope", "write").want(t, 400, "invalid_scope")
	w.form(t, "/oauth2/device_authorization", "tv", "resource", vaultURI).want(t, 400, "invalid_target")
	w.form(t, "/oauth2/device_authorization", "phone").want(t, 400, "unauthorized_client")
	w.form(t, "/oauth2/device_authorization", "nobody").want(t, 401, "invalid_client")
	limited := 0
	for range 15 {
		if b.post(t, "code", "AAAA-AAAA").Code == 429 {
			limited++
		}
	}
	if limited == 0 {
		t.Error("codes can be guessed without end")
	}
}

// TH-1 TH-3: what ends the approver's access between approval and redemption
// leaves the device with nothing; offline_access outlives the session, and not
// the account.
func TestDeviceAfterTheAct(t *testing.T) {
	t.Parallel()
	acts := map[string]func(t *testing.T, w *world){
		"banned": func(t *testing.T, w *world) { must(t, w.Directory.Disable(t.Context(), user.Host(), w.kim.ID, "")) },
		"signed out everywhere": func(t *testing.T, w *world) {
			_, err := w.Account.EndEverywhere(t.Context(), user.By(w.kim.ID, "", audit.Source{}))
			must(t, err)
		},
		"client compromised": func(t *testing.T, w *world) {
			must(t, w.Directory.DisableClient(t.Context(), user.Host(), "tv"))
			must(t, w.Directory.EnableClient(t.Context(), user.Host(), "tv"))
		},
	}
	for name, act := range acts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.tv(t, "offline_access")
			asked := w.form(t, "/oauth2/device_authorization", "tv").want(t, 200, "")
			w.browser(t).post(t, "code", asked.text("user_code"), "decision", "approve").want(t, 200, "")
			act(t, w)
			w.poll(t, asked.text("device_code")).want(t, 400, "invalid_grant")
		})
	}
}

// OA-63: fifty polls at once of an approved device get one set of tokens.
func TestDeviceRace(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, st store.Store) {
		w := newRigOn(t, st).world(t)
		w.tv(t)
		asked := w.form(t, "/oauth2/device_authorization", "tv").want(t, 200, "")
		w.browser(t).post(t, "code", asked.text("user_code"), "decision", "approve").want(t, 200, "")
		var won atomic.Int32
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				got := w.poll(t, asked.text("device_code"))
				switch {
				case got.Code == 200:
					won.Add(1)
				case got.text("error") != "invalid_grant":
					t.Errorf("%d %s", got.Code, got.Body)
				}
			})
		}
		wg.Wait()
		if won.Load() != 1 {
			t.Errorf("%d sets of tokens", won.Load())
		}
		if all, err := w.Grants.Of(t.Context(), w.kim.ID); err != nil || len(all) != 1 || time.Duration(0) > all[0].IdleTimeout {
			t.Errorf("%d grants, %v", len(all), err)
		}
	})
}
