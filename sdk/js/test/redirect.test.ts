import assert from "node:assert/strict";
import { inspect } from "node:util";
import { test } from "node:test";
import type { Environment } from "../src/environment.js";
import { MortiseError } from "../src/error.js";
import { createRedirectIn, type RedirectOptions } from "../src/redirect.js";
import type { Vault } from "../src/vault.js";
import { api, issuer } from "./backend.js";
import { Provider } from "./provider.js";

const app = "https://notes.example.com/";
const code = (want: string) => (e: unknown) => e instanceof MortiseError && e.code === want;

/** A browser with one vault; each page is a tab of it, or the same one later. */
class Browser {
  now = Date.UTC(2030, 0, 1);
  address = app + "list?page=2";
  readonly went: string[] = [];
  readonly provider = new Provider();
  readonly kept = new Map<string, unknown>();
  #turn: Promise<unknown> = Promise.resolve();

  readonly #vault: Vault = {
    get: async (name) => this.kept.get(name),
    put: async (name, value) => void this.kept.set(name, value),
    take: async (name) => {
      const value = this.kept.get(name);
      this.kept.delete(name);
      return value;
    },
    list: async (prefix) => [...this.kept].filter(([name]) => name.startsWith(prefix)),
  };

  page(options: Partial<RedirectOptions> = {}) {
    const request = (_: string, ...rest: unknown[]) => {
      const act = rest.at(-1) as (lock: unknown) => unknown;
      return (this.#turn = this.#turn.catch(() => null).then(() => act({})));
    };
    const env: Environment = {
      fetch: this.provider.fetch, now: () => this.now, random: () => 0.5, after: () => () => undefined, online: () => new Promise(() => undefined),
      locks: { request: request as LockManager["request"] }, channel: () => undefined,
    };
    const page = {
      address: () => this.address,
      go: (address: string) => void this.went.push(address),
      replace: (address: string) => void (this.address = address),
    };
    return createRedirectIn(env, page, this.#vault, { issuer, clientId: "spa", redirectUri: app + "callback", apis: [api], ...options });
  }

  /** Signs in, through the issuer's page and back to a new page. */
  async signedIn(options: Partial<RedirectOptions> = {}) {
    await this.page(options).signIn();
    this.address = this.provider.approve(this.went.at(-1)!);
    const client = this.page(options);
    assert.deepEqual(await client.handleCallback(), { returnTo: app + "list?page=2" });
    return client;
  }
}

// OA-12 OA-84 OA-110
test("a sign-in goes out with PKCE and the key, and comes back without a trace", async () => {
  const b = new Browser();
  const client = await b.signedIn({ scope: "openid notes", resource: api });
  const asked = b.provider.challenge;
  assert.equal(new URL(b.went[0]!).origin + new URL(b.went[0]!).pathname, issuer + "/oauth2/authorize");
  assert.deepEqual(
    ["response_type", "client_id", "scope", "code_challenge_method", "resource"].map((name) => asked.get(name)),
    ["code", "spa", "openid notes", "S256", api],
  );
  assert.equal(asked.get("dpop_jkt"), b.provider.seen.at(-1)!.jkt);
  assert.equal(b.address, app + "callback");
  assert.deepEqual(client.session, { status: "signed-in", user: { id: "usr_1" }, id: "ses_1", scope: "openid", reason: null });
});

// OA-83
test("a nonce is learned once from each server, and no proof is sent twice", async () => {
  const b = new Browser();
  const client = await b.signedIn();
  assert.equal(b.provider.forms.length, 2);
  assert.equal((await client.fetch(api + "/notes?x=y", { method: "POST", body: "hello" })).status, 200);
  assert.equal((await client.fetch(api + "/notes/2")).status, 200);
  assert.equal(b.provider.seen.length, 2 + 3);
  b.provider.nonce = "n2";
  assert.equal(await client.refresh(), true);
});

test("nobody else's address gets the token or a proof", async () => {
  const b = new Browser();
  const client = await b.signedIn({ fetch: undefined as never });
  const seen: Request[] = [];
  const fetched = b.provider.fetch;
  b.provider.fetch = async (input) => (seen.push(input as Request), fetched(input));
  await client.fetch("https://other.example.com/").catch(() => null);
  assert.deepEqual(seen.map((r) => [r.headers.get("Authorization"), r.headers.get("DPoP")]).flat().filter(Boolean), []);
});

// TH-8
test("a later page goes on with the key, and an expired token is renewed once", async () => {
  const b = new Browser();
  await b.signedIn();
  const later = b.page();
  assert.equal(await later.refresh(), true);
  assert.equal((await later.fetch(api)).status, 200);
  b.provider.expire();
  const before = b.provider.forms.length;
  assert.deepEqual((await Promise.all(Array.from({ length: 10 }, () => later.fetch(api)))).map((r) => r.status), Array(10).fill(200));
  assert.equal(b.provider.forms.length, before + 1);
});

// TH-8
test("a lost key clears everything and leads to the sign-in once", async () => {
  const b = new Browser();
  const client = await b.signedIn();
  b.kept.clear();
  b.now += 3_600_000;
  assert.deepEqual(await Promise.all([client.getAccessToken(), client.getAccessToken()]), [null, null]);
  assert.equal(client.session.reason, "key_lost");
  assert.equal(await client.getAccessToken(), null);
  assert.equal(b.went.length, 2);
  assert.equal(await b.page().refresh(), false);
  assert.equal(b.went.length, 2);
});

test("a grant that ended elsewhere leads to the sign-in, or does not where the app says so", async () => {
  for (const automatic of [true, false]) {
    const b = new Browser();
    const client = await b.signedIn({ automatic });
    b.provider.end();
    assert.equal(await client.refresh(), false);
    assert.equal(client.session.reason, "invalid_grant");
    assert.equal(b.went.length, automatic ? 2 : 1);
    assert.equal([...b.kept.keys()].some((name) => !name.includes("pending")), false);
  }
});

test("answers that belong to nothing are refused, and each is used once", async () => {
  const b = new Browser();
  const page = b.page();
  assert.equal(await page.handleCallback(), null);
  await page.signIn();
  const back = b.provider.approve(b.went[0]!);
  await assert.rejects(page.handleCallback(b.provider.approve(b.went[0]!, { state: "other" })), code("state_unknown"));
  await assert.rejects(page.handleCallback(b.provider.approve(b.went[0]!, { iss: "https://evil.example" })), code("issuer_mismatch"));
  await assert.rejects(page.handleCallback(back), code("state_unknown"));
  await page.signIn();
  await assert.rejects(page.handleCallback(b.provider.approve(b.went[1]!, { error: "access_denied" })), code("access_denied"));
  assert.equal(b.provider.forms.length, 0);
});

test("signing out takes the tokens back and forgets the key", async () => {
  const b = new Browser();
  const client = await b.signedIn();
  await client.signOut();
  assert.equal(b.provider.forms.at(-1)!.get("token"), "refresh1");
  assert.deepEqual([client.session.status, client.session.reason, b.kept.size, b.went.length], ["signed-out", "signed_out", 0, 1]);
  assert.equal(await client.getAccessToken(), null);
});

test("signing out at the issuer too leaves for it with the hint", async () => {
  const b = new Browser();
  const client = await b.signedIn();
  assert.equal(await client.refresh(), true); // its answer has no ID token
  await client.signOut({ returnTo: app });
  const went = new URL(b.went.at(-1)!);
  assert.equal(went.origin + went.pathname, issuer + "/oauth2/end_session");
  assert.deepEqual([went.searchParams.get("client_id"), went.searchParams.get("post_logout_redirect_uri")], ["spa", app]);
  assert.match(went.searchParams.get("id_token_hint")!, /^e30\./);
  assert.equal(b.kept.size, 0);
});

test("sign-ins that never come back are forgotten", async () => {
  const b = new Browser();
  for (let n = 0; n < 20; n++) {
    b.now += 1000;
    await b.page().signIn();
  }
  assert.equal(b.kept.size, 8);
  b.address = b.provider.approve(b.went.at(-1)!);
  await b.page().handleCallback();
  assert.equal(b.kept.size, 7 + 1);
  b.now += 3_600_000;
  await b.page().refresh();
  assert.equal(b.kept.size, 1);
});

// OA-115
test("the key cannot be exported, and no token is in what the client shows", async () => {
  const b = new Browser();
  const client = await b.signedIn();
  const kept = [...b.kept.values()][0] as { key: { pair: CryptoKeyPair } };
  assert.equal(kept.key.pair.privateKey.extractable, false);
  await assert.rejects(crypto.subtle.exportKey("jwk", kept.key.pair.privateKey));
  assert.doesNotMatch(inspect(client, { depth: 9, getters: true, showHidden: true }), /access\d|refresh\d/);
});
