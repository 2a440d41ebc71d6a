import assert from "node:assert/strict";
import { test } from "node:test";
import { api } from "./backend.js";
import { Browser } from "./browser.js";

for (const [how, can] of [["with locks", {}], ["without locks", { locks: false }]] as const) {
  test(`tabs that renew at once make one request, ${how}`, async () => {
    const b = new Browser(can);
    b.backend.signedIn();
    const tabs = [b.tab(), b.tab(), b.tab()];
    const tokens = await b.clock.until(Promise.all(tabs.map((t) => t.client.getAccessToken())));
    assert.equal(b.backend.refreshes, 1);
    assert.equal(new Set(tokens).size, 1);
    assert.ok(tokens[0]);
    assert.deepEqual(tabs.map((t) => t.told), ["signed-in", "signed-in", "signed-in"]);

    await b.clock.pass(3_600_000); // the laptop slept
    const after = await b.clock.until(Promise.all(tabs.map((t) => t.client.getAccessToken())));
    assert.equal(b.backend.refreshes, 2);
    assert.equal(new Set(after).size, 1);
    assert.notEqual(after[0], tokens[0]);
  });

  test(`signing out in one tab empties the others, ${how}`, async () => {
    const b = new Browser(can);
    const [one, two] = [b.tab(), b.tab()];
    await b.clock.until(one.client.signIn("ada@example.test", "right"));
    await b.clock.pass(10);
    assert.deepEqual(two.client.session.user, { id: "usr_1", email: "ada@example.test", name: "Ada" });
    assert.ok(await b.clock.until(two.client.getAccessToken()));

    await b.clock.until(one.client.signOut());
    await b.clock.pass(10);
    const asked = b.backend.seen.length;
    assert.equal(await b.clock.until(two.client.getAccessToken()), null);
    await b.clock.until(two.client.fetch(api + "/notes"));
    assert.equal(b.backend.bearers.at(-1), null);
    assert.equal(b.backend.seen.length, asked, "a signed-out tab asks nobody");
    assert.deepEqual([one.told, two.told], ["signed-in signed-out", "signed-in signed-out"]);
    assert.equal(two.client.session.reason, "signed_out");
  });
}

test("without locks and channels every tab renews for itself", async () => {
  const b = new Browser({ locks: false, channels: false });
  b.backend.signedIn();
  const tabs = [b.tab(), b.tab()];
  const tokens = await b.clock.until(Promise.all(tabs.map((t) => t.client.getAccessToken())));
  assert.ok(tokens[0] && tokens[1]);
  assert.equal(b.backend.refreshes, 2);
});

test("a renewal that a sign-out overtakes does not sign in again", async () => {
  const b = new Browser();
  const [one, two] = [b.tab(), b.tab()];
  await b.clock.until(one.client.signIn("ada@example.test", "right"));
  await b.clock.pass(10);
  const renewing = two.client.refresh();
  await b.clock.pass(25); // on its way back
  await b.clock.until(one.client.signOut());
  assert.equal(await b.clock.until(renewing), false);
  await b.clock.pass(1000);
  assert.deepEqual([one.client.session.status, two.client.session.status], ["signed-out", "signed-out"]);
  assert.equal(b.backend.cookie, "");
});

test("a renewal in another tab that crosses a sign-out does not sign in again", async () => {
  const b = new Browser();
  const [one, two] = [b.tab(), b.tab()];
  await b.clock.until(one.client.signIn("ada@example.test", "right"));
  await b.clock.pass(10);
  await b.clock.until(two.client.refresh()); // its news are on the way
  await b.clock.until(one.client.signOut());
  await b.clock.pass(1000);
  assert.deepEqual([one.told, two.told], ["signed-in signed-out", "signed-in signed-out"]);
});

test("a renewal that waits while another tab signs out is not made", async () => {
  const b = new Browser();
  const [one, two] = [b.tab(), b.tab()];
  await b.clock.until(one.client.signIn("ada@example.test", "right"));
  await b.clock.pass(10);
  const renewing = [two.client.refresh(), one.client.refresh()];
  await b.clock.pass(25);
  await b.clock.until(two.client.signOut());
  assert.deepEqual(await b.clock.until(Promise.all(renewing)), [false, false]);
  assert.equal(b.backend.refreshes, 1);
  assert.deepEqual([one.told, two.told], ["signed-in signed-out", "signed-in signed-out"]);
});

test("a tab that opens while another signs out does not bring the sign-in back", async () => {
  const b = new Browser();
  const [one, two] = [b.tab(), b.tab()];
  b.backend.signedIn();
  assert.ok(await b.clock.until(one.client.getAccessToken()));
  const three = b.tab();
  const opening = three.client.getAccessToken();
  await b.clock.pass(37); // its answer and the news of the sign-out cross
  await b.clock.until(one.client.signOut());
  assert.equal(await b.clock.until(opening.then(() => three.client.getAccessToken())), null);
  await b.clock.pass(1000);
  assert.equal(one.told, "signed-in signed-out");
  assert.deepEqual([one, two, three].map((t) => t.client.session.status), Array(3).fill("signed-out"));
});

test("without locks a tab that opened during a sign-out hears of it in the end", async () => {
  const b = new Browser({ locks: false });
  const one = b.tab();
  await b.clock.until(one.client.signIn("ada@example.test", "right"));
  b.dice = 0.5; // the next claim is high, the one after it low
  const leaving = one.client.signOut();
  await b.clock.pass(10);
  const two = b.tab();
  assert.ok(await b.clock.until(two.client.getAccessToken()), "its turn came first");
  await b.clock.until(leaving);
  await b.clock.pass(1000);
  assert.deepEqual([one.told, two.told], ["signed-in signed-out", "signed-in signed-out"]);
});

test("without locks a turn lasts until its end, whoever claims", async () => {
  const b = new Browser({ locks: false });
  b.backend.signedIn();
  const [one, two] = [b.tab(), b.tab()];
  b.backend.next.push("lost"); // so that the turn takes long
  b.dice = 0.5; // the first claim is high, the second low
  const first = one.client.getAccessToken();
  await b.clock.pass(62);
  const second = two.client.getAccessToken();
  assert.equal(await b.clock.until(first), await b.clock.until(second));
  assert.equal(b.backend.refreshes, 2);
});

test("a sign-in waits for a renewal, whose cookie would replace its own", async () => {
  const b = new Browser();
  b.backend.signedIn();
  const [one, two] = [b.tab(), b.tab()];
  const renewing = two.client.refresh();
  const signing = one.client.signIn("ada@example.test", "right");
  await b.clock.pass(39);
  assert.deepEqual(b.backend.seen.map((s) => s.path), ["/session/refresh"]);
  await b.clock.until(Promise.all([renewing, signing]));
  await b.clock.pass(10);
  assert.equal(await two.client.getAccessToken(), await one.client.getAccessToken());
});

test("a sign-in reaches the other tabs", async () => {
  const b = new Browser();
  const [one, two] = [b.tab(), b.tab()];
  assert.equal(await b.clock.until(two.client.refresh()), false);
  await b.clock.until(one.client.signIn("ada@example.test", "right"));
  await b.clock.pass(10);
  assert.equal(two.told, "signed-out signed-in");
  assert.equal(await two.client.getAccessToken(), await one.client.getAccessToken());
});

test("a tab that gives up leaves its turn to the next", async () => {
  const b = new Browser();
  b.backend.signedIn();
  b.backend.next.push(...Array<"unreachable">(6).fill("unreachable"));
  const [one, two] = [b.tab(), b.tab()];
  const results = await b.clock.until(Promise.allSettled([one.client.getAccessToken(), two.client.getAccessToken()]));
  assert.deepEqual(results.map((r) => r.status), ["rejected", "fulfilled"]);
  assert.equal(one.client.session.status, "unknown", "it will hear of the other's token in a moment");
  await b.clock.pass(10);
  assert.equal(one.client.session.status, "signed-in");
});

test("apps of one origin do not hear each other", async () => {
  const b = new Browser();
  const [one, two] = [b.tab(), b.tab({ clientId: "other" })];
  await b.clock.until(one.client.signIn("ada@example.test", "right"));
  await b.clock.pass(10);
  assert.equal(two.client.session.status, "unknown");
});
