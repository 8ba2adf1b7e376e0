import assert from "node:assert/strict";
import { test } from "node:test";

import {
  columnFormatter,
  formatBytes,
  formatDecimal,
  formatInteger,
  formatNumber,
  formatPercent,
  formatSeconds,
  percentDecimals,
  titleWithUnit,
  unbroken,
} from "../../web/src/format";

function plain(text: string): string {
  return text.replace(/\u00a0/g, " ").replace(/\u2212/g, "-");
}

test("integers are grouped by thousands", () => {
  assert.equal(formatInteger(0), "0");
  assert.equal(formatInteger(999), "999");
  assert.equal(formatInteger(10000), "10,000");
  assert.equal(plain(formatInteger(-1234567)), "-1,234,567");
});

test("decimals have four digits after the point", () => {
  assert.equal(formatDecimal(0.12345), "0.1235");
  assert.equal(formatDecimal(0), "0.0000");
  assert.equal(plain(formatDecimal(-0.5)), "-0.5000");
  assert.equal(formatDecimal(1234.5), "1,234.50");
  assert.equal(formatDecimal(0.0000123), "1.2e-5");
});

test("a column of larger decimals has two", () => {
  const format = columnFormatter("decimal", [83.03, 0.5]);
  assert.equal(format(83.03), "83.03");
  assert.equal(format(0.5), "0.50");
});

test("percentages have a second decimal only where it tells something", () => {
  assert.equal(plain(formatPercent(0.941)), "94.1 %");
  assert.equal(plain(formatPercent(1)), "100.0 %");
  assert.equal(plain(formatPercent(0.9999)), "99.99 %");
  assert.equal(plain(formatPercent(0.0002)), "0.02 %");
  assert.equal(percentDecimals([0.9412, 0.9414]), 2);
  assert.equal(percentDecimals([0.9412, 0.9412, 0.95]), 1);
  const format = columnFormatter("percent", [0.9412, 0.9414, 0.5]);
  assert.equal(plain(format(0.5)), "50.00 %");
});

test("seconds in the unit that people would use", () => {
  const cases: [number, string][] = [
    [0, "0 s"],
    [0.0000042, "4.2 µs"],
    [0.0021, "2.1 ms"],
    [0.25, "250 ms"],
    [1.23, "1.2 s"],
    [9.97, "10 s"],
    [59.7, "1 min"],
    [200, "3 min 20 s"],
    [3600, "1 h"],
    [7500, "2 h 5 min"],
  ];
  for (const [value, text] of cases) assert.equal(plain(formatSeconds(value)), text);
});

test("bytes in decimal units", () => {
  const cases: [number, string][] = [
    [0, "0 B"],
    [512, "512 B"],
    [999.6, "1.0 kB"],
    [1_900_000, "1.9 MB"],
    [348_000_000, "348 MB"],
    [1_200_000_000, "1.2 GB"],
  ];
  for (const [value, text] of cases) assert.equal(plain(formatBytes(value)), text);
});

test("numbers on axes are short", () => {
  const cases: [number, string][] = [
    [0, "0"],
    [0.1 + 0.2, "0.3"],
    [1000, "1,000"],
    [0.001, "0.001"],
    [12.3456, "12.35"],
    [250, "250"],
    [-40, "-40"],
    [1e-6, "1e-6"],
    [2.5e10, "2.5e10"],
  ];
  for (const [value, text] of cases) assert.equal(plain(formatNumber(value)), text);
});

test("titles carry their unit", () => {
  assert.equal(titleWithUnit("Loss", "nats"), "Loss (nats)");
  assert.equal(titleWithUnit("Loss", ""), "Loss");
  assert.equal(titleWithUnit("", "s"), "s");
  assert.equal(unbroken("94 % of 3 %"), "94\u00a0% of 3\u00a0%");
});
