package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// TestGatewayOverTLS is the gateway as it stands in production: https in front by
// the proxies themselves, so that the cookies are those with __Host-, mortise below
// a path of a host that is itself a site, and sites at three proxies.
// TH-37 SE-10 SE-11 SE-50 SE-53
func TestGatewayOverTLS(t *testing.T) {
	t.Parallel()
	own := proxied{name: "nginx", host: "id.localhost:" + freePort(t), app: openApplication(t)}
	s := real(t, "TRUSTED_PROXIES=127.0.0.0/8", "URL=https://"+own.host+"/auth")
	s.start()
	ca := certifyNames(t, s.dir, "*.localhost", "id.localhost", "nginx.localhost", "caddy.localhost", "haproxy.localhost")
	all := []proxied{own}
	for _, name := range []string{"nginx", "caddy", "haproxy"} {
		all = append(all, proxied{name: name, host: name + ".localhost:" + freePort(t), app: openApplication(t)})
	}
	all[0].front = "/auth" // the way to mortise itself
	for i := range all {
		all[i].tls = ca
		all[i].run(t, s)
	}
	v := wander(t, "https://"+own.host)
	v.http.Transport.(*http.Transport).TLSClientConfig = ca.trust
	v.submit(v.get("/auth/setup"), "/auth/setup", "code", s.ready.SetupCode)
	v.submit(v.get("/auth/setup"), "/auth/setup/administrator", "display-name", "Ada", "email", admin, "new-password", ownPassword)
	v.submit(v.get("/auth/login"), "/auth/login", "identifier", admin, "password", ownPassword).is(200, "/auth/account")
	for _, p := range all {
		rules := []byte(`{"rules": [{"paths": ["/public/*"], "action": "allow"}, {"action": "require"}]}`)
		if got, err := v.try("PUT", "/auth/api/v1/sites/"+url.PathEscape(p.host), "application/json", rules); err != nil || got.status != 200 {
			t.Fatalf("%s: %d %s %v", p.host, got.status, got.body, err)
		}
	}
	got := v.ask("GET", "https://"+own.host+"/private").seen() // by the session itself
	if got.clean(t); !strings.HasPrefix(got.Header.Get("Remote-User"), "usr_") || got.Header.Get("Cookie") != "" {
		t.Errorf("on our own host the application saw %v", got.Header)
	}
	v.submit(v.get("/auth/logout"), "/auth/logout")
	for i, p := range all {
		p.checkSecure(t, v, i == 0)
	}
	s.stopped()
}

// checkSecure goes through one site; the first time somebody has to sign in.
func (p proxied) checkSecure(t *testing.T, v wanderer, own bool) {
	t.Helper()
	to := "https://" + p.host
	if got := v.ask("GET", to+"/page"); got.status != 401 {
		t.Errorf("%s: a stranger gets %d", p.host, got.status)
	}
	page := v.open(to + "/page?a=b")
	if own {
		page.is(200, "/auth/login")
		page = v.submit(page, "/auth/login", "identifier", admin, "password", ownPassword)
	}
	next, ok := strings.CutPrefix(page.is(200, "/auth/forward-auth/start").header.Get("Refresh"), "0; url=")
	if !ok || !strings.HasPrefix(next, to+"/.mortise/callback?ticket=") {
		t.Fatalf("%s: the way on is %q", p.host, next)
	}
	got := v.open(next).seen()
	got.clean(t)
	if got.Target != "/page?a=b" || !strings.HasPrefix(got.Header.Get("Remote-User"), "usr_") {
		t.Errorf("%s: the application saw %s as %v", p.host, got.Target, got.Header)
	}
	secret := v.hostOnly(to)
	for cookie, want := range map[string]int{"__Host-mortise-gate=" + secret: 200, "mortise-gate=" + secret: 401, "__Host-mortise-gate=x": 401} {
		other := wander(t, v.base)
		other.http.Transport.(*http.Transport).TLSClientConfig = p.tls.trust
		if got := other.ask("GET", to+"/a", "Cookie", cookie); got.status != want {
			t.Errorf("%s: %.24s…: %d, want %d", p.host, cookie, got.status, want)
		}
	}
}

// hostOnly wants the gate to be a cookie with __Host-, and returns its secret. A jar
// keeps such a cookie only as it must be set.
func (v wanderer) hostOnly(to string) (secret string) {
	v.t.Helper()
	r, err := http.NewRequest("GET", to, nil)
	must(v.t, err)
	for _, c := range v.http.Jar.Cookies(r.URL) {
		if c.Name == "__Host-mortise-gate" {
			secret = c.Value
		}
		if !strings.HasPrefix(c.Name, "__Host-mortise") {
			v.t.Errorf("%s: a cookie named %s", to, c.Name)
		}
	}
	if secret == "" {
		v.t.Errorf("%s: no gate", to)
	}
	return secret
}

// authority is a certificate for names, and who believes it.
type authority struct {
	cert, key, both string // files
	trust           *tls.Config
}

func certifyNames(t *testing.T, dir string, names ...string) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	form := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "a test"}, DNSNames: names, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, form, form, key.Public(), key)
	must(t, err)
	leaf, err := x509.ParseCertificate(der)
	must(t, err)
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	must(t, err)
	cert := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	private := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}))
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return &authority{
		cert: put(dir, "site.crt", cert), key: put(dir, "site.key", private), both: put(dir, "site.pem", cert+private),
		trust: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12},
	}
}

// secure puts the certificate where the operator would, and the way to mortise
// itself where the site is on its own host.
func (p proxied) secure(snippet, server string) string {
	if p.tls == nil {
		return snippet
	}
	name, _, _ := strings.Cut(p.host, ":")
	snippet = strings.NewReplacer(
		"/etc/ssl/"+name+"/fullchain.pem", p.tls.cert, "/etc/ssl/"+name+"/privkey.pem", p.tls.key, "/etc/haproxy/"+name+".pem", p.tls.both,
		"https://"+p.host+" {\n", "https://"+p.host+" {\n\ttls "+p.tls.cert+" "+p.tls.key+"\n",
	).Replace(snippet)
	if p.front != "" {
		snippet = strings.Replace(snippet, "    location / {", "    location ^~ "+p.front+"/ {\n        proxy_pass http://"+server+";\n        proxy_set_header Host "+p.host+
			";\n        proxy_set_header X-Forwarded-Host "+p.host+";\n        proxy_set_header X-Forwarded-Proto https;\n        proxy_set_header X-Forwarded-For $remote_addr;\n    }\n\n    location / {", 1)
	}
	return snippet
}
