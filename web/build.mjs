// Builds what the program ships in its folder "web":
//
//     node build.mjs --out FOLDER
//
// report.js and report.css for the report page, figures.js for the program's JavaScript engine,
// app.html, app.css, app.js, app_report.js and app_shared.js for the page that the service gives.

import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import * as esbuild from "esbuild";
import ts from "typescript";

const here = dirname(fileURLToPath(import.meta.url));

const LEGAL =
  "/* Contains ECharts (Apache-2.0), zrender (BSD-3-Clause), Preact (MIT) and tslib (0BSD). */";

/** Lowers our own TypeScript to ECMAScript 5, which esbuild cannot; ECharts already is. */
const lowerToEs5 = {
  name: "lower-to-es5",
  setup(build) {
    build.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      const source = await readFile(path, "utf8");
      const { outputText } = ts.transpileModule(source, {
        fileName: path,
        compilerOptions: { target: ts.ScriptTarget.ES5, module: ts.ModuleKind.ES2015 },
      });
      return { contents: outputText, loader: "js" };
    });
  },
};

/** Text that is safe within a <script> or <style> element. */
function embeddable(text) {
  return text.replace(/<\/(script|style)/gi, "<\\/$1").replace(/<!--/g, "<\\!--");
}

async function bundles(options) {
  const { outputFiles } = await esbuild.build({
    bundle: true,
    write: false,
    charset: "utf8",
    legalComments: "none",
    logLevel: "warning",
    define: { "process.env.NODE_ENV": '"production"', __DEV__: "false" },
    ...options,
  });
  return outputFiles;
}

async function bundle(options) {
  return (await bundles(options))[0].text;
}

const PAGE = { target: "es2020", minify: true, jsx: "automatic", jsxImportSource: "preact" };

function page(entry) {
  return bundle({ ...PAGE, entryPoints: [join(here, entry)], format: "iife" });
}

/** The service's page: what the first screen needs, what the reports need, what both need. */
async function app() {
  const files = await bundles({
    ...PAGE,
    entryPoints: ["app", "app_report"].map((name) => join(here, `src/app/${name}.tsx`)),
    format: "esm",
    splitting: true,
    chunkNames: "app_shared",
    outdir: here,
  });
  return files.map(({ path, text }) => ({ name: basename(path), text }));
}

function styles(entry) {
  return bundle({ entryPoints: [join(here, entry)], target: "chrome90", minify: true });
}

function figures() {
  return bundle({
    entryPoints: [join(here, "src/figures.ts")],
    format: "iife",
    target: "es5",
    // The engine miscompiles what syntax minification makes of ECharts.
    minifyWhitespace: true,
    minifyIdentifiers: true,
    charset: "ascii",
    plugins: [lowerToEs5],
  });
}

/** Writes the files into `out`. */
export async function buildWeb(out) {
  const [script, css, figureScript, appScripts, appCss] = await Promise.all([
    page("src/report.tsx"),
    styles("src/report.css"),
    figures(),
    app(),
    styles("src/app/app.css"),
  ]);
  await mkdir(out, { recursive: true });
  await Promise.all([
    writeFile(join(out, "report.js"), `${LEGAL}\n${embeddable(script)}`),
    writeFile(join(out, "report.css"), embeddable(css)),
    writeFile(join(out, "figures.js"), `${LEGAL}\n${figureScript}`),
    ...appScripts.map(({ name, text }) => writeFile(join(out, name), `${LEGAL}\n${text}`)),
    writeFile(join(out, "app.css"), appCss),
    copyFile(join(here, "src/app/app.html"), join(out, "app.html")),
  ]);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { out: { type: "string" } } });
  if (values.out === undefined) {
    console.error("usage: node build.mjs --out FOLDER");
    process.exit(2);
  }
  await buildWeb(values.out);
}
