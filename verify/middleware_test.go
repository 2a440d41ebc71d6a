package verify

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mortise-auth/mortise/internal/jwt"
)

// serve sends r through the middleware to a handler that answers 204.
func serve(guard func(http.Handler) http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	guard(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, ok := FromContext(r.Context()); !ok {
			panic("no identity behind Require")
		}
		w.WriteHeader(http.StatusNoContent)
	})).ServeHTTP(w, r)
	return w
}

// Every rule refuses with its code, status and challenge, and lets pass whom it
// should.
//
// OA-51 OA-53
func TestRequire(t *testing.T) {
	const described = `,error_description="`
	tests := []struct {
		name   string
		rules  []Rule
		status int
		code   string
		auth   string // begin or whole of WWW-Authenticate
	}{
		{"nothing asked", nil, 204, "", ""},
		{"scope", []Rule{Scope("posts:read")}, 204, "", ""},
		{"both scopes", []Rule{Scope("posts:read", "posts:write")}, 204, "", ""},
		{"no scope named", []Rule{Scope()}, 403, "insufficient_scope", `Bearer error="insufficient_scope"`},
		{"missing scope", []Rule{Scope("posts:read posts:delete")}, 403, "insufficient_scope", `Bearer error="insufficient_scope",error_description="The access token does not cover this. Ask for the scope it needs.",scope="posts:read posts:delete"`},
		{"a scope's prefix", []Rule{Scope("posts")}, 403, "insufficient_scope", `Bearer error="insufficient_scope"`},
		{"role", []Rule{Role("editor")}, 204, "", ""},
		{"missing role", []Rule{Role("admin")}, 403, "missing_role", ""},
		{"organisation by slug", []Rule{InOrganization("acme", "owner")}, 204, "", ""},
		{"organisation by id", []Rule{InOrganization("org_1", "")}, 204, "", ""},
		{"missing organisation", []Rule{InOrganization("other", "")}, 403, "missing_organization", ""},
		{"missing role there", []Rule{InOrganization("acme", "billing")}, 403, "missing_organization", ""},
		{"assurance", []Rule{Assurance(2)}, 204, "", ""},
		{"more assurance", []Rule{Assurance(3)}, 401, "insufficient_assurance", `Bearer error="insufficient_user_authentication",error_description="This needs a stronger sign-in. Sign in with another factor and repeat it.",acr_values="3"`},
		{"fresh", []Rule{FreshWithin(2 * time.Minute)}, 204, "", ""},
		{"fresher", []Rule{FreshWithin(30 * time.Second)}, 401, "sign_in_again", `Bearer error="insufficient_user_authentication",error_description="This needs a recent sign-in. Sign in again and repeat it.",max_age="30"`},
		{"any of", []Rule{AnyOf(Role("admin"), Scope("posts:read"))}, 204, "", ""},
		{"none of", []Rule{AnyOf(Scope("a"), Role("admin"))}, 403, "missing_role", ""},
		{"any of nothing", []Rule{AnyOf()}, 403, "missing_permission", ""},
		{"the zero rule", []Rule{{}}, 403, "missing_permission", ""},
		{"all must hold", []Rule{Role("editor"), Role("admin")}, 403, "missing_role", ""},
	}
	synctest.Test(t, func(t *testing.T) {
		o := newOrigin(t, testIssuer)
		v := o.start()
		token := o.mint(nil)
		for _, test := range tests {
			w := serve(v.Require(test.rules...), request(token))
			if w.Code != test.status {
				t.Errorf("%s: answered %d, want %d", test.name, w.Code, test.status)
			}
			got := w.Header().Get("WWW-Authenticate")
			if got != test.auth && (test.auth == "" || len(got) < len(test.auth) || got[:len(test.auth)] != test.auth || got[len(test.auth):][:len(described)] != described) {
				t.Errorf("%s: challenge %q, want %q", test.name, got, test.auth)
			}
			if test.status != 204 {
				checkProblem(t, test.name, w, test.code)
			}
		}
	})
}

func checkProblem(t *testing.T, name string, w *httptest.ResponseRecorder, code string) {
	t.Helper()
	var body struct {
		Type, Title, Code string
		Status            int
	}
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
		t.Fatalf("%s: %v in %q", name, err, w.Body)
	}
	if body.Code != code || body.Status != w.Code || body.Title == "" || body.Type != testIssuer+"/errors/"+code {
		t.Errorf("%s: body %+v, want code %q", name, body, code)
	}
	if w.Header().Get("Content-Type") != "application/problem+json" || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("%s: headers %v", name, w.Header())
	}
}

// Nobody is asked to sign in afresh with a program's token: it never did.
func TestFreshWithinRefusesPrograms(t *testing.T) {
	who := NewIdentity(Claims{Kind: Client, Subject: "cli", ClientID: "cli"})
	if err := holds(&who, time.Now(), []Rule{FreshWithin(time.Hour)}); err == nil || err.Code != "sign_in_again" {
		t.Errorf("got %v", err)
	}
}

// What a handler does to an Identity does not reach the next request. TH-20
func TestIdentityIsImmutable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrigin(t, testIssuer)
		v := o.start()
		token := o.mint(func(a *jwt.Access) { a.Actor = &jwt.Actor{Subject: "usr_boss"} })
		for range 2 {
			who, err := v.Authenticate(t.Context(), request(token))
			if err != nil {
				t.Fatal(err)
			}
			if !who.HasRole("editor") || !who.HasScope("posts:read") || who.Organizations()[0].Roles[0] != "owner" ||
				who.Methods()[0] != "pwd" || who.Audience()[0] != testAudience || who.Actor().Subject != "usr_boss" || who.Subject != "usr_kim" {
				t.Fatalf("changed by an earlier caller: %+v", who)
			}
			who.Subject = "usr_root"
			who.Roles()[0], who.Scopes()[0], who.Methods()[0], who.Audience()[0] = "x", "x", "x", "x"
			who.Organizations()[0].Roles[0] = "x"
			who.Actor().Subject = "x"
		}
	})
}
