// Parallel coordinates as ECharts options: upright axes side by side or, where there is no room for
// that, level ones below each other.

import type { Axis, Chart, ParallelLines } from "../document";
import { formatNumber, titleWithUnit } from "../format";
import { mix, type Theme } from "../theme";
import { extentOf, type Extent } from "./axes";
import type { Options, Room } from "./layout";

const LEAST_UPRIGHT = 88;
const LEVEL_ROOM = 74;
const LETTER = 7;
const ABSENT = -0.16;
/** The palest line is still seen. */
const PALEST = 0.3;

export function isUpright(parallel: ParallelLines, width: number): boolean {
  return width / Math.max(1, parallel.axes.length) >= LEAST_UPRIGHT;
}

export function parallelHeight(parallel: ParallelLines, width: number): number {
  return isUpright(parallel, width) ? 420 : parallel.axes.length * LEVEL_ROOM + 20;
}

/** What an axis shows as text at which place; its range is 0 to 1. */
interface Tick {
  place: number;
  text: string;
}

function rangeOf(parallel: ParallelLines, index: number): Extent {
  const { axis } = parallel.axes[index];
  const extent = extentOf(parallel.lines.map((line) => line.values[index])) || { low: 0, high: 1 };
  return {
    low: axis.min === null ? extent.low : axis.min,
    high: axis.max === null ? extent.high : axis.max,
  };
}

/** Where a value stands on its axis, from 0 to 1; the middle where the range is one value. */
export function placeOf(axis: Axis, range: Extent, value: number): number {
  if (axis.scale === "category") {
    return axis.categories.length > 1 ? value / (axis.categories.length - 1) : 0.5;
  }
  if (!(range.high > range.low)) return 0.5;
  if (axis.scale === "log") return Math.log(value / range.low) / Math.log(range.high / range.low);
  return (value - range.low) / (range.high - range.low);
}

/** Round numbers within the range, about `count`. */
function roundNumbers(range: Extent, count: number): number[] {
  const span = range.high - range.low;
  if (!(span > 0)) return [range.low];
  const decade = Math.pow(10, Math.floor(Math.log(span / count) / Math.LN10));
  const step = [1, 2, 5, 10].map((part) => part * decade).filter((one) => span / one <= count)[0];
  const numbers: number[] = [];
  const first = Math.ceil(range.low / step - 1e-9);
  for (let i = first; i * step <= range.high + 1e-9 * span; ++i) {
    numbers.push(Number((i * step).toPrecision(12)));
  }
  return numbers;
}

/** Powers of ten; of a short range also their halves and fifths, or just its ends. */
function logNumbers(range: Extent): number[] {
  const within = (factors: number[]) => {
    const numbers: number[] = [];
    const last = Math.ceil(Math.log(range.high) / Math.LN10);
    for (let power = Math.floor(Math.log(range.low) / Math.LN10); power <= last; ++power) {
      for (const factor of factors) {
        const number = Number((factor * Math.pow(10, power)).toPrecision(6));
        if (number >= range.low * (1 - 1e-9) && number <= range.high * (1 + 1e-9)) {
          numbers.push(number);
        }
      }
    }
    return numbers;
  };
  const decades = within([1]);
  if (decades.length > 2) return decades;
  const finer = within([1, 2, 5]);
  return finer.length > 1 ? finer : [range.low, range.high];
}

function ticksOf(axis: Axis, range: Extent): Tick[] {
  if (axis.scale === "category") {
    return axis.categories.map((text, i) => ({ place: placeOf(axis, range, i), text }));
  }
  const log = axis.scale === "log" && range.low > 0 && range.high > range.low;
  const numbers = log ? logNumbers(range) : roundNumbers(range, 5);
  return numbers.map((value) => ({
    place: placeOf(axis, range, value),
    text: formatNumber(value),
  }));
}

/** A title in lines that fit, broken after its underscores, dots and spaces. */
function fitted(title: string, width: number): string {
  const letters = Math.max(8, Math.floor(width / LETTER));
  let text = "";
  let line = "";
  for (const part of title.replace(/([_. ])/g, "$1\n").split("\n")) {
    if (line !== "" && line.length + part.length > letters) {
      text += line + "\n";
      line = "";
    }
    line += part;
  }
  return text + line;
}

function axisOptions(
  parallel: ParallelLines,
  index: number,
  lowest: number,
  theme: Theme,
  room: Room,
): Options {
  const { axis, absent } = parallel.axes[index];
  const upright = isUpright(parallel, room.width);
  const missing = parallel.lines.some((line) => line.values[index] === null);
  const ticks = ticksOf(axis, rangeOf(parallel, index));
  if (missing) ticks.unshift({ place: ABSENT, text: absent || "none" });
  const places = ticks.map(({ place }) => place);
  const between = room.width / parallel.axes.length;
  const title = titleWithUnit(axis.title, axis.unit);
  const textOf = (value: number) => {
    const near = ticks.filter(({ place }) => Math.abs(place - value) < 1e-6)[0];
    return near === undefined ? "" : near.text;
  };
  return {
    dim: index,
    type: "value",
    min: lowest,
    max: 1,
    name: upright ? fitted(title, between - 8) : title,
    nameLocation: upright ? "end" : "start",
    nameGap: upright ? 12 : 0,
    nameTruncate: { maxWidth: upright ? undefined : room.width },
    nameTextStyle: {
      color: theme.text,
      fontSize: 12,
      lineHeight: 15,
      fontWeight: 600,
      textBorderColor: theme.surface,
      textBorderWidth: 4,
      ...(upright ? {} : { align: "left", verticalAlign: "bottom", padding: [0, 0, 8, 0] }),
    },
    axisLine: { lineStyle: { color: theme.line, width: 1.5 } },
    axisTick: { show: true, customValues: places, lineStyle: { color: theme.line } },
    splitLine: { show: false },
    minorTick: { show: false },
    axisLabel: {
      customValues: places,
      formatter: textOf,
      color: theme.text,
      fontSize: 11,
      hideOverlap: !upright,
      ...(upright ? {} : { alignMinLabel: "left", alignMaxLabel: "right" }),
      showMinLabel: true,
      showMaxLabel: true,
      textBorderColor: theme.surface,
      textBorderWidth: 4,
      width: upright ? between - 12 : room.width / Math.max(2, ticks.length),
      overflow: "truncate",
    },
    areaSelectStyle: {
      width: 22,
      borderColor: theme.categorical[0],
      color: theme.categorical[0],
      opacity: 0.25,
    },
  };
}

function lineStyle(parallel: ParallelLines, index: number, theme: Theme): Options {
  const { shade } = parallel.lines[index];
  if (index === parallel.marked) return { color: theme.categorical[1], width: 3.5, opacity: 1 };
  if (shade === null) return { color: theme.line, width: 1, type: [3, 3], opacity: 0.8 };
  const colour = mix(theme.agreement, PALEST + (1 - PALEST) * shade);
  return { color: colour, width: 1 + shade, opacity: 0.85 };
}

function places(parallel: ParallelLines, index: number): number[] {
  return parallel.lines[index].values.map((value, i) =>
    value === null ? ABSENT : placeOf(parallel.axes[i].axis, rangeOf(parallel, i), value),
  );
}

export function parallelOptions(chart: Chart, theme: Theme, room: Room): Options {
  const { parallel } = chart;
  if (parallel === null || parallel.axes.length === 0) return {};
  const upright = isUpright(parallel, room.width);
  const missing = parallel.lines.some((line) => line.values.some((value) => value === null));
  const lowest = missing ? ABSENT : 0;
  const half = room.width / parallel.axes.length / 2;
  return {
    parallel: {
      layout: upright ? "horizontal" : "vertical",
      left: upright ? Math.min(half, 70) : 28,
      right: upright ? Math.min(half + 20, 90) : 22,
      top: room.top + (upright ? 52 : 34),
      bottom: upright ? 18 : 34,
    },
    parallelAxis: parallel.axes.map((_, i) => axisOptions(parallel, i, lowest, theme, room)),
    series: [
      {
        type: "parallel",
        id: "parallel",
        progressive: 0,
        inactiveOpacity: 0.06,
        activeOpacity: 1,
        lineStyle: { opacity: 0.85 },
        emphasis: { lineStyle: { width: 4, opacity: 1 } },
        data: parallel.lines.map((line, i) => ({
          name: line.name,
          value: places(parallel, i),
          lineStyle: lineStyle(parallel, i, theme),
        })),
      },
    ],
  };
}
