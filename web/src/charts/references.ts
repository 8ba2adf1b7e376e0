// Lines across a chart to compare with.

import type { Chart, ReferenceLine } from "../document";
import type { Theme } from "../theme";
import type { Extent } from "./axes";
import type { Options } from "./layout";

function diagonal(line: ReferenceLine, extent: Extent, theme: Theme): Options {
  return {
    type: "line",
    id: "diagonal",
    name: line.label,
    data: [
      [extent.low, extent.low],
      [extent.high, extent.high],
    ],
    symbol: "none",
    silent: true,
    z: 1,
    lineStyle: { color: theme.line, type: [6, 4], width: 1.5 },
    itemStyle: { color: theme.line },
  };
}

/**
 * Series that draw a chart's references: upright and level ones as mark lines of a series that is
 * not seen and only widens the axes to where they are.
 * @param both  what the values of both axes span, for the diagonal
 */
export function referenceSeries(chart: Chart, both: Extent, theme: Theme): Options[] {
  const { references } = chart;
  // Categories on the vertical axis run downwards, and with them an upright line.
  const top = chart.y.scale === "category" ? "start" : "end";
  const straight = references.filter((line) => line.kind !== "diagonal");
  const series = references
    .filter((line) => line.kind === "diagonal")
    .map((line) => diagonal(line, both, theme));
  if (straight.length === 0) return series;
  series.push({
    type: "scatter",
    id: "references",
    data: straight.map((line) => (line.kind === "vertical" ? [line.at, null] : [null, line.at])),
    symbolSize: 0,
    silent: true,
    markLine: {
      silent: true,
      symbol: "none",
      animation: false,
      lineStyle: { color: theme.line, type: [6, 4], width: 1.5 },
      data: straight.map((line) => ({
        ...(line.kind === "vertical" ? { xAxis: line.at } : { yAxis: line.at }),
        label: {
          show: line.label !== "",
          formatter: () => line.label,
          position: line.kind === "vertical" ? top : "insideEndTop",
          rotate: 0,
          color: theme.muted,
          fontSize: 12,
        },
      })),
    },
  });
  return series;
}
