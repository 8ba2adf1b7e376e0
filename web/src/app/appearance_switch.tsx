import { chooseDark, systemIsDark, useAppearance } from "../appearance";
import { MoonIcon, SunIcon } from "./icons";

const KEY = "thimble-appearance";

/** Follows the system until it is told otherwise, and again once told what the system says. */
function choose(dark: boolean): void {
  const asSystem = dark === systemIsDark();
  chooseDark(asSystem ? null : dark);
  try {
    if (asSystem) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, dark ? "dark" : "light");
  } catch {
    // The choice then holds for this visit.
  }
}

function restore(): void {
  try {
    const kept = localStorage.getItem(KEY);
    if (kept !== null) chooseDark(kept === "dark");
  } catch {
    // As the system says.
  }
}

restore();

export function AppearanceSwitch() {
  const { theme } = useAppearance();
  return (
    <button
      type="button"
      class="icon-button"
      aria-pressed={theme.dark}
      aria-label="Dark"
      title={theme.dark ? "Light" : "Dark"}
      onClick={() => choose(!theme.dark)}
    >
      {theme.dark ? <SunIcon /> : <MoonIcon />}
    </button>
  );
}
