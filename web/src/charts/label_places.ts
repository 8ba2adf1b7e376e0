// Names beside points, placed so that they cover neither each other nor points.

interface Rect {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface LabelParams {
  dataIndex: number;
  seriesIndex: number;
  rect: Rect;
  labelRect: Rect;
}

interface LabelPlace {
  x: number;
  y: number;
  align: string;
  verticalAlign: string;
}

const GAP = 5;

function overlap(a: Rect, b: Rect): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  return width > 0 && height > 0 ? width * height : 0;
}

/** Right, left, above, below, and to the right a little up or down. */
function candidates(point: Rect, label: Rect): Rect[] {
  const { width, height } = label;
  const centreX = point.x + point.width / 2 - width / 2;
  const centreY = point.y + point.height / 2 - height / 2;
  const right = point.x + point.width + GAP;
  const left = point.x - GAP - width;
  const at = (x: number, y: number): Rect => ({ x, y, width, height });
  return [
    at(right, centreY),
    at(left, centreY),
    at(centreX, point.y - GAP - height),
    at(centreX, point.y + point.height + GAP),
    at(right, centreY - height * 0.8),
    at(right, centreY + height * 0.8),
    at(left, centreY - height * 0.8),
    at(left, centreY + height * 0.8),
  ];
}

/**
 * A function for ECharts' labelLayout: of the candidate places the first that is free, or else the
 * one least covered. Starts anew whenever the first label of all comes again, and then knows where
 * the points were: a chart laid out twice keeps its names off all of them.
 * @param width  of the chart, which labels do not leave
 */
export function labelPlacer(width: number): (params: LabelParams) => LabelPlace {
  let taken: Rect[] = [];
  const points: { [key: string]: Rect } = {};
  let first = "";
  return (params) => {
    const key = `${params.seriesIndex}/${params.dataIndex}`;
    if (first === "" || first === key) {
      first = key;
      taken = [];
    }
    let best: Rect | null = null;
    let least = Infinity;
    candidates(params.rect, params.labelRect).forEach((candidate, order) => {
      const outside = Math.max(0, candidate.x + candidate.width - width, -candidate.x);
      let covered = taken.reduce((sum, other) => sum + overlap(candidate, other), 0);
      for (const other of Object.keys(points)) {
        if (other !== key) covered += overlap(candidate, points[other]);
      }
      const cost = covered + outside * 100 + order * 0.01;
      if (cost < least) {
        least = cost;
        best = candidate;
      }
    });
    const place: Rect = best || params.labelRect;
    taken.push(place);
    points[key] = params.rect;
    return { x: place.x, y: place.y, align: "left", verticalAlign: "top" };
  };
}
