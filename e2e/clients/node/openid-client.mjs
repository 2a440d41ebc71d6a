import * as client from "openid-client";
import { assert, callback, check, done, listen, origin, settings, signingKey, visit } from "./app.mjs";

await listen();
const issuer = new URL(settings.issuer);
const key = await signingKey();

/** What an authorization request has, and what its answer is checked against. */
async function begin(more) {
	const checks = { pkceCodeVerifier: client.randomPKCECodeVerifier(), expectedState: client.randomState(), expectedNonce: client.randomNonce(), idTokenExpected: true };
	return [
		{
			redirect_uri: callback, scope: "openid profile email", code_challenge: await client.calculatePKCECodeChallenge(checks.pkceCodeVerifier),
			code_challenge_method: "S256", state: checks.expectedState, nonce: checks.expectedNonce, ...more,
		},
		checks,
	];
}

const refused = (error) => (e) => e.error === error || e.cause?.error === error || assert.fail(e);

async function web() {
	const config = await check("discovery", () => client.discovery(issuer, "node", undefined, client.ClientSecretBasic(settings.secret)));
	client.enableNonRepudiationChecks(config);
	const [parameters, checks] = await begin({ scope: "openid profile email offline_access things:read", prompt: "consent", max_age: "600" });
	const back = await visit(client.buildAuthorizationUrl(config, parameters));
	const tokens = await check("code, PKCE, ID token with client_secret_basic", () => client.authorizationCodeGrant(config, new URL(back.url), { ...checks, maxAge: 600 }));
	const { sub, auth_time } = tokens.claims();
	assert.match(sub, /^usr_/);
	assert.equal(typeof auth_time, "number");
	await check("UserInfo", async () => {
		const info = await client.fetchUserInfo(config, tokens.access_token, sub);
		assert.equal(info.email, "node@example.test");
		assert.equal(info.name, "Nora Node");
	});
	const fresh = await check("refresh", async () => {
		const fresh = await client.refreshTokenGrant(config, tokens.refresh_token);
		assert.notEqual(fresh.access_token, tokens.access_token);
		assert.equal(fresh.claims().sub, sub);
		return fresh;
	});
	await check("introspection", async () => {
		const seen = await client.tokenIntrospection(config, fresh.refresh_token ?? tokens.refresh_token);
		assert.equal(seen.active, true);
		assert.equal(seen.client_id, "node");
	});
	await check("revocation", async () => {
		const token = fresh.refresh_token ?? tokens.refresh_token;
		await client.tokenRevocation(config, token);
		assert.equal((await client.tokenIntrospection(config, token)).active, false);
		await assert.rejects(client.refreshTokenGrant(config, token), refused("invalid_grant"));
	});
	await check("a code that was used", () => assert.rejects(client.authorizationCodeGrant(config, new URL(back.url), checks), refused("invalid_grant")));
	await check("prompt=none and what it refuses", async () => {
		const [parameters, checks] = await begin({ scope: "openid profile email offline_access things:read", prompt: "none", id_token_hint: tokens.id_token });
		const back = await visit(client.buildAuthorizationUrl(config, parameters));
		assert.equal((await client.authorizationCodeGrant(config, new URL(back.url), checks)).claims().sub, sub);
		const [strict, expected] = await begin({ prompt: "none", max_age: "0" });
		const refusal = await visit(client.buildAuthorizationUrl(config, strict));
		await assert.rejects(client.authorizationCodeGrant(config, new URL(refusal.url), expected), refused("login_required"));
	});
	return [config, tokens.id_token];
}

async function hybrid() {
	const config = await client.discovery(issuer, "node-hybrid", { id_token_signed_response_alg: "PS256" }, client.ClientSecretPost(settings.secret));
	client.useCodeIdTokenResponseType(config);
	client.enableNonRepudiationChecks(config);
	const [parameters, checks] = await begin({ response_mode: "form_post" });
	const back = await visit(client.buildAuthorizationUrl(config, { ...parameters, response_type: "code id_token" }));
	await check("code id_token by form_post, PS256, c_hash, client_secret_post", async () => {
		assert.equal(back.method, "POST");
		const tokens = await client.authorizationCodeGrant(config, back, checks);
		assert.match(tokens.claims().sub, /^usr_/);
	});
	const implicit = await client.discovery(issuer, "node-hybrid", { id_token_signed_response_alg: "PS256" }, client.None());
	client.useIdTokenResponseType(implicit);
	const nonce = client.randomNonce();
	const state = client.randomState();
	const front = await visit(client.buildAuthorizationUrl(implicit, { redirect_uri: callback, scope: "openid email", nonce, state, response_mode: "form_post" }));
	await check("id_token by form_post", async () => {
		const claims = await client.implicitAuthentication(implicit, front, nonce, { expectedState: state });
		assert.equal(claims.email, "node@example.test");
	});
}

async function signed() {
	const metadata = { id_token_signed_response_alg: "ES256", userinfo_signed_response_alg: "ES256" };
	const config = await client.discovery(issuer, "node-signed", metadata, client.PrivateKeyJwt(key));
	client.enableNonRepudiationChecks(config);
	const [parameters, checks] = await begin({});
	const back = await visit(await client.buildAuthorizationUrlWithJAR(config, parameters, key));
	const tokens = await check("a signed request (JAR), private_key_jwt, ES256", () => client.authorizationCodeGrant(config, new URL(back.url), checks));
	await check("signed UserInfo", async () => {
		assert.equal((await client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub)).email, "node@example.test");
	});
	await check("an unsigned request of a client that must sign", async () => {
		const refusal = await visit(client.buildAuthorizationUrl(config, parameters));
		await assert.rejects(client.authorizationCodeGrant(config, new URL(refusal.url), checks), refused("invalid_request"));
	});
	await check("client_credentials with private_key_jwt and resource", async () => {
		const got = await client.clientCredentialsGrant(config, { scope: "things:read", resource: settings.things });
		assert.equal(got.scope, "things:read");
		assert.equal(got.refresh_token, undefined);
	});
}

async function bank() {
	const config = await client.discovery(issuer, "node-bank", { id_token_signed_response_alg: "PS256" }, client.PrivateKeyJwt(key));
	client.enableNonRepudiationChecks(config);
	const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair("ES256"));
	const [parameters, checks] = await begin({ scope: "openid profile email offline_access", prompt: "consent" });
	const back = await visit(await client.buildAuthorizationUrlWithPAR(config, parameters, { DPoP }));
	const tokens = await check("FAPI 2.0: PAR, private_key_jwt, DPoP with nonces, iss", () =>
		client.authorizationCodeGrant(config, new URL(back.url), checks, undefined, { DPoP }));
	assert.equal(tokens.token_type, "dpop");
	const { sub } = tokens.claims();
	await check("UserInfo with DPoP", async () => assert.equal((await client.fetchUserInfo(config, tokens.access_token, sub, { DPoP })).sub, sub));
	await check("a bound token as Bearer", () => assert.rejects(client.fetchUserInfo(config, tokens.access_token, sub)));
	await check("refresh with DPoP, not rotated", async () => {
		const fresh = await client.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP });
		assert.equal(fresh.token_type, "dpop");
		assert.ok(fresh.refresh_token === undefined || fresh.refresh_token === tokens.refresh_token);
		await client.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP });
	});
	await check("client_credentials with DPoP", async () => {
		const got = await client.clientCredentialsGrant(config, { scope: "things:read" }, { DPoP });
		assert.equal(got.token_type, "dpop");
	});
	await check("a request that was not pushed", async () => {
		const refusal = await visit(client.buildAuthorizationUrl(config, parameters));
		await assert.rejects(client.authorizationCodeGrant(config, new URL(refusal.url), checks), refused("invalid_request"));
	});
}

async function machine() {
	const config = await client.discovery(issuer, "machine", undefined, client.ClientSecretPost(settings.secret));
	const got = await check("client_credentials with client_secret_post", () => client.clientCredentialsGrant(config, { scope: "things:read", resource: settings.things }));
	await check("introspection by a resource", async () => {
		const seen = await client.tokenIntrospection(config, got.access_token);
		assert.equal(seen.active, true);
		assert.equal(seen.sub, "machine");
		assert.equal(seen.aud, settings.things);
	});
	await check("a wrong secret", async () => {
		const wrong = await client.discovery(issuer, "machine", undefined, client.ClientSecretPost("wrong".repeat(8)));
		await assert.rejects(client.clientCredentialsGrant(wrong), (e) => e.code === "OAUTH_WWW_AUTHENTICATE_CHALLENGE" && e.status === 401);
	});
}

async function television() {
	const config = await client.discovery(issuer, "television", undefined, client.None());
	const begun = await client.initiateDeviceAuthorization(config, { scope: "openid email offline_access" });
	console.log(`VISIT ${begun.verification_uri_complete}`);
	await check("device authorization", async () => {
		const tokens = await client.pollDeviceAuthorizationGrant(config, begun);
		assert.equal((await client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub)).email, "node@example.test");
		assert.ok(tokens.refresh_token);
	});
}

async function registered() {
	// Without a method it is client_secret_basic by the standard, but this library would send client_secret_post.
	const config = await check("dynamic registration", () =>
		client.dynamicClientRegistration(issuer, { client_name: "Registered", redirect_uris: [callback], scope: "openid email", grant_types: ["authorization_code", "refresh_token"], token_endpoint_auth_method: "client_secret_post" }));
	const [parameters, checks] = await begin({ scope: "openid email" });
	const back = await visit(client.buildAuthorizationUrl(config, parameters));
	await check("the code flow of a registered client", async () => {
		const tokens = await client.authorizationCodeGrant(config, new URL(back.url), checks);
		assert.equal((await client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub)).email, "node@example.test");
	});
}

async function bye(config, idToken) {
	const state = client.randomState();
	const back = await visit(client.buildEndSessionUrl(config, { id_token_hint: idToken, post_logout_redirect_uri: `${origin}/bye`, state }));
	await check("logout", async () => {
		assert.equal(back.url, `${origin}/bye?state=${state}`);
		const [parameters, checks] = await begin({ prompt: "none" });
		const refusal = await visit(client.buildAuthorizationUrl(config, parameters));
		await assert.rejects(client.authorizationCodeGrant(config, new URL(refusal.url), checks), refused("login_required"));
	});
}

const session = await web();
await hybrid();
await signed();
await bank();
await machine();
await television();
await registered();
await bye(...session);
done();
