// Lines, bars and points as ECharts options.

import type { Axis, Chart, Series } from "../document";
import { seriesColour, type Theme } from "../theme";
import { categoryAxis, extentOf, hiddenAxis, valueAxis, type Extent } from "./axes";
import { band, whiskers, type Interval } from "./error_bars";
import { labelPlacer } from "./label_places";
import { grid, type Options, type Room } from "./layout";
import { dashOf, evenlyAlong, shapeOf, type Point, type Spans } from "./marks";
import { referenceSeries } from "./references";

const BAR_GAPS = { barGap: "8%", barCategoryGap: "28%", barMaxWidth: 56 };
const HISTOGRAM_GAPS = { barGap: "8%", barCategoryGap: "4%" };

/** Where value `i` of a series stands on the axis of positions. */
function position(series: Series, i: number): number {
  return series.x.length > 0 ? series.x[i] : i;
}

function onLog(value: number | null, logarithmic: boolean): number | null {
  return logarithmic && value !== null && value <= 0 ? null : value;
}

/** The data of a series, one point a value, gaps included, so that indices stay the same. */
function points(chart: Chart, series: Series): Point[] {
  return series.y.map((value, i) => {
    const at = position(series, i);
    const [x, y] = chart.horizontal ? [value, at] : [at, value];
    return [onLog(x, chart.x.scale === "log"), onLog(y, chart.y.scale === "log")];
  });
}

function intervals(series: Series): Interval[] {
  const list: Interval[] = [];
  for (let i = 0; i < series.low.length; ++i) {
    if (series.low[i] === null || series.high[i] === null) continue;
    list.push([position(series, i), series.low[i], series.high[i]]);
  }
  return list;
}

type Placer = ReturnType<typeof labelPlacer>;

function pointLabel(series: Series, theme: Theme, placer: Placer | null): Options {
  return {
    label: {
      show: true,
      position: "right",
      distance: 7,
      color: theme.text,
      fontSize: 12,
      formatter: (params: { dataIndex: number }) => series.labels[params.dataIndex] || "",
    },
    labelLayout: placer === null ? undefined : placer,
  };
}

/** How the series of a chart are drawn. */
interface Manner {
  theme: Theme;
  span: Spans;
  /** So many points that they have to be small. */
  many: boolean;
  /** Of names beside points; null: no names. */
  placer: Placer | null;
}

function scatter(chart: Chart, series: Series, index: number, manner: Manner): Options {
  const { theme, many, placer } = manner;
  const data = points(chart, series);
  return {
    type: "scatter",
    id: `series-${index}`,
    name: series.name,
    data,
    symbol: shapeOf(index),
    symbolSize: many ? 6 : 10,
    itemStyle: {
      color: seriesColour(theme, index),
      opacity: many ? 0.75 : 1,
      borderColor: theme.surface,
      borderWidth: many ? 0 : 1,
    },
    emphasis: { scale: 1.8, itemStyle: { borderColor: theme.text, borderWidth: 1.5, opacity: 1 } },
    z: 3,
    ...(placer === null ? {} : pointLabel(series, theme, placer)),
  };
}

/** Symbols at about eight places of a line, so that it is known without its colour. */
function spacedSymbols(chart: Chart, series: Series, index: number, span: Spans): Options {
  const count = series.y.length;
  if (count <= 30) return { symbol: shapeOf(index), symbolSize: 7, showSymbol: true };
  if (chart.series.length === 1) return { symbol: "none" };
  const marked = evenlyAlong(points(chart, series), span, 8, (index % 5) / 5);
  return {
    symbol: shapeOf(index),
    showSymbol: true,
    showAllSymbol: true,
    symbolSize: (_value: unknown, params: { dataIndex: number }) =>
      marked[params.dataIndex] ? 8 : 0,
  };
}

/** Many curves in one series, behind the others. */
function faintLine(chart: Chart, series: Series, index: number, theme: Theme): Options {
  return {
    type: "line",
    id: `series-${index}`,
    name: series.name,
    data: points(chart, series),
    symbol: "none",
    lineStyle: { color: theme.line, width: 1, opacity: 0.5 },
    itemStyle: { color: theme.line },
    z: 2,
  };
}

function line(chart: Chart, series: Series, index: number, manner: Manner): Options {
  const { theme, placer } = manner;
  const colour = seriesColour(theme, index);
  return {
    type: "line",
    id: `series-${index}`,
    name: series.name,
    data: points(chart, series),
    step: series.style === "step" ? "end" : false,
    lineStyle: { color: colour, width: 2, type: dashOf(index, series.style) },
    itemStyle: { color: colour },
    ...spacedSymbols(chart, series, index, manner.span),
    z: 3,
    ...(placer === null ? {} : pointLabel(series, theme, placer)),
  };
}

function bars(chart: Chart, series: Series, index: number, { theme, placer }: Manner): Options {
  const category = (chart.horizontal ? chart.y : chart.x).scale === "category";
  return {
    type: "bar",
    id: `series-${index}`,
    name: series.name,
    data: points(chart, series),
    stack: chart.stacked ? "all" : undefined,
    ...(category ? BAR_GAPS : HISTOGRAM_GAPS),
    itemStyle: {
      color: seriesColour(theme, index),
      borderColor: theme.surface,
      borderWidth: chart.stacked ? 1 : 0,
    },
    ...(placer === null ? {} : pointLabel(series, theme, null)),
  };
}

function errorBars(chart: Chart, series: Series, index: number, theme: Theme): Options[] {
  const list = intervals(series);
  if (list.length === 0 || (chart.kind === "bars" && chart.stacked)) return [];
  if (chart.kind === "lines" && series.style !== "points") {
    return [band(series.name, list, seriesColour(theme, index))];
  }
  const bar = chart.kind === "bars" ? { index, count: chart.series.length, gaps: BAR_GAPS } : null;
  const onBars = (chart.horizontal ? chart.y : chart.x).scale === "category" ? bar : null;
  const colour = chart.kind === "bars" ? theme.text : seriesColour(theme, index);
  return [whiskers(series.name, list, colour, chart.horizontal, onBars)];
}

function drawn(chart: Chart, series: Series, index: number, manner: Manner): Options {
  if (chart.kind === "points" || series.style === "points") {
    return scatter(chart, series, index, manner);
  }
  if (chart.kind === "bars") return bars(chart, series, index, manner);
  return series.style === "faint"
    ? faintLine(chart, series, index, manner.theme)
    : line(chart, series, index, manner);
}

/** What the values span, and the axis bounds where they are given. */
function spans(chart: Chart): Spans {
  const xs: (number | null)[] = [chart.x.min, chart.x.max];
  const ys: (number | null)[] = [chart.y.min, chart.y.max];
  for (const series of chart.series) {
    for (const [x, y] of points(chart, series)) {
      xs.push(x);
      ys.push(y);
    }
  }
  const unit = { low: 0, high: 1 };
  return { x: extentOf(xs) || unit, y: extentOf(ys) || unit };
}

/** Widens the narrower of two extents so that a unit is as long on both axes. */
function sameScale(x: Extent, y: Extent, room: Room): [Extent, Extent] {
  const inner = { width: room.width - 24, height: room.height - room.top - 24 };
  const perPixel = Math.max(
    ((x.high - x.low) * 1.06) / inner.width,
    ((y.high - y.low) * 1.06) / inner.height,
    1e-9,
  );
  const widened = (extent: Extent, pixels: number): Extent => {
    const centre = (extent.low + extent.high) / 2;
    return { low: centre - (perPixel * pixels) / 2, high: centre + (perPixel * pixels) / 2 };
  };
  return [widened(x, inner.width), widened(y, inner.height)];
}

/** Epochs and counts have no ticks between whole numbers. */
function withWholeSteps(chart: Chart, vertical: boolean, axis: Options): Options {
  const whole = chart.series.every((series) =>
    points(chart, series).every((point) => (point[vertical ? 1 : 0] || 0) % 1 === 0),
  );
  if (!whole) return axis;
  const step = axis.interval as number | undefined;
  return { ...axis, minInterval: 1, interval: step === undefined ? undefined : Math.max(step, 1) };
}

/** Curves fill the chart from side to side. */
function tight(chart: Chart): Options {
  const curves = chart.kind === "lines" && chart.series.every(({ style }) => style !== "points");
  if (!curves || chart.x.scale !== "linear") return {};
  return {
    min: chart.x.min === null ? "dataMin" : chart.x.min,
    max: chart.x.max === null ? "dataMax" : chart.x.max,
  };
}

function axes(chart: Chart, spans: Spans, theme: Theme, room: Room): Options {
  if (chart.pannable) {
    const [x, y] = sameScale(spans.x, spans.y, room);
    return {
      grid: {
        left: 8,
        right: 8,
        top: room.top + 8,
        bottom: 8,
        show: true,
        borderColor: theme.grid,
      },
      xAxis: hiddenAxis(x),
      yAxis: hiddenAxis(y),
      dataZoom: [
        {
          type: "inside",
          id: "pan-x",
          xAxisIndex: 0,
          filterMode: "none",
          zoomOnMouseWheel: "ctrl",
        },
        {
          type: "inside",
          id: "pan-y",
          yAxisIndex: 0,
          filterMode: "none",
          zoomOnMouseWheel: "ctrl",
        },
      ],
    };
  }
  const axis = (one: Axis, vertical: boolean): Options => {
    const fromZero = chart.kind === "bars" && vertical !== chart.horizontal;
    return one.scale === "category"
      ? categoryAxis(one, vertical, theme, room)
      : {
          ...withWholeSteps(chart, vertical, valueAxis(one, vertical, fromZero, theme, room)),
          ...(vertical ? {} : tight(chart)),
        };
  };
  const labelled = chart.references.some((line) => line.kind === "vertical" && line.label !== "");
  const top = room.top + (labelled ? 14 : 0);
  return { grid: grid({ ...room, top }), xAxis: axis(chart.x, false), yAxis: axis(chart.y, true) };
}

export function cartesianOptions(chart: Chart, theme: Theme, room: Room): Options {
  const count = chart.series.reduce((sum, series) => sum + series.y.length, 0);
  const span = spans(chart);
  const both = {
    low: Math.max(span.x.low, span.y.low),
    high: Math.min(span.x.high, span.y.high),
  };
  const manner = {
    theme,
    span,
    many: count > 200,
    placer: chart.show_labels ? labelPlacer(room.width) : null,
  };
  const series: Options[] = [];
  chart.series.forEach((one, index) => {
    // The legend shows the mark of the first series with a name.
    series.push(drawn(chart, one, index, manner));
    for (const part of errorBars(chart, one, index, theme)) series.push(part);
  });
  for (const part of referenceSeries(chart, both, theme)) series.push(part);
  return { ...axes(chart, span, theme, room), series };
}
