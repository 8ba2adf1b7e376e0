// The answers as files.

import type { Answer, Desk } from "./desk";
import type { Picture } from "./pictures";

interface Row {
  picture: Picture;
  model: string;
  answer: Answer;
}

function rows(desk: Desk, models: string[]): Row[] {
  return desk.pictures.flatMap((picture) =>
    models.map((model) => ({ picture, model, answer: desk.answer(picture, model) })),
  );
}

function quoted(value: string | number | boolean | null): string {
  const text = value === null ? "" : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
}

const COLUMNS = [
  "name",
  "model",
  "version",
  "class",
  "confidence",
  "second",
  "second_confidence",
  "third",
  "third_confidence",
  "familiar",
  "novelty",
  "notices",
  "error",
];

function cells({ picture, model, answer }: Row): (string | number | boolean | null)[] {
  if (answer.state === "answered") {
    const { result, version } = answer;
    const [, second, third] = result.top;
    return [
      picture.name,
      model,
      version,
      result.class,
      result.confidence,
      second?.class ?? null,
      second?.probability ?? null,
      third?.class ?? null,
      third?.probability ?? null,
      result.familiar,
      result.novelty,
      result.notices.map(({ code }) => code).join(" "),
      null,
    ];
  }
  const error = answer.state === "failed" ? answer.problem.detail || answer.problem.title : null;
  return [picture.name, model, ...Array<null>(COLUMNS.length - 3).fill(null), error];
}

/** RFC 4180, UTF-8, one line a picture and model. */
export function answersAsCsv(desk: Desk, models: string[]): Blob {
  const lines = [COLUMNS, ...rows(desk, models).map(cells)];
  const text = lines.map((line) => line.map(quoted).join(",") + "\r\n").join("");
  return new Blob([text], { type: "text/csv;charset=utf-8" });
}

/** As the API gives them, without the pictures. */
export function answersAsJson(desk: Desk, models: string[]): Blob {
  const results = rows(desk, models).map(({ picture, model, answer }) => {
    const head = { name: picture.name, model };
    if (answer.state === "waiting") return head;
    if (answer.state === "failed") return { ...head, error: answer.problem };
    const { seen: _, ...result } = answer.result;
    return { ...head, version: answer.version, ...result };
  });
  return new Blob([JSON.stringify(results, null, 2) + "\n"], { type: "application/json" });
}
