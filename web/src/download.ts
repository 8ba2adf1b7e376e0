// Figures as files, from the browser.

import type { Chart, Confusion } from "./document";
import { renderFigureSvg } from "./figure";
import { saveFile } from "./save_file";

const FIGURE_WIDTH = 800;
const PNG_SCALE = 2;

export function downloadSvg(block: Chart | Confusion): void {
  const svg = renderFigureSvg({ block, width: FIGURE_WIDTH });
  saveFile(new Blob([svg], { type: "image/svg+xml" }), `${block.id}.svg`);
}

export async function downloadPng(block: Chart | Confusion): Promise<void> {
  const svg = renderFigureSvg({ block, width: FIGURE_WIDTH });
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = image.naturalWidth * PNG_SCALE;
  canvas.height = image.naturalHeight * PNG_SCALE;
  canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
  canvas.toBlob((blob) => {
    if (blob !== null) saveFile(blob, `${block.id}.png`);
  }, "image/png");
}
