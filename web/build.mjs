// Builds what the program ships in its folder "web":
//
//     node build.mjs --out FOLDER
//
// report.js and report.css for the report page, figures.js for the program's JavaScript engine,
// app.html, app.js and app.css for the page that the service gives.

import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
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

async function bundle(options) {
  const { outputFiles } = await esbuild.build({
    bundle: true,
    write: false,
    charset: "utf8",
    legalComments: "none",
    logLevel: "warning",
    define: { "process.env.NODE_ENV": '"production"', __DEV__: "false" },
    ...options,
  });
  return outputFiles[0].text;
}

function page(entry) {
  return bundle({
    entryPoints: [join(here, entry)],
    format: "iife",
    target: "es2020",
    minify: true,
    jsx: "automatic",
    jsxImportSource: "preact",
  });
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
  const [script, css, figureScript, appScript, appCss] = await Promise.all([
    page("src/report.tsx"),
    styles("src/report.css"),
    figures(),
    page("src/app/app.tsx"),
    styles("src/app/app.css"),
  ]);
  await mkdir(out, { recursive: true });
  await Promise.all([
    writeFile(join(out, "report.js"), `${LEGAL}\n${embeddable(script)}`),
    writeFile(join(out, "report.css"), embeddable(css)),
    writeFile(join(out, "figures.js"), `${LEGAL}\n${figureScript}`),
    writeFile(join(out, "app.js"), `${LEGAL}\n${appScript}`),
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
