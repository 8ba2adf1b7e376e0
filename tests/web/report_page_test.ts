// The page in Chromium: looks, clicks and keys.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import type { Browser, Page } from "playwright-core";

import { HOSTILE, report } from "./fixture";
import { launch, open, readThrough, writePage } from "./page";

const folder = mkdtempSync(join(tmpdir(), "thimble-page-"));
const path = join(folder, "report.html");
let browser: Browser;

before(async () => {
  await writePage(path, report());
  browser = await launch();
});

after(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Opens the page, does something on it and expects that nothing went wrong. */
async function visit(
  act: (page: Page) => Promise<void>,
  look = { width: 1400, dark: false },
): Promise<void> {
  const { page, problems } = await open(browser, path, look);
  try {
    await act(page);
    assert.deepEqual(problems, []);
  } finally {
    await page.close();
  }
}

function text(page: Page, selector: string): Promise<string> {
  return page.$eval(selector, (element) => element.textContent ?? "");
}

for (const width of [1400, 390]) {
  for (const dark of [false, true]) {
    test(`${width} pixels, ${dark ? "dark" : "light"}: whole, within its width`, () =>
      visit(
        async (page) => {
          await readThrough(page);
          const wide = await page.evaluate(() => document.documentElement.scrollWidth);
          assert.ok(wide <= width, `${wide} pixels wide`);
          const bare = await page.$$eval(".chart", (charts) =>
            charts.filter((one) => one.querySelector("svg, canvas") === null).map((one) => one.id),
          );
          assert.deepEqual(bare, []);
          const colour = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
          assert.equal(colour, dark ? "rgb(15, 17, 22)" : "rgb(244, 246, 249)");
        },
        { width, dark },
      ));
  }
}

test("the document's text is never read as HTML", () =>
  visit(async (page) => {
    await readThrough(page);
    assert.equal(await page.title(), "Report");
    assert.equal(await page.$("#app img"), null);
    assert.equal(await page.$("#app script"), null);
    assert.ok((await text(page, "#overview .prose")).includes(HOSTILE));
    await page.hover("#many .chart");
    await page.waitForSelector("#many .tip");
    assert.ok((await text(page, "#many .tip")).includes(HOSTILE));
    assert.equal(await page.$("#app img"), null);
  }));

test("every section has its finding, contents lead there", () =>
  visit(async (page) => {
    const findings = await page.$$eval("section .finding", (all) => all.map((p) => p.textContent));
    assert.deepEqual(
      findings,
      report().sections.map((section) => section.finding),
    );
    await page.click('.contents a[href="#data"]');
    assert.ok(page.url().endsWith("#data"));
  }));

test("a confusion cell opens the pictures behind it", () =>
  visit(async (page) => {
    const cell = '#confusion [aria-label="87 of Shirt taken for T-shirt/top"]';
    await page.click(cell);
    await page.waitForSelector("#confusion .behind");
    assert.equal(
      await text(page, "#confusion .behind h4"),
      "Shirt taken for T-shirt/top: 87 (12 shown)",
    );
    const pictures = await page.$$eval("#confusion .behind .sprite", (all) =>
      all.map((sprite) => getComputedStyle(sprite).backgroundImage),
    );
    assert.equal(pictures.length, 12);
    assert.ok(pictures.every((image) => image.startsWith('url("blob:')));
    await page.click(cell);
    await page.waitForSelector("#confusion .behind", { state: "hidden" });
  }));

test("the confusion matrix works by keyboard", () =>
  visit(async (page) => {
    await page.focus('#confusion tbody button[tabindex="0"]');
    for (const key of ["ArrowRight", "ArrowDown", "ArrowUp", "ArrowDown", "Enter"] as const) {
      await page.keyboard.press(key);
    }
    await page.waitForSelector("#confusion .behind");
    assert.match(await text(page, "#confusion .behind h4"), /^Trouser, recognised: /);
    assert.equal((await page.$$('#confusion tbody button[tabindex="0"]')).length, 1);
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("Enter");
    assert.match(await text(page, "#confusion .behind h4"), /^Trouser taken for T-shirt\/top: /);
  }));

test("the confusion matrix shows shares of the true class", () =>
  visit(async (page) => {
    await page.click("#confusion .switch button:nth-child(2)");
    await page.waitForSelector('#confusion .switch button:nth-child(2)[aria-pressed="true"]');
    const rows = await page.$$eval("#confusion tbody tr", (all) =>
      all.map((row) =>
        [...row.querySelectorAll("button")].reduce((sum, b) => sum + Number(b.textContent), 0),
      ),
    );
    for (const sum of rows) assert.ok(Math.abs(sum - 100) < 0.6, `${sum} %`);
  }));

test("a table sorts by any column, empty cells last", () =>
  visit(async (page) => {
    const firsts = () =>
      page.$$eval("#overview .data tbody th", (all) => all.map((th) => th.textContent));
    await page.click("#overview .data th:nth-child(3) button");
    assert.deepEqual(await firsts(), ["cnn", "forest", "logistic", HOSTILE]);
    const sorted = "#overview .data th[aria-sort]";
    assert.equal(await page.$eval(sorted, (th) => th.getAttribute("aria-sort")), "descending");
    await page.click("#overview .data th:nth-child(3) button");
    assert.deepEqual(await firsts(), ["logistic", "forest", "cnn", HOSTILE]);
    await page.click("#overview .data th:nth-child(3) button");
    assert.deepEqual(await firsts(), ["forest", "cnn", "logistic", HOSTILE]);
    assert.equal(await page.$(sorted), null);
  }));

test("charts say what they show and give their numbers", () =>
  visit(async (page) => {
    const label = await page.$eval("#loss .chart", (chart) => chart.getAttribute("aria-label"));
    assert.equal(label, "Loss over the epochs. What loss shows.");
    await page.click("#loss summary");
    await page.waitForSelector("#loss .data");
    assert.equal((await page.$$("#loss .data tbody tr")).length, 40);
  }));

test("a legend's name hides its series", () =>
  visit(async (page) => {
    await page.click('.contents a[href="#learning"]');
    await page.waitForSelector("#loss svg path");
    const before = (await page.$$("#loss .chart svg path")).length;
    await page.click("#loss .legend button");
    await page.waitForSelector('#loss .legend button[aria-pressed="false"]');
    await page.waitForFunction(
      (count) => document.querySelectorAll("#loss .chart svg path").length < count,
      before,
    );
  }));

test("a figure is downloaded as it is drawn for paper", () =>
  visit(async (page) => {
    for (const [button, name, start] of [
      ["SVG", "loss.svg", "<svg"],
      ["PNG", "loss.png", "\x89PNG"],
    ]) {
      const [download] = await Promise.all([
        page.waitForEvent("download"),
        page.click(`#loss [aria-label$="as ${button}"]`),
      ]);
      assert.equal(download.suggestedFilename(), name);
      const file = await download.path();
      assert.equal(readFileSync(file, "latin1").slice(0, start.length), start);
    }
  }));

test("a point of the map shows its picture", () =>
  visit(async (page) => {
    await page.click('.contents a[href="#the-map"]');
    await page.waitForSelector("#map canvas");
    const box = await (await page.$("#map .chart"))?.boundingBox();
    assert.ok(box);
    let shown = null;
    for (let i = 0; i < 60 && shown === null; ++i) {
      const angle = i * 0.5;
      const radius = (0.2 + 0.004 * i) * box.height * 1.4;
      await page.mouse.move(
        box.x + box.width / 2 + radius * Math.cos(angle),
        box.y + box.height / 2 + radius * Math.sin(angle),
      );
      shown = await page.$("#map .tip .sprite");
    }
    assert.ok(shown, "no picture beside the pointer");
    const size = await shown.boundingBox();
    assert.ok(size !== null && size.width >= 100);
  }));

test("the map moves by keyboard", () =>
  visit(async (page) => {
    await page.click('.contents a[href="#the-map"]');
    await page.waitForSelector("#map canvas");
    // How many values of the canvas's pixels are not as at the first call.
    const changed = () =>
      page.evaluate(async () => {
        await new Promise((done) => setTimeout(done, 120));
        const canvas = document.querySelector("#map canvas") as HTMLCanvasElement;
        const { width, height } = canvas;
        const context = new OffscreenCanvas(width, height).getContext("2d");
        if (context === null) return -1;
        context.drawImage(canvas, 0, 0);
        const now = [...context.getImageData(0, 0, width, height).data];
        const kept = window as unknown as { first?: number[] };
        const first = (kept.first ??= now);
        return now.filter((value, i) => Math.abs(value - first[i]) > 8).length;
      });
    assert.equal(await changed(), 0);
    await page.focus("#map .chart");
    await page.keyboard.press("+");
    const zoomed = await changed();
    assert.ok(zoomed > 1000);
    await page.keyboard.press("ArrowLeft");
    assert.notEqual(await changed(), zoomed);
    await page.keyboard.press("0");
    assert.equal(await changed(), 0);
  }));

test("on paper: light, no controls, all charts", () =>
  visit(
    async (page) => {
      await page.emulateMedia({ media: "print" });
      await page.waitForFunction(
        () =>
          document.querySelectorAll(".chart").length ===
          document.querySelectorAll(".chart svg, .chart canvas").length,
      );
      const background = await page.$eval("#loss .chart svg rect", (r) => r.getAttribute("fill"));
      assert.equal(background, "#ffffff");
      const shown = await page.$$eval(".controls, .contents, .chart-data", (all) =>
        all.filter((one) => getComputedStyle(one).display !== "none"),
      );
      assert.equal(shown.length, 0);
      const pdf = await page.pdf({ format: "A4" });
      assert.ok(pdf.length > 20_000);
    },
    { width: 1400, dark: true },
  ));

test("it turns dark while it is open", () =>
  visit(async (page) => {
    await page.click('.contents a[href="#learning"]');
    await page.waitForSelector("#loss svg rect");
    await page.emulateMedia({ colorScheme: "dark" });
    await page.waitForFunction(
      () => document.querySelector("#loss svg rect")?.getAttribute("fill") === "#171a21",
    );
  }));

test("a line across axes says its values, its axes choose lines", () =>
  visit(async (page) => {
    await page.click('.contents a[href="#search"]');
    await page.waitForSelector("#trials svg path");
    const box = await (await page.$("#trials .chart"))?.boundingBox();
    assert.ok(box);
    const faded = () =>
      page.$$eval("#trials svg path", (all) =>
        all.filter((one) => Number(one.getAttribute("stroke-opacity") ?? 1) < 0.1).length,
      );
    assert.equal(await faded(), 0);
    const axis = box.x + 70;
    await page.mouse.move(axis, box.y + 80);
    await page.mouse.down();
    await page.mouse.move(axis, box.y + 160, { steps: 4 });
    await page.mouse.up();
    await page.waitForFunction(() =>
      [...document.querySelectorAll("#trials svg path")].some(
        (one) => Number(one.getAttribute("stroke-opacity") ?? 1) < 0.1,
      ),
    );
    await page.click("#trials summary");
    await page.waitForSelector("#trials .data");
    assert.ok((await text(page, "#trials .data")).includes(HOSTILE));
  }));

test("code is copied or selected, and downloaded as it is", () =>
  visit(async (page) => {
    await page.click('.contents a[href="#search"]');
    const code = await text(page, "#recipe code");
    assert.match(code, /learning_rate = 0\.1/);
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.click('#recipe [aria-label^="Download"]'),
    ]);
    assert.equal(download.suggestedFilename(), "winner.toml");
    assert.equal(readFileSync(await download.path(), "utf8"), code);
    await page.click('#recipe [aria-label^="Copy"]');
    await page.waitForFunction(
      () => document.querySelector("#recipe .said")?.textContent !== "",
    );
    if ((await text(page, "#recipe .said")) !== "Copied") {
      assert.equal(await page.evaluate(() => String(getSelection())), code.trimEnd());
    }
  }));
