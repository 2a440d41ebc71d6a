// What every client under test here has around it: settings from the test, a server
// that receives the browser, and a way to ask the person for a visit.
import { readFileSync } from "node:fs";
import { createServer } from "node:https";

export { strict as assert } from "node:assert";

export const settings = JSON.parse(process.argv[2]);
export const origin = settings.origin;
export const callback = `${origin}/callback`;

/** Runs one check; the test compares the names of those that passed. */
export async function check(name, run) {
	const value = await run();
	console.log(`OK ${name}`);
	return value;
}

const waiting = [];

/** Extra routes: path to a handler (request, response). */
export const routes = new Map();

/** Sends the person to url, and resolves to the Request that their browser brings back. */
export function visit(url) {
	return new Promise((resolve) => {
		waiting.push(resolve);
		console.log(`VISIT ${url}`);
	});
}

const server = createServer({ cert: readFileSync(settings.cert), key: readFileSync(settings.key) }, async (req, res) => {
	const url = new URL(req.url, origin);
	const route = routes.get(url.pathname);
	if (route) return route(req, res);
	if (url.pathname !== "/callback" && url.pathname !== "/bye") return res.writeHead(404).end();
	const body = [];
	for await (const chunk of req) body.push(chunk);
	res.setHeader("Content-Type", "text/html; charset=utf-8");
	res.end(`<!doctype html><title>An app</title><link rel="icon" href="data:,"><p id="back">${req.method}</p>`);
	const init = { method: req.method, headers: { "content-type": req.headers["content-type"] ?? "" } };
	if (req.method === "POST") init.body = Buffer.concat(body);
	waiting.shift()?.(new Request(url, init));
});

export async function listen() {
	await new Promise((resolve) => server.listen(Number(settings.port), "127.0.0.1", resolve));
}

export function done() {
	console.log("DONE");
	server.close();
	server.closeAllConnections();
}

/** The private key of the clients that sign. */
export async function signingKey() {
	const der = Buffer.from(settings.signing.replace(/-----[^-]+-----|\s/g, ""), "base64");
	return { key: await crypto.subtle.importKey("pkcs8", der, { name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]), kid: "one" };
}
