import { dashOf, OUTLINES } from "../charts/marks";
import type { Chart } from "../document";
import { seriesColour, type Theme } from "../theme";

function Swatch({ chart, index, theme }: { chart: Chart; index: number; theme: Theme }) {
  const series = chart.series[index];
  const faint = series?.style === "faint";
  const colour = series === undefined || faint ? theme.line : seriesColour(theme, index);
  const dash = series === undefined ? [6, 4] : dashOf(index, series.style);
  const bars = chart.kind === "bars" && series !== undefined && series.style !== "points";
  const line =
    !bars && (series === undefined || (chart.kind === "lines" && series.style !== "points"));
  return (
    <svg class="swatch" width="26" height="14" viewBox="-13 -7 26 14" aria-hidden="true">
      {bars && <rect x="-9" y="-5" width="18" height="10" rx="2" fill={colour} />}
      {line && (
        <line
          x1="-12"
          x2="12"
          stroke={colour}
          stroke-width={faint ? 1 : 2}
          stroke-dasharray={Array.isArray(dash) ? dash.join(" ") : undefined}
        />
      )}
      {!bars && series !== undefined && !faint && (
        <path d={OUTLINES[index % OUTLINES.length]} fill={colour} />
      )}
    </svg>
  );
}

interface Props {
  chart: Chart;
  names: string[];
  hidden: ReadonlySet<string>;
  theme: Theme;
  onChange: (hidden: ReadonlySet<string>) => void;
}

/** What the colours mean; each name is a button that hides or shows its series. */
export function ChartLegend({ chart, names, hidden, theme, onChange }: Props) {
  const toggle = (name: string) => {
    const next = new Set(hidden);
    if (!next.delete(name)) next.add(name);
    onChange(next);
  };
  return (
    <div class="legend" role="group" aria-label="Shown in the chart">
      {names.map((name) => (
        <button type="button" aria-pressed={!hidden.has(name)} onClick={() => toggle(name)}>
          <Swatch
            chart={chart}
            index={chart.series.findIndex((series) => series.name === name)}
            theme={theme}
          />
          {name}
        </button>
      ))}
      {names.length > 4 && (
        <span class="pair">
          <button type="button" class="every" onClick={() => onChange(new Set())}>
            All
          </button>
          <button type="button" class="every" onClick={() => onChange(new Set(names))}>
            None
          </button>
        </span>
      )}
    </div>
  );
}
