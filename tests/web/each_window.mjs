// The same look at a page in wide and narrow windows, light and dark.

import { chromium } from "./playwright.mjs";

// A look takes a second or two. A browser that gives no answer for so long has stopped drawing.
const PATIENCE_MS = 60000;

/** Settles as `work` does, or as `undefined` when the browser gives no answer. */
async function patiently(work) {
  let timer;
  const nothing = new Promise((done) => {
    timer = setTimeout(done, PATIENCE_MS);
  });
  try {
    return await Promise.race([work, nothing]);
  } finally {
    clearTimeout(timer);
  }
}

/** One look in a browser of its own: the line to print, or `undefined` where the browser hangs. */
async function lookIn(window, look, problems) {
  const browser = await chromium();
  const work = look(browser, window, problems);
  work.catch(() => {}); // closing a browser that hangs fails what still waits for it
  try {
    return await patiently(work);
  } finally {
    await browser.close();
  }
}

/**
 * Calls `look(browser, { width, dark }, problems)` for each window, in a browser of its own. It adds
 * what is wrong to `problems` and gives the line to print. A browser that hangs is started once
 * more, and the output says so: a page at fault hangs the second one too.
 * @return  whether nothing was wrong anywhere
 */
export async function inEachWindow(widths, look) {
  let sound = true;
  for (const width of widths) {
    for (const dark of [false, true]) {
      const window = { width, dark };
      let problems = [];
      let line = await lookIn(window, look, problems);
      if (line === undefined) {
        console.log(`${width} ${dark ? "dark" : "light"}: no answer; once more`);
        problems = [];
        line = await lookIn(window, look, problems);
      }
      if (line === undefined) problems.push("the browser gives no answer");
      console.log(line ?? "no answer again");
      for (const problem of problems) console.log(`  ${problem}`);
      sound &&= problems.length === 0;
    }
  }
  return sound;
}
