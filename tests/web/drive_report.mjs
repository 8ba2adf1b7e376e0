// Drives a report that the program has written, in Chromium:
//
//     node tests/web/drive_report.mjs FILE.html [--screenshots FOLDER] [--within SECONDS]
//
// At 1400 and 390 pixels, light and dark: no console error, no request of anything but the file,
// nothing wider than the window, the first section usable within SECONDS (2); a confusion matrix
// opens the pictures behind its cells. Exits 1 if anything is wrong.

import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

import { inEachWindow } from "./each_window.mjs";

// Chromium's largest picture.
const MOST_PIXELS = 16000;

/**
 * In the page: waits until it is drawn. A browser without a screen now and then draws no further
 * frame until something changes, hence not for ever.
 */
function drawn() {
  return new Promise((done) => {
    requestAnimationFrame(() => requestAnimationFrame(done));
    setTimeout(done, 1000);
  });
}

async function open(browser, file, look, problems) {
  const page = await browser.newPage({
    viewport: { width: look.width, height: 900 },
    colorScheme: look.dark ? "dark" : "light",
    reducedMotion: "reduce",
  });
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) problems.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => problems.push(`error: ${error}`));
  page.on("request", (request) => {
    if (!/^(file|data|blob):/.test(request.url())) problems.push(`request of ${request.url()}`);
  });
  const start = performance.now();
  await page.goto(pathToFileURL(resolve(file)).href, { waitUntil: "domcontentloaded" });
  await page.waitForSelector("section h2");
  await page.evaluate(drawn);
  const seconds = (performance.now() - start) / 1000;
  await page.waitForSelector('main[aria-busy="false"]');
  if (seconds > look.within) problems.push(`usable only after ${seconds.toFixed(1)} s`);
  return { page, seconds };
}

async function readThrough(page) {
  const height = await page.evaluate(() => document.body.scrollHeight);
  for (let y = 0; y < height; y += 600) {
    await page.evaluate((to) => scrollTo(0, to), y);
    await page.evaluate(drawn);
  }
  await page.evaluate(() => scrollTo(0, 0));
}

async function checkLayout(page, width, problems) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  if (wide > width) problems.push(`${wide} pixels wide in a window of ${width}`);
  const bare = await page.$$eval(".chart", (charts) =>
    charts
      .filter((chart) => chart.querySelector("svg, canvas") === null)
      .map((chart) => chart.getAttribute("aria-label")),
  );
  for (const name of bare) problems.push(`not drawn: ${name}`);
}

/** Opens the pictures behind the largest error of the first confusion matrix. */
async function openConfusionCell(page, problems) {
  const found = await page.evaluate(() => {
    const cells = [...document.querySelectorAll(".confusion td:not(.diagonal) button")];
    const count = (cell) => Number((cell.textContent ?? "").replaceAll(",", ""));
    const most = cells.reduce((a, b) => (a && count(a) >= count(b) ? a : b), null);
    most?.click();
    return most !== null && count(most) > 0;
  });
  if (!found) return;
  const pictures = await page
    .waitForSelector(".behind .sprite", { timeout: 1000 })
    .catch(() => null);
  if (pictures === null) problems.push("no pictures behind the largest error");
}

async function screenshots(page, look, folder) {
  const name = `${look.width}-${look.dark ? "dark" : "light"}`;
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  await page.screenshot({
    path: join(folder, `${name}.png`),
    clip: { x: 0, y: 0, width: look.width, height: Math.min(height, MOST_PIXELS) },
    fullPage: true,
  });
}

async function drive(file, folder, within) {
  return inEachWindow([1400, 390], async (browser, { width, dark }, problems) => {
    const { page, seconds } = await open(browser, file, { width, dark, within }, problems);
    await readThrough(page);
    await openConfusionCell(page, problems);
    await checkLayout(page, width, problems);
    if (folder !== undefined) await screenshots(page, { width, dark }, folder);
    await page.close();
    return `${width} ${dark ? "dark" : "light"}: usable after ${seconds.toFixed(2)} s`;
  });
}

const { values, positionals } = parseArgs({
  options: { screenshots: { type: "string" }, within: { type: "string", default: "2" } },
  allowPositionals: true,
});
if (positionals.length !== 1) {
  console.error("usage: node drive_report.mjs FILE.html [--screenshots FOLDER] [--within SECONDS]");
  process.exit(2);
}
if (values.screenshots !== undefined) mkdirSync(values.screenshots, { recursive: true });
const passed = await drive(positionals[0], values.screenshots, Number(values.within));
process.exit(passed ? 0 : 1);
