// Where a chart is drawn, and the shapes that its parts share.

/** An ECharts option object or a part of one. */
export interface Options {
  [key: string]: unknown;
}

/** The room that a chart has, in pixels. */
export interface Room {
  width: number;
  height: number;
  /** Kept free above the axes, for a title and a legend. */
  top: number;
}

export function grid(room: Room): Options {
  return {
    left: 6,
    right: 16,
    top: room.top + 12,
    bottom: 6,
    outerBoundsMode: "same",
    outerBoundsContain: "all",
    outerBoundsClampWidth: "60%",
    outerBoundsClampHeight: "60%",
  };
}
