import assert from "node:assert/strict";
import { inspect } from "node:util";
import { test } from "node:test";
import { MortiseError } from "../src/error.js";
import { createClient } from "../src/client.js";
import { api, issuer, problem } from "./backend.js";
import { Browser } from "./browser.js";

/** A browser with one signed-in tab. */
async function signedIn() {
  const b = new Browser();
  const tab = b.tab();
  await b.clock.until(tab.client.signIn("ada@example.test", "right"));
  return { b, tab, client: tab.client };
}

const code = (want: string) => (e: unknown) => e instanceof MortiseError && e.code === want;

test("a sign-in may take a mailed code", async () => {
  const b = new Browser();
  const { client } = b.tab({ scope: "openid notes", resource: api });
  const first = await b.clock.until(client.signIn("new@example.test", "right"));
  assert.deepEqual(first, { status: "continue", next: ["email_code"] });
  assert.equal(client.session.status, "unknown");
  const second = await b.clock.until(client.signIn("new@example.test", "right", { code: "123456" }));
  assert.equal(second.status, "complete");
  assert.deepEqual(b.backend.seen[1]?.body, {
    client_id: "spa", identifier: "new@example.test", password: "right", deliver: "tokens", code: "123456", scope: "openid notes", resource: [api],
  });
  assert.deepEqual(client.session, {
    status: "signed-in", user: { id: "usr_1", email: "new@example.test", name: "Ada" }, id: "ses_1", scope: "openid", reason: null,
  });
});

test("a refused sign-in says why and is not repeated", async () => {
  const b = new Browser();
  const tab = b.tab();
  await assert.rejects(b.clock.until(tab.client.signIn("ada@example.test", "wrong")), code("credentials_wrong"));
  b.backend.next.push("lost", problem(429, "too_many_attempts", { "Retry-After": "7" }));
  await assert.rejects(b.clock.until(tab.client.signIn("ada@example.test", "right")), code("unavailable"));
  await assert.rejects(b.clock.until(tab.client.signIn("ada@example.test", "right")), (e) => (e as MortiseError).retryAfter === 7000);
  assert.equal(b.backend.seen.length, 3);
  assert.equal(tab.told, "");
});

test("20 fetches with an expired token make one renewal", async () => {
  const { b, client } = await signedIn();
  b.backend.expire();
  const many = Array.from({ length: 20 }, (_, i) => client.fetch(`${api}/notes/${i}`));
  const answers = await b.clock.until(Promise.all(many));
  assert.deepEqual(answers.map((r) => r.status), Array(20).fill(200));
  assert.equal(b.backend.refreshes, 1);
});

test("20 calls after the token's time make one renewal", async () => {
  const { b, client } = await signedIn();
  await b.clock.pass(b.backend.life * 1000);
  const answers = await b.clock.until(Promise.all(Array.from({ length: 20 }, () => client.fetch(api))));
  assert.deepEqual(answers.map((r) => r.status), Array(20).fill(200));
  assert.equal(b.backend.refreshes, 1);
  assert.equal(b.backend.bearers.length, 20, "the old token was not even tried");
});

test("a token is renewed shortly before it expires, not earlier and not by itself", async () => {
  const { b, client } = await signedIn();
  const first = await client.getAccessToken();
  await b.clock.pass(269_000);
  assert.equal(await client.getAccessToken(), first);
  await b.clock.pass(2_000);
  assert.equal(b.backend.refreshes, 0);
  assert.notEqual(await b.clock.until(client.getAccessToken()), first);
  assert.equal(b.backend.refreshes, 1);
});

for (const [what, reply] of [["wiped cookies", undefined], ["a refused origin", problem(403, "client_origin")]] as const) {
  test(`${what}: one signed-out event`, async () => {
    const { b, tab, client } = await signedIn();
    b.backend.cookie = "";
    b.backend.expire();
    b.backend.next.push(...(reply ? [reply] : []));
    await b.clock.until(Promise.all([client.getAccessToken(), ...Array.from({ length: 5 }, () => client.fetch(api))]));
    await b.clock.until(client.fetch(api));
    assert.equal(await b.clock.until(client.refresh()), false);
    assert.equal(tab.told, "signed-in signed-out");
    assert.equal(client.session.reason, reply ? "client_origin" : "invalid_grant");
    assert.equal(client.session.user, null);
    assert.equal(b.backend.bearers.at(-1), null);
  });
}

for (const [what, replies] of Object.entries({
  "a lost answer": ["lost"],
  "a network that is not there yet": ["unreachable", "unreachable", "unreachable"],
  "an answer that never comes": ["hangs"],
  "a busy server": [problem(503, "busy"), problem(429, "rate_limited", { "Retry-After": "3" })],
  "a portal's page": [new Response("<h1>Welcome to our network</h1>")],
} as const)) {
  test(`${what} does not sign out`, async () => {
    const { b, tab, client } = await signedIn();
    await b.clock.pass(3_600_000);
    b.backend.next.push(...replies);
    const asleep = b.clock.now;
    assert.ok(await b.clock.until(client.getAccessToken()));
    assert.equal(b.backend.refreshes, replies.length + 1);
    assert.equal(tab.told, "signed-in");
    assert.ok(b.clock.now - asleep < 30_000, "within the server's window for a lost answer");
  });
}

test("Retry-After is kept, in seconds and as a date", async () => {
  for (const after of [() => "9", (now: number) => new Date(now + 9_000).toUTCString()]) {
    const { b, client } = await signedIn();
    await b.clock.pass(3_600_000);
    b.backend.next.push(problem(503, "busy", { "Retry-After": after(b.clock.now) }));
    const before = b.clock.now;
    assert.ok(await b.clock.until(client.getAccessToken()));
    assert.ok(b.clock.now - before >= 8_000, `asked again after ${b.clock.now - before} ms`);
  }
});

test("a long Retry-After is told at once and nobody asks before its end", async () => {
  const { b, tab, client } = await signedIn();
  await b.clock.pass(3_600_000);
  b.backend.next.push(problem(503, "busy", { "Retry-After": "120" }));
  for (let i = 0; i < 3; i++) {
    await assert.rejects(b.clock.until(client.getAccessToken()), (e) => code("unavailable")(e) && (e as MortiseError).retryAfter > 110_000);
  }
  assert.equal(b.backend.refreshes, 1);
  await b.clock.pass(121_000);
  assert.ok(await b.clock.until(client.getAccessToken()));
  assert.equal(tab.told, "signed-in");
});

test("an outage ends in an error, keeps the sign-in, and heals", async () => {
  const { b, tab, client } = await signedIn();
  await b.clock.pass(3_600_000);
  b.backend.next.push(...Array<"unreachable">(6).fill("unreachable"));
  await assert.rejects(b.clock.until(client.fetch(api)), code("unavailable"));
  assert.equal(b.backend.refreshes, 6);
  assert.ok(await b.clock.until(client.getAccessToken()));
  assert.equal(tab.told, "signed-in");
});

test("20 calls in an outage share its tries", async () => {
  const { b, client } = await signedIn();
  await b.clock.pass(3_600_000);
  b.backend.next.push(...Array<"unreachable">(6).fill("unreachable"));
  const all = await b.clock.until(Promise.allSettled(Array.from({ length: 20 }, () => client.getAccessToken())));
  assert.ok(all.every((r) => r.status === "rejected"));
  assert.equal(b.backend.refreshes, 6);
});

test("signing out does not wait for a renewal that hangs", async () => {
  const { b, tab, client } = await signedIn();
  b.backend.next.push("hangs");
  const renewing = client.refresh();
  await b.clock.pass(100);
  const start = b.clock.now;
  await b.clock.until(client.signOut());
  assert.ok(b.clock.now - start < 1000);
  assert.equal(await b.clock.until(renewing), false);
  assert.equal(tab.told, "signed-in signed-out");
});

test("the answer to a renewal that a sign-out could not stop is dropped", async () => {
  const { b, tab, client } = await signedIn();
  b.backend.deaf = true;
  const renewing = client.refresh();
  await b.clock.pass(25);
  await b.clock.until(client.signOut());
  assert.equal(await b.clock.until(renewing), false);
  assert.equal(tab.told, "signed-in signed-out");
  assert.equal(b.backend.cookie, "");
});

test("the network's return ends the pause", async () => {
  const { b, client } = await signedIn();
  await b.clock.pass(3_600_000);
  b.backend.next.push("unreachable");
  const start = b.clock.now;
  const token = client.getAccessToken();
  await b.clock.pass(50);
  b.backOnline();
  assert.ok(await b.clock.until(token));
  assert.ok(b.clock.now - start < 150, `it took ${b.clock.now - start} ms`);
});

test("a sign-out without network says so and stays signed out", async () => {
  const { b, tab, client } = await signedIn();
  b.backend.next.push(...Array<"unreachable">(6).fill("unreachable"));
  await assert.rejects(b.clock.until(client.signOut()), code("unavailable"));
  assert.equal(await client.getAccessToken(), null);
  assert.equal(tab.told, "signed-in signed-out");
  await b.clock.until(client.signOut());
  assert.equal(b.backend.cookie, "");
  assert.equal(tab.told, "signed-in signed-out");
});

test("a token that is no Bearer token is not used", async () => {
  const { b, client } = await signedIn();
  await b.clock.pass(3_600_000);
  b.backend.next.push(new Response(JSON.stringify({ status: "complete", access_token: "x", token_type: "DPoP", expires_in: 300 })));
  await assert.rejects(b.clock.until(client.getAccessToken()), code("bad_answer"));
});

test("a listener that throws stops nothing", async () => {
  const { b, tab, client } = await signedIn();
  const thrown: unknown[] = [];
  process.setUncaughtExceptionCaptureCallback((e) => thrown.push(e)); // as window.onerror would
  const end = client.onChange(() => {
    throw new Error("of the app");
  });
  await b.clock.until(client.signOut());
  end();
  process.setUncaughtExceptionCaptureCallback(null);
  assert.equal(thrown.length, 1);
  assert.equal(tab.told, "signed-in signed-out");
  assert.equal(b.backend.cookie, "");
});

test("nothing that an app may print or keep holds the token", async () => {
  const { b, client } = await signedIn();
  const token = await client.getAccessToken();
  assert.ok(token);
  const shown = inspect(client, { depth: null, showHidden: true, getters: true }) + JSON.stringify(client) + JSON.stringify(client.session);
  assert.ok(!shown.includes(token));
  assert.ok(b.backend.seen.every((s) => !s.path.includes(token)));
});

test("a closed client gives nothing away", async () => {
  const { client } = await signedIn();
  client.close();
  await assert.rejects(client.getAccessToken(), code("closed"));
  await assert.rejects(client.fetch(api), code("closed"));
});

test("the app's fetch is called as a function, and the environment is found", async () => {
  const asked: string[] = [];
  const client = createClient({
    issuer: issuer + "/", clientId: "a b",
    fetch: async function (this: unknown, input) {
      assert.equal(this, undefined);
      asked.push(String(input));
      return problem(400, "invalid_grant");
    },
  });
  assert.equal(await client.getAccessToken(), null);
  client.close();
  assert.deepEqual(asked, [issuer + "/api/v1/session/refresh?client_id=a+b"]);
});

test("addresses that would carry secrets in the clear are refused", () => {
  const b = new Browser();
  for (const issuer of ["http://app.example.com/auth", "https://u:p@app.example.com", "https://app.example.com/?a=1", "ftp://app.example.com", "app"]) {
    assert.throws(() => b.tab({ issuer }), TypeError, issuer);
  }
  assert.throws(() => b.tab({ apis: ["http://api.example.com"] }), TypeError);
  b.tab({ issuer: "http://localhost:8080/auth", apis: ["http://127.0.0.1:9000"] });
});
