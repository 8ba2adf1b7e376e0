// A chart as an SVG drawing that stands alone, with title and legend: light, for paper.

import { chartOptions, legendNames, naturalHeight, type Options } from "./chart_options";
import type { Chart, Confusion } from "./document";
import { init } from "./echarts";
import { FONT_FAMILY, LIGHT } from "./theme";

export interface FigureRequest {
  block: Chart | Confusion;
  width: number;
  /** Absent: what suits the chart. */
  height?: number;
}

const LETTER = 7.2;
const TITLE_ROOM = 34;
const LEGEND_ROW = 22;

/** About how many rows ECharts needs for the legend: it does not say before it has drawn. */
function legendRows(names: string[], width: number): number {
  if (names.length === 0) return 0;
  let rows = 1;
  let used = 0;
  for (const name of names) {
    const item = 25 + 5 + name.length * LETTER + 12;
    if (used > 0 && used + item > width - 24) {
      ++rows;
      used = 0;
    }
    used += item;
  }
  return rows;
}

/** What title and legend need above the axes. */
function headRoom(block: Chart | Confusion, width: number): number {
  const names = block.type === "chart" ? legendNames(block) : [];
  return TITLE_ROOM + legendRows(names, width) * LEGEND_ROW;
}

function figureOptions(block: Chart | Confusion, width: number, height: number): Options {
  const names = block.type === "chart" ? legendNames(block) : [];
  const top = headRoom(block, width);
  const options = chartOptions(block, LIGHT, { width, height, top });
  const title = {
    text: block.title,
    left: 12,
    top: 8,
    textStyle: { color: LIGHT.text, fontSize: 16, overflow: "truncate", width: width - 24 },
  };
  return {
    ...options,
    title: options.title === undefined ? title : [title, options.title],
    legend: {
      show: names.length > 0,
      data: names,
      left: 10,
      top: TITLE_ROOM + 2,
      itemGap: 12,
      itemWidth: block.type === "chart" && block.kind === "points" ? 13 : 25,
      itemHeight: 13,
      width: width - 24,
      textStyle: { color: LIGHT.text, fontSize: 12 },
    },
  };
}

function escaped(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}

/** With a title and description in words, without what is only for a mouse. */
function described(svg: string, block: Chart | Confusion): string {
  const description = block.type === "chart" ? block.description : "A confusion matrix.";
  const words = `<title>${escaped(block.title)}</title><desc>${escaped(description)}</desc>`;
  const opening = (_all: string, attributes: string) =>
    `<svg ${attributes} role="img" font-family="${FONT_FAMILY}">${words}`;
  return svg
    .replace(/^<svg ([^>]*)>/, opening)
    .replace(/<style ?><!\[CDATA\[[\s\S]*?\]\]>\s*<\/style>\s*/, "")
    .replace(/ class="zr[^"]*"/g, "")
    .replace(/ pointer-events="visible"/g, "");
}

/** @throws Error  if the block is of another type */
export function renderFigureSvg(request: FigureRequest): string {
  const { block, width } = request;
  if (block.type !== "chart" && block.type !== "confusion") {
    throw new Error("only charts and confusion matrices are drawn as figures");
  }
  const height = request.height || naturalHeight(block, width) + headRoom(block, width);
  const chart = init(null, null, { renderer: "svg", ssr: true, width, height });
  try {
    chart.setOption(figureOptions(block, width, height));
    // The second layout places the points' names: charts/label_places.ts.
    if (block.type === "chart" && block.show_labels) chart.resize({ width, height });
    return described(chart.renderToSVGString(), block);
  } finally {
    chart.dispose();
  }
}
