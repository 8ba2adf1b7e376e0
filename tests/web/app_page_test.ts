// The page that the service gives, in Chromium: pictures in, answers out, by mouse and by keyboard.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";

import axe from "axe-core";
import type { Browser, Page } from "playwright-core";

import { CLASSES, report } from "./fixture";
import { MockService, type MockOptions } from "./mock_service";
import { distFolder, launch, readThrough, watch } from "./page";
import { png, type Rgb } from "./png";

interface File {
  name: string;
  mimeType: string;
  buffer: Buffer;
}

interface Look {
  width?: number;
  dark?: boolean;
  mock?: Partial<MockOptions>;
}

let browser: Browser;

before(async () => {
  const fakes = ["device", "ui"].map((what) => `--use-fake-${what}-for-media-stream`);
  browser = await launch(fakes);
});

after(() => browser?.close());

// What the browser itself says of answers such as 401 and 503.
const REFUSED = /^Failed to load resource:/;

/** Opens the page of a service of its own, does something on it and expects no trouble. */
async function visit(
  act: (page: Page, service: MockService) => Promise<void>,
  { width = 1280, dark = false, mock = {} }: Look = {},
): Promise<void> {
  const service = new MockService({ dist: distFolder(), report: report(), ...mock });
  const address = await service.start();
  const page = await browser.newPage({
    viewport: { width, height: 900 },
    colorScheme: dark ? "dark" : "light",
    reducedMotion: "reduce",
    permissions: ["camera"],
  });
  page.setDefaultTimeout(20_000);
  const problems = watch(page, new RegExp(`^(${address}/|data:|blob:)`));
  try {
    await page.goto(address);
    await act(page, service);
    assert.deepEqual(
      problems.filter((problem) => !REFUSED.test(problem)),
      [],
    );
  } finally {
    await page.close();
    await service.stop();
  }
}

const blue: Rgb = [60, 90, 160];

function picture(name: string, width = 60, height = 80): File {
  const inside = (x: number, y: number) => Math.abs(2 * x - width) < width / 2 && y > height / 4;
  const uri = png(width, height, (x, y) => (inside(x, y) ? blue : [250, 250, 250]));
  const buffer = Buffer.from(uri.slice(uri.indexOf(",") + 1), "base64");
  return { name, mimeType: "image/png", buffer };
}

const NOTES: File = {
  name: "notes.txt",
  mimeType: "text/plain",
  buffer: Buffer.from("no picture"),
};

function choose(page: Page, files: File[]): Promise<void> {
  return page.setInputFiles("[data-purpose=choose]", files);
}

/** Files as a program other than the browser would hand them over. */
function hand(page: Page, event: "drop" | "paste", file: File): Promise<void> {
  return page.evaluate(
    ([kind, name, type, data]) => {
      const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
      const transfer = new DataTransfer();
      transfer.items.add(new File([bytes], name, { type }));
      const options = { bubbles: true, cancelable: true };
      document.body.dispatchEvent(
        kind === "drop"
          ? new DragEvent("drop", { ...options, dataTransfer: transfer })
          : new ClipboardEvent("paste", { ...options, clipboardData: transfer }),
      );
    },
    [event, file.name, file.mimeType, file.buffer.toString("base64")],
  );
}

async function verdict(page: Page, wanted: string): Promise<void> {
  await page.locator(".verdict", { hasText: wanted }).waitFor();
}

/** No problem that axe-core calls serious or critical; nothing wider than the window. */
async function sound(page: Page): Promise<void> {
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(axe.source);
  const found = await page.evaluate(async () => {
    const checker = (globalThis as unknown as { axe: typeof axe }).axe;
    const { violations } = await checker.run({ exclude: [[".chart"]] });
    return violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join("\n")}`);
  });
  assert.deepEqual(found, []);
  const [wide, room] = await page.evaluate(() => [
    document.documentElement.scrollWidth,
    innerWidth,
  ]);
  assert.ok(wide <= room, `${wide} pixels wide in a window of ${room}`);
}

test("a chosen picture is answered: top three, as seen, how long it took", () =>
  visit(async (page, service) => {
    await page.waitForSelector(".samples img");
    await sound(page);
    await choose(page, [picture("my sneaker.png")]);
    await verdict(page, "Sneaker 97.1");
    assert.equal(await page.locator(".guesses li").count(), 3);
    const seen = await page.locator(".answer .seen").boundingBox();
    assert.ok(seen !== null && seen.width === 140);
    assert.match((await page.textContent(".timing")) ?? "", /^cnn answered in .+ in the service/);
    const said = await page.textContent("[role=status]");
    assert.match(said ?? "", /^my sneaker\.png: Sneaker, 97\.1.%\. Then T-shirt\/top, 1\.7/);
    assert.deepEqual(service.batches, [["my sneaker.png"]]);
    await sound(page);
  }));

test("doubts are said plainly", () =>
  visit(async (page) => {
    await choose(page, [picture("unsure shirt.png")]);
    await page.locator(".notice", { hasText: "The model is not sure: Shirt 48" }).waitFor();
    assert.match((await page.textContent("[role=status]")) ?? "", /Not sure$/);
    await choose(page, [picture("alien.png")]);
    await verdict(page, "This looks like none of the ten classes");
    assert.match((await page.textContent("[role=status]")) ?? "", /Closest: .*none of the ten/);
  }));

test("pictures are dropped and pasted", () =>
  visit(async (page) => {
    await page.waitForSelector(".zone");
    await hand(page, "drop", picture("dropped bag.png"));
    await verdict(page, "Bag");
    await hand(page, "paste", picture("pasted coat.png"));
    await verdict(page, "Coat");
  }));

test("a picture is drawn, a stroke taken back, the paper cleared", () =>
  visit(async (page, service) => {
    await page.click("text=Draw one");
    await page.click(".pad-tools >> text=Broad");
    const box = await page.locator(".paper").boundingBox();
    assert.ok(box !== null);
    for (const x of [0.35, 0.65]) {
      await page.mouse.move(box.x + x * box.width, box.y + 60);
      await page.mouse.down();
      await page.mouse.move(box.x + x * box.width, box.y + 240, { steps: 4 });
      await page.mouse.up();
      await verdict(page, "Trouser");
    }
    await sound(page);
    const dark = () =>
      page.$eval(".paper", (canvas) => {
        const paper = canvas as HTMLCanvasElement;
        const copy = new OffscreenCanvas(paper.width, paper.height).getContext("2d");
        copy?.drawImage(paper, 0, 0);
        const pixels = copy?.getImageData(0, 0, paper.width, paper.height).data;
        return pixels?.filter((value, i) => i % 4 === 0 && value < 128).length ?? 0;
      });
    const both = await dark();
    await page.click("text=Undo");
    assert.ok(Math.abs((await dark()) - both / 2) < both / 10);
    await page.click("text=Clear");
    assert.equal(await dark(), 0);
    await page.waitForSelector(".answer", { state: "detached" });
    assert.ok(service.batches.length >= 2);
  }));

test("a picture is taken with the camera", () =>
  visit(async (page) => {
    await page.click("text=Take a photo");
    await page.click("text=Take the picture");
    await page.locator("figcaption", { hasText: "photo.jpg" }).waitFor();
    await verdict(page, "Ankle boot");
    await page.click("text=Close the camera");
    await page.waitForSelector("video", { state: "detached" });
  }));

test("what is no picture gets the service's words", () =>
  visit(async (page) => {
    await choose(page, [NOTES]);
    await verdict(page, "Picture cannot be read");
    await page.getByText("notes.txt: neither a PNG nor a JPEG nor a WebP file").first().waitFor();
    await page.waitForSelector(".no-picture");
    await choose(page, [NOTES, { ...NOTES, name: "other.gif" }]);
    await page.locator("td", { hasText: "other.gif: neither" }).waitFor();
    await page.locator("td", { hasText: "notes.txt: neither" }).waitFor();
  }));

test("several pictures become a table that is sorted and downloaded", () =>
  visit(async (page, service) => {
    const names = ["unsure shirt.png", 'a "fine" bag, red.png', "alien.png", "dress.png"];
    const many = Array.from({ length: 36 }, (_, i) => picture(`coat ${i}.png`));
    await choose(page, [...names.map((name) => picture(name)), NOTES, ...many]);
    await page.locator("h2", { hasText: "41 pictures" }).waitFor();
    await page.waitForSelector(".progress", { state: "detached" });
    assert.ok(service.batches.every((batch) => batch.length <= 16));
    assert.ok(service.batches.length <= 4);
    assert.ok(service.mostAtOnce <= 2);
    await sound(page);

    const first = () => page.locator(".gallery tbody th").first().textContent();
    await page.click(".gallery .sort >> text=Confidence");
    await page.click(".gallery .sort >> text=Confidence");
    assert.equal(await first(), "alien.png");
    await page.click(".gallery tbody .link");
    await verdict(page, "This looks like none of the ten classes");

    const download = async (kind: string) => {
      const button = page.getByRole("button", { name: `Download the table as ${kind}` });
      const [file] = await Promise.all([page.waitForEvent("download"), button.click()]);
      assert.equal(file.suggestedFilename(), `thimble.${kind.toLowerCase()}`);
      return readFileSync(await file.path(), "utf8");
    };
    const lines = (await download("CSV")).split("\r\n");
    assert.equal(lines.length, 1 + 41 + 1);
    assert.match(lines[0], /^name,model,version,class,confidence,/);
    assert.match(lines[2], /^"a ""fine"" bag, red\.png",cnn,3f2a91c0d8e4,Bag,0\.971,/);
    assert.match(lines[3], /,false,1\.8,unfamiliar,$/);
    assert.match(lines[5], /^notes\.txt,cnn,,.*neither a PNG/);
    const rows = JSON.parse(await download("JSON")) as Record<string, unknown>[];
    assert.equal(rows.length, 41);
    assert.equal(rows[3].class, "Dress");
    assert.equal(rows[3].seen, undefined);
  }));

test("models are switched and compared, where they disagree is marked", () =>
  visit(async (page) => {
    await choose(page, [picture("torn sneaker.png")]);
    await verdict(page, "Sneaker 97.1");
    await page.selectOption(".model-choice select", "forest");
    await verdict(page, "Bag 94.1");
    await page.check(".check input");
    await verdict(page, "They disagree");
    assert.equal(await page.locator(".one-model").count(), 3);
    assert.equal(await page.locator(".one-model.apart .tag").count(), 2);
    await sound(page);
    await choose(page, [picture("torn sneaker.png"), picture("dress.png"), NOTES]);
    await page.waitForSelector(".progress", { state: "detached" });
    assert.equal(await page.locator(".gallery .tag").count(), 1);
    await page.locator("td", { hasText: /^agree$/ }).waitFor();
    await sound(page);
  }));

test("how good a model is: the report, loaded when it is wanted", () =>
  visit(
    async (page) => {
      const loaded = () =>
        page.evaluate(() =>
          performance.getEntriesByType("resource").filter(({ name }) => /app_report/.test(name)),
        );
      await page.waitForSelector(".samples img");
      assert.equal((await loaded()).length, 0);
      await page.click("text=How good is it?");
      await page.waitForSelector('main[aria-busy="false"]');
      await readThrough(page);
      await page.waitForSelector("#confusion table");
      await page.hover("#many .chart");
      await page.waitForSelector("#many .tip");
      await sound(page);
      const [file] = await Promise.all([
        page.waitForEvent("download"),
        page.click('#loss [aria-label$="as PNG"]'),
      ]);
      assert.equal(readFileSync(await file.path(), "latin1").slice(1, 4), "PNG");
      await page.selectOption(".model-choice select", "forest");
      await page.locator("[role=alert]", { hasText: "Not found" }).waitFor();
    },
    { dark: true },
  ));

test("at 320 pixels everything fits", () =>
  visit(
    async (page) => {
      await page.waitForSelector(".samples img");
      await sound(page);
      await choose(page, [picture("unsure torn shirt.png")]);
      await verdict(page, "Shirt");
      await sound(page);
      await page.check(".check input");
      await verdict(page, "They disagree");
      await sound(page);
      await choose(page, [picture("a_name_that_has_no_place_to_break_anywhere.png"), NOTES]);
      await page.locator(".gallery .refused").first().waitFor();
      await sound(page);
      await page.click("text=Draw one");
      await sound(page);
    },
    { width: 320, dark: true },
  ));

test("by keyboard alone: to the chooser, a sample, its answer", () =>
  visit(async (page) => {
    await page.waitForSelector(".samples img");
    const focused = () =>
      page.evaluate(() => {
        const element = document.activeElement;
        return element?.getAttribute("aria-label") ?? element?.textContent ?? "";
      });
    const tabTo = async (wanted: string) => {
      for (let i = 0; i < 30 && (await focused()) !== wanted; ++i) await page.keyboard.press("Tab");
      assert.equal(await focused(), wanted);
    };
    const chooser = page.waitForEvent("filechooser");
    await page.keyboard.press("Tab");
    assert.equal(await focused(), "Skip to the content");
    await tabTo("Choose pictures");
    await page.keyboard.press("Enter");
    assert.ok((await chooser).isMultiple());
    await tabTo(`Try sample 6, ${CLASSES[5]}`);
    const outline = await page.evaluate(
      () => getComputedStyle(document.activeElement ?? document.body).outlineWidth,
    );
    assert.equal(outline, "3px");
    await page.keyboard.press("Enter");
    await verdict(page, "Sandal");
    const said = await page.textContent("[role=status]");
    assert.match(said ?? "", /^Sandal \(sample\): Sandal, 97\.1/);
    assert.equal(await focused(), `Try sample 6, ${CLASSES[5]}`);
  }));

test("light and dark are chosen on the page and kept", () =>
  visit(async (page) => {
    const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const [light, dark] = ["rgb(244, 246, 249)", "rgb(15, 17, 22)"];
    const button = page.getByRole("button", { name: "Dark" });
    await button.click();
    assert.equal(await background(), dark);
    await page.reload();
    await page.waitForSelector('[aria-label="Dark"][aria-pressed="true"]');
    assert.equal(await background(), dark);
    await sound(page);
    await button.click();
    assert.equal(await background(), light);
    await page.emulateMedia({ colorScheme: "dark" });
    assert.equal(await background(), dark);
  }));

test("a token is asked for, and kept for the tab", () =>
  visit(
    async (page) => {
      await page.getByLabel("Token").fill("wrong");
      await page.click("text=Go on");
      await page.locator("[role=alert]", { hasText: "does not know this token" }).waitFor();
      await sound(page);
      await page.getByLabel("Token").fill("right");
      await page.click("text=Go on");
      await page.waitForSelector(".samples img");
      await choose(page, [picture("bag.png")]);
      await verdict(page, "Bag");
      await page.reload();
      await page.waitForSelector(".samples img");
      assert.equal(await page.evaluate(() => document.cookie + localStorage.length), "0");
    },
    { mock: { token: "right" } },
  ));

test("a busy service is asked again, one that is gone is named", () =>
  visit(async (page, service) => {
    service.refuse = 1;
    await choose(page, [picture("dress.png")]);
    await page.waitForSelector(".answer .waiting");
    await verdict(page, "Dress");
    assert.equal(service.batches.length, 1);
    await page.route("**/v1/classify*", (route) => route.abort());
    await choose(page, [picture("coat.png")]);
    await page.getByText("The service does not answer.").first().waitFor();
  }));

test("big photos are made smaller before they are sent, small ones are not", () =>
  visit(async (page, service) => {
    const noise = await page.evaluate(async () => {
      const canvas = document.createElement("canvas");
      [canvas.width, canvas.height] = [2100, 900];
      const context = canvas.getContext("2d");
      const image = new ImageData(canvas.width, canvas.height);
      let state = 1;
      for (let i = 0; i < image.data.length; ++i) {
        state = (Math.imul(state, 1103515245) + 12345) >>> 0;
        image.data[i] = i % 4 === 3 ? 255 : state >>> 24;
      }
      context?.putImageData(image, 0, 0);
      return canvas.toDataURL("image/jpeg", 0.7).split(",")[1];
    });
    const photo = Buffer.from(noise, "base64");
    assert.ok(photo.length > 300_000);
    await choose(page, [{ name: "big bag.jpg", mimeType: "image/jpeg", buffer: photo }]);
    await verdict(page, "Bag");
    assert.ok(service.sizes[0] < photo.length);
    const small = picture("dress.png");
    await choose(page, [small]);
    await verdict(page, "Dress");
    assert.equal(service.sizes[1], small.buffer.length);
  }));
