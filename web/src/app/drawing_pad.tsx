import { useEffect, useRef, useState } from "preact/hooks";

import { makePicture, type Picture } from "./pictures";

/** Of the paper, in its own pixels. */
const SIDE = 560;

const BRUSHES = [
  { title: "Fine", width: 10 },
  { title: "Medium", width: 32 },
  { title: "Broad", width: 84 },
];

interface Stroke {
  width: number;
  points: { x: number; y: number }[];
}

/** One stroke as a smooth line through the middles between its points. */
function drawStroke(context: CanvasRenderingContext2D, { width, points }: Stroke): void {
  context.lineWidth = width;
  context.beginPath();
  context.moveTo(points[0].x, points[0].y);
  for (let i = 1; i + 1 < points.length; ++i) {
    const [here, next] = [points[i], points[i + 1]];
    context.quadraticCurveTo(here.x, here.y, (here.x + next.x) / 2, (here.y + next.y) / 2);
  }
  const last = points[points.length - 1];
  // A dot is a line from a point to itself.
  context.lineTo(last.x, last.y);
  context.stroke();
}

function redraw(canvas: HTMLCanvasElement, strokes: Stroke[]): void {
  const context = canvas.getContext("2d");
  if (context === null) return;
  context.fillStyle = "#ffffff";
  context.fillRect(0, 0, SIDE, SIDE);
  context.strokeStyle = "#23262d";
  context.lineCap = "round";
  context.lineJoin = "round";
  for (const stroke of strokes) drawStroke(context, stroke);
}

function placeOf(event: PointerEvent, canvas: HTMLCanvasElement): { x: number; y: number } {
  const box = canvas.getBoundingClientRect();
  const scale = SIDE / box.width;
  return { x: (event.clientX - box.left) * scale, y: (event.clientY - box.top) * scale };
}

/** White paper and a dark brush. Each stroke is answered at once; null: nothing is drawn. */
export function DrawingPad({ onPicture }: { onPicture: (picture: Picture | null) => void }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const strokes = useRef<Stroke[]>([]);
  const [count, setCount] = useState(0);
  const [brush, setBrush] = useState(1);
  const current = useRef<Stroke | null>(null);

  const whenDrawn = (now: Stroke[]) => {
    strokes.current = now;
    setCount(now.length);
    if (canvas.current === null) return;
    redraw(canvas.current, now);
    if (now.length === 0) {
      onPicture(null);
      return;
    }
    canvas.current.toBlob((blob) => {
      if (blob !== null) onPicture(makePicture(blob, "drawing.png"));
    }, "image/png");
  };
  useEffect(() => {
    if (canvas.current !== null) redraw(canvas.current, []);
  }, []);

  const begin = (event: PointerEvent) => {
    if (canvas.current === null || event.button !== 0) return;
    event.preventDefault();
    canvas.current.setPointerCapture(event.pointerId);
    const place = placeOf(event, canvas.current);
    current.current = { width: BRUSHES[brush].width, points: [place] };
    redraw(canvas.current, [...strokes.current, current.current]);
  };
  const move = (event: PointerEvent) => {
    if (canvas.current === null || current.current === null) return;
    current.current.points.push(placeOf(event, canvas.current));
    redraw(canvas.current, [...strokes.current, current.current]);
  };
  const end = () => {
    if (current.current === null) return;
    const drawn = [...strokes.current, current.current];
    current.current = null;
    whenDrawn(drawn);
  };

  return (
    <div class="panel pad">
      <canvas
        ref={canvas}
        class="paper"
        width={SIDE}
        height={SIDE}
        role="img"
        aria-label="Paper to draw on with a pointer"
        onPointerDown={begin}
        onPointerMove={move}
        onPointerUp={end}
        onPointerCancel={end}
      />
      <div class="pad-tools">
        <div class="switch" role="group" aria-label="Brush">
          {BRUSHES.map(({ title }, i) => (
            <button type="button" aria-pressed={i === brush} onClick={() => setBrush(i)}>
              {title}
            </button>
          ))}
        </div>
        <button
          type="button"
          disabled={count === 0}
          onClick={() => whenDrawn(strokes.current.slice(0, -1))}
        >
          Undo
        </button>
        <button type="button" disabled={count === 0} onClick={() => whenDrawn([])}>
          Clear
        </button>
      </div>
      <p class="hint">Filled shapes are recognised best: broad strokes, then details.</p>
    </div>
  );
}
