// The same look at a page in wide and narrow windows, light and dark.

import { chromium } from "./playwright.mjs";

/**
 * Calls `look(browser, { width, dark }, problems)` for each window. It adds what is wrong to
 * `problems` and gives the line to print.
 * @return  whether nothing was wrong anywhere
 */
export async function inEachWindow(widths, look) {
  const browser = await chromium();
  let sound = true;
  try {
    for (const width of widths) {
      for (const dark of [false, true]) {
        const problems = [];
        console.log(await look(browser, { width, dark }, problems));
        for (const problem of problems) console.log(`  ${problem}`);
        sound &&= problems.length === 0;
      }
    }
  } finally {
    await browser.close();
  }
  return sound;
}
