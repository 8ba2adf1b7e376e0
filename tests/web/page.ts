// The built page in a real browser.

import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { pathToFileURL } from "node:url";

import { chromium, type Browser, type Page } from "playwright-core";

import type { Report } from "../../web/src/document";

export function distFolder(): string {
  const folder = process.env.THIMBLE_WEB_DIST;
  if (!folder) throw new Error("THIMBLE_WEB_DIST: set it to the folder that build.mjs wrote");
  return folder;
}

/** Chromium as $CHROMIUM names it, or the first of its usual names on the PATH. */
export function browserPath(): string {
  if (process.env.CHROMIUM) return process.env.CHROMIUM;
  for (const name of ["chromium", "chromium-browser", "google-chrome"]) {
    for (const folder of (process.env.PATH ?? "").split(delimiter)) {
      if (existsSync(join(folder, name))) return join(folder, name);
    }
  }
  throw new Error("no Chromium found: install it or set CHROMIUM to its path");
}

export function launch(args: string[] = []): Promise<Browser> {
  return chromium.launch({
    executablePath: browserPath(),
    chromiumSandbox: process.getuid?.() !== 0,
    args: ["--disable-dev-shm-usage", ...args],
  });
}

const SECURITY_POLICY =
  "default-src 'none'; img-src data: blob:; style-src 'unsafe-inline'; " +
  "script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/** The page as the program writes it. */
export async function writePage(path: string, report: Report): Promise<void> {
  const [script, styles] = await Promise.all(
    ["report.js", "report.css"].map((name) => readFile(join(distFolder(), name), "utf8")),
  );
  const data = JSON.stringify(report).replace(/</g, "\\u003c");
  await writeFile(
    path,
    `<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${SECURITY_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>Report</title>
<style>${styles}</style></head><body><div id="app"></div>
<script type="application/json" id="report-data">${data}</script>
<script>${script}</script></body></html>`,
  );
}

export interface Look {
  width: number;
  dark: boolean;
}

/** A page and everything that went wrong on it. */
export interface OpenPage {
  page: Page;
  problems: string[];
}

/** Everything that goes wrong on `page` from now on. Only addresses that `own` matches are its. */
export function watch(page: Page, own: RegExp): string[] {
  const problems: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") problems.push(message.text());
  });
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("request", (request) => {
    const url = request.url();
    if (!own.test(url)) problems.push(`request of ${url}`);
  });
  return problems;
}

export async function open(browser: Browser, path: string, look: Look): Promise<OpenPage> {
  const page = await browser.newPage({
    viewport: { width: look.width, height: 900 },
    colorScheme: look.dark ? "dark" : "light",
    // A click finds its target only if the page does not glide away under it.
    reducedMotion: "reduce",
  });
  const problems = watch(page, /^(file|data|blob):/);
  await page.goto(pathToFileURL(path).href);
  await page.waitForSelector('main[aria-busy="false"]');
  return { page, problems };
}

/** Goes down the page, so that everything lazy is drawn, and up again. */
export async function readThrough(page: Page): Promise<void> {
  await page.evaluate(async () => {
    for (let y = 0; y < document.body.scrollHeight; y += 700) {
      scrollTo(0, y);
      await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    }
    scrollTo(0, 0);
  });
}
