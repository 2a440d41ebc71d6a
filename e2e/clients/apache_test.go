package clients

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// apacheConf is a private Apache with mod_auth_openidc: below /query the usual way,
// below /posted `code id_token` by form_post with private_key_jwt.
const apacheConf = `
ServerRoot $DIR
ServerName 127.0.0.1
PidFile $DIR/pid
Listen 127.0.0.1:$PORT
ErrorLog $DIR/error.log
LogLevel warn auth_openidc:debug
DefaultRuntimeDir $DIR
User #65534
Group #65534
LoadModule mpm_event_module $MODULES/mod_mpm_event.so
LoadModule ssl_module $MODULES/mod_ssl.so
LoadModule socache_shmcb_module $MODULES/mod_socache_shmcb.so
LoadModule authn_core_module $MODULES/mod_authn_core.so
LoadModule authz_core_module $MODULES/mod_authz_core.so
LoadModule authz_user_module $MODULES/mod_authz_user.so
LoadModule proxy_module $MODULES/mod_proxy.so
LoadModule proxy_http_module $MODULES/mod_proxy_http.so
LoadModule auth_openidc_module $MODULES/mod_auth_openidc.so
SSLEngine on
SSLCertificateFile $CERT
SSLCertificateKeyFile $KEY
StartServers 1
ServerLimit 1
ThreadsPerChild 16
MaxRequestWorkers 16

OIDCProviderMetadataURL $ISSUER/.well-known/openid-configuration
OIDCProviderIssuer $ISSUER
OIDCCABundlePath $AUTHORITIES
OIDCClientID apache
OIDCClientSecret $SECRET
OIDCProviderTokenEndpointAuth client_secret_basic
OIDCRedirectURI $ORIGIN/query/back
OIDCCryptoPassphrase 0123456789abcdef0123456789abcdef
OIDCPKCEMethod S256
OIDCScope "openid profile email"
OIDCPassIDTokenAs claims serialized
OIDCPassRefreshToken On
OIDCRemoteUserClaim sub
OIDCRefreshAccessTokenBeforeExpiry 5
OIDCCookiePath /
ProxyPass / $APP/
<Location /query>
	AuthType openid-connect
	Require valid-user
</Location>
<Location /posted>
	AuthType openid-connect
	Require valid-user
</Location>
`

// posted is what the second Apache has differently: the module knows one provider
// per server.
const posted = `
OIDCClientID apache-hybrid
OIDCPrivateKeyFiles "two#$SIGNING"
OIDCPublicKeyFiles "two#$PUBLIC"
OIDCProviderTokenEndpointAuth private_key_jwt
OIDCRedirectURI $ORIGIN/posted/back
OIDCResponseType "code id_token"
OIDCResponseMode form_post
OIDCCookieSameSite Off
`

// httpd is one running Apache and the application behind it.
type httpd struct {
	t      *testing.T
	origin string
	dir    string
	mu     sync.Mutex
	seen   http.Header // of the last request that reached the application
}

// apache is Apache's mod_auth_openidc, certified by the OpenID Foundation, with what
// it does by itself: the code by query.
func apache(t *testing.T, w *world) { w.httpd(t, "apache", "").journey(w, "/query") }

// apachePosted is the same with what it can besides: a code with an ID token, posted,
// and private_key_jwt.
func apachePosted(t *testing.T, w *world) { w.httpd(t, "apache-posted", posted).journey(w, "/posted") }

// journey is a visit of a page that Apache guards, and the two ways in which it ends.
func (h *httpd) journey(w *world, path string) {
	h.t.Helper()
	page, back := h.origin+path+"/page", h.origin+path+"/back"
	p := w.person(h.t, "apache@example.test")
	want(h.t, "where the sign-in ends", p.walk(page), page)
	p.saw("/login", "/consent")
	if !strings.HasPrefix(h.claim("sub"), "usr_") {
		h.t.Errorf("the subject is %q", h.claim("sub"))
	}
	want(h.t, "email, from UserInfo", h.claim("email"), "apache@example.test")
	want(h.t, "name, from UserInfo", h.claim("name"), "Amelia Apache")

	old := h.header("OIDC_access_token")
	p.Goto(back + "?" + url.Values{"refresh": {page}, "access_token": {old}}.Encode())
	want(h.t, "where the refresh ends", p.URL(), page)
	if fresh := h.header("OIDC_access_token"); fresh == "" || fresh == old {
		h.t.Errorf("after the refresh the access token is %q, was %q", fresh, old)
	}

	p.Goto(w.issuer + "/logout") // at ours, and Apache is told by the back channel
	p.Submit("logout-confirm")
	h.signedOut(p, page)

	p.walk(page)
	p.saw("/login") // the consent is remembered
	want(h.t, "where signing out ends", p.walk(back+"?"+url.Values{"logout": {h.origin + "/bye"}}.Encode()), h.origin+"/bye")
	h.signedOut(p, page)
}

// signedOut wants Apache to ask for a sign-in, as soon as it has been told.
func (h *httpd) signedOut(p *person, page string) {
	h.t.Helper()
	for deadline := time.Now().Add(patience); ; {
		if p.Goto(page); strings.HasPrefix(p.URL(), p.issuer+"/login") {
			return
		}
		if time.Now().After(deadline) {
			h.t.Fatalf("still signed in at %s", p.URL())
		}
	}
}

// modules is where the distribution keeps them.
func modules(t *testing.T) string {
	t.Helper()
	for _, dir := range []string{"/usr/lib/apache2/modules", "/usr/lib64/httpd/modules"} {
		if _, err := os.Stat(filepath.Join(dir, "mod_auth_openidc.so")); err == nil {
			return dir
		}
	}
	t.Fatal("there is no mod_auth_openidc. Run make test once, it installs what is missing.")
	return ""
}

func (w *world) httpd(t *testing.T, name, more string) *httpd {
	t.Helper()
	h := &httpd{t: t, origin: w.at(name), dir: folder(t)}
	app := httptest.NewServer(h)
	t.Cleanup(app.Close)
	must(t, os.Chmod(h.dir, 0o755)) //nolint:gosec // Apache started by root serves as nobody
	trust, err := os.ReadFile(w.cert)
	must(t, err)
	authorities := put(t, h.dir, "authorities.pem", trust)
	must(t, os.Chmod(authorities, 0o644)) //nolint:gosec // as above
	signing := put(t, h.dir, "signing.pem", []byte(w.signingRSA))
	public := put(t, h.dir, "public.pem", []byte(w.publicRSA))
	conf := strings.NewReplacer("$DIR", h.dir, "$PORT", w.ports[name], "$MODULES", modules(t), "$AUTHORITIES", authorities, "$CERT", w.cert, "$KEY", w.key,
		"$ISSUER", w.issuer, "$SECRET", secret, "$ORIGIN", h.origin, "$APP", app.URL, "$SIGNING", signing, "$PUBLIC", public).Replace(apacheConf + more)
	binary, err := exec.LookPath("apache2")
	if err != nil {
		binary = "/usr/sbin/apache2"
	}
	// In the foreground and never as a daemon, so that it ends with the test.
	var log buffer
	run(t, exec.Command(binary, "-X", "-f", put(t, h.dir, "httpd.conf", []byte(conf))), &log)
	t.Cleanup(func() {
		if data, err := os.ReadFile(filepath.Join(h.dir, "error.log")); err == nil && t.Failed() {
			t.Logf("apache: %s", data[max(0, len(data)-9000):])
		}
	})
	client := w.client(t)
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		if resp, err := client.Get(h.origin + "/open"); err == nil {
			resp.Body.Close()
			return h
		}
		if time.Now().After(deadline) {
			t.Fatal("apache does not answer")
		}
	}
}

// ServeHTTP is the application: it remembers what Apache told it.
func (h *httpd) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	h.seen = r.Header.Clone()
	h.mu.Unlock()
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprintf(w, `<!doctype html><title>An app</title><link rel="icon" href="data:,"><p id="path">%s</p>`, r.URL.Path)
}

func (h *httpd) claim(name string) string { return h.header("OIDC_CLAIM_" + name) }

func (h *httpd) header(name string) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.seen.Get(name)
}
