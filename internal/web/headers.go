package web

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"

	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/secret"
)

// headers sets what every answer carries (SE-42, SE-43). Pages add their policy;
// static files and discovery documents relax the cache line.
func (f *Frame) headers(h http.Header, q *Request) {
	if q.access != Protocol { // where no page is written
		var nonce [12]byte
		secret.Fill(nonce[:])
		q.Nonce = encode(nonce[:])
	}
	for i := range f.standing {
		h[f.standing[i].name] = f.standing[i].value
	}
}

// header is one that is the same in every answer. Its name is canonical, and its
// value is shared and never changed: Set puts another in its place, and Add copies
// it, because nothing fits behind it.
type header struct {
	name  string
	value []string
}

func standing(scheme string) []header {
	all := []header{
		{"X-Content-Type-Options", []string{"nosniff"}},
		{"Referrer-Policy", []string{"no-referrer"}},
		{"Cross-Origin-Opener-Policy", []string{"same-origin"}},
		{"Cross-Origin-Resource-Policy", []string{"same-origin"}},
		{"Permissions-Policy", []string{"publickey-credentials-get=(self), publickey-credentials-create=(self), camera=(), microphone=(), geolocation=(), payment=()"}},
		{"Cache-Control", []string{"no-store"}},
		{"Content-Security-Policy", []string{"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"}},
	}
	if scheme == "https" {
		all = append(all, header{"Strict-Transport-Security", []string{"max-age=31536000; includeSubDomains"}})
	}
	return all
}

// PagePolicy is the policy of a page (SE-40), which may show frames of our own and
// of the origins given, each as browsers write it.
func PagePolicy(nonce string, frames ...string) string {
	return LeavingPolicy(nonce, frames...) + "; form-action 'self'"
}

// LeavingPolicy is that of a page whose form may end at an app: browsers apply
// form-action to every redirect that follows a form, and apps may have schemes of
// their own (SE-41).
func LeavingPolicy(nonce string, frames ...string) string {
	return "default-src 'none'; script-src 'nonce-" + nonce + "' 'strict-dynamic'; style-src 'nonce-" + nonce +
		"'; img-src 'self' data:; connect-src 'self'; frame-src " + strings.Join(append([]string{"'self'"}, frames...), " ") +
		"; base-uri 'none'; frame-ancestors 'none'; object-src 'none'"
}

func encode(b []byte) string {
	const digits = "0123456789abcdef"
	out := make([]byte, 0, 64)
	for _, c := range b {
		out = append(out, digits[c>>4], digits[c&15])
	}
	return string(out)
}

// loopbackName reports whether a Host value is one under which only programs on
// this machine can reach it.
func loopbackName(host string) bool {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	name = strings.Trim(name, "[]")
	if name == "localhost" || strings.HasSuffix(name, ".localhost") {
		return true
	}
	ip := net.ParseIP(name)
	return ip != nil && ip.IsLoopback()
}

// Ours serves h with the headers of our own answers and without what a wrapper
// around us promised to other origins (TH-36). It is for the few addresses that
// stand outside a Frame: health checks come under any host name.
func Ours(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		own := w.Header()
		own.Set("X-Content-Type-Options", "nosniff")
		own.Set("Cache-Control", "no-store")
		own.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		h.ServeHTTP(&recorder{ResponseWriter: w}, r)
	})
}

// recorder remembers what was answered.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
	shared Sharing
}

// Sharing says which page of another origin may read an answer (Fetch standard,
// CORS). The zero Sharing: none.
type Sharing struct {
	Origin      string // exactly one; never *
	Credentials bool   // the request may carry our cookies
	Methods     string // of a preflight's answer
	Headers     string
}

// Share lets the page of one origin read the answer that w writes. Routes that
// call it decide by a registered client, or are for anybody and share without
// credentials; nothing else shares (TH-36).
func Share(w http.ResponseWriter, s Sharing) {
	for {
		if r, ok := w.(*recorder); ok {
			r.shared = s
			return
		}
		u, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			return
		}
		w = u.Unwrap()
	}
}

func (s Sharing) set(h http.Header) {
	h.Add("Vary", "Origin")
	h.Set("Access-Control-Allow-Origin", s.Origin)
	h.Set("Access-Control-Expose-Headers", "Retry-After, WWW-Authenticate, DPoP-Nonce")
	if s.Credentials {
		h.Set("Access-Control-Allow-Credentials", "true")
	}
	if s.Methods != "" {
		h.Set("Access-Control-Allow-Methods", s.Methods)
		h.Set("Access-Control-Allow-Headers", s.Headers)
		h.Set("Access-Control-Max-Age", "600")
	}
}

// WriteHeader also takes back what a wrapper around us may have promised to
// other origins (TH-36): our answers are for our own pages.
func (w *recorder) WriteHeader(status int) {
	if w.status == 0 && status >= 200 {
		w.status = status
		h := w.Header()
		for name := range h {
			if strings.HasPrefix(name, "Access-Control-") {
				delete(h, name)
			}
		}
		if w.shared.Origin != "" {
			w.shared.set(h)
		}
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	n, err := w.ResponseWriter.Write(b)
	w.bytes += int64(n)
	return n, err
}

// Unwrap is for http.ResponseController.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// finish writes the request's one line and counts it.
func (f *Frame) finish(w *recorder, r *http.Request, q *Request) {
	took := f.o.Now().Sub(q.started)
	code := ""
	level := slog.LevelInfo
	const usual = 12
	attrs := append(make([]slog.Attr, 0, usual), // on the stack, as what follows leaves it
		slog.String("request", q.ID), slog.String("method", r.Method), slog.String("route", q.pattern),
		slog.Int("status", w.status), slog.Int64("bytes", w.bytes), slog.Duration("took", took),
		slog.String("source", q.source))
	attrs = append(attrs, q.fields...)
	if q.Identity != nil {
		attrs = append(attrs, slog.String("user", q.Identity.Subject), slog.String("session", q.Identity.Session))
	}
	if q.err != nil {
		p := problem.Of(q.err)
		code = p.Code
		attrs = append(attrs, slog.String("code", code), slog.String("cause", p.Error()))
		if p.Kind == problem.Internal {
			level = slog.LevelError
		}
	}
	if q.trace != "" {
		attrs = append(attrs, slog.String("trace_id", q.trace))
	}
	q.end(w.status, code)
	f.log(context.WithoutCancel(r.Context()), level, attrs)
	if f.o.Observe != nil {
		f.o.Observe(Observation{Method: known(r.Method), Pattern: q.pattern, Status: w.status, Code: code, Duration: took})
	}
}

// log writes the line of a request. Which line of ours wrote it says nothing, and a
// Logger would find it out each time.
func (f *Frame) log(ctx context.Context, level slog.Level, attrs []slog.Attr) {
	h := f.o.Log.Handler()
	if !h.Enabled(ctx, level) {
		return
	}
	line := slog.NewRecord(f.o.Now(), level, "request", 0)
	line.AddAttrs(attrs...)
	_ = h.Handle(ctx, line) // as a Logger does
}

// known bounds the methods that metrics tell apart: whoever asks may make up any
// number of them (AU-62).
func known(method string) string {
	if method == http.MethodHead || method == http.MethodOptions || slices.Contains(methods, method) {
		return method
	}
	return "other"
}
