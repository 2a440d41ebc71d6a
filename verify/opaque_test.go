package verify

import (
	"fmt"
	"hash/crc32"
	"log/slog"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mortise-auth/mortise/internal/feed"
	"github.com/mortise-auth/mortise/internal/jwt"
)

// credential62 completes an opaque token with its checksum.
func credential62(front string) string {
	sum := crc32.ChecksumIEEE([]byte(front))
	tail := make([]byte, checksumLen)
	for i := len(tail) - 1; i >= 0; i-- {
		tail[i], sum = digits62[sum%62], sum/62
	}
	return front + string(tail)
}

// An opaque token is what the issuer says it is, under the rules for every token;
// typing errors and other secrets never leave the service.
//
// TH-10 OA-51 JW-22
func TestOpaqueTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrigin(t, testIssuer)
		v := o.start()
		now := time.Now().Unix()
		i := 0
		token := func(change string, value any) string {
			m := map[string]any{
				"active": true, "iss": testIssuer, "aud": testAudience, "sub": "usr_kim", "client_id": "web", "sid": "ses_1", "gid": "grt_1",
				"scope": "posts:read", "exp": now + 600, "iat": now, "token_type": "Bearer", "uv": 5,
			}
			m[change] = value
			if value == nil {
				delete(m, change)
			}
			i++
			text := credential62(fmt.Sprintf("mrt_at_%022d", i))
			o.opaque[text] = m
			return text
		}
		tests := []struct{ name, token, code string }{
			{"good", token("jti", "tok_9"), ""},
			{"two audiences", token("aud", []string{"x", testAudience}), ""},
			{"no issuer", token("iss", nil), ""},
			{"inactive", token("active", false), "token_inactive"},
			{"unknown", credential62("mrt_at_unknown"), "token_inactive"},
			{"another audience", token("aud", "https://other.example.test"), "wrong_audience"},
			{"no audience", token("aud", nil), "wrong_audience"},
			{"another issuer", token("iss", "https://other.example.test"), "wrong_issuer"},
			{"expired", token("exp", now-60), "token_expired"},
			{"no expiry", token("exp", nil), "token_expired"},
			{"not yet", token("nbf", now+60), "token_not_yet_valid"},
			{"nobody", token("sub", nil), "token_malformed"},
			{"bound", token("cnf", map[string]string{"jkt": "x"}), "token_bound"},
			{"bound by type", token("token_type", "DPoP"), "token_bound"},
			{"actors without end", token("act", deep(20)), "verification_unavailable"},
			{"not an answer", token("exp", "soon"), "verification_unavailable"},
		}
		for _, test := range tests {
			wants(t, v, test.token, test.code)
			if t.Failed() {
				t.Fatal(test.name)
			}
		}
		asked := o.count("/introspect")
		wants(t, v, tests[0].token, "")
		wants(t, v, "mrt_at_0000000000000000000001", "token_malformed")
		wants(t, v, credential62("mrt_cs_secret"), "wrong_token_type")
		wants(t, v, "mrt_at_", "token_malformed")
		if n := o.count("/introspect"); n != asked {
			t.Errorf("%d more introspections", n-asked)
		}
		o.revoke(feed.Grant, "grt_1", 0)
		time.Sleep(100 * time.Millisecond)
		wants(t, v, tests[0].token, "token_revoked") // at once, although the answer is remembered
	})
}

func deep(n int) map[string]any {
	m := map[string]any{"sub": "a"}
	for range n {
		m = map[string]any{"sub": "a", "act": m}
	}
	return m
}

// Answers do not pile up. TH-20
func TestAnswersAreBounded(t *testing.T) {
	i := newIntrospector(&settings{now: time.Now, staleness: time.Minute}, nil, nil)
	for n := range 3 * maxAnswers {
		i.remember([32]byte{byte(n), byte(n >> 8)}, &known{answer: &answer{}, bytes: 10_000})
	}
	if len(i.known) > maxAnswers || i.size > maxAnswerBytes || i.size != len(i.known)*10_000 {
		t.Errorf("%d answers, %d bytes", len(i.known), i.size)
	}
}

// The same over sockets: an issuer on this machine, a log-out, and the next call is
// refused with no request made per call.
func TestOverSockets(t *testing.T) {
	o := newOrigin(t, "")
	s := httptest.NewServer(o)
	defer s.Close()
	o.name = s.URL
	v, err := New(t.Context(), s.URL, Audience(testAudience), Credentials("api", "s+cret"), Logger(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	token, other := o.mint(nil), o.mint(func(a *jwt.Access) { a.Session = "ses_2" })
	wants(t, v, token, "")
	before := v.Status().Number
	o.revoke(feed.Session, "ses_1", 0)
	for v.Status().Number == before && t.Context().Err() == nil {
		if err := v.Health(); err != nil {
			t.Fatal(err)
		}
	}
	wants(t, v, token, "token_revoked")
	wants(t, v, other, "")
	if n := v.Status().Introspections; n != 0 {
		t.Errorf("%d introspections", n)
	}
}
