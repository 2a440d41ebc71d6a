package metrics

import (
	"bytes"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/password"
	"github.com/mortise-auth/mortise/internal/web"
)

var write = flag.Bool("write", false, "write docs/reference/metrics.md")

// busy is a registry in which everything has happened once.
func busy() *Registry {
	r := New(Sources{
		Sessions: func() (int64, int64, int64) { return 7, 2, 1 },
		Proof:    func() (time.Duration, bool) { return 250 * time.Millisecond, true },
		Delay:    func() time.Duration { return 3 * time.Millisecond },
		Delays: func() (uint64, time.Duration, map[time.Duration]uint64) {
			return 3, 2 * time.Second, map[time.Duration]uint64{100 * time.Millisecond: 2, time.Second: 2}
		},
		Live:   func() int { return 12 },
		Feed:   func() Feed { return Feed{Tail: 5, Empty: 6, Snapshot: 7, Entries: 8, Gone: 9, Streams: 10, Head: 11} },
		Outbox: func() (Outbox, bool) { return Outbox{Waiting: 4, Dead: 1, Oldest: time.Minute}, true },
		Logouts: func() Logouts {
			return Logouts{Delivered: 5, Failed: 3, GivenUp: 1, Known: true, Waiting: 2, Dead: 1, Oldest: time.Minute}
		},
		Skew:   func() time.Duration { return -20 * time.Millisecond },
		Engine: "sqlite", Version: "v1.2.3", Commit: "abc", Built: "2026-11-22",
	})
	r.Observe(web.Observation{Method: "POST", Pattern: "POST /login", Status: 303, Duration: 40 * time.Millisecond})
	r.SignIn("pwd", "succeeded")
	r.Federation("google", "no_account")
	r.Hash(password.Outcome{Class: password.SignIn, Result: password.Full, Wait: time.Second})
	return r
}

func scrape(t *testing.T, r *Registry) string {
	t.Helper()
	w := httptest.NewRecorder()
	r.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if w.Code != http.StatusOK {
		t.Fatalf("scrape: %d %s", w.Code, w.Body)
	}
	return w.Body.String()
}

func TestScrape(t *testing.T) {
	got := scrape(t, busy())
	for _, line := range []string{
		`mortise_http_requests_total{method="POST",route="POST /login",status="3xx"} 1`,
		`mortise_http_request_duration_seconds_bucket{route="POST /login",le="0.05"} 1`,
		`mortise_sign_ins_total{method="pwd",outcome="succeeded"} 1`,
		`mortise_federation_attempts_total{outcome="no_account",type="google"} 1`,
		`mortise_password_hashes_total{class="sign_in",result="full"} 1`,
		`mortise_session_checks_total{result="hit"} 7`,
		`mortise_session_checks_total{result="uncertain"} 1`,
		`mortise_revocation_proof_age_seconds 0.25`,
		`mortise_revocation_delay_seconds 0.003`,
		`mortise_revocation_applied_seconds_bucket{le="0.1"} 2`,
		`mortise_revocation_applied_seconds_bucket{le="+Inf"} 3`,
		`mortise_revocations_live 12`,
		`mortise_feed_batches_total{kind="snapshot"} 7`,
		`mortise_feed_entries_total 8`,
		`mortise_feed_restarts_total 9`,
		`mortise_feed_streams 10`,
		`mortise_feed_head 11`,
		`mortise_outbox_messages{state="dead"} 1`,
		`mortise_outbox_oldest_seconds 60`,
		`mortise_logout_attempts_total{result="delivered"} 5`,
		`mortise_logout_attempts_total{result="failed"} 2`,
		`mortise_logout_queue{state="waiting"} 2`,
		`mortise_logout_oldest_seconds 60`,
		`mortise_clock_skew_seconds -0.02`,
		`mortise_store_info{engine="sqlite"} 1`,
		`mortise_build_info{commit="abc",date="2026-11-22",version="v1.2.3"} 1`,
		"go_goroutines ",
	} {
		if !strings.Contains(got, line) {
			t.Errorf("no %s", line)
		}
	}
}

// What is not known is absent, never zero.
func TestUnknownIsAbsent(t *testing.T) {
	got := scrape(t, New(Sources{
		Proof:  func() (time.Duration, bool) { return 0, false },
		Outbox: func() (Outbox, bool) { return Outbox{}, false },
	}))
	for _, name := range []string{"mortise_revocation_proof_age_seconds", "mortise_outbox", "mortise_session_checks_total", "mortise_clock_skew"} {
		if strings.Contains(got, "\n"+name) {
			t.Errorf("%s is there", name)
		}
	}
}

// AU-62: what a request chose never becomes a label.
func TestClosedLabels(t *testing.T) {
	r := New(Sources{})
	for i := range 1000 {
		odd := fmt.Sprintf("ODD%d", i)
		r.Observe(web.Observation{Method: odd, Pattern: "GET /", Status: i})
		r.SignIn(odd, odd)
		r.Federation(odd, odd)
	}
	got := scrape(t, r)
	if strings.Contains(got, "ODD") {
		t.Error("a label holds what a request chose")
	}
	if n := strings.Count(got, "\nmortise_http_requests_total{"); n != 6 { // none, 1xx to 5xx
		t.Errorf("%d series of requests, want 6", n)
	}
	if !strings.Contains(got, `mortise_sign_ins_total{method="other",outcome="other"} 1000`) {
		t.Error("unknown outcomes are not counted as other")
	}
	if !strings.Contains(got, `mortise_federation_attempts_total{outcome="other",type="other"} 1000`) {
		t.Error("unknown kinds are not counted as other")
	}
	for _, kind := range federation.Kinds() {
		r.Federation(string(kind), "succeeded")
		if !strings.Contains(scrape(t, r), `outcome="succeeded",type="`+string(kind)+`"`) {
			t.Errorf("no %s", kind)
		}
	}
}

func TestTwoInOneProcess(t *testing.T) {
	a, b := busy(), New(Sources{})
	if strings.Contains(scrape(t, b), "POST /login") || !strings.Contains(scrape(t, a), "POST /login") {
		t.Error("two registries share their counts")
	}
}

// The reference is made from the registry: go test ./internal/metrics -write.
func TestReference(t *testing.T) {
	const path = "../../docs/reference/metrics.md"
	want := reference(t, busy())
	if *write {
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not what the registry has; run go test ./internal/metrics -write", path)
	}
}

func reference(t *testing.T, r *Registry) []byte {
	t.Helper()
	families, err := r.kept.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	b.WriteString("# Metrics\n\nServed to Prometheus at `/metrics` of the admin listener, and nowhere else. Labels come from closed sets; no\n" +
		"label holds an id, an address or text that a request chose.\n\n| metric | kind | labels | what |\n|---|---|---|---|\n")
	for _, f := range families {
		if !strings.HasPrefix(f.GetName(), "mortise_") {
			continue
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", f.GetName(), strings.ToLower(f.GetType().String()), labels(f), f.GetHelp())
	}
	b.WriteString("\nBeside these are the usual `go_…` and `process_…` metrics of the Go runtime and the process.\n")
	return b.Bytes()
}

func labels(f *dto.MetricFamily) string {
	var names []string
	for _, l := range f.GetMetric()[0].GetLabel() {
		names = append(names, "`"+l.GetName()+"`")
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}
