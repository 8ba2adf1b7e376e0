// Entry of figures.js, which the program runs in its own JavaScript engine: defines
// renderFigure(json), with {"block": ..., "width": 800, "height": 500}, giving an SVG document.

import "./typed_array_sort";

import { renderFigureSvg, type FigureRequest } from "./figure";

declare const globalThis: { renderFigure?: (json: string) => string };

globalThis.renderFigure = (json) => renderFigureSvg(JSON.parse(json) as FigureRequest);
