import { useId, useMemo, useState } from "preact/hooks";

import { useAppearance } from "../appearance";
import type { Table, TableCell } from "../document";
import { columnFormatter, formatNumber } from "../format";
import { Sprite } from "./sprite";

const ROWS_AT_FIRST = 60;
const LONGEST_IN_ONE_LINE = 24;

export interface Order {
  column: number;
  descending: boolean;
}

function isNumber(cell: TableCell): cell is number {
  return typeof cell === "number";
}

/** Numbers by size, words as people sort them, pictures by their place; empty cells last. */
function compareCells(a: TableCell, b: TableCell): number {
  if (isNumber(a) && isNumber(b)) return a - b;
  const word = (cell: TableCell) =>
    cell !== null && typeof cell === "object" ? String(cell.picture) : String(cell);
  return word(a).localeCompare(word(b), "en", { numeric: true });
}

export function sortedRows(rows: TableCell[][], order: Order | null): TableCell[][] {
  if (order === null) return rows;
  const { column, descending } = order;
  return [...rows].sort((first, second) => {
    const a = first[column];
    const b = second[column];
    if (a === null || b === null) return Number(a === null) - Number(b === null);
    return descending ? compareCells(b, a) : compareCells(a, b);
  });
}

/** First the more useful direction: the largest number, or A. Then the other, then as it was. */
export function nextOrder(order: Order | null, column: number, numeric: boolean): Order | null {
  if (order?.column !== column) return { column, descending: numeric };
  return order.descending === numeric ? { column, descending: !numeric } : null;
}

interface HeaderProps {
  title: string;
  numeric: boolean;
  order: Order | null;
  column: number;
  onSort: () => void;
}

export function HeaderCell({ title, numeric, order, column, onSort }: HeaderProps) {
  const sorted = order?.column === column;
  const direction = order?.descending ? "descending" : "ascending";
  return (
    <th
      scope="col"
      class={numeric ? "number" : undefined}
      aria-sort={sorted ? direction : undefined}
    >
      <button type="button" class="sort" onClick={onSort}>
        {title}
        <span class="arrow" aria-hidden="true">
          {sorted ? (order.descending ? "▼" : "▲") : "↕"}
        </span>
      </button>
    </th>
  );
}

/** The first sentence of a caption stands out; the rest explains. */
function Caption({ id, text }: { id: string; text: string }) {
  const end = text.indexOf(". ");
  const [title, rest] = end < 0 ? [text, ""] : [text.slice(0, end + 1), text.slice(end + 2)];
  return (
    <p class="table-title" id={id}>
      <b>{title}</b> {rest}
    </p>
  );
}

function cellClass(cell: TableCell, numeric: boolean): string | undefined {
  if (numeric) return "number";
  return typeof cell === "string" && cell.length > LONGEST_IN_ONE_LINE ? "long" : undefined;
}

export function DataTable({ table }: { table: Table }) {
  const captionId = useId();
  const [order, setOrder] = useState<Order | null>(null);
  const [all, setAll] = useState(false);
  const { printing } = useAppearance();
  const rows = useMemo(() => sortedRows(table.rows, order), [table, order]);
  const writers = useMemo(
    () =>
      table.columns.map(({ format }, column) =>
        columnFormatter(format, table.rows.map((row) => row[column]).filter(isNumber)),
      ),
    [table],
  );
  const numeric = table.columns.map(
    ({ format }, column) => format !== "text" || table.rows.some((row) => isNumber(row[column])),
  );
  const shown = all || printing ? rows : rows.slice(0, ROWS_AT_FIRST);

  const content = (cell: TableCell, column: number) => {
    if (cell === null) return <span class="none">–</span>;
    if (isNumber(cell)) return (writers[column] ?? formatNumber)(cell);
    if (typeof cell === "string") return cell;
    return <Sprite picture={cell.picture} size={56} label={table.columns[column].title} />;
  };

  return (
    <div class="table-block">
      {table.caption !== "" && <Caption id={captionId} text={table.caption} />}
      <div class="scroll">
        <table class="data" aria-labelledby={table.caption === "" ? undefined : captionId}>
          <thead>
            <tr>
              {table.columns.map(({ title }, column) => (
                <HeaderCell
                  title={title}
                  numeric={numeric[column]}
                  order={order}
                  column={column}
                  onSort={() => setOrder(nextOrder(order, column, numeric[column]))}
                />
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.map((row) => (
              <tr>
                {row.map((cell, column) =>
                  column === 0 && typeof cell === "string" ? (
                    <th
                      scope="row"
                      class={cell.length <= LONGEST_IN_ONE_LINE ? "short" : undefined}
                    >
                      {cell}
                    </th>
                  ) : (
                    <td class={cellClass(cell, numeric[column])}>{content(cell, column)}</td>
                  ),
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {shown.length < rows.length && (
        <button type="button" class="more" onClick={() => setAll(true)}>
          Show all {rows.length} rows
        </button>
      )}
    </div>
  );
}
