package clients

import "testing"

// openIDClient is panva/openid-client, certified by the OpenID Foundation as Basic,
// FAPI 1.0 and FAPI 2.0 relying party.
func openIDClient(t *testing.T, w *world) {
	ran(t, w.script(t, "openid-client.mjs", "openid-client", "node@example.test"),
		"discovery", "code, PKCE, ID token with client_secret_basic", "UserInfo", "refresh", "introspection", "revocation",
		"a code that was used", "prompt=none and what it refuses",
		"code id_token by form_post, PS256, c_hash, client_secret_post", "id_token by form_post",
		"a signed request (JAR), private_key_jwt, ES256", "signed UserInfo", "an unsigned request of a client that must sign",
		"client_credentials with private_key_jwt and resource",
		"FAPI 2.0: PAR, private_key_jwt, DPoP with nonces, iss", "UserInfo with DPoP", "a bound token as Bearer", "refresh with DPoP, not rotated",
		"client_credentials with DPoP", "a request that was not pushed",
		"client_credentials with client_secret_post", "introspection by a resource", "a wrong secret",
		"device authorization", "dynamic registration", "the code flow of a registered client", "logout")
}
