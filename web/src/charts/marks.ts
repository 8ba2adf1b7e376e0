// What tells one series from another besides its colour.

export const SHAPES = [
  "circle",
  "rect",
  "triangle",
  "diamond",
  "path://M-5,-3 L5,-3 L0,5 Z",
  "path://M-2,-5 L2,-5 L2,-2 L5,-2 L5,2 L2,2 L2,5 L-2,5 L-2,2 L-5,2 L-5,-2 L-2,-2 Z",
  "path://M0,-5 L4.8,-1.5 L2.9,4 L-2.9,4 L-4.8,-1.5 Z",
  "path://M0,-5 L1.4,-1.6 L5,-1.5 L2.2,0.8 L3.1,4.3 L0,2.3 L-3.1,4.3 L-2.2,0.8 L-5,-1.5 L-1.4,-1.6 Z",
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
