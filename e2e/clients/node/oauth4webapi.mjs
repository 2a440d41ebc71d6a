import * as oauth from "oauth4webapi";
import { assert, callback, check, done, listen, origin, settings, signingKey, visit } from "./app.mjs";

await listen();
const issuer = new URL(settings.issuer);
const key = await signingKey();

async function discover(algorithm) {
	return oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, { algorithm }));
}

/** Repeats a request once when it is answered with a new DPoP nonce. */
async function withNonce(request, process) {
	try {
		return await process(await request());
	} catch (e) {
		if (!oauth.isDPoPNonceError(e)) throw e;
		return process(await request());
	}
}

const as = await check("OpenID Connect discovery", () => discover("oidc"));
await check("OAuth 2.0 metadata (RFC 8414)", async () => {
	const other = await discover("oauth2");
	assert.equal(other.token_endpoint, as.token_endpoint);
});
await check("the metadata names what it should", async () => {
	assert.equal(as.authorization_response_iss_parameter_supported, true);
	assert.deepEqual(as.code_challenge_methods_supported, ["S256"]);
	for (const endpoint of ["pushed_authorization_request_endpoint", "userinfo_endpoint", "introspection_endpoint", "revocation_endpoint", "device_authorization_endpoint", "end_session_endpoint", "registration_endpoint"]) {
		assert.ok(as[endpoint].startsWith(`${settings.issuer}/`), endpoint);
	}
});

async function confidential() {
	const client = { client_id: "web", id_token_signed_response_alg: "EdDSA", userinfo_signed_response_alg: "EdDSA" };
	const auth = oauth.PrivateKeyJwt(key);
	const verifier = oauth.generateRandomCodeVerifier();
	const nonce = oauth.generateRandomNonce();
	const state = oauth.generateRandomState();
	const request = await oauth.issueRequestObject(as, client, new URLSearchParams({
		client_id: "web", response_type: "code", redirect_uri: callback, scope: "openid profile email offline_access", prompt: "consent", max_age: "300", nonce, state,
		code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256",
		claims: JSON.stringify({ id_token: { email: { essential: true } } }),
	}), key);
	const pushed = await check("a signed request, pushed (JAR in PAR)", async () =>
		oauth.processPushedAuthorizationResponse(as, client, await oauth.pushedAuthorizationRequest(as, client, auth, new URLSearchParams({ client_id: "web", request }))));
	const to = new URL(as.authorization_endpoint);
	to.search = new URLSearchParams({ client_id: "web", request_uri: pushed.request_uri });
	const back = await visit(to);
	const params = oauth.validateAuthResponse(as, client, new URL(back.url), state);
	const answer = await oauth.authorizationCodeGrantRequest(as, client, auth, params, callback, verifier);
	const tokens = await check("code, PKCE, private_key_jwt, ID token by EdDSA", async () => {
		const tokens = await oauth.processAuthorizationCodeResponse(as, client, answer, { expectedNonce: nonce, maxAge: 300, requireIdToken: true });
		await oauth.validateApplicationLevelSignature(as, answer);
		return tokens;
	});
	const claims = oauth.getValidatedIdTokenClaims(tokens);
	await check("the claims parameter", () => assert.equal(claims.email, "web@example.test"));
	await check("UserInfo, signed", async () => {
		const info = await oauth.userInfoRequest(as, client, tokens.access_token);
		assert.equal((await oauth.processUserInfoResponse(as, client, claims.sub, info)).name, "Wanda Web");
		await oauth.validateApplicationLevelSignature(as, info);
	});
	const fresh = await check("refresh", async () => {
		const fresh = await oauth.processRefreshTokenResponse(as, client, await oauth.refreshTokenGrantRequest(as, client, auth, tokens.refresh_token));
		assert.equal(oauth.getValidatedIdTokenClaims(fresh).sub, claims.sub);
		return fresh;
	});
	await check("introspection and revocation", async () => {
		const introspect = async () => oauth.processIntrospectionResponse(as, client, await oauth.introspectionRequest(as, client, auth, fresh.refresh_token));
		assert.equal((await introspect()).active, true);
		await oauth.processRevocationResponse(await oauth.revocationRequest(as, client, auth, fresh.refresh_token));
		assert.equal((await introspect()).active, false);
	});
	await check("a JWT for an API (RFC 9068), checked by a resource server", async () => {
		const got = await oauth.processClientCredentialsResponse(as, client,
			await oauth.clientCredentialsGrantRequest(as, client, auth, new URLSearchParams({ scope: "things:read", resource: settings.things })));
		const request = new Request(`${settings.things}/`, { headers: { authorization: `Bearer ${got.access_token}` } });
		const seen = await oauth.validateJwtAccessToken(as, request, settings.things);
		assert.equal(seen.client_id, "web");
		assert.equal(seen.scope, "things:read");
	});
	return tokens.id_token;
}

async function publicClient() {
	const client = { client_id: "web-public" };
	const DPoP = oauth.DPoP(client, await oauth.generateKeyPair("ES256"));
	const verifier = oauth.generateRandomCodeVerifier();
	const state = oauth.generateRandomState();
	const parameters = new URLSearchParams({
		client_id: client.client_id, response_type: "code", redirect_uri: callback, scope: "openid offline_access things:read", prompt: "consent", state,
		code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256", resource: settings.things,
	});
	const pushed = await check("PAR of a public client with DPoP", () => withNonce(
		() => oauth.pushedAuthorizationRequest(as, client, oauth.None(), parameters, { DPoP }),
		(response) => oauth.processPushedAuthorizationResponse(as, client, response)));
	const to = new URL(as.authorization_endpoint);
	to.search = new URLSearchParams({ client_id: client.client_id, request_uri: pushed.request_uri });
	const params = oauth.validateAuthResponse(as, client, new URL((await visit(to)).url), state);
	const tokens = await check("a code bound to a key", async () => {
		const other = oauth.DPoP(client, await oauth.generateKeyPair("ES256"));
		const redeem = (DPoP) => withNonce(
			() => oauth.authorizationCodeGrantRequest(as, client, oauth.None(), params, callback, verifier, { DPoP }),
			(response) => oauth.processAuthorizationCodeResponse(as, client, response));
		await assert.rejects(redeem(other), (e) => e.error === "invalid_grant");
		return redeem(DPoP);
	});
	await check("a bound JWT, checked by a resource server", async () => {
		const url = new URL(`${settings.things}/`);
		assert.equal(tokens.token_type, "dpop");
		const seen = await capture((fetch) => oauth.protectedResourceRequest(tokens.access_token, "GET", url, undefined, undefined, { DPoP, [oauth.customFetch]: fetch }));
		const claims = await oauth.validateJwtAccessToken(as, seen, settings.things, { requireDPoP: true });
		assert.match(claims.cnf.jkt, /^[\w-]{43}$/);
		assert.match(claims.sub, /^usr_/);
	});
	await check("refresh with the same key only", async () => {
		const refresh = (DPoP) => withNonce(
			() => oauth.refreshTokenGrantRequest(as, client, oauth.None(), tokens.refresh_token, { DPoP }),
			(response) => oauth.processRefreshTokenResponse(as, client, response));
		const other = oauth.DPoP(client, await oauth.generateKeyPair("ES256"));
		await assert.rejects(refresh(other), (e) => e.error === "invalid_grant");
		assert.equal((await refresh(DPoP)).token_type, "dpop");
	});
}

/** The request that a library would have sent. */
async function capture(send) {
	let seen;
	await send(async (url, init) => {
		seen = new Request(url, { method: init.method, headers: init.headers });
		return new Response("{}");
	});
	return seen;
}

async function resource() {
	const metadata = await oauth.processResourceDiscoveryResponse(issuer, await oauth.resourceDiscoveryRequest(issuer));
	await check("metadata of a protected resource (RFC 9728)", () => assert.deepEqual(metadata.authorization_servers, [settings.issuer]));
}

async function registration() {
	const asked = { redirect_uris: [callback], client_name: "Registered", token_endpoint_auth_method: "none", scope: "openid email" };
	const client = await check("dynamic registration of a public client", async () =>
		oauth.processDynamicClientRegistrationResponse(await oauth.dynamicClientRegistrationRequest(as, asked)));
	const verifier = oauth.generateRandomCodeVerifier();
	const to = new URL(as.authorization_endpoint);
	to.search = new URLSearchParams({ client_id: client.client_id, response_type: "code", redirect_uri: callback, scope: "openid email",
		code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256" });
	const params = oauth.validateAuthResponse(as, client, new URL((await visit(to)).url), oauth.expectNoState);
	await check("the code flow of a registered client", async () => {
		const tokens = await oauth.processAuthorizationCodeResponse(as, client, await oauth.authorizationCodeGrantRequest(as, client, oauth.None(), params, callback, verifier));
		assert.match(oauth.getValidatedIdTokenClaims(tokens).sub, /^usr_/);
	});
}

async function leave(idToken) {
	const to = new URL(as.end_session_endpoint);
	to.search = new URLSearchParams({ id_token_hint: idToken, post_logout_redirect_uri: `${origin}/bye`, state: "s" });
	const back = await visit(to);
	await check("logout", () => assert.equal(back.url, `${origin}/bye?state=s`));
}

const idToken = await confidential();
await publicClient();
await resource();
await registration();
await leave(idToken);
done();
