// Figures as files, from the browser.

import type { Chart, Confusion } from "./document";
import { renderFigureSvg } from "./figure";

const FIGURE_WIDTH = 800;
const PNG_SCALE = 2;

function save(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

export function downloadSvg(block: Chart | Confusion): void {
  const svg = renderFigureSvg({ block, width: FIGURE_WIDTH });
  save(new Blob([svg], { type: "image/svg+xml" }), `${block.id}.svg`);
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
    if (blob !== null) save(blob, `${block.id}.png`);
  }, "image/png");
}
