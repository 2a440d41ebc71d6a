package settings

import (
	"encoding/base64"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/mortise-auth/mortise/internal/clientaddr"
	"github.com/mortise-auth/mortise/internal/secret"
)

// report takes one fault: the key of the setting and what to do about it.
type report func(key, message string)

// Validate checks every value by itself and against the others. It opens
// nothing and resolves no name.
func (s *Settings) Validate(r report) {
	if s.URL != "" {
		checkPublicURL(s.URL, r)
	}
	checkListen("listen", s.Listen, r)
	if s.Data == "" {
		r("data", "want the path of a folder")
	}
	if !s.SecretKey.IsZero() && !isKey(s.SecretKey) {
		r("secret_key", "want base64 of exactly 32 bytes: openssl rand -base64 32")
	}
	if _, err := clientaddr.NewTrust(s.TrustedProxies); err != nil {
		r("trusted_proxies", strings.TrimPrefix(err.Error(), "clientaddr: "))
	}
	s.Admin.Validate(r)
	s.Database.Validate(r)
	s.Redis.Validate(r)
	s.SMTP.Validate(r)
	s.Mail.Validate(r)
	s.HTTP.Validate(r)
	s.TLS.Validate(r)
	s.Egress.Validate(r)
	s.OTel.Validate(r)
	s.Brand.Validate(r)
	s.Password.Validate(r)
	s.Session.Validate(r)
	s.plain(r)
}

// ForServe adds what a production server cannot do without.
func (s *Settings) ForServe() error {
	var faults Faults
	if s.URL == "" {
		faults = append(faults, Fault{Key: "url", Message: "is not set: the address people type, such as https://id.example.org. mortise init writes a first mortise.yaml"})
	}
	if s.SecretKey.IsZero() {
		faults = append(faults, Fault{Key: "secret_key", Message: "is not set: mortise init makes one, outside the data folder"})
	}
	return faults.orNil()
}

// HasTLS reports whether the listener speaks TLS itself.
func (s *Settings) HasTLS() bool { return s.TLS.CertFile != "" || s.TLS.ACME.Enabled }

// plain refuses passwords in the clear on a network, unless told.
func (s *Settings) plain(r report) {
	if s.HasTLS() || s.HTTP.InsecurePlain {
		return
	}
	if host, _, err := net.SplitHostPort(s.Listen); err == nil && !isLoopback(host) {
		r("listen", "this is not loopback and there is no certificate: set tls.cert_file and tls.key_file, or tls.acme.enabled; behind a proxy that ends TLS set http.insecure_plain")
	}
	if u, err := url.Parse(s.URL); err == nil && u.Scheme == "http" && !isLoopback(u.Hostname()) {
		r("url", "http is for loopback only: use https, or set http.insecure_plain if you know why")
	}
}

func (a *Admin) Validate(r report) {
	if a.Listen == "" {
		return
	}
	checkListen("admin.listen", a.Listen, r)
}

func (d *Database) Validate(r report) {
	if d.URL.IsZero() {
		return
	}
	u, err := url.Parse(d.URL.Reveal())
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" || u.Host == "" && u.Query().Get("host") == "" {
		r("database.url", "want postgres://user:password@host/name, or nothing for SQLite in the data folder")
	}
}

func (d *Redis) Validate(r report) {
	if d.URL.IsZero() {
		return
	}
	u, err := url.Parse(d.URL.Reveal())
	if err != nil || u.Scheme != "redis" && u.Scheme != "rediss" || u.Host == "" {
		r("redis.url", "want redis://host:port or rediss://host:port")
	}
}

func (m *SMTP) Validate(r report) {
	if m.URL.IsZero() {
		return
	}
	u, err := url.Parse(m.URL.Reveal())
	if err != nil || u.Scheme != "smtp" && u.Scheme != "smtps" || u.Hostname() == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" {
		r("smtp.url", "want smtp://user:password@host:587 or smtps://user:password@host:465")
	}
}

func (m *Mail) Validate(r report) {
	if m.From == "" {
		return
	}
	if _, err := mail.ParseAddress(m.From); err != nil {
		r("mail.from", "want an address, or a name and an address: Example <id@example.org>")
	}
}

func (h *HTTP) Validate(r report) {
	if h.RedirectListen != "" {
		checkListen("http.redirect_listen", h.RedirectListen, r)
	}
}

func (t *TLS) Validate(r report) {
	if (t.CertFile == "") != (t.KeyFile == "") {
		r("tls.cert_file", "tls.cert_file and tls.key_file go together; set both or neither")
	}
	if t.CertFile != "" && t.ACME.Enabled {
		r("tls.acme.enabled", "tls.cert_file is set too; keep one")
	}
	t.ACME.Validate(r)
}

func (a *ACME) Validate(r report) {
	if u, err := url.Parse(a.DirectoryURL); err != nil || u.Scheme != "https" || u.Host == "" {
		r("tls.acme.directory_url", "want an https address")
	}
	if a.Email != "" {
		if addr, err := mail.ParseAddress(a.Email); err != nil || addr.Name != "" {
			r("tls.acme.email", "want an address such as ops@example.org")
		}
	}
	for _, d := range a.Domains {
		if !isHostname(d) {
			r("tls.acme.domains", strconv.Quote(d)+" is not a name such as id.example.org")
		}
	}
}

func (e *Egress) Validate(r report) {
	for _, item := range e.Allow {
		if !isEgress(item) {
			r("egress.allow", strconv.Quote(item)+" is none of host:port, a CIDR range or the beginning of a URL")
		}
	}
}

func (o *OTel) Validate(r report) {
	if o.Endpoint == "" {
		return
	}
	u, err := url.Parse(o.Endpoint)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
		r("otel.endpoint", "want an http or https address such as http://127.0.0.1:4318")
	}
}

func (b *Brand) Validate(r report) {
	if strings.TrimSpace(b.Name) == "" {
		r("brand.name", "want a name")
	}
}

func (p *Password) Validate(r report) {
	if slices.Contains(p.ContextWords, "") {
		r("password.context_words", "has an empty word; remove it")
	}
}

func (s *Session) Validate(r report) {
	if s.Idle > s.Absolute {
		r("session.idle", "is longer than session.absolute, so it would never count")
	}
}

func checkPublicURL(text string, r report) {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "":
		r("url", "want an address such as https://id.example.org")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "" || strings.Contains(text, "#") || strings.Contains(text, "?"):
		r("url", "want only scheme, host and path, without user, query or fragment")
	case strings.HasSuffix(u.Path, "/"):
		r("url", "has a slash at the end; remove it")
	case u.Host != strings.ToLower(u.Host):
		r("url", "want the host in lower case")
	}
}

func checkListen(key, address string, r report) {
	host, port, err := net.SplitHostPort(address)
	_, nan := strconv.ParseUint(port, 10, 16)
	if err != nil || nan != nil || host != "" && !isAddress(host) && !isHostname(host) {
		r(key, "want host:port, such as 127.0.0.1:8080 or :443")
	}
}

// isKey reports whether t is the base64 of 32 bytes, in either alphabet.
func isKey(t secret.Text) bool {
	_, ok := DecodeKey(t)
	return ok
}

// DecodeKey returns the 32 bytes of a secret key.
func DecodeKey(t secret.Text) (key [32]byte, ok bool) {
	text := strings.TrimRight(t.Reveal(), "=")
	for _, enc := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		if b, err := enc.Strict().DecodeString(text); err == nil && len(b) == len(key) {
			return [32]byte(b), true
		}
	}
	return key, false
}

// isLoopback reports whether host, a name or an address, means this machine only.
func isLoopback(host string) bool {
	if a, err := netip.ParseAddr(host); err == nil {
		return a.IsLoopback()
	}
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}

func isAddress(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil
}

func isHostname(host string) bool {
	if host == "" || len(host) > 253 {
		return false
	}
	for label := range strings.SplitSeq(host, ".") {
		if label == "" || len(label) > 63 || strings.Trim(label, "-") != label || strings.Trim(strings.ToLower(label), "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			return false
		}
	}
	return true
}

func isEgress(item string) bool {
	if _, err := netip.ParsePrefix(item); err == nil {
		return true
	}
	if u, err := url.Parse(item); err == nil && (u.Scheme == "http" || u.Scheme == "https") {
		return u.Hostname() != "" && u.User == nil
	}
	host, port, err := net.SplitHostPort(item)
	_, nan := strconv.ParseUint(port, 10, 16)
	return err == nil && nan == nil && (isAddress(host) || isHostname(host))
}

// Loopback reports whether the host of a host:port means this machine only.
func Loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	return err == nil && isLoopback(host)
}
