// Charts as ECharts options: a pure function of the document, used by the page and by the figure
// files. It runs in the figures' engine too: ECMAScript 5 only.

import { cartesianOptions } from "./charts/cartesian";
import { confusionOptions } from "./charts/confusion";
import { heatmapOptions } from "./charts/heatmap";
import type { Options, Room } from "./charts/layout";
import { parallelHeight, parallelOptions } from "./charts/parallel";
import type { Chart, Confusion } from "./document";
import { FONT_FAMILY, type Theme } from "./theme";

export type { Options, Room } from "./charts/layout";

function body(block: Chart | Confusion, theme: Theme, room: Room): Options {
  if (block.type === "confusion") return confusionOptions(block, theme, room);
  if (block.kind === "heatmap") return heatmapOptions(block, theme, room);
  if (block.kind === "parallel") return parallelOptions(block, theme, room);
  return cartesianOptions(block, theme, room);
}

/** Without title, legend and tooltips: those belong to the page or to the figure. */
export function chartOptions(block: Chart | Confusion, theme: Theme, room: Room): Options {
  return {
    animation: false,
    backgroundColor: theme.surface,
    textStyle: { fontFamily: FONT_FAMILY, color: theme.text },
    ...body(block, theme, room),
  };
}

/** The names that a legend has to explain; none where one series needs no name. */
export function legendNames(chart: Chart): string[] {
  if (chart.kind === "heatmap" || chart.kind === "parallel") return [];
  const names = chart.series.map((series) => series.name).filter((name) => name !== "");
  const diagonals = chart.references
    .filter((line) => line.kind === "diagonal" && line.label !== "")
    .map((line) => line.label);
  return names.length + diagonals.length > 1 || diagonals.length > 0 ? names.concat(diagonals) : [];
}

/** A height that suits the chart at `width`. */
export function naturalHeight(block: Chart | Confusion, width: number): number {
  const between = (low: number, value: number, high: number) =>
    Math.round(Math.min(Math.max(value, low), high));
  if (block.type === "confusion") return between(300, width * 0.75, 1200);
  if (block.parallel !== null) return parallelHeight(block.parallel, width);
  if (block.pannable) return between(320, width * 0.72, 680);
  if (block.kind === "heatmap" && block.grid !== null) {
    const named = block.x.scale === "category" || block.y.scale === "category";
    const cell = Math.min(56, (width - (named ? 140 : 78)) / Math.max(1, block.grid.width));
    const row = named ? Math.max(26, cell * 0.8) : cell < 1 ? cell : Math.floor(cell);
    return between(200, row * block.grid.height + 116, named ? 900 : 500);
  }
  if (block.kind === "bars" && block.horizontal) {
    const bars = block.stacked ? 1 : Math.max(1, block.series.length);
    const each = Math.max(26, bars * 16 + 10);
    return between(160, block.y.categories.length * each + 70, 1600);
  }
  return between(270, width * 0.5, 440);
}
