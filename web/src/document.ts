// What a report says, apart from how it looks. The same types as src/report/document.hpp, which
// documents each field; the program writes them as JSON into the page.

export interface Axis {
  title: string;
  unit: string;
  scale: "linear" | "log" | "category";
  categories: string[];
  min: number | null;
  max: number | null;
}

export interface Series {
  name: string;
  x: number[];
  y: (number | null)[];
  low: number[];
  high: number[];
  style: "line" | "dashed" | "step" | "points" | "faint";
  labels: string[];
  pictures: number[];
}

export interface ReferenceLine {
  kind: "horizontal" | "vertical" | "diagonal";
  at: number;
  label: string;
}

export interface Grid {
  width: number;
  height: number;
  values: (number | null)[];
  title: string;
  unit: string;
  diverging: boolean;
  numbers: boolean;
}

export interface ParallelLines {
  axes: { axis: Axis; absent: string }[];
  lines: { name: string; values: (number | null)[]; shade: number | null }[];
  marked: number | null;
}

export interface Chart {
  type: "chart";
  id: string;
  title: string;
  description: string;
  kind: "lines" | "bars" | "points" | "heatmap" | "parallel";
  x: Axis;
  y: Axis;
  series: Series[];
  grid: Grid | null;
  parallel: ParallelLines | null;
  references: ReferenceLine[];
  stacked: boolean;
  horizontal: boolean;
  pannable: boolean;
  show_labels: boolean;
}

export interface PictureCell {
  picture: number;
  caption: string;
  tone: "plain" | "right" | "wrong";
  detail: string;
}

export interface PictureSheet {
  type: "pictures";
  id: string;
  title: string;
  groups: { title: string; cells: PictureCell[] }[];
}

export interface Confusion {
  type: "confusion";
  id: string;
  title: string;
  classes: string[];
  counts: number[];
  pictures: PictureCell[][];
}

export interface Paragraph {
  type: "paragraph";
  text: string;
}

export interface Facts {
  type: "facts";
  facts: { label: string; value: string; note: string }[];
}

export type ColumnFormat = "text" | "integer" | "decimal" | "percent" | "seconds" | "bytes";

export type TableCell = null | string | number | { picture: number };

export interface Table {
  type: "table";
  caption: string;
  columns: { title: string; format: ColumnFormat }[];
  rows: TableCell[][];
}

export interface Code {
  type: "code";
  id: string;
  title: string;
  file_name: string;
  text: string;
}

export interface SideBySide {
  type: "side-by-side";
  blocks: Block[];
}

export type Block =
  | Paragraph
  | Facts
  | Table
  | Chart
  | PictureSheet
  | Confusion
  | Code
  | SideBySide;

export interface Section {
  id: string;
  title: string;
  finding: string;
  blocks: Block[];
}

/** Sheets of equal-sized pictures, and for each picture the sheet and the cell it is in. */
export interface Atlas {
  sheets: { width: number; height: number; columns: number; rows: number; png: string }[];
  places: [sheet: number, cell: number][];
}

export interface Report {
  title: string;
  lead: string;
  notes: string[];
  sections: Section[];
  atlas: Atlas;
}
