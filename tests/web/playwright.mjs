// Debian's Chromium, or the one that $CHROMIUM names, for scripts outside of web/.

import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const playwright = createRequire(join(here, "../../web/package.json"))("playwright-core");

function browserPath() {
  if (process.env.CHROMIUM) return process.env.CHROMIUM;
  for (const name of ["chromium", "chromium-browser", "google-chrome"]) {
    for (const folder of (process.env.PATH ?? "").split(delimiter)) {
      if (existsSync(join(folder, name))) return join(folder, name);
    }
  }
  throw new Error("no Chromium found: install it or set CHROMIUM to its path");
}

/** Starts a browser. */
export function chromium() {
  return playwright.chromium.launch({
    executablePath: browserPath(),
    chromiumSandbox: process.getuid?.() !== 0,
    args: ["--disable-dev-shm-usage", "--disable-gpu"],
  });
}
