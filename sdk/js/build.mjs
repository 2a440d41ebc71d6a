// Writes dist/index.js and what `node --test` runs. Types come from tsc.
import { readdirSync, rmSync } from "node:fs";
import { build } from "esbuild";

const common = { bundle: true, format: "esm", target: "es2022", legalComments: "none", logLevel: "warning" };
rmSync("dist", { recursive: true, force: true });
await build({ ...common, entryPoints: ["src/index.ts", "src/redirect.ts"], outdir: "dist", platform: "browser", minify: true, sourcemap: "linked", sourcesContent: true });

rmSync(".test", { recursive: true, force: true });
const tests = readdirSync("test").filter((name) => name.endsWith(".test.ts"));
await build({ ...common, entryPoints: tests.map((name) => "test/" + name), outdir: ".test", outExtension: { ".js": ".mjs" }, platform: "node", sourcemap: "inline" });
