import { useMemo, useState } from "preact/hooks";

import { cellNames } from "../charts/heatmap";
import type { Axis, Chart, ParallelLines, Series, Table, TableCell } from "../document";
import { titleWithUnit } from "../format";
import { DataTable } from "./data_table";

const MOST_ROWS = 2000;

function place(axis: Axis, value: number): TableCell {
  return axis.scale === "category" ? (axis.categories[value] ?? value) : value;
}

function heatmapTable(chart: Chart): Table {
  const rows: TableCell[][] = [];
  const grid = chart.grid;
  if (grid !== null) {
    const columns = cellNames(chart.x, grid.width);
    const lines = cellNames(chart.y, grid.height);
    grid.values.slice(0, MOST_ROWS).forEach((value, i) => {
      rows.push([lines[Math.floor(i / grid.width)], columns[i % grid.width], value]);
    });
  }
  return {
    type: "table",
    caption: "",
    columns: [
      { title: chart.y.title || "Row", format: "text" },
      { title: chart.x.title || "Column", format: "text" },
      { title: titleWithUnit(grid?.title ?? "", grid?.unit ?? ""), format: "text" },
    ],
    rows,
  };
}

function seriesTable(chart: Chart): Table {
  const has = (field: (series: Series) => unknown[]) =>
    chart.series.some((series) => field(series).length > 0);
  const named = chart.series.length > 1;
  const labelled = has((series) => series.labels);
  const bounded = has((series) => series.low);
  const positions = chart.horizontal ? chart.y : chart.x;
  const values = chart.horizontal ? chart.x : chart.y;
  const titles = [
    ...(named ? ["Series"] : []),
    ...(labelled ? ["Name"] : []),
    titleWithUnit(positions.title, positions.unit),
    titleWithUnit(values.title, values.unit),
    ...(bounded ? ["Low", "High"] : []),
  ];
  const rows = chart.series.flatMap((series) =>
    series.y.map((value, i): TableCell[] => [
      ...(named ? [series.name] : []),
      ...(labelled ? [series.labels[i] ?? null] : []),
      place(positions, series.x.length > 0 ? series.x[i] : i),
      value,
      ...(bounded ? [series.low[i] ?? null, series.high[i] ?? null] : []),
    ]),
  );
  return {
    type: "table",
    caption: rows.length > MOST_ROWS ? `The first ${MOST_ROWS} of ${rows.length} rows` : "",
    columns: titles.map((title) => ({ title, format: "text" })),
    rows: rows.slice(0, MOST_ROWS),
  };
}

function parallelTable({ axes, lines }: ParallelLines): Table {
  return {
    type: "table",
    caption: "",
    columns: ["Name", ...axes.map(({ axis }) => titleWithUnit(axis.title, axis.unit))].map(
      (title) => ({ title, format: "text" }),
    ),
    rows: lines.map(({ name, values }) => [
      name,
      ...values.map((value, i) => (value === null ? null : place(axes[i].axis, value))),
    ]),
  };
}

export function chartTable(chart: Chart): Table {
  if (chart.parallel !== null) return parallelTable(chart.parallel);
  return chart.kind === "heatmap" ? heatmapTable(chart) : seriesTable(chart);
}

/** The numbers of a chart, for those who read rather than see them. Made when opened. */
export function ChartData({ chart }: { chart: Chart }) {
  const [open, setOpen] = useState(false);
  const table = useMemo(() => (open ? chartTable(chart) : null), [open, chart]);
  return (
    <details
      class="chart-data"
      onToggle={(event) => setOpen((event.currentTarget as HTMLDetailsElement).open)}
    >
      <summary>Data as a table</summary>
      {table && <DataTable table={table} />}
    </details>
  );
}
