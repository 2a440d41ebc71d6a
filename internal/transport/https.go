package transport

import (
	"net"
	"net/http"
	"net/url"
	"strings"
)

// RedirectHTTPS sends requests on the plain http port to public, whose scheme is
// https, and only those that were meant for its host: others get 421, so that
// nobody can use us to redirect. Methods and bodies are kept (308).
func RedirectHTTPS(public *url.URL) http.Handler {
	base := "https://" + public.Host
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "close")
		switch {
		case !strings.EqualFold(hostname(r.Host), public.Hostname()):
			http.Error(w, "This host is not served here.", http.StatusMisdirectedRequest)
		case !strings.HasPrefix(r.URL.Path, "/"):
			http.Error(w, "Bad request.", http.StatusBadRequest)
		default:
			w.Header().Set("Location", base+r.URL.EscapedPath()+query(r.URL))
			w.WriteHeader(moved(r.Method))
		}
	})
}

func hostname(host string) string {
	if h, _, err := net.SplitHostPort(host); err == nil {
		return h
	}
	return strings.Trim(host, "[]")
}

func query(u *url.URL) string {
	if u.RawQuery == "" {
		return ""
	}
	return "?" + u.RawQuery
}

func moved(method string) int {
	if method == http.MethodGet || method == http.MethodHead {
		return http.StatusMovedPermanently
	}
	return http.StatusPermanentRedirect
}

// HSTS tells browsers to come by https only, for a year, subdomains included
// (SE-42). preload asks for a place in the browsers' lists, which is hard to
// leave. Mount it exactly when the public URL is https.
func HSTS(next http.Handler, preload bool) http.Handler {
	value := "max-age=31536000; includeSubDomains"
	if preload {
		value += "; preload"
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Strict-Transport-Security", value)
		next.ServeHTTP(w, r)
	})
}
