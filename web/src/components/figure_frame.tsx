import type { ComponentChildren } from "preact";

import type { Chart, Confusion } from "../document";
import { downloadPng, downloadSvg } from "../download";

interface Props {
  block: Chart | Confusion;
  controls?: ComponentChildren;
  children: ComponentChildren;
}

/** Title and buttons around a figure. */
export function FigureFrame({ block, controls, children }: Props) {
  return (
    <figure class="figure" id={block.id}>
      <div class="figure-head">
        <figcaption>{block.title}</figcaption>
        <div class="controls">
          {controls}
          <div class="buttons">
            <button
              type="button"
              title="Download this figure as SVG"
              aria-label={`Download ${block.title} as SVG`}
              onClick={() => downloadSvg(block)}
            >
              SVG
            </button>
            <button
              type="button"
              title="Download this figure as PNG"
              aria-label={`Download ${block.title} as PNG`}
              onClick={() => void downloadPng(block)}
            >
              PNG
            </button>
          </div>
        </div>
      </div>
      {children}
    </figure>
  );
}
