// Colours and type of the charts, light and dark. The page's own colours are in report.css.

export interface Theme {
  dark: boolean;
  surface: string;
  text: string;
  muted: string;
  line: string;
  grid: string;
  /** Ten colours told apart whatever the reader's colour vision, in this order. */
  categorical: string[];
  /** Low to high. */
  sequential: string[];
  /** Below zero, zero, above zero. */
  diverging: string[];
  /** Few to many, of a confusion matrix's diagonal. */
  agreement: string[];
  /** Few to many, of its errors. */
  confusion: string[];
}

// Single quotes: ECharts writes this into a double-quoted attribute as it is.
export const FONT_FAMILY =
  "'DejaVu Sans', system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', sans-serif";

// Petroff, "Accessible Color Sequences for Data Visualization" (2021), the ten-colour sequence.
const PETROFF = [
  "#3f90da",
  "#ffa90e",
  "#bd1f01",
  "#94a4a2",
  "#832db6",
  "#a96b59",
  "#e76300",
  "#b9ac70",
  "#717581",
  "#92dadd",
];

// The same hues, the dark ones lifted to a contrast of 3 and more with the dark surface.
const PETROFF_ON_DARK = [
  "#5aa5ea",
  "#ffa90e",
  "#e8553a",
  "#94a4a2",
  "#b673e6",
  "#c08a78",
  "#f07a22",
  "#b9ac70",
  "#8a8f9c",
  "#92dadd",
];

// matplotlib's viridis (Smith and van der Walt, 2015) at eight even steps.
const VIRIDIS = [
  "#440154",
  "#46327e",
  "#365c8d",
  "#277f8e",
  "#1fa187",
  "#4ac16d",
  "#a0da39",
  "#fde725",
];

export const LIGHT: Theme = {
  dark: false,
  surface: "#ffffff",
  text: "#1d2330",
  muted: "#586174",
  line: "#8a93a5",
  grid: "#e6e9ef",
  categorical: PETROFF,
  sequential: VIRIDIS,
  diverging: ["#1f5fa8", "#7fb0e0", "#ffffff", "#f5b26b", "#b85a00"],
  agreement: ["#eef5fc", "#9cc8ee", "#2f7fc9"],
  confusion: ["#fff3e2", "#fbbd72", "#d9680b"],
};

export const DARK: Theme = {
  dark: true,
  surface: "#171a21",
  text: "#e8ebf1",
  muted: "#a3acbd",
  line: "#6d7689",
  grid: "#2b303b",
  categorical: PETROFF_ON_DARK,
  sequential: VIRIDIS,
  diverging: ["#7db8f2", "#2f5f92", "#171a21", "#8f5a1c", "#ffab4d"],
  agreement: ["#1b2735", "#25527f", "#3f90da"],
  confusion: ["#2a221a", "#77461a", "#e07a1f"],
};

type Rgb = [number, number, number];

function parse(colour: string): Rgb {
  const n = parseInt(colour.slice(1), 16);
  return [(n >> 16) & 255, (n >> 8) & 255, n & 255];
}

function hex(channel: number): string {
  const digits = Math.round(channel).toString(16);
  return digits.length < 2 ? "0" + digits : digits;
}

/** The colour at `t` in [0, 1] of evenly spaced `stops`. */
export function mix(stops: string[], t: number): string {
  const place = Math.min(Math.max(t, 0), 1) * (stops.length - 1);
  const left = Math.min(Math.floor(place), stops.length - 2);
  const from = parse(stops[left]);
  const to = parse(stops[left + 1]);
  const part = place - left;
  return "#" + from.map((value, i) => hex(value + (to[i] - value) * part)).join("");
}

/** Relative luminance as in WCAG 2.2. */
export function luminance(colour: string): number {
  const [r, g, b] = parse(colour).map((channel) => {
    const c = channel / 255;
    return c <= 0.04045 ? c / 12.92 : Math.pow((c + 0.055) / 1.055, 2.4);
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** Contrast ratio as in WCAG 2.2, 1 to 21. */
export function contrast(a: string, b: string): number {
  const first = luminance(a);
  const second = luminance(b);
  return (Math.max(first, second) + 0.05) / (Math.min(first, second) + 0.05);
}

/** Black or white, whichever is read better on `background`. */
export function textOn(background: string): string {
  const dark = "#0b0d11";
  return contrast(dark, background) >= contrast("#ffffff", background) ? dark : "#ffffff";
}

export function seriesColour(theme: Theme, index: number): string {
  return theme.categorical[index % theme.categorical.length];
}
