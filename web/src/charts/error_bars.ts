// Intervals around values: a band along a line, whiskers on bars and points.

import type { Options } from "./layout";

interface RenderParams {
  dataIndexInside: number;
}

interface RenderApi {
  value(dimension: number): number;
  coord(point: number[]): number[];
  barLayout(layout: Options): { offsetCenter: number }[];
}

/** [position, low, high] */
export type Interval = [number, number, number];

export function band(name: string, intervals: Interval[], colour: string): Options {
  return {
    type: "custom",
    name,
    data: intervals,
    encode: { x: 0, y: [1, 2] },
    silent: true,
    clip: true,
    z: 1,
    renderItem: (params: RenderParams, api: RenderApi) => {
      if (params.dataIndexInside !== 0) return undefined;
      const upper = intervals.map(([at, , high]) => api.coord([at, high]));
      const lower = intervals.map(([at, low]) => api.coord([at, low]));
      return {
        type: "polygon",
        shape: { points: upper.concat(lower.reverse()) },
        style: { fill: colour, opacity: 0.18 },
      };
    },
  };
}

/** Which of how many bars side by side the whiskers stand on. */
export interface BarPlace {
  index: number;
  count: number;
  gaps: Options;
}

export function whiskers(
  name: string,
  intervals: Interval[],
  colour: string,
  horizontal: boolean,
  bar: BarPlace | null,
): Options {
  const cap = 4;
  return {
    type: "custom",
    name,
    data: intervals,
    encode: horizontal ? { x: [1, 2], y: 0 } : { x: 0, y: [1, 2] },
    silent: true,
    clip: true,
    z: 5,
    renderItem: (_params: RenderParams, api: RenderApi) => {
      const at = api.value(0);
      const place = (value: number) => api.coord(horizontal ? [value, at] : [at, value]);
      const low = place(api.value(1));
      const high = place(api.value(2));
      let offset = 0;
      if (bar !== null) {
        const layout = api.barLayout({ ...bar.gaps, count: bar.count });
        if (layout !== undefined) offset = layout[bar.index].offsetCenter;
      }
      const line = (x1: number, y1: number, x2: number, y2: number) => ({
        type: "line",
        shape: { x1, y1, x2, y2 },
        style: { stroke: colour, lineWidth: 1.5 },
      });
      if (horizontal) {
        const y = low[1] + offset;
        return {
          type: "group",
          children: [
            line(low[0], y, high[0], y),
            line(low[0], y - cap, low[0], y + cap),
            line(high[0], y - cap, high[0], y + cap),
          ],
        };
      }
      const x = low[0] + offset;
      return {
        type: "group",
        children: [
          line(x, low[1], x, high[1]),
          line(x - cap, low[1], x + cap, low[1]),
          line(x - cap, high[1], x + cap, high[1]),
        ],
      };
    },
  };
}
