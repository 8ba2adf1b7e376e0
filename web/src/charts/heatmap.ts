// A grid of values as coloured cells with a colour scale beside them.

import type { Axis, Chart, Grid } from "../document";
import { formatFixed, formatNumber, titleWithUnit } from "../format";
import { mix, textOn, type Theme } from "../theme";
import { categoryAxis, extentOf, type Extent } from "./axes";
import { grid as layoutGrid, type Options, type Room } from "./layout";

// Above the cells, for the colour scale.
const SCALE_ROOM = 34;
const LETTER = 6.8;

/** The names of the rows or columns: given ones, the axis's values at the cells, or 0, 1, ... */
export function cellNames(axis: Axis, count: number): string[] {
  if (axis.categories.length === count) return axis.categories;
  const names: string[] = [];
  for (let i = 0; i < count; ++i) {
    const value =
      axis.min === null || axis.max === null
        ? i
        : axis.min + ((i + 0.5) * (axis.max - axis.min)) / count;
    names.push(formatNumber(value));
  }
  return names;
}

/** What the colours stand for; zero in the middle of a diverging scale. */
export function colourRange(grid: Grid): Extent {
  const extent = extentOf(grid.values) || { low: 0, high: 1 };
  if (grid.diverging) {
    const most = Math.max(Math.abs(extent.low), Math.abs(extent.high)) || 1;
    return { low: -most, high: most };
  }
  return extent.high > extent.low ? extent : { low: extent.low, high: extent.low + 1 };
}

function numberLabel(value: number, decimals: number, colour: string, size: number): Options {
  return {
    show: true,
    formatter: () => formatFixed(value, decimals),
    color: textOn(colour),
    fontSize: size,
  };
}

/** Of the numbers in the cells, all alike: three digits of the largest; none of whole numbers. */
function cellDecimals(values: (number | null)[]): number {
  let largest = 0;
  let whole = true;
  for (const value of values) {
    if (value === null) continue;
    largest = Math.max(largest, Math.abs(value));
    whole = whole && value % 1 === 0;
  }
  if (whole || largest >= 100.5) return 0;
  return largest >= 9.995 ? 1 : 2;
}

function cells(grid: Grid, stops: string[], range: Extent, room: Room): unknown[] {
  const data: unknown[] = [];
  const cellWidth = (room.width - 130) / Math.max(1, grid.width);
  const size = Math.max(9, Math.min(13, cellWidth / 3.4));
  const numbers = grid.numbers && cellWidth >= 30;
  const decimals = cellDecimals(grid.values);
  grid.values.forEach((value, i) => {
    if (value === null) return;
    const at = [i % grid.width, Math.floor(i / grid.width), value];
    if (!numbers) {
      data.push(at);
      return;
    }
    const colour = mix(stops, (value - range.low) / (range.high - range.low));
    data.push({ value: at, label: numberLabel(value, decimals, colour, size) });
  });
  return data;
}

/** Axes whose cells are squares when neither direction is made of named categories. */
function squareGrid(chart: Chart, grid: Grid, room: Room): Options {
  const top = room.top + SCALE_ROOM;
  if (chart.x.scale === "category" || chart.y.scale === "category") {
    return layoutGrid({ ...room, top });
  }
  const width = room.width - 78;
  const height = room.height - top - 68;
  const fitting = Math.min(width / grid.width, height / grid.height);
  // Whole pixels, or fine lines show between the cells.
  const cell = fitting >= 1 ? Math.floor(fitting) : fitting;
  return {
    left: 62,
    top: top + 12,
    width: cell * grid.width,
    height: cell * grid.height,
    outerBoundsMode: "none",
  };
}

/** One row: what the colours mean, the lowest value, the colours, the highest. */
function colourScale(
  title: string,
  range: Extent,
  stops: string[],
  theme: Theme,
  room: Room,
): Options {
  const titleWidth = title.length * LETTER + 14;
  return {
    title: {
      text: title,
      left: 4,
      top: room.top + 8,
      textStyle: { color: theme.text, fontSize: 13, fontWeight: "normal" },
    },
    visualMap: {
      type: "continuous",
      orient: "horizontal",
      min: range.low,
      max: range.high,
      calculable: false,
      inRange: { color: stops },
      left: titleWidth,
      top: room.top + 1,
      itemHeight: Math.max(50, Math.min(160, room.width - titleWidth - 130)),
      itemWidth: 13,
      text: [endNumber(range.high, range), endNumber(range.low, range)],
      textStyle: { color: theme.muted, fontSize: 12 },
    },
  };
}

/** Rounded to a hundredth of the range: what suffices at the ends of a colour scale. */
function endNumber(value: number, range: Extent): string {
  const decimals = 2 - Math.floor(Math.log(range.high - range.low) / Math.LN10);
  return formatNumber(Number(value.toFixed(Math.min(Math.max(decimals, 0), 12))));
}

/** Labels at most at nine of `count` numbered cells. */
function everySoMany(count: number, theme: Theme): Options {
  let step = 1;
  for (const next of [2, 4, 5, 10, 20, 25, 50, 100, 200, 500]) {
    if (count / step > 9) step = next;
  }
  return {
    color: theme.muted,
    fontSize: 12,
    interval: (index: number) => index % step === 0,
  };
}

export function heatmapOptions(chart: Chart, theme: Theme, room: Room): Options {
  const grid = chart.grid;
  if (grid === null) return {};
  const stops = grid.diverging ? theme.diverging : theme.sequential;
  const range = colourRange(grid);
  const axis = (one: Axis, vertical: boolean, count: number): Options => ({
    ...categoryAxis({ ...one, categories: cellNames(one, count) }, vertical, theme, room),
    ...(one.scale === "category" ? {} : { axisLabel: everySoMany(count, theme) }),
    splitArea: { show: false },
  });
  const square = chart.x.scale !== "category" && chart.y.scale !== "category";
  return {
    grid: squareGrid(chart, grid, room),
    xAxis: axis(chart.x, false, grid.width),
    yAxis: { ...axis(chart.y, true, grid.height), ...(square ? { nameGap: 36 } : {}) },
    ...colourScale(titleWithUnit(grid.title, grid.unit), range, stops, theme, room),
    series: [
      {
        type: "heatmap",
        id: "grid",
        name: grid.title,
        data: cells(grid, stops, range, room),
        itemStyle: { borderWidth: grid.numbers ? 1 : 0, borderColor: theme.surface },
        emphasis: { itemStyle: { borderColor: theme.text, borderWidth: 2 } },
        progressive: 0,
      },
    ],
  };
}
