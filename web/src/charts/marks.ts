// What tells one series from another besides its colour.

import type { Extent } from "./axes";

export type Point = [number | null, number | null];

/** What the values of both axes span. */
export interface Spans {
  x: Extent;
  y: Extent;
}

export const SHAPES = [
  "circle",
  "rect",
  "triangle",
  "diamond",
  "path://M-5,-3 L5,-3 L0,5 Z",
  "path://M-2,-5 L2,-5 L2,-2 L5,-2 L5,2 L2,2 L2,5 L-2,5 L-2,2 L-5,2 L-5,-2 L-2,-2 Z",
  "path://M0,-5 L4.8,-1.5 L2.9,4 L-2.9,4 L-4.8,-1.5 Z",
  "path://M0,-5 L1.4,-1.6 L5,-1.5 L2.2,0.8 L3.1,4.3 L0,2.3 " +
    "L-3.1,4.3 L-2.2,0.8 L-5,-1.5 L-1.4,-1.6 Z",
];

/** The same shapes as outlines around (0, 0), for legends drawn outside the chart. */
export const OUTLINES = SHAPES.map((shape) => {
  if (shape === "circle") return "M-5,0 A5,5 0 1 1 5,0 A5,5 0 1 1 -5,0 Z";
  if (shape === "rect") return "M-4.5,-4.5 L4.5,-4.5 L4.5,4.5 L-4.5,4.5 Z";
  if (shape === "triangle") return "M0,-5 L5,4.5 L-5,4.5 Z";
  if (shape === "diamond") return "M0,-5.5 L5,0 L0,5.5 L-5,0 Z";
  return shape.replace("path://", "");
});

const DASHES: (string | number[])[] = ["solid", [7, 3], [2, 3], [9, 3, 2, 3]];

export function shapeOf(index: number): string {
  return SHAPES[index % SHAPES.length];
}

/** Colours come again after ten series; then the dashes differ. */
export function dashOf(index: number, style: string): string | number[] {
  if (style === "dashed") return [6, 4];
  return DASHES[Math.floor(index / 10) % DASHES.length];
}

/**
 * Points about evenly spaced along a line as it is seen.
 * @param phase  in [0, 1): of a step, where the first one is
 * @return       true at the indices of these points
 */
export function evenlyAlong(
  points: Point[],
  span: Spans,
  count: number,
  phase: number,
): { [index: number]: boolean } {
  const width = span.x.high - span.x.low || 1;
  const height = span.y.high - span.y.low || 1;
  const lengths: number[] = [];
  let total = 0;
  let last: Point = [null, null];
  for (const point of points) {
    const [x, y] = point;
    if (x !== null && y !== null) {
      if (last[0] !== null && last[1] !== null) {
        const dx = (x - last[0]) / width;
        const dy = (y - last[1]) / height;
        total += Math.sqrt(dx * dx + dy * dy);
      }
      last = point;
    }
    lengths.push(total);
  }
  const marked: { [index: number]: boolean } = {};
  const step = total / count;
  let next = step * phase;
  lengths.forEach((length, i) => {
    if (length < next || points[i][1] === null) return;
    marked[i] = true;
    while (next <= length) next += step || 1;
  });
  return marked;
}
