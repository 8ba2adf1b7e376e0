// Compiles the browser side's tests and runs them: npm test in web/, with THIMBLE_WEB_DIST set to
// the folder that build.mjs wrote.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const web = join(here, "../../web");
const modules = join(web, "node_modules");
const esbuild = createRequire(join(web, "package.json"))("esbuild");

const names = readdirSync(here).filter((name) => name.endsWith("_test.ts"));
const out = mkdtempSync(join(tmpdir(), "thimble-web-tests-"));
let status = 1;
try {
  esbuild.buildSync({
    entryPoints: names.map((name) => join(here, name)),
    outdir: out,
    outExtension: { ".js": ".cjs" },
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node18",
    nodePaths: [modules],
    external: ["axe-core", "playwright-core"],
    jsx: "automatic",
    jsxImportSource: "preact",
    logLevel: "warning",
  });
  const files = names.map((name) => join(out, name.replace(/\.ts$/, ".cjs")));
  const env = { ...process.env, NODE_PATH: modules };
  const run = spawnSync(process.execPath, ["--test", ...files], { stdio: "inherit", env });
  status = run.status ?? 1;
} finally {
  rmSync(out, { recursive: true, force: true });
}
process.exit(status);
