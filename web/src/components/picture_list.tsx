import { useState } from "preact/hooks";

import { useAppearance } from "../appearance";
import type { PictureCell } from "../document";
import { unbroken } from "../format";
import { Sprite } from "./sprite";

const CELLS_AT_FIRST = 120;

const MARKS = { plain: null, right: "✓", wrong: "✗" } as const;
const TONES = { plain: "", right: "right", wrong: "wrong" } as const;

function description({ caption, tone, detail }: PictureCell): string {
  return [caption, TONES[tone], detail].filter((part) => part !== "").join(", ") || "Picture";
}

function CaptionedPicture({ cell, size }: { cell: PictureCell; size: number }) {
  const mark = MARKS[cell.tone];
  return (
    <li class={`picture ${cell.tone}`} title={cell.detail || undefined}>
      <span class="frame">
        <Sprite picture={cell.picture} size={size} label={description(cell)} />
        {mark !== null && (
          <span class="mark" aria-hidden="true">
            {mark}
          </span>
        )}
      </span>
      {cell.caption !== "" && (
        <span class="caption" aria-hidden="true">
          {unbroken(cell.caption)}
        </span>
      )}
    </li>
  );
}

/** Pictures in rows, with captions under them if they have any. */
export function PictureList({ cells, size }: { cells: PictureCell[]; size: number }) {
  const [all, setAll] = useState(false);
  const { printing } = useAppearance();
  const shown = all || printing ? cells : cells.slice(0, CELLS_AT_FIRST);
  const captioned = cells.some((cell) => cell.caption !== "");
  return (
    <>
      <ul class={captioned ? "pictures captioned" : "pictures"}>
        {shown.map((cell) => (
          <CaptionedPicture cell={cell} size={size} />
        ))}
      </ul>
      {shown.length < cells.length && (
        <button type="button" class="more" onClick={() => setAll(true)}>
          Show all {cells.length} pictures
        </button>
      )}
    </>
  );
}
