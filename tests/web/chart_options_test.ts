import assert from "node:assert/strict";
import { test } from "node:test";

import {
  chartOptions,
  legendNames,
  naturalHeight,
  type Options,
} from "../../web/src/chart_options";
import { evenStep, inLines } from "../../web/src/charts/axes";
import { cellColours, rowShares } from "../../web/src/charts/confusion";
import { colourRange } from "../../web/src/charts/heatmap";
import { placeOf } from "../../web/src/charts/parallel";
import type { Chart } from "../../web/src/document";
import { contrast, DARK, LIGHT, mix, textOn } from "../../web/src/theme";
import { axis, chart, confusion, parallel, series } from "./fixture";

const ROOM = { width: 800, height: 400, top: 0 };

function seriesOf(options: Options): Options[] {
  return options.series as Options[];
}

function drawn(one: Chart): Options {
  return chartOptions(one, LIGHT, ROOM);
}

test("a gap stays a gap and keeps the indices", () => {
  const lines = drawn(chart("a", "lines", { series: [series("s", [1, null, 3])] }));
  assert.deepEqual(seriesOf(lines)[0].data, [
    [0, 1],
    [1, null],
    [2, 3],
  ]);
});

test("what a logarithmic axis cannot show is a gap", () => {
  const y = axis("y", "", { scale: "log" });
  const lines = drawn(chart("a", "lines", { y, series: [series("s", [0, -2, 3])] }));
  assert.deepEqual(seriesOf(lines)[0].data, [
    [0, null],
    [1, null],
    [2, 3],
  ]);
});

test("horizontal bars have their values along x", () => {
  const y = axis("Class", "", { scale: "category", categories: ["a", "b"] });
  const bars = drawn(chart("a", "bars", { horizontal: true, y, series: [series("s", [5, 7])] }));
  assert.deepEqual(seriesOf(bars)[0].data, [
    [5, 0],
    [7, 1],
  ]);
  assert.equal((bars.yAxis as Options).type, "category");
  assert.equal((bars.yAxis as Options).inverse, true);
});

test("intervals are a band on lines and whiskers on points and bars", () => {
  const bounds = { low: [0, 1], high: [2, 3] };
  for (const [kind, style] of [
    ["lines", "line"],
    ["lines", "points"],
    ["bars", "line"],
  ] as const) {
    const all = seriesOf(
      drawn(chart("a", kind, { series: [series("s", [1, 2], { style, ...bounds })] })),
    );
    assert.equal(all.length, 2);
    assert.equal(all[1].type, "custom");
    assert.equal(all[1].name, "s", "hidden together with its series");
  }
  const stacked = chart("a", "bars", { stacked: true, series: [series("s", [1, 2], bounds)] });
  assert.equal(seriesOf(drawn(stacked)).length, 1);
});

test("more than ten series differ in more than colour", () => {
  const many = chart("a", "lines", {
    series: Array.from({ length: 23 }, (_, i) => series(`s${i}`, [1, 2])),
  });
  const looks = seriesOf(drawn(many)).map(({ lineStyle, symbol }) =>
    JSON.stringify([lineStyle, symbol]),
  );
  assert.equal(new Set(looks).size, 23);
});

test("a map has the same scale on both axes and can be moved", () => {
  const map = drawn(
    chart("m", "points", { pannable: true, series: [series("s", [0, 1], { x: [0, 10] })] }),
  );
  const x = map.xAxis as { min: number; max: number };
  const y = map.yAxis as { min: number; max: number };
  const perPixelX = (x.max - x.min) / (ROOM.width - 24);
  const perPixelY = (y.max - y.min) / (ROOM.height - 24);
  assert.ok(Math.abs(perPixelX - perPixelY) < 1e-12);
  assert.equal((map.dataZoom as unknown[]).length, 2);
});

test("references lie where they are said to be", () => {
  const options = drawn(
    chart("r", "lines", {
      series: [series("s", [0.2, 0.8], { x: [0, 2] })],
      references: [
        { kind: "horizontal", at: 0.5, label: "half" },
        { kind: "vertical", at: 1, label: "" },
        { kind: "diagonal", at: 0, label: "equal" },
      ],
    }),
  );
  const [, diagonal, straight] = seriesOf(options);
  assert.deepEqual(diagonal.data, [
    [0.2, 0.2],
    [0.8, 0.8],
  ]);
  const marks = (straight.markLine as { data: Options[] }).data;
  assert.equal(marks[0].yAxis, 0.5);
  assert.equal(marks[1].xAxis, 1);
});

test("the legend names what needs a name", () => {
  const one = chart("a", "lines", { series: [series("only", [1])] });
  assert.deepEqual(legendNames(one), []);
  const two = chart("a", "lines", { series: [series("a", [1]), series("b", [1])] });
  assert.deepEqual(legendNames(two), ["a", "b"]);
});

test("zero is the middle of a diverging scale", () => {
  const grid = { width: 2, height: 1, values: [-3, 1], title: "", unit: "", numbers: false };
  assert.deepEqual(colourRange({ ...grid, diverging: true }), { low: -3, high: 3 });
  assert.deepEqual(colourRange({ ...grid, diverging: false }), { low: -3, high: 1 });
  assert.deepEqual(colourRange({ ...grid, values: [null, null], diverging: false }), {
    low: 0,
    high: 1,
  });
});

test("the numbers in cells have one precision", () => {
  const grid = {
    width: 2,
    height: 1,
    values: [14, 2.25],
    title: "",
    unit: "",
    numbers: true,
    diverging: false,
  };
  const data = seriesOf(drawn(chart("g", "heatmap", { grid })))[0].data as {
    label: { formatter: () => string };
  }[];
  assert.deepEqual(
    data.map(({ label }) => label.formatter()),
    ["14.0", "2.3"],
  );
});

test("empty cells of a grid are not drawn", () => {
  const grid = {
    width: 2,
    height: 1,
    values: [null, 1],
    title: "",
    unit: "",
    numbers: true,
    diverging: false,
  };
  assert.equal((seriesOf(drawn(chart("g", "heatmap", { grid })))[0].data as unknown[]).length, 1);
});

test("the confusion matrix divides by the true class", () => {
  const two = { ...confusion(), classes: ["a", "b"], counts: [3, 1, 0, 0] };
  assert.deepEqual(rowShares(two), [0.75, 0.25, null, null]);
});

test("errors and right answers are coloured apart, numbers legible on both", () => {
  for (const theme of [LIGHT, DARK]) {
    const { counts, classes } = confusion();
    const colours = cellColours(counts, classes.length, theme);
    for (const [i, colour] of colours.entries()) {
      const ink = counts[i] === 0 ? theme.muted : textOn(colour);
      assert.ok(contrast(ink, colour) >= 4.5, `${ink} on ${colour}`);
    }
    const most = Math.max(...counts.filter((_, i) => i % 11 !== 0));
    assert.equal(colours[counts.indexOf(most)], theme.confusion[theme.confusion.length - 1]);
  }
});

test("text is legible in both themes, marks are seen on dark", () => {
  for (const theme of [LIGHT, DARK]) {
    assert.ok(contrast(theme.text, theme.surface) >= 7);
    assert.ok(contrast(theme.muted, theme.surface) >= 4.5);
  }
  for (const colour of DARK.categorical) assert.ok(contrast(colour, DARK.surface) >= 3, colour);
  assert.equal(mix(["#000000", "#ffffff"], 0.5), "#808080");
});

test("epochs have whole ticks, also between given bounds", () => {
  const x = axis("Epoch", "", { min: 1, max: 3 });
  const lines = drawn(
    chart("e", "lines", { x, series: [series("s", [1, 2, 3], { x: [1, 2, 3] })] }),
  );
  assert.equal((lines.xAxis as Options).interval, 1);
});

test("long axis titles are broken between words", () => {
  assert.equal(
    inLines("Mean grey level; whiskers: the middle half", 180),
    "Mean grey level;\nwhiskers: the middle half",
  );
  assert.equal(inLines("Loss (nats)", 300), "Loss (nats)");
});

test("ticks divide a bounded axis evenly", () => {
  assert.equal(evenStep(0, 1, 5), 0.2);
  assert.equal(evenStep(0, 1, 4), 0.25);
  assert.equal(evenStep(0, 100, 6), 20);
  assert.equal(evenStep(0, 0, 5), null);
});

test("heights are sensible for any chart", () => {
  const bars = chart("a", "bars", {
    horizontal: true,
    y: axis("", "", { scale: "category", categories: Array.from({ length: 40 }, String) }),
    series: [series("s", [1])],
  });
  assert.ok(naturalHeight(bars, 390) > 800);
  assert.ok(naturalHeight(chart("a", "lines", {}), 340) >= 250);
  assert.ok(naturalHeight(confusion(), 340) >= 300);
});

test("values stand on their axes, those without one beside them", () => {
  const options = drawn(parallel());
  const axes = options.parallelAxis as { min: number; max: number; axisLabel: Options }[];
  assert.ok(axes.every(({ min, max }) => min < 0 && max === 1));
  const lines = seriesOf(options)[0].data as { value: number[]; lineStyle: Options }[];
  for (const { value } of lines) {
    assert.equal(value.length, 5);
    assert.ok(value.every((place) => place === axes[0].min || (place >= 0 && place <= 1)));
  }
  const given = parallel().parallel;
  lines.forEach(({ value, lineStyle }, i) => {
    const missing = given?.lines[i].values.map((one) => one === null);
    assert.deepEqual(
      value.map((place) => place < 0),
      missing,
    );
    assert.equal(lineStyle.type !== undefined, given?.lines[i].shade === null, "failed: dashed");
  });
  const colours = new Set(lines.map(({ lineStyle }) => lineStyle.color));
  assert.ok(colours.has(LIGHT.categorical[1]), "the best stands out");
  const { customValues, formatter } = axes[2].axisLabel as {
    customValues: number[];
    formatter: (value: number) => string;
  };
  assert.equal(formatter(customValues[0]), "not used");
});

test("places on an axis are as its scale says", () => {
  const range = { low: 0.001, high: 1 };
  assert.ok(Math.abs(placeOf(axis("a", "", { scale: "log" }), range, 0.01) - 1 / 3) < 1e-12);
  assert.ok(Math.abs(placeOf(axis("a"), range, 0.5005) - 0.5) < 1e-12);
  assert.equal(placeOf(axis("a"), { low: 2, high: 2 }, 2), 0.5);
  const names = axis("a", "", { scale: "category", categories: ["x", "y", "z"] });
  assert.equal(placeOf(names, range, 2), 1);
  assert.equal(placeOf({ ...names, categories: ["x"] }, range, 0), 0.5);
});

test("axes lie down where they do not fit side by side", () => {
  const wide = parallel();
  assert.equal((drawn(wide).parallel as Options).layout, "horizontal");
  const narrow = chartOptions(wide, LIGHT, { width: 340, height: 390, top: 0 });
  assert.equal((narrow.parallel as Options).layout, "vertical");
  assert.ok(naturalHeight(wide, 340) > 5 * 60);
});
