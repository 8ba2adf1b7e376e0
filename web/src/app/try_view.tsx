// Pictures in, answers out.

import { useEffect, useRef, useState } from "preact/hooks";

import { AnswerCard } from "./answer_card";
import { AnswerTable } from "./answer_table";
import type { Api, Model } from "./api";
import { Comparison } from "./comparison";
import type { Desk } from "./desk";
import { makePicture, type Picture } from "./pictures";
import { Samples } from "./samples";
import { Source } from "./source";
import { useArrivals } from "./use_arrivals";
import { useDesk } from "./use_desk";
import { inWords, opinions, spoken } from "./words";

interface Props {
  api: Api;
  desk: Desk;
  models: Model[];
  model: string;
}

/** What a screen reader says once there is something to say. */
function announcement(desk: Desk, asked: Model[]): string {
  const { pictures } = desk;
  const answers = pictures.map((picture) => asked.map(({ name }) => desk.answer(picture, name)));
  if (answers.flat().some(({ state }) => state === "waiting")) return "";
  if (pictures.length > 1) return `${pictures.length} pictures done. The table follows.`;
  if (pictures.length === 0) return "";
  const [picture] = pictures;
  if (asked.length === 1) return spoken(picture.name, answers[0][0], asked[0]);
  const named = opinions(asked.map(({ name }, i) => ({ model: name, answer: answers[0][i] })));
  return named.map(([name, by]) => `${name}: ${by.join(", ")}`).join(". ");
}

function lead(models: Model[], model: string): string {
  const count = models.find(({ name }) => name === model)?.classes.length ?? 0;
  const kinds = count > 0 ? `${inWords(count)} kinds of clothing` : "clothing";
  return `Show it a picture and it tells ${kinds} apart, and says when it is not sure.`;
}

export function TryView({ api, desk, models, model }: Props) {
  const [comparing, setComparing] = useState(false);
  const [beside, setBeside] = useState(false);
  const answers = useRef<HTMLDivElement>(null);
  useDesk(desk);

  const known = models.filter(({ name }) => comparing || name === model);
  const names = known.map(({ name }) => name);
  useEffect(() => names.forEach((name) => desk.ask(name)), [desk, names.join("\n")]);

  const show = (pictures: Picture[]) => desk.show(pictures, names);
  const take = (files: File[]) => {
    if (files.length === 0) return;
    show(files.map((file) => makePicture(file, file.name || "pasted picture")));
    requestAnimationFrame(() => answers.current?.scrollIntoView({ block: "nearest" }));
  };
  const dragging = useArrivals(take);

  const { pictures } = desk;
  const empty = pictures.length === 0;
  const first = empty && !beside;
  const layout = beside ? ["beside"] : comparing && pictures.length > 1 ? ["wide"] : [];
  const single = pictures.length === 1 ? pictures[0] : null;
  return (
    <main class={["column", ...layout].join(" ")} id="content">
      <header class={first ? "hero" : "hero small"}>
        <h1>What garment is this?</h1>
        {first && <p class="lead">{lead(models, model)}</p>}
      </header>
      <Source
        compact={!empty}
        dragging={dragging}
        onFiles={take}
        onPicture={(picture) => show(picture === null ? [] : [picture])}
        onPanel={setBeside}
      />
      <div class="answers" ref={answers}>
        {!empty && models.length > 1 && (
          <label class="check">
            <input
              type="checkbox"
              checked={comparing}
              onChange={(event) => setComparing(event.currentTarget.checked)}
            />
            Compare {models.length === 2 ? "both" : `all ${inWords(models.length)}`} models
          </label>
        )}
        {single !== null && !comparing && (
          <AnswerCard
            picture={single}
            answer={desk.answer(single, model)}
            model={known[0]}
            keepLast={beside}
          />
        )}
        {single !== null && comparing && <Comparison desk={desk} picture={single} models={known} />}
        {pictures.length > 1 && <AnswerTable desk={desk} models={known} />}
      </div>
      <Samples api={api} onPicture={(picture) => show([picture])} />
      <p class="unseen" role="status">
        {announcement(desk, known)}
      </p>
    </main>
  );
}
