// A report with every kind of block, made by hand: small, but with names and values that are hard
// to show.

import type {
  Atlas,
  Axis,
  Chart,
  Code,
  Confusion,
  PictureCell,
  PictureSheet,
  Report,
  Series,
  Table,
} from "../../web/src/document";
import { png, type Rgb } from "./png";

export const HOSTILE =
  "<script>document.title = 'owned'</script><img src=x onerror=alert(1)> & \"q\"";

export const CLASSES = [
  "T-shirt/top",
  "Trouser",
  "Pullover",
  "Dress",
  "Coat",
  "Sandal",
  "Shirt",
  "Sneaker",
  "Bag",
  "Ankle boot",
];

const SIDE = 28;
const COLUMNS = 20;
const PICTURES = 60;
const COLOUR_PICTURES = 8;

/** Rings, bars and patches whose look depends on the picture's number. */
function grey(picture: number, x: number, y: number): Rgb {
  const kind = picture % 3;
  const r = Math.hypot(x - 13.5, y - 13.5);
  const ring = Math.abs(r - 5 - (picture % 7)) < 2 ? 230 : 15;
  const bar = Math.abs(x - 6 - (picture % 16)) < 3 && y > 3 && y < 25 ? 200 : 25;
  const patch = x > 5 && x < 22 && y > 4 + (picture % 9) ? 130 + ((x * y) % 90) : 10;
  const value = [ring, bar, patch][kind];
  return [value, value, value];
}

export function atlas(): Atlas {
  const rows = Math.ceil(PICTURES / COLUMNS);
  return {
    sheets: [
      {
        width: SIDE,
        height: SIDE,
        columns: COLUMNS,
        rows,
        png: png(COLUMNS * SIDE, rows * SIDE, (x, y) =>
          grey(Math.floor(y / SIDE) * COLUMNS + Math.floor(x / SIDE), x % SIDE, y % SIDE),
        ),
      },
      {
        width: 96,
        height: 64,
        columns: 4,
        rows: 2,
        png: png(4 * 96, 2 * 64, (x, y) => [(x * 2) % 256, (y * 3) % 256, ((x + y) * 2) % 256]),
      },
    ],
    places: [
      ...Array.from({ length: PICTURES }, (_, i): [number, number] => [0, i]),
      ...Array.from({ length: COLOUR_PICTURES }, (_, i): [number, number] => [1, i]),
    ],
  };
}

/** The same pseudo-random numbers in [0, 1) every time. */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

export function axis(title: string, unit = "", extra: Partial<Axis> = {}): Axis {
  return { title, unit, scale: "linear", categories: [], min: null, max: null, ...extra };
}

export function series(name: string, y: (number | null)[], extra: Partial<Series> = {}): Series {
  return { name, x: [], y, low: [], high: [], style: "line", labels: [], pictures: [], ...extra };
}

export function chart(id: string, kind: Chart["kind"], extra: Partial<Chart>): Chart {
  return {
    type: "chart",
    id,
    title: `Chart ${id}`,
    description: `What ${id} shows.`,
    kind,
    x: axis("x"),
    y: axis("y"),
    series: [],
    grid: null,
    parallel: null,
    references: [],
    stacked: false,
    horizontal: false,
    pannable: false,
    show_labels: false,
    ...extra,
  };
}

const EPOCHS = Array.from({ length: 20 }, (_, i) => i + 1);

function learningCurve(): Chart {
  const train = EPOCHS.map((epoch) => 0.9 * Math.exp(-epoch / 5) + 0.1);
  const validation = EPOCHS.map((epoch) => 0.8 * Math.exp(-epoch / 4) + 0.22 + epoch * 0.002);
  return chart("loss", "lines", {
    title: "Loss over the epochs",
    x: axis("Epoch"),
    y: axis("Loss", "nats", { min: 0 }),
    series: [
      series("training", train, { x: EPOCHS }),
      series("validation", validation, {
        x: EPOCHS,
        low: validation.map((value) => value - 0.04),
        high: validation.map((value) => value + 0.04),
      }),
    ],
    references: [{ kind: "vertical", at: 14, label: "best epoch" }],
  });
}

function reliability(): Chart {
  const x = [0.05, 0.15, 0.25, 0.35, 0.45, 0.55, 0.65, 0.75, 0.85, 0.95];
  return chart("reliability", "lines", {
    title: "Reliability",
    x: axis("Confidence", "", { min: 0, max: 1 }),
    y: axis("Accuracy", "", { min: 0, max: 1 }),
    series: [
      series("model", [null, 0.1, 0.2, 0.3, 0.42, 0.5, 0.58, 0.7, 0.8, 0.93], {
        x,
        style: "points",
        low: x.map((value) => value - 0.1),
        high: x.map((value) => Math.min(1, value + 0.03)),
      }),
    ],
    references: [{ kind: "diagonal", at: 0, label: "perfectly calibrated" }],
  });
}

function classCounts(): Chart {
  return chart("counts", "bars", {
    title: "Pictures per class",
    x: axis("Class", "", { scale: "category", categories: CLASSES }),
    y: axis("Pictures"),
    stacked: true,
    series: [
      series(
        "training",
        CLASSES.map((_, i) => 5500 - i * 150),
      ),
      series(
        "validation",
        CLASSES.map(() => 500),
      ),
      series(
        "test",
        CLASSES.map(() => 1000),
      ),
    ],
  });
}

function importance(): Chart {
  return chart("accuracy", "bars", {
    title: "Accuracy per class",
    x: axis("Accuracy", "%", { min: 0, max: 100 }),
    y: axis("Class", "", { scale: "category", categories: CLASSES }),
    horizontal: true,
    series: [
      series(
        "accuracy",
        CLASSES.map((_, i) => 99 - i * 2.5),
        {
          low: CLASSES.map((_, i) => 97 - i * 2.5),
          high: CLASSES.map((_, i) => Math.min(100, 100.5 - i * 2.5)),
        },
      ),
    ],
    references: [{ kind: "vertical", at: 90, label: "mean" }],
  });
}

function histogram(): Chart {
  const x = Array.from({ length: 64 }, (_, i) => i * 4 + 2);
  return chart("grey", "bars", {
    title: "Grey levels",
    x: axis("Grey level", "", { min: 0, max: 256 }),
    y: axis("Share of the pixels", "%"),
    series: [
      series(
        "all",
        x.map((level) => 40 * Math.exp(-level / 20) + level / 120),
        { x },
      ),
    ],
  });
}

function trade(): Chart {
  const models = ["logistic", "tree", "forest", "svm", "knn", "boost", "mlp", "cnn"];
  return chart("time", "points", {
    title: "Accuracy against training time",
    x: axis("Training time", "s", { scale: "log" }),
    y: axis("Accuracy", "%"),
    show_labels: true,
    series: [
      series("models", [84.2, 80.1, 88.3, 90.2, 85.9, 90.4, 89.6, 93.8], {
        x: [3.1, 0.9, 21, 45, 0.02, 130, 32, 260],
        labels: models,
        style: "points",
      }),
    ],
  });
}

function map(): Chart {
  const next = random(7);
  return chart("map", "points", {
    title: "The pictures, alike ones side by side",
    pannable: true,
    series: CLASSES.map((name, i) => {
      const count = 240;
      const angle = (i / CLASSES.length) * 2 * Math.PI;
      const around = (centre: number) => () => centre + (next() + next() + next() - 1.5) * 9;
      const indices = Array.from({ length: count }, (_, j) => j);
      return series(name, indices.map(around(18 * Math.sin(angle))), {
        x: indices.map(around(18 * Math.cos(angle))),
        style: "points",
        labels: indices.map((j) => `${name}, picture ${j}`),
        pictures: indices.map((j) => (i * 6 + j) % PICTURES),
      });
    }),
  });
}

function correlation(): Chart {
  const n = CLASSES.length;
  const values = Array.from({ length: n * n }, (_, i) => {
    const gap = Math.abs(Math.floor(i / n) - (i % n));
    return gap === 0 ? 1 : Math.cos(gap * 1.1) * 0.7;
  });
  return chart("correlation", "heatmap", {
    title: "How the classes' mean pictures correlate",
    x: axis("Class", "", { scale: "category", categories: CLASSES }),
    y: axis("Class", "", { scale: "category", categories: CLASSES }),
    grid: {
      width: n,
      height: n,
      values,
      title: "Correlation",
      unit: "",
      diverging: true,
      numbers: true,
    },
  });
}

function information(): Chart {
  const values = Array.from({ length: SIDE * SIDE }, (_, i) => {
    const r = Math.hypot((i % SIDE) - 13.5, Math.floor(i / SIDE) - 13.5);
    return i < 3 ? null : Math.exp(-((r - 7) ** 2) / 20);
  });
  return chart("information", "heatmap", {
    title: "Which pixels tell the classes apart",
    x: axis("Column"),
    y: axis("Row"),
    grid: {
      width: SIDE,
      height: SIDE,
      values,
      title: "Mutual information",
      unit: "bits",
      diverging: false,
      numbers: false,
    },
  });
}

function manySeries(): Chart {
  const x = Array.from({ length: 101 }, (_, i) => i / 100);
  return chart("many", "lines", {
    title: "Thirteen curves",
    x: axis("Recall"),
    y: axis("Precision"),
    series: Array.from({ length: 13 }, (_, i) =>
      series(
        i === 12 ? HOSTILE : `class ${i}`,
        x.map((at) => 1 - at ** (1 + i) * (0.9 - i / 40)),
        { x },
      ),
    ),
  });
}

/** Trials of a search: settings of every kind, some not in force, some that failed. */
export function parallel(): Chart {
  const next = random(5);
  const lines = Array.from({ length: 60 }, (_, i) => {
    const name = Math.floor(next() * 3);
    const failed = i % 17 === 16;
    const rate = 10 ** (-3 + 3 * next());
    const value = failed ? null : 92 - 8 * Math.abs(Math.log10(rate / 0.1)) * next();
    return {
      name: i === 3 ? HOSTILE : `Trial ${i + 1}`,
      values: [rate, name, name === 0 ? 0.8 + 0.18 * next() : null, Math.floor(next() * 5), value],
      shade: value === null ? null : i / 60,
    };
  });
  return chart("trials", "parallel", {
    title: "All trials",
    parallel: {
      axes: [
        { axis: axis("learning_rate", "", { scale: "log", min: 0.001, max: 1 }), absent: "" },
        {
          axis: axis("optimizer.name", "", {
            scale: "category",
            categories: ["sgd", "adamw", HOSTILE],
          }),
          absent: "",
        },
        { axis: axis("momentum", "", { min: 0.8, max: 0.98 }), absent: "not used" },
        { axis: axis("shift_pixels", "", { min: 0, max: 4 }), absent: "" },
        { axis: axis("Validation accuracy", "%"), absent: "failed" },
      ],
      lines,
      marked: 59,
    },
  });
}

function recipe(): Code {
  return {
    type: "code",
    id: "recipe",
    title: "The recipe",
    file_name: "winner.toml",
    text: `# ${HOSTILE}\n[optimizer]\nlearning_rate = 0.1\nname = "sgd"\n`,
  };
}

function sheet(id: string, captioned: boolean): PictureSheet {
  const cell = (picture: number): PictureCell => ({
    picture,
    caption: captioned ? `${CLASSES[picture % 10]} 97 %` : "",
    tone: captioned ? (picture % 2 === 0 ? "right" : "wrong") : "plain",
    detail: `training picture ${picture}`,
  });
  return {
    type: "pictures",
    id,
    title: captioned ? "Right and wrong" : "Samples",
    groups: CLASSES.slice(0, captioned ? 2 : 4).map((title, group) => ({
      title,
      cells: Array.from({ length: captioned ? 9 : 14 }, (_, i) => cell((group * 14 + i) % 68)),
    })),
  };
}

export function confusion(): Confusion {
  const n = CLASSES.length;
  const next = random(3);
  const counts = Array.from({ length: n * n }, (_, i) => {
    if (Math.floor(i / n) === i % n) return 800 + Math.floor(next() * 190);
    return next() < 0.5 ? 0 : Math.floor(next() ** 3 * 120);
  });
  counts[6 * n] = 87;
  counts[1] = 0;
  return {
    type: "confusion",
    id: "confusion",
    title: "What was taken for what",
    classes: CLASSES,
    counts,
    pictures: counts.map((count, i) =>
      Array.from({ length: Math.min(count, 12) }, (_, j) => ({
        picture: (i + j) % PICTURES,
        caption: `${CLASSES[i % n]} ${99 - j} %`,
        tone: Math.floor(i / n) === i % n ? ("right" as const) : ("wrong" as const),
        detail: `test picture ${i * 12 + j}`,
      })),
    ),
  };
}

function models(): Table {
  return {
    type: "table",
    caption: "Models",
    columns: [
      { title: "Model", format: "text" },
      { title: "Sample", format: "text" },
      { title: "Accuracy", format: "percent" },
      { title: "Errors", format: "integer" },
      { title: "Log loss", format: "decimal" },
      { title: "Training", format: "seconds" },
      { title: "Size", format: "bytes" },
    ],
    rows: [
      ["forest", { picture: 1 }, 0.883, 1170, 0.34567, 21.4, 48_300_000],
      ["cnn", { picture: 2 }, 0.9382, 618, 0.1812, 260, 1_900_000],
      ["logistic", { picture: 3 }, 0.842, 1580, 0.449, 3.14, 31_400],
      [HOSTILE, null, null, 12345, null, 0.0021, 512],
    ],
  };
}

export function report(): Report {
  const section = (
    id: string,
    title: string,
    finding: string,
    blocks: Report["sections"][0]["blocks"],
  ) => ({
    id,
    title,
    finding,
    blocks,
  });
  return {
    title: "Fashion-MNIST explored",
    lead: "70,000 pictures of ten kinds of garment, 28 by 28 pixels: what they look like.",
    notes: ["Made by thimble 0.4 on 20 November 2026", `Data ${"0123456789abcdef".repeat(5)}`],
    sections: [
      section(
        "overview",
        "At a glance",
        "Nine pictures of ten are recognised; shirts are the hard ones.",
        [
          {
            type: "facts",
            facts: [
              { label: "Accuracy", value: "93.82 %", note: "93.3 to 94.3 % with 95 % confidence" },
              { label: "Pictures", value: "70,000", note: "" },
              { label: "Hardest class", value: "Shirt", note: "81.2 % recognised" },
              { label: "Size", value: "1.9 MB", note: "" },
            ],
          },
          { type: "paragraph", text: `Plain text, whatever it holds: ${HOSTILE}` },
          models(),
        ],
      ),
      section("errors", "Confusion", "Most errors take a shirt for a T-shirt: 87 of 1,000.", [
        confusion(),
        sheet("right-wrong", true),
      ]),
      section("learning", "Learning", "The loss on validation data stops falling after epoch 14.", [
        { type: "side-by-side", blocks: [learningCurve(), reliability()] },
        manySeries(),
        importance(),
      ]),
      section("data", "The data", "All classes are equally frequent.", [
        classCounts(),
        histogram(),
        sheet("samples", false),
        { type: "side-by-side", blocks: [information(), trade()] },
        correlation(),
      ]),
      section("the-map", "The map", "Trousers lie apart; shirts, coats and pullovers overlap.", [
        map(),
      ]),
      section("search", "The search", "A learning rate of 0.1 is best.", [parallel(), recipe()]),
    ],
    atlas: atlas(),
  };
}
