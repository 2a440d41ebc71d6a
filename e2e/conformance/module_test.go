package conformance

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"net/netip"
	"testing"
	"time"
)

// module is one module of the Foundation's suite: its name there, and what it does.
type module struct {
	name string
	run  func(m *run)
}

// plan runs modules one after another against one server, as the suite does. Each
// has a person, a browser and a relying party of its own.
func plan(t *testing.T, conf variant, modules []module) {
	t.Helper()
	t.Parallel()
	o := newOP(t)
	for n, mod := range modules {
		t.Run(mod.name, func(t *testing.T) {
			m := &run{T: t, op: o, variant: conf, source: address(n)}
			m.http = m.https()
			m.person = o.person(t)
			m.rp = newRP(m)
			mod.run(m)
		})
	}
}

// variant is what the plans vary.
type variant struct {
	dynamic  bool   // clients register themselves; else an operator declares them
	formPost bool   // response_mode=form_post
	auth     string // token_endpoint_auth_method; "": client_secret_basic
	older    bool   // assertions name the token endpoint, as before RFC 10070, not the issuer
}

// run is one module under way.
type run struct {
	*testing.T
	*op
	variant
	person person
	rp     *rp
	http   *http.Client // follows nothing and keeps no cookies
	source string       // the address that the module comes from
}

// warn says what the suite only warns of; skip what the server does not offer. Both
// are in the table of docs/conformance.md.
func (m *run) warn(format string, args ...any) { m.note("WARNING", format, args...) }

func (m *run) notOffered(format string, args ...any) { m.note("SKIPPED", format, args...) }

func (m *run) note(outcome, format string, args ...any) {
	m.Helper()
	m.Attr("outcome", outcome)
	m.Attr("note", fmt.Sprintf(format, args...))
}

// wait moves the clock.
func (m *run) wait(d time.Duration) { m.Helper(); m.op.wait(m.T, d) }

func (m *run) must(err error) { m.Helper(); must(m.T, err) }

// https is a program's end of it.
func (m *run) https() *http.Client {
	t := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: m.roots, MinVersion: tls.VersionTLS12}, DialContext: m.dial, ForceAttemptHTTP2: true}
	m.Cleanup(t.CloseIdleConnections)
	return &http.Client{
		Transport:     from{t, m.source},
		Timeout:       30 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// from is a proxy that says where requests come from, so that limits tell the
// modules apart as they tell networks apart.
type from struct {
	http.RoundTripper
	source string
}

func (f from) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("X-Forwarded-For", f.source)
	return f.RoundTripper.RoundTrip(r)
}

// address is one of the range kept for benchmarks (RFC 2544).
func address(n int) string {
	return netip.AddrFrom4([4]byte{198, 18, byte(n >> 8), byte(n)}).String()
}
