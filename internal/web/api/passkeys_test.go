package api_test

import (
	"encoding/json"
	"testing"

	"github.com/mortise-auth/mortise/internal/testenv/authenticator"
)

// member is one member of an answer, as JSON.
func (r reply) member(t *testing.T, name string) json.RawMessage {
	t.Helper()
	out, err := json.Marshal(r.json[name])
	if err != nil || r.json[name] == nil {
		t.Fatalf("no %s in %s", name, r.text)
	}
	return out
}

func body(t *testing.T, members map[string]any) string {
	t.Helper()
	out, err := json.Marshal(members)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func answered(t *testing.T, do func(any) ([]byte, error), question json.RawMessage) json.RawMessage {
	t.Helper()
	out, err := do([]byte(question))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// withPasskey adds a passkey to who is signed in.
func withPasskey(t *testing.T, c *client, key *authenticator.Authenticator) string {
	t.Helper()
	asked := c.must(t, 200, "POST", "/me/passkeys/options", `{"current_password":"`+right+`"}`)
	credential := answered(t, key.Create, asked.member(t, "public_key"))
	got := c.must(t, 201, "POST", "/me/passkeys", body(t, map[string]any{"credential": credential}))
	c.refuse(t, 410, "passkey_challenge_expired", "POST", "/me/passkeys", body(t, map[string]any{"credential": credential}))
	return got.json["id"].(string)
}

func ask(t *testing.T, c *client, key *authenticator.Authenticator, more map[string]any) string {
	t.Helper()
	question := "{}"
	if more != nil {
		question = body(t, more)
	}
	asked := c.must(t, 200, "POST", "/signin/passkey", question)
	in := map[string]any{"passkey": answered(t, key.Get, asked.member(t, "public_key"))}
	if flow, ok := asked.json["flow"]; ok {
		in["flow"] = flow
	}
	for name, v := range more {
		in[name] = v
	}
	return body(t, in)
}

// PW-50 PW-53 PW-72: a passkey from the first to the last without a page; each answer
// counts once and for who was asked.
func TestPasskeysWithoutPages(t *testing.T) {
	r := newRig(t).working(t)
	r.person(t, "kim@example.org")
	key := authenticator.New("https://id.example.org")
	b := r.browser().signedIn(t, "kim@example.org")
	b.refuse(t, 403, "confirmation_required", "POST", "/me/passkeys/options", `{}`)
	b.refuse(t, 404, "passkey_unknown", "POST", "/me/passkeys/proof", "")
	id := withPasskey(t, b, key)
	b.must(t, 204, "PATCH", "/me/passkeys/"+id, `{"name":"Work laptop"}`)
	list := b.must(t, 200, "GET", "/me/passkeys", "").json["data"].([]any)
	if len(list) != 1 || list[0].(map[string]any)["name"] != "Work laptop" {
		t.Errorf("list: %v", list)
	}
	factors := b.must(t, 200, "GET", "/me/factors", "").json["data"].([]any)
	if len(factors) != 1 || factors[0].(map[string]any)["type"] != "passkey" {
		t.Errorf("factors: %v", factors)
	}
	for name, c := range map[string]*client{"program": r.program(), "browser": r.browser()} {
		in := ask(t, c, key, nil)
		got := c.must(t, 200, "POST", "/signin", in)
		if got.json["status"] != "complete" || got.json["session"].(map[string]any)["assurance"] != float64(2) {
			t.Errorf("%s: %s", name, got.text)
		}
	}
	p := r.program()
	in := ask(t, p, key, nil)
	r.program().must(t, 200, "POST", "/signin", in) // the flow is the bearer's
	p.refuse(t, 410, "passkey_challenge_expired", "POST", "/signin", in)
	var stolen map[string]any
	if err := json.Unmarshal([]byte(ask(t, p, key, nil)), &stolen); err != nil {
		t.Fatal(err)
	}
	delete(stolen, "flow")
	r.program().refuse(t, 410, "passkey_challenge_expired", "POST", "/signin", body(t, stolen))
	p.refuse(t, 422, "passkey_malformed", "POST", "/signin", `{"passkey":{"id":null}}`)

	proof := answered(t, key.Get, b.must(t, 200, "POST", "/me/passkeys/proof", "").member(t, "public_key"))
	b.must(t, 204, "DELETE", "/me/passkeys/"+id, body(t, map[string]any{"passkey": proof}))
	p.refuse(t, 401, "passkey_wrong", "POST", "/signin", ask(t, p, key, nil))
}
