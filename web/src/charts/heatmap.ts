// A grid of values as coloured cells with a colour scale beside them.

import type { Axis, Chart, Grid } from "../document";
import { formatNumber, titleWithUnit } from "../format";
import { mix, textOn, type Theme } from "../theme";
import { categoryAxis, extentOf, type Extent } from "./axes";
import { grid as layoutGrid, type Options, type Room } from "./layout";

const SCALE_ROOM = 78;

/** The names of the rows or columns: given ones, the axis's values at the cells' middles, or 0 ... */
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

function numberLabel(value: number | null, colour: string, size: number): Options {
  return {
    show: value !== null,
    formatter: () => (value === null ? "" : shortNumber(value)),
    color: textOn(colour),
    fontSize: size,
  };
}

function shortNumber(value: number): string {
  const size = Math.abs(value);
  return size > 0 && size < 10 && value % 1 !== 0
    ? value.toFixed(2).replace("-", "\u2212")
    : formatNumber(value);
}

function cells(grid: Grid, stops: string[], range: Extent, room: Room): unknown[] {
  const data: unknown[] = [];
  const cellWidth = (room.width - 220) / Math.max(1, grid.width);
  const size = Math.max(8, Math.min(13, cellWidth / 3.4));
  grid.values.forEach((value, i) => {
    if (value === null) return;
    const at = [i % grid.width, Math.floor(i / grid.width), value];
    if (!grid.numbers) {
      data.push(at);
      return;
    }
    const colour = mix(stops, (value - range.low) / (range.high - range.low));
    data.push({ value: at, label: numberLabel(value, colour, size) });
  });
  return data;
}

/** Axes whose cells are squares when neither direction is made of named categories. */
function squareGrid(chart: Chart, grid: Grid, room: Room): Options {
  const base = layoutGrid({ ...room, width: room.width });
  const options = { ...base, right: SCALE_ROOM + 12 };
  if (chart.x.scale === "category" || chart.y.scale === "category") return options;
  const width = room.width - SCALE_ROOM - 80;
  const height = room.height - room.top - 76;
  const cell = Math.min(width / grid.width, height / grid.height);
  const spare = room.width - SCALE_ROOM - 74 - cell * grid.width;
  return {
    left: 62 + Math.max(0, spare / 2),
    top: room.top + 12,
    width: cell * grid.width,
    height: cell * grid.height,
    outerBoundsMode: "none",
  };
}

export function heatmapOptions(chart: Chart, theme: Theme, room: Room): Options {
  const grid = chart.grid;
  if (grid === null) return {};
  const stops = grid.diverging ? theme.diverging : theme.sequential;
  const range = colourRange(grid);
  const axis = (one: Axis, vertical: boolean, count: number): Options => ({
    ...categoryAxis({ ...one, categories: cellNames(one, count) }, vertical, theme, room),
    ...(one.scale === "category" ? {} : { axisLabel: { color: theme.muted, fontSize: 12 } }),
    splitArea: { show: false },
  });
  return {
    grid: squareGrid(chart, grid, room),
    xAxis: axis(chart.x, false, grid.width),
    yAxis: axis(chart.y, true, grid.height),
    visualMap: {
      type: "continuous",
      min: range.low,
      max: range.high,
      calculable: false,
      inRange: { color: stops },
      right: 4,
      top: room.top + 34,
      itemHeight: Math.max(60, Math.min(180, room.height - room.top - 120)),
      itemWidth: 14,
      text: [formatNumber(range.high), formatNumber(range.low)],
      textStyle: { color: theme.muted, fontSize: 12 },
    },
    title: {
      text: titleWithUnit(grid.title, grid.unit),
      right: 4,
      top: room.top + 4,
      textStyle: { color: theme.text, fontSize: 12, fontWeight: "normal" },
    },
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
