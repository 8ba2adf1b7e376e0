// Charts as ECharts options: a pure function of the document, used by the page and by the figure
// files. It runs in the figures' engine too: ECMAScript 5 only.

import { cartesianOptions } from "./charts/cartesian";
import { confusionOptions } from "./charts/confusion";
import { heatmapOptions } from "./charts/heatmap";
import type { Options, Room } from "./charts/layout";
import type { Chart, Confusion } from "./document";
import { FONT_FAMILY, type Theme } from "./theme";

export type { Options, Room } from "./charts/layout";

function body(block: Chart | Confusion, theme: Theme, room: Room): Options {
  if (block.type === "confusion") return confusionOptions(block, theme, room);
  return block.kind === "heatmap"
    ? heatmapOptions(block, theme, room)
    : cartesianOptions(block, theme, room);
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
  if (chart.kind === "heatmap") return [];
  const names = chart.series.map((series) => series.name).filter((name) => name !== "");
  const diagonals = chart.references
    .filter((line) => line.kind === "diagonal" && line.label !== "")
    .map((line) => line.label);
  return names.length + diagonals.length > 1 || diagonals.length > 0
    ? names.concat(diagonals)
    : [];
}
