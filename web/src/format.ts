// Numbers as the reports write them. Runs in the figures' engine too: ECMAScript 5 only.

import type { ColumnFormat } from "./document";

const SPACE = "\u00a0";
const MINUS = "\u2212";

function signed(value: number, text: string): string {
  return value < 0 && /[1-9]/.test(text) ? MINUS + text : text;
}

function grouped(digits: string): string {
  return digits.replace(/\B(?=(\d{3})+$)/g, ",");
}

/** With `decimals` places and thousands in groups: 12,345.6 */
export function formatFixed(value: number, decimals: number): string {
  const parts = Math.abs(value).toFixed(decimals).split(".");
  const text = grouped(parts[0]) + (parts.length > 1 ? "." + parts[1] : "");
  return signed(value, text);
}

export function formatInteger(value: number): string {
  return formatFixed(value, Math.abs(value - Math.round(value)) < 1e-9 ? 0 : 1);
}

function exponential(value: number, digits: number): string {
  return value.toExponential(digits).replace(/e\+/, "e");
}

export function formatDecimal(value: number): string {
  const size = Math.abs(value);
  if (size > 0 && size < 0.00005) return exponential(value, 1);
  return formatFixed(value, size < 100 ? 4 : 2);
}

/** Decimals that `values`, parts of 1, need to be told apart as percentages: 1 or 2. */
export function percentDecimals(values: number[]): number {
  const sorted = values.slice().sort((a, b) => a - b);
  for (let i = 1; i < sorted.length; ++i) {
    const apart = sorted[i] - sorted[i - 1] > 1e-12;
    if (apart && (sorted[i] * 100).toFixed(1) === (sorted[i - 1] * 100).toFixed(1)) return 2;
  }
  for (const value of sorted) {
    const shown = (value * 100).toFixed(1);
    if ((shown === "0.0" && value > 0) || (shown === "100.0" && value < 1)) return 2;
  }
  return 1;
}

export function formatPercent(value: number, decimals = percentDecimals([value])): string {
  return formatFixed(value * 100, decimals) + SPACE + "%";
}

function threeDigits(value: number): string {
  const decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  return formatFixed(value, decimals).replace(/(\.\d*[1-9])0+$|\.0+$/, "$1");
}

export function formatSeconds(value: number): string {
  const size = Math.abs(value);
  let text: string;
  if (size === 0) {
    text = "0" + SPACE + "s";
  } else if (size < 0.9995e-3) {
    text = threeDigits(size * 1e6) + SPACE + "µs";
  } else if (size < 0.9995) {
    text = threeDigits(size * 1e3) + SPACE + "ms";
  } else if (size < 9.95) {
    text = formatFixed(size, 1) + SPACE + "s";
  } else if (size < 59.5) {
    text = formatFixed(size, 0) + SPACE + "s";
  } else if (size < 3599.5) {
    const seconds = Math.round(size);
    text = `${Math.floor(seconds / 60)}${SPACE}min`;
    if (seconds % 60 > 0) text += `${SPACE}${seconds % 60}${SPACE}s`;
  } else {
    const minutes = Math.round(size / 60);
    text = `${grouped(String(Math.floor(minutes / 60)))}${SPACE}h`;
    if (minutes % 60 > 0) text += `${SPACE}${minutes % 60}${SPACE}min`;
  }
  return signed(value, text);
}

export function formatBytes(value: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let size = Math.abs(value);
  let unit = 0;
  while (size >= 999.5 && unit + 1 < units.length) {
    size /= 1000;
    ++unit;
  }
  const text = unit === 0 || size >= 99.95 ? formatFixed(size, 0) : formatFixed(size, 1);
  return signed(value, text) + SPACE + units[unit];
}

/** Four digits after the point below 10, fewer above. */
function decimalFormatter(values: number[]): (value: number) => string {
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  if (largest < 10) return formatDecimal;
  return (value) => formatFixed(value, largest < 1000 ? 2 : 1);
}

/** A function that writes the numbers of one column, all with the same precision. */
export function columnFormatter(format: ColumnFormat, values: number[]): (value: number) => string {
  if (format === "integer") return formatInteger;
  if (format === "decimal") return decimalFormatter(values);
  if (format === "seconds") return formatSeconds;
  if (format === "bytes") return formatBytes;
  if (format === "percent") {
    const decimals = percentDecimals(values);
    return (value) => formatPercent(value, decimals);
  }
  return formatNumber;
}

/** Four significant digits, no trailing zeros: for axes and hovered values. */
export function formatNumber(value: number): string {
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size < 1e-4 || size >= 1e9) {
    return exponential(value, 2).replace(/\.?0+e/, "e");
  }
  if (size >= 1000) return formatFixed(value, Math.abs(value % 1) < 1e-9 ? 0 : 1);
  const decimals = Math.max(0, 3 - Math.floor(Math.log(size) / Math.LN10 + 1e-9));
  return formatFixed(value, decimals).replace(/(\.\d*[1-9])0+$|\.0+$/, "$1");
}

/** "94.1 %", "0.25 nats". */
export function formatWithUnit(value: number, unit: string): string {
  return unit === "" ? formatNumber(value) : formatNumber(value) + SPACE + unit;
}

/** No line break between a number and its percent sign. */
export function unbroken(text: string): string {
  return text.replace(/(\d) %/g, `$1${SPACE}%`);
}

/** "Loss (nats)". */
export function titleWithUnit(title: string, unit: string): string {
  if (unit === "") return title;
  return title === "" ? unit : `${title} (${unit})`;
}
