package metrics

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/mortise-auth/mortise/internal/password"
	"github.com/mortise-auth/mortise/internal/web"
)

// Registry counts what happens in one instance. It is safe for concurrent use,
// and several live in one process.
type Registry struct {
	kept     *prometheus.Registry
	requests *prometheus.CounterVec
	took     *prometheus.HistogramVec
	signIns  *prometheus.CounterVec
	services *prometheus.CounterVec
	hashes   *prometheus.CounterVec
	waits    *prometheus.HistogramVec
	handler  http.Handler
}

// New makes a Registry that also reports what s says, of which every member is
// optional.
func New(s Sources) *Registry {
	r := &Registry{
		kept: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "mortise_http_requests_total", Help: "Requests answered, by method, route pattern and class of status.",
		}, []string{"method", "route", "status"}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "mortise_http_request_duration_seconds", Help: "Time from a request's arrival to the end of its answer, by route pattern.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5},
		}, []string{"route"}),
		signIns: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "mortise_sign_ins_total", Help: "Sign-ins judged, by method and outcome.",
		}, []string{"method", "outcome"}),
		services: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "mortise_federation_attempts_total", Help: "Attempts to sign in with another service, and sign-outs that one sent (logout_…), by the connection's type and outcome.",
		}, []string{"type", "outcome"}),
		hashes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "mortise_password_hashes_total", Help: "Slow hashes asked for, by class and by what became of them: admitted, or refused as full, late or gone.",
		}, []string{"class", "result"}),
		waits: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "mortise_password_hash_wait_seconds", Help: "Time that slow hashes waited for admission or refusal, by class.",
			Buckets: []float64{.001, .005, .01, .025, .05, .1, .25, .5, 1, 2},
		}, []string{"class"}),
	}
	r.kept.MustRegister(r.requests, r.took, r.signIns, r.services, r.hashes, r.waits)
	r.kept.MustRegister(s.collectors()...)
	r.kept.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	r.handler = promhttp.HandlerFor(r.kept, promhttp.HandlerOpts{MaxRequestsInFlight: 4, Timeout: 10 * time.Second})
	return r
}

// Handler answers scrapes.
func (r *Registry) Handler() http.Handler { return r.handler }

var methods = []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions}

// Observe counts one answered request; it is what web.Options.Observe takes.
func (r *Registry) Observe(o web.Observation) {
	r.requests.WithLabelValues(among(methods, o.Method), o.Pattern, class(o.Status)).Inc()
	r.took.WithLabelValues(o.Pattern).Observe(o.Duration.Seconds())
}

// class of a status: 2xx. A request that was never answered is "none".
func class(status int) string {
	if status < 100 || status > 599 {
		return "none"
	}
	return strconv.Itoa(status/100) + "xx"
}

var (
	signInMethods  = []string{"pwd", "passkey", "email_code", "fed", "otp", "recovery"}
	signInOutcomes = []string{"succeeded", "failed", "code_asked", "second_asked", "blocked", "busy", "limited"}
)

// SignIn counts one step of a sign-in. Methods are those of package signin;
// outcomes: succeeded, failed, code_asked, second_asked, blocked, busy, limited.
func (r *Registry) SignIn(method, outcome string) {
	r.signIns.WithLabelValues(among(signInMethods, method), among(signInOutcomes, outcome)).Inc()
}

var (
	serviceKinds    = []string{"oidc", "google", "github", "microsoft", "apple", "gitlab", "oauth2"}
	serviceOutcomes = []string{
		"succeeded", "refused", "unavailable", "doubted", "no_account",
		"logout_succeeded", "logout_refused", "logout_unavailable", "logout_doubted", "logout_other",
	}
)

// Federation counts one attempt to sign in with another service. Kinds are those of
// package federation, outcomes those of package federate.
func (r *Registry) Federation(kind, outcome string) {
	r.services.WithLabelValues(among(serviceKinds, kind), among(serviceOutcomes, outcome)).Inc()
}

// Hash counts what became of one slow hash; it is what
// password.GateOptions.Observe takes.
func (r *Registry) Hash(o password.Outcome) {
	c := o.Class.String()
	r.hashes.WithLabelValues(c, string(o.Result)).Inc()
	r.waits.WithLabelValues(c).Observe(o.Wait.Seconds())
}

// among keeps labels to their set.
func among(set []string, value string) string {
	if slices.Contains(set, value) {
		return value
	}
	return "other"
}
