// How the page is seen: light, dark or on paper, as the system says, also when it changes.

import { useLayoutEffect, useState } from "preact/hooks";

import { DARK, LIGHT, type Theme } from "./theme";

export interface Appearance {
  theme: Theme;
  printing: boolean;
}

const ON_LIGHT: Appearance = { theme: LIGHT, printing: false };
const ON_DARK: Appearance = { theme: DARK, printing: false };
const ON_PAPER: Appearance = { theme: LIGHT, printing: true };

const dark = matchMedia("(prefers-color-scheme: dark)");
const print = matchMedia("print");
const listeners = new Set<() => void>();
let aboutToPrint = false;
let chosenDark: boolean | null = null;
let darkRulesFound: CSSMediaRule[] | undefined;

function tell(): void {
  for (const listener of [...listeners]) listener();
}

dark.addEventListener("change", tell);
print.addEventListener("change", tell);
addEventListener("beforeprint", () => {
  aboutToPrint = true;
  tell();
});
addEventListener("afterprint", () => {
  aboutToPrint = false;
  tell();
});

function appearance(): Appearance {
  if (aboutToPrint || print.matches) return ON_PAPER;
  return (chosenDark ?? dark.matches) ? ON_DARK : ON_LIGHT;
}

/** The style sheets' rules for a dark page, whatever chooseDark() has made of their conditions. */
function darkRules(): CSSMediaRule[] {
  darkRulesFound ??= [...document.styleSheets]
    .flatMap((sheet) => [...sheet.cssRules])
    .filter((rule): rule is CSSMediaRule => rule instanceof CSSMediaRule)
    .filter((rule) => rule.media.mediaText.includes("prefers-color-scheme: dark"));
  return darkRulesFound;
}

/** Light or dark whatever the system says; null: as it says. */
export function chooseDark(choice: boolean | null): void {
  chosenDark = choice;
  const condition = choice === null ? "(prefers-color-scheme: dark)" : choice ? "all" : "not all";
  for (const rule of darkRules()) rule.media.mediaText = condition;
  document.documentElement.style.colorScheme = choice === null ? "" : choice ? "dark" : "light";
  tell();
}

export function systemIsDark(): boolean {
  return dark.matches;
}

export function useAppearance(): Appearance {
  const [now, setNow] = useState(appearance);
  useLayoutEffect(() => {
    const listener = () => setNow(appearance());
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }, []);
  return now;
}
