// A tool server of the Model Context Protocol, and a client that has never heard of it:
// both are the protocol's own SDK. The client finds everything out by itself.
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { UnauthorizedError } from "@modelcontextprotocol/sdk/client/auth.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { requireBearerAuth } from "@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { InvalidTokenError } from "@modelcontextprotocol/sdk/server/auth/errors.js";
import express from "express";
import * as oauth from "oauth4webapi";
import { assert, callback, check, done, listen, routes, settings, visit } from "./app.mjs";

const resource = new URL(`https://127.0.0.1:${settings.tools}/mcp`);
const metadataURL = `https://127.0.0.1:${settings.tools}/.well-known/oauth-protected-resource/mcp`;

/** The tool server: it takes JWTs of the issuer that are meant for it. */
async function toolServer() {
	const issuer = new URL(settings.issuer);
	const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer));
	const verifier = {
		async verifyAccessToken(token) {
			const request = new Request(resource, { headers: { authorization: `Bearer ${token}` } });
			const claims = await oauth.validateJwtAccessToken(as, request, resource.href).catch((e) => { throw new InvalidTokenError(e.message); });
			return { token, clientId: claims.client_id, scopes: claims.scope.split(" "), expiresAt: claims.exp, resource, extra: { sub: claims.sub } };
		},
	};
	const app = express();
	app.use(express.json());
	app.get(new URL(metadataURL).pathname, (_, res) => res.json({
		resource: resource.href, authorization_servers: [settings.issuer], scopes_supported: ["tools:use", "offline_access"], bearer_methods_supported: ["header"],
	}));
	app.post("/mcp", requireBearerAuth({ verifier, requiredScopes: ["tools:use"], resourceMetadataUrl: metadataURL, expectedResource: resource }), async (req, res) => {
		const server = new McpServer({ name: "tools", version: "1.0.0" });
		server.registerTool("whoami", { description: "Says who asks" }, (extra) => ({ content: [{ type: "text", text: `${extra.authInfo.extra.sub} by ${extra.authInfo.clientId}` }] }));
		const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined });
		res.on("close", () => { transport.close(); server.close(); });
		await server.connect(transport);
		await transport.handleRequest(req, res, req.body);
	});
	const server = createServer({ cert: readFileSync(settings.cert), key: readFileSync(settings.key) }, app);
	await new Promise((resolve) => server.listen(Number(settings.tools), "127.0.0.1", resolve));
	return server;
}

/** What a tool keeps of one server, in memory. */
class Provider {
	redirectUrl = callback;
	constructor(clientMetadataUrl) {
		this.clientMetadataUrl = clientMetadataUrl;
	}
	get clientMetadata() {
		return { client_name: "An assistant", redirect_uris: [callback], grant_types: ["authorization_code", "refresh_token"], response_types: ["code"], token_endpoint_auth_method: "none" };
	}
	state() { return (this.expected = oauth.generateRandomState()); }
	clientInformation() { return this.client; }
	saveClientInformation(client) { this.client = client; }
	tokens() { return this.kept; }
	saveTokens(tokens) { this.kept = tokens; }
	redirectToAuthorization(url) { this.back = visit(url); this.asked = url; }
	saveCodeVerifier(verifier) { this.verifier = verifier; }
	codeVerifier() { return this.verifier; }
}

/** Connects as a tool does: it is refused, asks the person, and connects again. */
async function connect(provider) {
	const first = new StreamableHTTPClientTransport(resource, { authProvider: provider });
	await assert.rejects(new Client({ name: "assistant", version: "1.0.0" }).connect(first), UnauthorizedError);
	const back = new URL((await provider.back).url);
	assert.equal(back.searchParams.get("state"), provider.expected);
	assert.equal(back.searchParams.get("iss"), settings.issuer);
	assert.equal(provider.asked.searchParams.get("resource"), resource.href);
	await first.finishAuth(back.searchParams.get("code"));
	return again(provider);
}

async function again(provider) {
	const client = new Client({ name: "assistant", version: "1.0.0" });
	await client.connect(new StreamableHTTPClientTransport(resource, { authProvider: provider }));
	return client;
}

async function asks(client, by) {
	const answer = await client.callTool({ name: "whoami" });
	assert.match(answer.content[0].text, new RegExp(`^usr_\\w+ by ${by.replace(/[.?]/g, "\\$&")}$`));
	await client.close();
}

await listen();
const server = await toolServer();

const registered = new Provider();
const one = await check("RFC 9728, registration, code, PKCE and resource", () => connect(registered));
await check("a tool is called by a registered client", () => asks(one, registered.client.client_id));
await check("refresh by itself when the token is refused", async () => {
	const old = registered.kept;
	registered.kept = { ...old, access_token: `${old.access_token}x` };
	await asks(await again(registered), registered.client.client_id);
	assert.notEqual(registered.kept.refresh_token, old.refresh_token);
});

const document = `${settings.origin}/assistant.json`;
routes.set("/assistant.json", (_, res) => {
	res.setHeader("Content-Type", "application/json");
	res.end(JSON.stringify({ client_id: document, ...registered.clientMetadata }));
});
const named = new Provider(document);
const two = await check("RFC 9728, Client ID Metadata Document, code, PKCE and resource", () => connect(named));
assert.equal(named.client.client_id, document);
await check("a tool is called by a client known by its address", () => asks(two, document));
server.close();
server.closeAllConnections();
done();
