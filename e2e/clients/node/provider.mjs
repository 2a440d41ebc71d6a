// panva/oidc-provider as its documentation shows it, for Mortise to sign people in
// with. Anybody may sign in by any name; the address is made of it.
import { generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import Provider from "oidc-provider";

const settings = JSON.parse(process.argv[2]);
const key = (type, options) => generateKeyPairSync(type, options).privateKey.export({ format: "jwk" });
const client = (id, more) => ({
	client_id: id,
	redirect_uris: [`${settings.mortise}/federation/${id}/callback`],
	post_logout_redirect_uris: [`${settings.mortise}/logout`],
	backchannel_logout_uri: `${settings.mortise}/federation/${id}/backchannel-logout`,
	backchannel_logout_session_required: true,
	grant_types: ["authorization_code", "refresh_token"],
	response_types: ["code"],
	...more,
});

const provider = new Provider(settings.issuer, {
	clients: [
		client("provider", { client_secret: settings.secret, id_token_signed_response_alg: "ES256" }),
		client("signed", { token_endpoint_auth_method: "private_key_jwt", token_endpoint_auth_signing_alg: "ES256", jwks: JSON.parse(settings.jwks), id_token_signed_response_alg: "PS256" }),
	],
	jwks: {
		keys: [
			{ ...key("ec", { namedCurve: "P-256" }), use: "sig", alg: "ES256", kid: "es" },
			{ ...key("rsa", { modulusLength: 2048 }), use: "sig", alg: "PS256", kid: "ps" },
			{ ...key("rsa", { modulusLength: 2048 }), use: "sig", alg: "RS256", kid: "rs" },
		],
	},
	cookies: { keys: ["not-a-real-key"] },
	claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name", "given_name", "family_name"] },
	scopes: ["openid", "offline_access", "profile", "email"],
	features: { backchannelLogout: { enabled: true }, revocation: { enabled: true } },
	// It keeps away from loopback addresses, where everything here is.
	fetch: (url, { dispatcher, ...options }) => fetch(url, options),
	pkce: { required: () => true },
	rotateRefreshToken: true,
	findAccount: (ctx, id) => ({
		accountId: id,
		claims: () => ({ sub: id, email: `${id}@example.test`, email_verified: true, name: `${id} of the provider`, given_name: id, family_name: "Provider" }),
	}),
});
for (const event of ["grant.error", "authorization.error", "server_error", "backchannel.error", "end_session.error"]) {
	provider.on(event, (ctx, err) => console.error(event, err?.message, err?.error_description ?? "", err?.error_detail ?? "", err?.cause ?? ""));
}
provider.on("grant.success", (ctx) => console.log(`OK ${ctx.oidc.client.clientId}: ${ctx.oidc.params.grant_type}, ${ctx.oidc.client.clientAuthMethod}`));
provider.on("backchannel.success", (ctx, client) => console.log(`OK ${client.clientId}: back-channel logout`));

createServer({ cert: readFileSync(settings.cert), key: readFileSync(settings.key) }, provider.callback()).listen(Number(settings.port), "127.0.0.1", () => {
	console.log("READY");
});
