import type { EChartsType } from "echarts/core";
import type { RefObject } from "preact";

interface Span {
  start: number;
  end: number;
}

const WHOLE: Span = { start: 0, end: 100 };
const NARROWEST = 0.5;

function between(low: number, value: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}

export function zoomed({ start, end }: Span, factor: number): Span {
  const centre = (start + end) / 2;
  const half = between(NARROWEST, (end - start) * factor, 100) / 2;
  return shifted({ start: centre - half, end: centre + half }, 0);
}

/** Moved by `part` of its length, but not out of the chart. */
export function shifted({ start, end }: Span, part: number): Span {
  const length = end - start;
  const from = between(0, start + part * length, 100 - length);
  return { start: from, end: from + length };
}

function change(drawn: EChartsType, axes: number[], make: (span: Span) => Span): void {
  const zooms = drawn.getOption().dataZoom as Span[];
  const batch = axes.map((axis) => ({ dataZoomIndex: axis, ...make(zooms[axis]) }));
  drawn.dispatchAction({ type: "dataZoom", batch });
}

/** @return whether the key means something to a map */
export function moveByKey(drawn: EChartsType | null, key: string): boolean {
  if (drawn === null) return false;
  const step = 0.2;
  if (key === "+" || key === "=") change(drawn, [0, 1], (span) => zoomed(span, 0.7));
  else if (key === "-") change(drawn, [0, 1], (span) => zoomed(span, 1 / 0.7));
  else if (key === "0") change(drawn, [0, 1], () => WHOLE);
  else if (key === "ArrowLeft") change(drawn, [0], (span) => shifted(span, -step));
  else if (key === "ArrowRight") change(drawn, [0], (span) => shifted(span, step));
  else if (key === "ArrowUp") change(drawn, [1], (span) => shifted(span, step));
  else if (key === "ArrowDown") change(drawn, [1], (span) => shifted(span, -step));
  else return false;
  return true;
}

export function MapButtons({ drawn }: { drawn: RefObject<EChartsType> }) {
  const button = (text: string, label: string, key: string) => (
    <button type="button" aria-label={label} onClick={() => moveByKey(drawn.current, key)}>
      {text}
    </button>
  );
  return (
    <div class="buttons">
      {button("+", "Zoom in", "+")}
      {button("−", "Zoom out", "-")}
      {button("Whole", "Show the whole map", "0")}
    </div>
  );
}
