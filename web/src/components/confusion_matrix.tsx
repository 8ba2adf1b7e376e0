import { useMemo, useRef, useState } from "preact/hooks";

import { useAppearance } from "../appearance";
import { cellColours, rowShares } from "../charts/confusion";
import type { Confusion } from "../document";
import { formatInteger, formatPercent } from "../format";
import { textOn } from "../theme";
import { ConfusionPictures } from "./confusion_pictures";
import { FigureFrame } from "./figure_frame";

/** The cell that an arrow key leads to from `index`, or null. */
export function neighbour(index: number, n: number, key: string): number | null {
  const row = Math.floor(index / n);
  const column = index % n;
  if (key === "ArrowRight" && column + 1 < n) return index + 1;
  if (key === "ArrowLeft" && column > 0) return index - 1;
  if (key === "ArrowDown" && row + 1 < n) return index + n;
  if (key === "ArrowUp" && row > 0) return index - n;
  if (key === "Home") return row * n;
  if (key === "End") return row * n + n - 1;
  return null;
}

function cellWords(confusion: Confusion, index: number): string {
  const n = confusion.classes.length;
  const truth = confusion.classes[Math.floor(index / n)];
  const predicted = confusion.classes[index % n];
  const count = formatInteger(confusion.counts[index]);
  return truth === predicted
    ? `${count} of ${truth} recognised`
    : `${count} of ${truth} taken for ${predicted}`;
}

function ScaleSwitch(props: { shares: boolean; onChange: (shares: boolean) => void }) {
  const option = (title: string, shares: boolean) => (
    <button
      type="button"
      aria-pressed={props.shares === shares}
      onClick={() => props.onChange(shares)}
    >
      {title}
    </button>
  );
  return (
    <div class="switch" role="group" aria-label="What the cells show">
      {option("Counts", false)}
      {option("% of true class", true)}
    </div>
  );
}

export function ConfusionMatrix({ confusion }: { confusion: Confusion }) {
  const { theme } = useAppearance();
  const [shares, setShares] = useState(false);
  const [open, setOpen] = useState<number | null>(null);
  const [current, setCurrent] = useState(0);
  const body = useRef<HTMLTableSectionElement>(null);
  const { classes, counts } = confusion;
  const n = classes.length;
  const parts = useMemo(() => rowShares(confusion), [confusion]);
  const values = shares ? parts : counts;
  const colours = useMemo(() => cellColours(values, n, theme), [values, n, theme]);

  const written = (index: number) => {
    const part = parts[index];
    if (!shares) return formatInteger(counts[index]);
    return part === null ? "–" : formatPercent(part, 1).replace(/\s*%$/, "");
  };

  const onKey = (event: KeyboardEvent, index: number) => {
    if (event.key === "Escape") setOpen(null);
    const next = neighbour(index, n, event.key);
    if (next === null) return;
    event.preventDefault();
    setCurrent(next);
    body.current?.querySelectorAll<HTMLButtonElement>("button")[next]?.focus();
  };

  const cell = (index: number) => {
    const zero = counts[index] === 0;
    const style = zero
      ? { background: colours[index] }
      : { background: colours[index], color: textOn(colours[index]) };
    return (
      <td class={Math.floor(index / n) === index % n ? "diagonal" : undefined}>
        <button
          type="button"
          class={zero ? "zero" : undefined}
          style={style}
          tabIndex={index === current ? 0 : -1}
          aria-expanded={open === index}
          aria-label={cellWords(confusion, index)}
          title={cellWords(confusion, index)}
          onClick={() => {
            setCurrent(index);
            setOpen(open === index ? null : index);
          }}
          onKeyDown={(event) => onKey(event, index)}
        >
          {written(index)}
        </button>
      </td>
    );
  };

  return (
    <FigureFrame block={confusion} controls={<ScaleSwitch shares={shares} onChange={setShares} />}>
      <div class="scroll">
        <table class={n > 12 ? "confusion dense" : "confusion"} style={{ "--classes": String(n) }}>
          <thead>
            <tr>
              <td class="corner" rowSpan={2}>
                True class
              </td>
              <th scope="colgroup" colSpan={n} class="axis">
                Predicted class
              </th>
            </tr>
            <tr>
              {classes.map((name) => (
                <th scope="col">
                  <span>{name}</span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody ref={body}>
            {classes.map((name, row) => (
              <tr>
                <th scope="row">{name}</th>
                {classes.map((_, column) => cell(row * n + column))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {confusion.pictures.length > 0 && (
        <p class="hint">
          Choose a cell to see the pictures behind it; arrow keys move between cells.
        </p>
      )}
      <div aria-live="polite">
        {open !== null && (
          <ConfusionPictures confusion={confusion} index={open} onClose={() => setOpen(null)} />
        )}
      </div>
    </FigureFrame>
  );
}
