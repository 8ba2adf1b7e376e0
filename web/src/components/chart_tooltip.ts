// What is shown beside the pointer. Built as elements, so that no text of the document is ever
// read as HTML.

import type { Album } from "../album";
import type { Options } from "../chart_options";
import { cellNames } from "../charts/heatmap";
import type { Axis, Chart, ParallelLines, Series } from "../document";
import { formatNumber, formatWithUnit } from "../format";
import type { Theme } from "../theme";

const PICTURE_SIZE = 140;

interface Hovered {
  seriesId?: string;
  dataIndex: number;
  value: unknown;
  color?: unknown;
}

function element(name: string, className: string, text = ""): HTMLElement {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
}

function onAxis(axis: Axis, value: number): string {
  if (axis.scale === "category") return axis.categories[value] ?? formatNumber(value);
  return formatWithUnit(value, axis.unit);
}

function row(name: string, value: string, colour: string | null): HTMLElement {
  const line = element("div", "tip-row");
  if (colour !== null) {
    const dot = element("span", "tip-dot");
    dot.style.background = colour;
    line.append(dot);
  }
  line.append(element("span", "tip-name", name), element("span", "tip-value", value));
  return line;
}

function seriesOf(chart: Chart, hovered: Hovered): Series | null {
  const match = /^series-(\d+)$/.exec(hovered.seriesId ?? "");
  return match === null ? null : (chart.series[Number(match[1])] ?? null);
}

function valueText(chart: Chart, series: Series, index: number): string {
  const value = series.y[index];
  const axis = chart.horizontal ? chart.x : chart.y;
  if (value === null || value === undefined) return "–";
  let text = onAxis(axis, value);
  const low = series.low[index];
  const high = series.high[index];
  if (typeof low === "number" && typeof high === "number") {
    text += ` (${formatNumber(low)} to ${formatNumber(high)})`;
  }
  return text;
}

function colourOf(hovered: Hovered): string | null {
  return typeof hovered.color === "string" ? hovered.color : null;
}

function pointTip(chart: Chart, series: Series, hovered: Hovered, album: Album): HTMLElement {
  const index = hovered.dataIndex;
  const tip = element("div", "tip");
  const style =
    index < series.pictures.length ? album.style(series.pictures[index], PICTURE_SIZE) : null;
  if (style !== null) {
    const picture = element("div", "sprite");
    Object.assign(picture.style, style);
    tip.append(picture);
  }
  const label = series.labels[index] ?? "";
  if (label !== "") tip.append(element("div", "tip-title", label));
  if (series.name !== "") tip.append(row(series.name, "", colourOf(hovered)));
  if (!chart.pannable) {
    const at = series.x.length > 0 ? series.x[index] : index;
    const positions = chart.horizontal ? chart.y : chart.x;
    const values = chart.horizontal ? chart.x : chart.y;
    tip.append(row(positions.title, onAxis(positions, at), null));
    tip.append(row(values.title, valueText(chart, series, index), null));
  }
  return tip;
}

/** Every series at the pointer's place on the axis of positions. */
function axisTip(chart: Chart, hovered: Hovered[]): HTMLElement {
  const tip = element("div", "tip");
  for (const one of hovered) {
    const series = seriesOf(chart, one);
    if (series === null) continue;
    const index = one.dataIndex;
    if (tip.childElementCount === 0) {
      const positions = chart.horizontal ? chart.y : chart.x;
      const at = series.x.length > 0 ? series.x[index] : index;
      const place = onAxis(positions, at);
      const title = positions.scale === "category" ? place : `${positions.title} ${place}`;
      tip.append(element("div", "tip-title", series.labels[index] || title));
    }
    tip.append(row(series.name, valueText(chart, series, index), colourOf(one)));
  }
  return tip;
}

function cellTip(chart: Chart, hovered: Hovered): HTMLElement {
  const tip = element("div", "tip");
  const grid = chart.grid;
  if (grid === null || !Array.isArray(hovered.value)) return tip;
  const [x, y, value] = hovered.value as [number, number, number];
  const name = (axis: Axis, count: number, i: number) => cellNames(axis, count)[i];
  tip.append(
    row(chart.y.title || "Row", name(chart.y, grid.height, y), null),
    row(chart.x.title || "Column", name(chart.x, grid.width, x), null),
    row(grid.title, formatWithUnit(value, grid.unit), null),
  );
  return tip;
}

function parallelTip({ axes, lines }: ParallelLines, index: number): HTMLElement {
  const tip = element("div", "tip");
  const line = lines[index];
  if (line === undefined) return tip;
  tip.append(element("div", "tip-title", line.name));
  axes.forEach(({ axis, absent }, i) => {
    const value = line.values[i];
    tip.append(row(axis.title, value === null ? absent : onAxis(axis, value), null));
  });
  return tip;
}

export function tooltipOptions(chart: Chart, theme: Theme, album: Album): Options {
  const together = chart.kind === "lines" || chart.kind === "bars";
  const formatter = (hovered: Hovered | Hovered[]): HTMLElement => {
    if (Array.isArray(hovered)) return axisTip(chart, hovered);
    if (chart.kind === "heatmap") return cellTip(chart, hovered);
    if (chart.parallel !== null) return parallelTip(chart.parallel, hovered.dataIndex);
    const series = seriesOf(chart, hovered);
    return series === null ? element("div", "tip") : pointTip(chart, series, hovered, album);
  };
  return {
    trigger: together ? "axis" : "item",
    axisPointer: { type: chart.kind === "bars" ? "shadow" : "line", animation: false },
    confine: true,
    transitionDuration: 0,
    backgroundColor: theme.surface,
    borderColor: theme.line,
    textStyle: { color: theme.text, fontSize: 13 },
    formatter,
  };
}
