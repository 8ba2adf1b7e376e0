// What the page says about answers.

import { formatPercent } from "../format";
import type { Classified, Model, Notice, Problem } from "./api";
import type { Answer } from "./desk";

const NUMBERS = [
  ...["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"],
  ...["eleven", "twelve"],
];

export function inWords(count: number): string {
  return NUMBERS[count] ?? String(count);
}

/** Of a confidence: never a false "100 %" or "0 %". */
export function confidenceText(value: number): string {
  if (value > 0.9995) return ">" + formatPercent(0.999, 1);
  if (value < 0.0005) return "<" + formatPercent(0.001, 1);
  return formatPercent(value, 1);
}

export function unfamiliarText(model: Model | undefined): string {
  const count = model?.classes.length ?? 0;
  return `This looks like none of the ${count > 0 ? inWords(count) + " " : ""}classes`;
}

export function noticeTitle(notice: Notice, model: Model | undefined): string {
  switch (notice.code) {
    case "unfamiliar":
      return unfamiliarText(model);
    case "unsure":
      return "Not sure";
    case "no_object":
      return "Nothing stands out from the background";
    case "synthetic_model":
      return "This model has seen no photos";
    default:
      return "Please note";
  }
}

/** For a cell of a table. */
export function noticeWord({ code }: Notice): string {
  switch (code) {
    case "unfamiliar":
      return "none of the classes";
    case "no_object":
      return "no object";
    case "synthetic_model":
      return "no photos in training";
    default:
      return code;
  }
}

export function problemText({ title, detail }: Problem): string {
  return detail === "" ? title : detail;
}

export function isUnfamiliar(result: Classified): boolean {
  return !result.familiar || result.notices.some(({ code }) => code === "unfamiliar");
}

/** One answer as it is read aloud. */
export function spoken(name: string, answer: Answer, model: Model | undefined): string {
  if (answer.state === "waiting") return "";
  if (answer.state === "failed") return `${name}: ${problemText(answer.problem)}`;
  const { result } = answer;
  const [first, ...others] = result.top.map(
    (guess) => `${guess.class}, ${confidenceText(guess.probability)}`,
  );
  const notices = result.notices.map((notice) => noticeTitle(notice, model));
  const start = isUnfamiliar(result) ? "Closest: " : "";
  return [`${name}: ${start}${first}`, `Then ${others.join("; ")}`, ...notices].join(". ");
}

/** "cnn and forest say", "cnn says". */
export function whoSay(names: string[]): string {
  if (names.length === 1) return `${names[0]} says`;
  return `${names.slice(0, -1).join(", ")} and ${names[names.length - 1]} say`;
}

/** The classes that the models name, each with those that name it, the most named first. */
export function opinions(answers: { model: string; answer: Answer }[]): [string, string[]][] {
  const named = new Map<string, string[]>();
  for (const { model, answer } of answers) {
    if (answer.state !== "answered") continue;
    named.set(answer.result.class, [...(named.get(answer.result.class) ?? []), model]);
  }
  return [...named].sort((a, b) => b[1].length - a[1].length);
}
