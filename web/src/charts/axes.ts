import type { Axis } from "../document";
import { formatNumber, titleWithUnit } from "../format";
import type { Theme } from "../theme";
import type { Options, Room } from "./layout";

const LONGEST_LABEL = 160;

/** Breaks a title between words into lines of about `width` pixels; ECharts would cut it. */
export function inLines(title: string, width: number): string {
  const letters = Math.max(12, Math.floor(width / 7.2));
  let text = "";
  let line = "";
  for (const word of title.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > letters) {
      text += line + "\n";
      line = word;
    } else {
      line = line === "" ? word : line + " " + word;
    }
  }
  return text + line;
}

function titled(axis: Axis, vertical: boolean, theme: Theme, room: Room): Options {
  const length = vertical ? room.height - room.top : room.width;
  return {
    name: inLines(titleWithUnit(axis.title, axis.unit), length * 0.75),
    nameLocation: "middle",
    nameGap: vertical ? 14 : 30,
    nameTextStyle: { color: theme.text, fontSize: 13, lineHeight: 17 },
  };
}

function lines(theme: Theme): Options {
  return {
    axisLine: { show: true, lineStyle: { color: theme.line } },
    axisTick: { show: true, lineStyle: { color: theme.line } },
    splitLine: { show: true, lineStyle: { color: theme.grid } },
  };
}

/** What the values of an axis span; null where nothing does. */
export interface Extent {
  low: number;
  high: number;
}

export function extentOf(values: (number | null)[]): Extent | null {
  let extent: Extent | null = null;
  for (const value of values) {
    if (value === null) continue;
    if (extent === null) {
      extent = { low: value, high: value };
    } else {
      extent.low = Math.min(extent.low, value);
      extent.high = Math.max(extent.high, value);
    }
  }
  return extent;
}

/** A round step that divides `low` to `high` evenly into at most `most` parts; null: none does. */
export function evenStep(low: number, high: number, most: number): number | null {
  const span = high - low;
  if (!(span > 0)) return null;
  const decade = Math.pow(10, Math.floor(Math.log(span) / Math.LN10) - 1);
  for (const step of [1, 2, 2.5, 5, 10, 20, 25, 50, 100].map((part) => part * decade)) {
    const parts = span / step;
    const even = Math.abs(parts - Math.round(parts)) < 1e-6 && low % step === 0;
    if (even && Math.round(parts) <= most) return step;
  }
  return null;
}

export function valueAxis(
  axis: Axis,
  vertical: boolean,
  fromZero: boolean,
  theme: Theme,
  room: Room,
): Options {
  const logarithmic = axis.scale === "log";
  const splitNumber = vertical ? 5 : Math.max(2, Math.round(room.width / 110));
  const bounded = !logarithmic && axis.min !== null && axis.max !== null;
  const step = bounded ? evenStep(axis.min || 0, axis.max || 0, splitNumber + 1) : null;
  return {
    ...titled(axis, vertical, theme, room),
    ...lines(theme),
    type: logarithmic ? "log" : "value",
    min: axis.min === null ? undefined : axis.min,
    max: axis.max === null ? undefined : axis.max,
    scale: !fromZero,
    splitNumber,
    ...(step === null ? {} : { interval: step }),
    minorTick: { show: logarithmic },
    axisLabel: {
      color: theme.muted,
      fontSize: 12,
      hideOverlap: true,
      // The ends of an axis that fits its data may have long numbers.
      formatter: (value: number) => {
        const text = formatNumber(value);
        return /\.\d\d/.test(text) && Math.abs(value) >= 10 ? "" : text;
      },
    },
  };
}

export function categoryAxis(axis: Axis, vertical: boolean, theme: Theme, room: Room): Options {
  const widest = vertical
    ? Math.min(LONGEST_LABEL, room.width * 0.35)
    : Math.max(48, room.width / Math.max(1, axis.categories.length));
  const few = axis.categories.length <= 30;
  const longest = axis.categories.reduce((length, name) => Math.max(length, name.length), 0);
  const crowded = !vertical && longest * 7 + 8 > room.width / Math.max(1, axis.categories.length);
  return {
    ...titled(axis, vertical, theme, room),
    ...lines(theme),
    type: "category",
    data: axis.categories,
    inverse: vertical,
    splitLine: { show: false },
    axisTick: { show: false },
    axisLabel: {
      color: theme.muted,
      fontSize: 12,
      interval: few ? 0 : "auto",
      rotate: crowded ? 40 : 0,
      width: crowded ? 110 : widest,
      overflow: "truncate",
    },
  };
}

/** Of a map, whose directions mean nothing by themselves. */
export function hiddenAxis(extent: Extent): Options {
  return { type: "value", show: false, min: extent.low, max: extent.high };
}
