package clients

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"strings"
	"testing"

	"github.com/mortise-auth/mortise/internal/testenv"
	"github.com/mortise-auth/mortise/internal/testenv/browser"
)

// world is one server, one browser, and where the clients will be.
type world struct {
	*server
	chromium *browser.Browser
	ports    map[string]string
	signing  string // the private key of clients that have one, PKCS #8 in PEM
	jwks     string
	public   string // that of signing alone, as JSON

	signingRSA, publicRSA string // the same of those that know nothing but RSA, and its certificate
}

// TestClients runs every client.
func TestClients(t *testing.T) {
	w := &world{ports: map[string]string{}}
	for _, name := range []string{"openid-client", "oauth4webapi", "go-oidc", "apache", "apache-posted", "browser", "mcp", "assistant"} {
		w.ports[name] = freePort(t)
	}
	w.makeKey(t)
	w.server = serve(t, "REGISTRATION__MODE=open", "REGISTRATION__DOCUMENTS=true", "REGISTRATION__RESOURCES="+w.at("mcp")+"/mcp",
		"REGISTRATION__SCOPES=openid,profile,email,offline_access,tools:use")
	w.do(t, w.declared(), "apply", "-f", "-", "--allow-users")
	w.chromium = browser.Launch(t, testenv.Chromium(t), "--ignore-certificate-errors-spki-list="+w.pin)
	for name, drive := range map[string]func(*testing.T, *world){
		"openid-client": openIDClient, "oauth4webapi": oauth4webapi, "go-oidc": goOIDC,
		"apache": apache, "apache-posted": apachePosted, "browser": inBrowser, "mcp": contextProtocol,
	} {
		t.Run(name, func(t *testing.T) { t.Parallel(); drive(t, w) })
	}
}

// at is the origin of a client.
func (w *world) at(client string) string { return "https://127.0.0.1:" + w.ports[client] }

func (w *world) makeKey(t *testing.T) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	public, err := key.PublicKey.ECDH()
	must(t, err)
	xy := public.Bytes()[1:]
	encode := base64.RawURLEncoding.EncodeToString
	w.signing = string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8(t, key)}))
	old, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	w.publicRSA = selfSigned(t, old)
	w.signingRSA = string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8(t, old)}))
	w.public = fmt.Sprintf(`{"keys":[{"kty":"EC","crv":"P-256","kid":"one","use":"sig","alg":"ES256","x":"%s","y":"%s"}]}`, encode(xy[:32]), encode(xy[32:]))
	w.jwks = fmt.Sprintf(`{keys: [{kty: EC, crv: P-256, kid: one, use: sig, alg: ES256, x: %s, y: %s}, {kty: RSA, kid: two, use: sig, n: %s, e: AQAB}]}`,
		encode(xy[:32]), encode(xy[32:]), encode(old.N.Bytes()))
}

// secret is the secret of every client that has one.
const secret = "not-a-real-secret-0123456789abcdef"

// declared is the file that whoever administers applies.
func (w *world) declared() string {
	return strings.NewReplacer(
		"$OPENID_CLIENT", w.at("openid-client"), "$OAUTH4WEBAPI", w.at("oauth4webapi"), "$GO", w.at("go-oidc"), "$APACHE", w.at("apache"), "$POSTED", w.at("apache-posted"),
		"$BROWSER", w.at("browser"), "$MCP", w.at("mcp"), "$ISSUER", w.issuer, "$JWKS", w.jwks, "$SECRET", secret, "$PASSWORD", password,
	).Replace(manifest)
}
