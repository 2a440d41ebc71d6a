import assert from "node:assert/strict";
import { test } from "node:test";
import { below } from "../src/address.js";
import { api, problem } from "./backend.js";
import { Browser } from "./browser.js";

async function signedIn(options = {}) {
  const b = new Browser();
  const tab = b.tab(options);
  await b.clock.until(tab.client.signIn("ada@example.test", "right"));
  return { b, tab, client: tab.client };
}

test("the token goes only where the app said", () => {
  const may = below(["https://api.example.com/v1", "https://files.example.com"]);
  for (const [address, want] of Object.entries({
    "https://api.example.com/v1": true,
    "https://api.example.com/v1/notes?a=1#b": true,
    "https://api.example.com:443/v1/": true,
    "https://files.example.com/any/thing": true,
    "https://api.example.com/v2": false,
    "https://api.example.com/v10": false,
    "https://api.example.com/v1/../v2": false,
    "https://api.example.com/v1/%2e%2e/v2": false,
    "https://api.example.com:8443/v1": false,
    "http://api.example.com/v1": false,
    "https://api.example.com.evil.test/v1": false,
    "https://api.example.com@evil.test/v1": false,
    "https://evil.test/https://api.example.com/v1": false,
    "data:text/plain,https://files.example.com": false,
    "blob:https://files.example.com/1": false,
  })) {
    assert.equal(may(address), want, address);
  }
});

test("other addresses are fetched without", async () => {
  const { b, client } = await signedIn();
  await b.clock.until(client.fetch("https://evil.test/"));
  await b.clock.until(client.fetch(new URL("https://evil.test/")));
  await b.clock.until(client.fetch(new Request("https://evil.test/")));
  assert.deepEqual(b.backend.bearers, [null, null, null]);
});

test("resources that are addresses are the default, and an own Authorization stays", async () => {
  const { b, client } = await signedIn({ apis: undefined, resource: ["urn:notes", api] });
  await b.clock.until(client.fetch(api));
  await b.clock.until(client.fetch(api, { headers: { authorization: "Basic eDp5" } }));
  assert.deepEqual(b.backend.bearers, ["Bearer " + (await client.getAccessToken()), "Basic eDp5"]);
  assert.equal(b.backend.refreshes, 0);
});

for (const [what, input, init] of [
  ["text", api, { method: "POST", body: "hello" }],
  ["a form", api, { method: "POST", body: new URLSearchParams({ hello: "" }) }],
  ["bytes", api, { method: "PUT", body: new TextEncoder().encode("hello") }],
  ["a Request", new Request(api, { method: "PATCH", body: "hello" }), undefined],
] as const) {
  test(`${what} is sent again after a renewal`, async () => {
    const { b, client } = await signedIn();
    b.backend.expire();
    const response = await b.clock.until(client.fetch(input, init));
    assert.equal(response.status, 200);
    assert.equal(b.backend.bodies.length, 2);
    assert.match(b.backend.bodies[1]!, /^hello/);
  });
}

test("a stream is not sent again, but the token is renewed", async () => {
  const { b, client } = await signedIn();
  b.backend.expire();
  const body = () => new Blob(["hello"]).stream();
  const send = () => client.fetch(api, { method: "POST", body: body(), duplex: "half" } as RequestInit);
  assert.equal((await b.clock.until(send())).status, 401);
  assert.equal((await b.clock.until(send())).status, 200);
  assert.equal(b.backend.refreshes, 1);
});

for (const [what, reply, renews] of [
  ["a hidden header and a problem", problem(401, "token_expired"), true],
  ["a revoked token", problem(401, "token_revoked"), true],
  ["an OAuth error", new Response('{"error":"invalid_token"}', { status: 401, headers: { "Content-Type": "application/json" } }), true],
  ["some other refusal", problem(401, "reauthenticate"), false],
  ["a bare 401", new Response("no", { status: 401 }), false],
  ["not enough scope", problem(403, "insufficient_scope", { "WWW-Authenticate": 'Bearer error="insufficient_scope"' }), false],
  ["a 401 for the old token of a proxy", new Response("no", { status: 401, headers: { "WWW-Authenticate": 'Basic realm="invalid_token"' } }), false],
] as const) {
  test(`${what}: ${renews ? "renews" : "does not renew"}`, async () => {
    const { b, client } = await signedIn();
    b.backend.expire();
    b.backend.refusal = () => reply.clone();
    const response = await b.clock.until(client.fetch(api));
    assert.equal(response.status, renews ? 200 : reply.status);
    assert.equal(b.backend.refreshes, renews ? 1 : 0);
  });
}

test("an API that refuses every token does not make every call a renewal", async () => {
  const { b, tab, client } = await signedIn();
  for (let i = 0; i < 10; i++) {
    b.backend.expire();
    const refused = client.fetch(api);
    for (let j = 0; j < 20; j++) {
      await b.clock.pass(10);
      b.backend.expire();
    }
    assert.equal((await b.clock.until(refused)).status, 401);
  }
  assert.equal(b.backend.refreshes, 1);
  await b.clock.pass(30_000);
  b.backend.expire();
  assert.equal((await b.clock.until(client.fetch(api))).status, 200);
  assert.equal(tab.told, "signed-in");
});

test("a request that was given up is given up", async () => {
  const { b, client } = await signedIn();
  const ending = new AbortController();
  const request = client.fetch(api, { signal: ending.signal });
  await b.clock.pass(5);
  ending.abort();
  await assert.rejects(b.clock.until(request), { name: "AbortError" });
});
