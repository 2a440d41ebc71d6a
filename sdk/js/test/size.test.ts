import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

const bundle = readFileSync("dist/index.js");

test("the client is at most 6 kB, minified and compressed", (t) => {
  const size = gzipSync(bundle, { level: 9 }).length;
  t.diagnostic(`${size} bytes`);
  assert.ok(size <= 6144, `${size} bytes`);
});

test("the redirect client is at most 6 kB, and keeps nothing where scripts of others look first", (t) => {
  const redirect = readFileSync("dist/redirect.js");
  const size = gzipSync(redirect, { level: 9 }).length;
  t.diagnostic(`${size} bytes`);
  assert.ok(size <= 6144, `${size} bytes`);
  assert.equal(redirect.toString().match(/localStorage|sessionStorage|document\.cookie|console\.|\bwindow\b|cookieStore|caches\b/g), null);
});

test("the client keeps nothing and says nothing", () => {
  const found = bundle.toString().match(/localStorage|sessionStorage|indexedDB|document\.cookie|console\.|\bwindow\b|cookieStore|caches\b|history\.|location\./g);
  assert.equal(found, null);
});

test("the client needs nothing", () => {
  const manifest = JSON.parse(readFileSync("package.json", "utf8"));
  assert.equal(manifest.dependencies, undefined);
  assert.doesNotMatch(readFileSync("package-lock.json", "utf8"), /"resolved"/);
});
