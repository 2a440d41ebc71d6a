package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/mortise-auth/mortise/cmd/mortise/internal/settings"
)

// fakeBackend answers the API with fixed data and remembers what was asked.
type fakeBackend struct {
	asked          []string
	opened, closed int
	findings       string // of the server's doctor
	served         settings.Settings
	dev            Dev
	onServe        func(ctx context.Context, run Run) error
}

func (b *fakeBackend) last() string {
	if len(b.asked) == 0 {
		return "none"
	}
	return b.asked[len(b.asked)-1]
}

type closer func()

func (c closer) Close() error { c(); return nil }

func (b *fakeBackend) Open(context.Context, settings.Settings) (http.Handler, io.Closer, error) {
	b.opened++
	return b, closer(func() { b.closed++ }), nil
}

var people = []string{
	`{"id":"usr_1","email":"ada@example.test","name":"Ada","state":"active","roles":["admin"],"created_at":"2026-01-01T00:00:00Z"}`,
	`{"id":"usr_2","email":"ben@example.test","name":"Ben\u001b[31m","state":"suspended","roles":[],"created_at":"2026-01-02T00:00:00Z"}`,
	`{"id":"usr_3","email":"cleo@example.test","name":"Cleo","state":"active","roles":["editor","admin"],"created_at":"2026-01-03T00:00:00Z"}`,
}

func (b *fakeBackend) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(err)
	}
	b.asked = append(b.asked, strings.TrimSpace(r.Method+" "+r.URL.RequestURI()+" "+string(body)))
	switch path := strings.TrimPrefix(r.URL.EscapedPath(), "/api/v1"); {
	case strings.Contains(path, "connections/ghost"):
		problemAnswer(w, 404, "connection_unknown", "There is no such way to sign in here.")
	case strings.Contains(path, "ghost"):
		problemAnswer(w, 404, "user_unknown", "There is no such user.")
	case strings.Contains(path, "locked"):
		problemAnswer(w, 403, "not_allowed", "This is not allowed.")
	case strings.Contains(path, "broken"):
		w.WriteHeader(500)
	case strings.Contains(path, "moved"):
		http.Redirect(w, r, "/api/v1/users", http.StatusMovedPermanently)
	case path == "/users" && r.Method == http.MethodGet:
		page(w, r)
	case strings.HasSuffix(path, "/sessions") && r.Method == http.MethodGet, strings.HasSuffix(path, "/members") && r.Method == http.MethodGet:
		fmt.Fprint(w, `{"data":[{"id":"ses_1"}],"has_more":false}`)
	case strings.HasSuffix(path, "/grants") && r.Method == http.MethodGet:
		fmt.Fprint(w, `{"data":[{"id":"grt_1","client_id":"web"}],"has_more":false}`)
	case strings.HasSuffix(path, "/consents") && r.Method == http.MethodGet:
		fmt.Fprint(w, `{"data":[{"client_id":"web"}],"has_more":false}`)
	case path == "/doctor":
		fmt.Fprintf(w, `{"findings":[%s]}`, b.findings)
	case path == "/tokens/inspect":
		if strings.Contains(string(body), "dead") {
			fmt.Fprint(w, `{"kind":"access_token","valid":false,"findings":["session_ended","grant_ended"],"sub":"usr_1","grant_cause":"signed_out"}`)
			return
		}
		fmt.Fprint(w, `{"kind":"refresh_token","valid":true,"findings":[],"sub":"usr_1"}`)
	case path == "/apply":
		applyAnswer(w, body)
	case r.Method == http.MethodDelete:
		w.WriteHeader(http.StatusNoContent)
	case strings.HasPrefix(path, "/connections"):
		connectionAnswer(w, r.Method, path)
	case strings.HasSuffix(path, "/preview"):
		fmt.Fprint(w, `{"scope":"openid email","access_token_format":"jwt","claims":[{"in":"userinfo","claim":"email","value":"ada@example.test","because":"the scope email"}]}`)
	case strings.HasPrefix(path, "/clients"):
		secret := ""
		if path == "/clients" || strings.HasSuffix(path, "/rotate-secret") {
			secret = `,"client_secret":"mrt_cs_shown_once"`
		}
		fmt.Fprint(w, `{"client_id":"web","client_name":"Web","last_used_at":"2026-01-04T00:00:00Z"`+secret+`}`)
	case path == "/setup":
		fmt.Fprint(w, `{"code":"H4TW-9QKM","expires_at":"2026-01-01T00:30:00Z","url":"https://id.example.test/setup"}`)
	default:
		fmt.Fprint(w, people[0])
	}
}

// page answers one page of people; the cursor is the number of rows read.
func page(w http.ResponseWriter, r *http.Request) {
	var after, limit int
	fmt.Sscan(r.URL.Query().Get("after"), &after)
	fmt.Sscan(r.URL.Query().Get("limit"), &limit)
	end := min(after+limit, len(people))
	answer := map[string]any{"data": []json.RawMessage{}, "has_more": end < len(people)}
	for _, p := range people[after:end] {
		answer["data"] = append(answer["data"].([]json.RawMessage), json.RawMessage(p))
	}
	if end < len(people) {
		answer["next"] = fmt.Sprint(end)
	}
	if err := json.NewEncoder(w).Encode(answer); err != nil {
		panic(err)
	}
}

func problemAnswer(w http.ResponseWriter, status int, code, title string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"type":"about:blank","title":%q,"status":%d,"code":%q,"request_id":"req_1"}`, title, status, code)
}

func connectionAnswer(w http.ResponseWriter, method, path string) {
	const one = `{"id":"google","type":"google","callback_uri":"https://id.example.test/federation/google/callback"}`
	switch {
	case strings.HasSuffix(path, "/test"):
		fmt.Fprint(w, `{"address":"https://id.example.test/federation/google/start?test=x"}`)
	case strings.HasSuffix(path, "/preview"):
		fmt.Fprint(w, `{"subject":"1","email_counts":true}`)
	case method == http.MethodGet && path == "/connections":
		fmt.Fprintf(w, `{"data":[%s],"has_more":false}`, one)
	default:
		fmt.Fprint(w, one)
	}
}

// applyAnswer fails every role called bad.
func applyAnswer(w http.ResponseWriter, body []byte) {
	var f struct{ Roles []struct{ Name string } }
	if err := json.Unmarshal(body, &f); err != nil {
		panic(err)
	}
	var changes []string
	failed := 0
	for _, r := range f.Roles {
		c := fmt.Sprintf(`{"kind":"role","key":%q,"action":"create","fields":[{"name":"permissions","from":[],"to":["x"]}]`, r.Name)
		if r.Name == "bad" {
			c += `,"error":{"code":"bad_role","detail":"No."}`
			failed++
		}
		changes = append(changes, c+"}")
	}
	fmt.Fprintf(w, `{"changes":[%s],"applied":%d,"failed":%d}`, strings.Join(changes, ","), len(f.Roles)-failed, failed)
}

func (b *fakeBackend) Serve(ctx context.Context, s settings.Settings, run Run) error {
	b.served = s
	if b.onServe != nil {
		return b.onServe(ctx, run)
	}
	run.Ready(Ready{
		URL: s.URL, Engine: "sqlite", Certificate: "certificate from ACME, renews 2027-01-12", Took: 300 * time.Millisecond,
		SetupURL: s.URL + "/setup", SetupCode: "H4TW-9QKM", SetupExpires: time.Now().Add(30 * time.Minute),
	})
	return nil
}

func (b *fakeBackend) Dev(_ context.Context, s settings.Settings, dev Dev, run Run) error {
	b.served, b.dev = s, dev
	run.Ready(Ready{
		URL: "http://localhost:8080", Mailbox: "http://localhost:8080/dev/mail", APIDocs: "http://localhost:8080/docs/api",
		Folder: dev.Folder, EnterCode: "K7QD",
		People: []Person{{"ada@example.test", "admin"}, {"ben@example.test", "member of Acme"}},
	})
	return nil
}

func (b *fakeBackend) Schema(context.Context, settings.Settings) (Schema, error) {
	return Schema{Engine: "sqlite", Current: 1, Latest: 2, Pending: 1}, nil
}

func (b *fakeBackend) Migrate(context.Context, settings.Settings) (Schema, error) {
	return Schema{Engine: "sqlite", Current: 2, Latest: 2}, nil
}

func (b *fakeBackend) Migrations(context.Context, settings.Settings) ([]Migration, error) {
	return []Migration{{2, "more", "CREATE TABLE more (id BLOB);"}}, nil
}

func (b *fakeBackend) BuildCorpus(_ context.Context, r io.Reader, w io.Writer) (int64, error) {
	text, err := io.ReadAll(r)
	if err != nil {
		return 0, err
	}
	if strings.Contains(string(text), "bad") {
		return 0, errors.New("line 1 is no hash")
	}
	n, err := w.Write(text)
	return int64(n), err
}
