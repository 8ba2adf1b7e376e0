// A confusion matrix: its colours, shared with the page's table, and its figure.

import type { Confusion } from "../document";
import { formatInteger } from "../format";
import { mix, textOn, type Theme } from "../theme";
import { categoryAxis } from "./axes";
import { grid, type Options, type Room } from "./layout";

/** The share of a true class's samples that each cell has; null for a class without samples. */
export function rowShares(confusion: Confusion): (number | null)[] {
  const n = confusion.classes.length;
  return confusion.counts.map((count, i) => {
    const row = Math.floor(i / n);
    let total = 0;
    for (let j = 0; j < n; ++j) total += confusion.counts[row * n + j];
    return total === 0 ? null : count / total;
  });
}

/**
 * The colour of every cell: the diagonal on one scale, the errors on another, each up to its own
 * largest value, so that few errors are seen beside many right answers. The square root lifts
 * small values.
 */
export function cellColours(values: (number | null)[], n: number, theme: Theme): string[] {
  let mostRight = 0;
  let mostWrong = 0;
  values.forEach((value, i) => {
    const right = Math.floor(i / n) === i % n;
    if (right) mostRight = Math.max(mostRight, value || 0);
    else mostWrong = Math.max(mostWrong, value || 0);
  });
  return values.map((value, i) => {
    if (value === null || value === 0) return theme.surface;
    const right = Math.floor(i / n) === i % n;
    const most = right ? mostRight : mostWrong;
    return mix(right ? theme.agreement : theme.confusion, Math.sqrt(value / most));
  });
}

function axisOf(title: string, classes: string[]) {
  return { title, unit: "", scale: "category" as const, categories: classes, min: null, max: null };
}

export function confusionOptions(confusion: Confusion, theme: Theme, room: Room): Options {
  const n = confusion.classes.length;
  const colours = cellColours(confusion.counts, n, theme);
  const size = Math.max(8, Math.min(13, (room.width - 200) / n / 3.6));
  const data = confusion.counts.map((count, i) => ({
    value: [i % n, Math.floor(i / n), count],
    itemStyle: { color: colours[i] },
    label: {
      show: n <= 40,
      formatter: () => formatInteger(count),
      color: count === 0 ? theme.muted : textOn(colours[i]),
      fontSize: size,
    },
  }));
  return {
    grid: grid(room),
    xAxis: categoryAxis(axisOf("Predicted class", confusion.classes), false, theme, room),
    yAxis: categoryAxis(axisOf("True class", confusion.classes), true, theme, room),
    series: [
      {
        type: "heatmap",
        id: "confusion",
        data,
        itemStyle: { borderWidth: 1, borderColor: theme.grid },
        progressive: 0,
      },
    ],
  };
}
