// figures.js as the program runs it: without a browser, in an engine of ECMAScript 5.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import vm from "node:vm";

import type { Block, Chart, Confusion } from "../../web/src/document";
import { axis, chart, HOSTILE, report, series } from "./fixture";
import { distFolder } from "./page";

// What the program defines before it runs the script.
const PRELUDE = `var global = this, self = this, globalThis = this, window;
function setTimeout() { return 0; }
function clearTimeout() {}
`;

const SCRIPT = readFileSync(join(distFolder(), "figures.js"), "utf8");

function figuresIn(blocks: Block[]): (Chart | Confusion)[] {
  return blocks.flatMap((block) => {
    if (block.type === "side-by-side") return figuresIn(block.blocks);
    return block.type === "chart" || block.type === "confusion" ? [block] : [];
  });
}

const FIGURES = report().sections.flatMap((section) => figuresIn(section.blocks));

function renderer(): (json: string) => string {
  const context = vm.createContext({});
  vm.runInContext(PRELUDE + SCRIPT, context);
  return vm.runInContext("renderFigure", context) as (json: string) => string;
}

const render = renderer();

function draw(block: Chart | Confusion): string {
  return render(JSON.stringify({ block, width: 800, height: 500 }));
}

for (const block of FIGURES) {
  test(`${block.id} is a drawing that stands alone`, () => {
    const svg = draw(block);
    assert.match(svg, /^<svg width="800" height="500" xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
    assert.ok(svg.includes("DejaVu Sans"));
    assert.ok(svg.includes(`<title>${block.title.replace(/</g, "&lt;")}</title>`));
    assert.ok(svg.includes("<desc>"));
    assert.ok(svg.trimEnd().endsWith("</svg>"));
    assert.ok(!/NaN|undefined|Infinity/.test(svg));
    assert.ok(!svg.includes("<style"));
    assert.ok(svg.length > 3000, "something is drawn");
  });
}

test("the same figure gives the same bytes", () => {
  assert.equal(
    renderer()(JSON.stringify({ block: FIGURES[0], width: 640, height: 400 })),
    renderer()(JSON.stringify({ block: FIGURES[0], width: 640, height: 400 })),
  );
});

test("without a height it takes what suits it", () => {
  assert.match(render(JSON.stringify({ block: FIGURES[1], width: 600 })), /height="\d{3}"/);
});

test("names stay text", () => {
  const hostile = chart("h", "lines", {
    title: HOSTILE,
    description: HOSTILE,
    series: [series(HOSTILE, [1, 2]), series("b", [2, 1])],
  });
  const svg = draw(hostile);
  assert.ok(!svg.includes("<script"));
  assert.ok(!svg.includes("<img"));
  assert.ok(svg.includes("&lt;script&gt;"));
});

test("empty charts are drawn too", () => {
  for (const kind of ["lines", "bars", "points"] as const) {
    assert.ok(draw(chart("e", kind, { series: [series("none", [])] })).includes("</svg>"));
    assert.ok(draw(chart("e", kind, { series: [series("gap", [null])] })).includes("</svg>"));
  }
  assert.ok(draw(chart("e", "heatmap", {})).includes("</svg>"));
  assert.ok(draw(chart("e", "parallel", {})).includes("</svg>"));
  const parallel = { axes: [{ axis: axis("a"), absent: "none" }], lines: [], marked: null };
  assert.ok(draw(chart("e", "parallel", { parallel })).includes("</svg>"));
});

test("other blocks are refused", () => {
  assert.throws(
    () => render('{"block": {"type": "paragraph"}, "width": 10, "height": 10}'),
    /only/,
  );
});

const duktape = spawnSync("duk", ["-e", "1"]).status === 0;

test("Duktape draws the same", { skip: !duktape && "duk is not installed" }, () => {
  const folder = mkdtempSync(join(tmpdir(), "thimble-figures-"));
  try {
    const requests = JSON.stringify(
      FIGURES.map((block) => JSON.stringify({ block, width: 800, height: 500 })),
    );
    const file = join(folder, "figures.js");
    writeFileSync(
      file,
      `${PRELUDE}${SCRIPT}
var requests = ${requests};
for (var i = 0; i < requests.length; ++i) print(renderFigure(requests[i]) + "\\u0000");`,
    );
    const run = spawnSync("duk", [file], { encoding: "utf8", maxBuffer: 1 << 28 });
    assert.equal(run.status, 0, run.stderr);
    const drawings = run.stdout.split("\0");
    FIGURES.forEach((block, i) => {
      const there = drawings[i].trim();
      assert.ok(there.startsWith("<svg") && there.endsWith("</svg>"), block.id);
      const marks = (svg: string) => (svg.match(/<(path|text|circle|ellipse|rect)/g) ?? []).length;
      assert.equal(marks(there), marks(draw(block)), block.id);
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
