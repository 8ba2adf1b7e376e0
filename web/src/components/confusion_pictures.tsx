import { useLayoutEffect, useRef } from "preact/hooks";

import type { Confusion } from "../document";
import { formatInteger } from "../format";
import { PictureList } from "./picture_list";

const SIZE = 84;

interface Props {
  confusion: Confusion;
  index: number;
  onClose: () => void;
}

/** The pictures behind one cell of a confusion matrix. */
export function ConfusionPictures({ confusion, index, onClose }: Props) {
  const n = confusion.classes.length;
  const truth = confusion.classes[Math.floor(index / n)];
  const predicted = confusion.classes[index % n];
  const count = confusion.counts[index];
  const cells = confusion.pictures[index] ?? [];
  const panel = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => panel.current?.scrollIntoView({ block: "nearest" }), [index]);
  return (
    <div class="behind" ref={panel}>
      <div class="behind-head">
        <h4>
          {truth === predicted ? (
            <>
              <b>{truth}</b>, recognised
            </>
          ) : (
            <>
              <b>{truth}</b> taken for <b>{predicted}</b>
            </>
          )}
          : {formatInteger(count)}
          {cells.length < count && cells.length > 0 && ` (${cells.length} shown)`}
        </h4>
        <button type="button" class="close" aria-label="Close the pictures" onClick={onClose}>
          ✕
        </button>
      </div>
      {cells.length > 0 ? (
        <PictureList cells={cells} size={SIZE} />
      ) : (
        <p class="hint">{count === 0 ? "This never happened." : "No pictures are kept here."}</p>
      )}
    </div>
  );
}
