import type { Model } from "./api";
import type { Desk } from "./desk";
import { Guesses } from "./guesses";
import { PicturePair } from "./picture_pair";
import type { Picture } from "./pictures";
import { isUnfamiliar, noticeWord, opinions, problemText, whoSay } from "./words";

interface Props {
  desk: Desk;
  picture: Picture;
  models: Model[];
}

function agreementText(named: [string, string[]][]): string {
  if (named.length === 1) return `They agree: ${named[0][0]}`;
  return "They disagree";
}

/** One picture and what every model says about it. */
export function Comparison({ desk, picture, models }: Props) {
  const answers = models.map(({ name }) => ({ model: name, answer: desk.answer(picture, name) }));
  const done = answers.every(({ answer }) => answer.state !== "waiting");
  const named = opinions(answers);
  const most = named[0]?.[0];
  const first = answers.find(({ answer }) => answer.state === "answered")?.answer;
  return (
    <section class="card comparison" aria-label={picture.name} aria-busy={!done}>
      <div class="comparison-head">
        <PicturePair
          picture={picture}
          seen={first?.state === "answered" ? first.result.seen : undefined}
        />
        <div>
          <h2 class={named.length > 1 ? "verdict apart" : "verdict"}>
            {done ? named.length > 0 && agreementText(named) : "Asking them all…"}
          </h2>
          {done && named.length > 1 && (
            <ul class="opinions">
              {named.map(([name, by]) => (
                <li>
                  {whoSay(by)} <b>{name}</b>
                </li>
              ))}
            </ul>
          )}
        </div>
      </div>
      <ul class="models">
        {answers.map(({ model, answer }) => {
          const apart =
            answer.state === "answered" && named.length > 1 && answer.result.class !== most;
          return (
            <li class={apart ? "one-model apart" : "one-model"}>
              <h3>
                {model}
                {apart && <span class="tag">differs</span>}
              </h3>
              {answer.state === "waiting" && <p class="waiting">Looking…</p>}
              {answer.state === "failed" && <p class="refused">{problemText(answer.problem)}</p>}
              {answer.state === "answered" && (
                <>
                  <Guesses guesses={answer.result.top} sure={!isUnfamiliar(answer.result)} />
                  {(answer.result.notices.length > 0 || isUnfamiliar(answer.result)) && (
                    <p class="asides">{answer.result.notices.map(noticeWord).join(", ")}</p>
                  )}
                </>
              )}
            </li>
          );
        })}
      </ul>
    </section>
  );
}
