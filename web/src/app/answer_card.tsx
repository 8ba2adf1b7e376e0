import { useRef } from "preact/hooks";

import { formatSeconds } from "../format";
import type { Model } from "./api";
import type { Answer } from "./desk";
import { Guesses } from "./guesses";
import { Notices } from "./notices";
import { PicturePair } from "./picture_pair";
import type { Picture } from "./pictures";
import { confidenceText, isUnfamiliar, problemText, unfamiliarText } from "./words";

type Answered = Extract<Answer, { state: "answered" }>;

function Verdict({ answer, model }: { answer: Answered; model: Model | undefined }) {
  const { result } = answer;
  const unfamiliar = isUnfamiliar(result);
  const told = result.notices.filter(({ code }) => code !== "unfamiliar");
  return (
    <>
      {unfamiliar ? (
        <>
          <h2 class="verdict none">{unfamiliarText(model)}</h2>
          <p class="verdict-note">
            It is unlike the pictures that {model?.name} learned from. The closest:
          </p>
        </>
      ) : (
        <h2 class="verdict">
          {result.class} <small>{confidenceText(result.confidence)}</small>
        </h2>
      )}
      <Guesses guesses={result.top} sure={!unfamiliar} />
      <Notices notices={told} model={model} />
    </>
  );
}

interface Props {
  picture: Picture;
  answer: Answer;
  model: Model | undefined;
  /** While waiting show the answer before: for a drawing in the making. */
  keepLast?: boolean;
}

/** One picture and what one model says about it. */
export function AnswerCard({ picture, answer, model, keepLast = false }: Props) {
  const last = useRef<Answered | null>(null);
  if (answer.state === "answered") last.current = answer;
  const stale = answer.state === "waiting" && keepLast ? last.current : null;
  const shown = stale ?? answer;
  return (
    <section class="card answer" aria-label={picture.name} aria-busy={answer.state === "waiting"}>
      <PicturePair
        picture={picture}
        seen={shown.state === "answered" ? shown.result.seen : undefined}
      />
      <div class="answer-words">
        {shown.state === "answered" && <Verdict answer={shown} model={model} />}
        {shown.state === "waiting" && <p class="waiting">Looking…</p>}
        {shown.state === "failed" && (
          <>
            <h2 class="verdict none">{shown.problem.title}</h2>
            <p class="refused">{problemText(shown.problem)}</p>
          </>
        )}
        {shown.state === "answered" && (
          <p class="timing">
            {model?.name} answered in {formatSeconds(shown.seconds)},{" "}
            {formatSeconds(shown.serviceSeconds)} of it in the service.
          </p>
        )}
      </div>
    </section>
  );
}
