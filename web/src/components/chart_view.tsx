import type { EChartsType } from "echarts/core";
import type { RefObject } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

import { useAlbum } from "../album";
import { useAppearance } from "../appearance";
import { chartOptions, legendNames, naturalHeight } from "../chart_options";
import type { Chart } from "../document";
import { init } from "../echarts_page";
import { ChartData } from "./chart_data";
import { ChartLegend } from "./chart_legend";
import { tooltipOptions } from "./chart_tooltip";
import { FigureFrame } from "./figure_frame";
import { MapButtons, moveByKey } from "./map_controls";
import { useRoom } from "./use_room";

/** From here on single SVG elements a mark are slower than one canvas. */
const MOST_SVG_MARKS = 2000;

function markCount(chart: Chart): number {
  return (
    (chart.grid?.values.length ?? 0) +
    (chart.parallel?.lines.length ?? 0) +
    chart.series.reduce((sum, series) => sum + series.y.length, 0)
  );
}

function useDrawnChart(
  host: RefObject<HTMLDivElement>,
  chart: Chart,
  width: number | null,
  hidden: ReadonlySet<string>,
): RefObject<EChartsType> {
  const album = useAlbum();
  const { theme } = useAppearance();
  const drawn = useRef<EChartsType>(null);

  useLayoutEffect(() => () => drawn.current?.dispose(), []);

  useLayoutEffect(() => {
    if (host.current === null || width === null) return;
    const room = { width, height: naturalHeight(chart, width), top: 0 };
    drawn.current ??= init(host.current, null, {
      renderer: markCount(chart) > MOST_SVG_MARKS ? "canvas" : "svg",
      width: room.width,
      height: room.height,
    });
    drawn.current.resize({ width: room.width, height: room.height });
    const names = legendNames(chart);
    drawn.current.setOption(
      {
        ...chartOptions(chart, theme, room),
        tooltip: tooltipOptions(chart, theme, album),
        legend: {
          show: false,
          data: names,
          selected: Object.fromEntries(names.map((name) => [name, !hidden.has(name)])),
        },
      },
      { notMerge: true },
    );
    // The second layout places the points' names: charts/label_places.ts.
    if (chart.show_labels) drawn.current.resize();
  }, [chart, theme, album, width]);

  useLayoutEffect(() => {
    const names = legendNames(chart);
    drawn.current?.setOption({
      legend: { selected: Object.fromEntries(names.map((name) => [name, !hidden.has(name)])) },
    });
  }, [hidden]);

  return drawn;
}

export function ChartView({ chart }: { chart: Chart }) {
  const host = useRef<HTMLDivElement>(null);
  const { theme } = useAppearance();
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const { width, near } = useRoom(host);
  const drawn = useDrawnChart(host, chart, near ? width : null, hidden);
  const names = legendNames(chart);
  const hint = `${chart.id}-hint`;
  return (
    <FigureFrame block={chart} controls={chart.pannable && <MapButtons drawn={drawn} />}>
      {names.length > 0 && (
        <ChartLegend
          chart={chart}
          names={names}
          hidden={hidden}
          theme={theme}
          onChange={setHidden}
        />
      )}
      <div
        ref={host}
        class={chart.pannable ? "chart map" : "chart"}
        style={{ height: `${naturalHeight(chart, width ?? 600)}px` }}
        role={chart.pannable ? "application" : "img"}
        aria-label={[chart.title, chart.description].filter((part) => part !== "").join(". ")}
        aria-describedby={chart.pannable ? hint : undefined}
        tabIndex={chart.pannable ? 0 : undefined}
        onKeyDown={(event) => {
          if (chart.pannable && moveByKey(drawn.current, event.key)) event.preventDefault();
        }}
      />
      {chart.pannable && (
        <p class="hint" id={hint}>
          Drag to move; Ctrl and the wheel, or the keys + − and 0, to zoom; arrow keys move.
        </p>
      )}
      {chart.parallel !== null && (
        <p class="hint">
          Drag along an axis to see only what passes there; a click on it shows all again.
        </p>
      )}
      <ChartData chart={chart} />
    </FigureFrame>
  );
}
