// Drives the page of a running service in Chromium:
//
//     node tests/web/drive_page.mjs URL [--screenshots FOLDER]
//
// At 1280 and 320 pixels, light and dark: a sample is answered, the pictures that the service gives
// become a table, the model's report is drawn; no console error, no request of anything but the
// service, nothing wider than the window. Exits 1 if anything is wrong.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { inEachWindow } from "./each_window.mjs";

async function open(browser, address, { width, dark }, problems) {
  const page = await browser.newPage({
    viewport: { width, height: 860 },
    colorScheme: dark ? "dark" : "light",
    reducedMotion: "reduce",
  });
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) problems.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => problems.push(`error: ${error}`));
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(address) && !/^(data|blob):/.test(url)) problems.push(`request of ${url}`);
  });
  await page.goto(address);
  await page.waitForSelector(".samples img");
  return page;
}

/** @return  the samples as files of the service */
async function sampleFiles(address) {
  const { samples } = await (await fetch(new URL("/v1/samples", address))).json();
  return Promise.all(
    samples.map(async ({ id, class: name, url }) => ({
      name: `${name.replace("/", " ")} ${id}.png`,
      mimeType: "image/png",
      buffer: Buffer.from(await (await fetch(new URL(url, address))).arrayBuffer()),
    })),
  );
}

async function visit(page, files, look) {
  await look("first");
  await page.click(".samples button");
  await page.waitForSelector(".answer .seen");
  await look("answer");
  await page.setInputFiles("[data-purpose=choose]", files);
  await page.waitForSelector(".gallery tbody tr");
  await page.waitForSelector(".progress", { state: "detached" });
  await look("table");
  await page.click("text=How good is it?");
  await page.waitForSelector('main[aria-busy="false"] section h2');
  await page.evaluate(async () => {
    for (let y = 0; y < document.body.scrollHeight; y += 600) {
      scrollTo(0, y);
      await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    }
    scrollTo(0, 0);
  });
  await look("report");
}

async function drive(address, folder) {
  const files = await sampleFiles(address);
  return inEachWindow([1280, 320], async (browser, { width, dark }, problems) => {
    const page = await open(browser, address, { width, dark }, problems);
    const name = `${width}-${dark ? "dark" : "light"}`;
    await visit(page, files, async (what) => {
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      if (wide > width) problems.push(`${what}: ${wide} pixels wide in a window of ${width}`);
      if (folder === undefined) return;
      await page.screenshot({ path: join(folder, `${name}-${what}.png`), fullPage: true });
    });
    await page.close();
    return `${name}: ${problems.length === 0 ? "as it should be" : ""}`;
  });
}

const { values, positionals } = parseArgs({
  options: { screenshots: { type: "string" } },
  allowPositionals: true,
});
if (positionals.length !== 1) {
  console.error("usage: node drive_page.mjs URL [--screenshots FOLDER]");
  process.exit(2);
}
if (values.screenshots !== undefined) mkdirSync(values.screenshots, { recursive: true });
const passed = await drive(positionals[0], values.screenshots);
process.exit(passed ? 0 : 1);
