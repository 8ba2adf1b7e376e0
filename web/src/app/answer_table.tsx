// Several pictures and what the models say about them.

import { Fragment, type ComponentChildren } from "preact";
import { useState } from "preact/hooks";

import { HeaderCell, nextOrder, sortedRows, type Order } from "../components/data_table";
import type { TableCell } from "../document";
import { saveFile } from "../save_file";
import { AnswerCard } from "./answer_card";
import type { Model } from "./api";
import { Comparison } from "./comparison";
import type { Answer, Desk } from "./desk";
import { answersAsCsv, answersAsJson } from "./export";
import { Original, Seen } from "./picture_pair";
import type { Picture } from "./pictures";
import { confidenceText, noticeWord, opinions, problemText } from "./words";

const ROWS_AT_FIRST = 60;

interface Column {
  title: string;
  numeric: boolean;
  /** What it is sorted by. */
  key: (picture: Picture) => TableCell;
  content: (picture: Picture) => ComponentChildren;
}

function classCell(answer: Answer): TableCell {
  return answer.state === "answered" ? answer.result.class : null;
}

function confidenceCell(answer: Answer): TableCell {
  return answer.state === "answered" ? answer.result.confidence : null;
}

function remarks(answer: Answer): string {
  if (answer.state === "waiting") return "";
  if (answer.state === "failed") return problemText(answer.problem);
  return answer.result.notices.map(noticeWord).join(", ");
}

function nameColumn(open: number | null, onOpen: (id: number) => void): Column {
  return {
    title: "Name",
    numeric: false,
    key: ({ name }) => name,
    content: ({ id, name }) => (
      <button type="button" class="link" aria-expanded={open === id} onClick={() => onOpen(id)}>
        {name}
      </button>
    ),
  };
}

function columnsOfOne(desk: Desk, { name: model }: Model): Column[] {
  const answer = (picture: Picture) => desk.answer(picture, model);
  return [
    {
      title: "Class",
      numeric: false,
      key: (picture) => classCell(answer(picture)),
      content: (picture) => {
        const now = answer(picture);
        if (now.state === "waiting") return <span class="waiting">…</span>;
        return now.state === "answered" ? now.result.class : <span class="none">–</span>;
      },
    },
    {
      title: "Confidence",
      numeric: true,
      key: (picture) => confidenceCell(answer(picture)),
      content: (picture) => {
        const value = confidenceCell(answer(picture));
        return typeof value === "number" ? confidenceText(value) : null;
      },
    },
    {
      title: "Notice",
      numeric: false,
      key: (picture) => remarks(answer(picture)) || null,
      content: (picture) => (
        <span class={answer(picture).state === "failed" ? "refused" : "asides"}>
          {remarks(answer(picture))}
        </span>
      ),
    },
  ];
}

function columnsOfSeveral(desk: Desk, models: Model[]): Column[] {
  const answers = (picture: Picture) =>
    models.map(({ name }) => ({ model: name, answer: desk.answer(picture, name) }));
  const agreement = (picture: Picture): string | null => {
    const all = answers(picture);
    if (all.some(({ answer }) => answer.state === "waiting")) return null;
    const count = opinions(all).length;
    return count === 0 ? null : count === 1 ? "agree" : "disagree";
  };
  const single = (model: string): Column => ({
    title: model,
    numeric: false,
    key: (picture) => classCell(desk.answer(picture, model)),
    content: (picture) => {
      const answer = desk.answer(picture, model);
      if (answer.state === "waiting") return <span class="waiting">…</span>;
      if (answer.state === "failed") {
        // Mostly the picture's fault, and then said once.
        const first = desk.answer(picture, models[0].name);
        if (model !== models[0].name && remarks(first) === remarks(answer)) {
          return <span class="none">–</span>;
        }
        return <span class="refused">{remarks(answer)}</span>;
      }
      const most = opinions(answers(picture))[0]?.[0];
      const { result } = answer;
      return (
        <span class={result.class === most ? undefined : "apart"}>
          {result.class} <small>{confidenceText(result.confidence)}</small>
        </span>
      );
    },
  });
  return [
    ...models.map(({ name }) => single(name)),
    {
      title: "Models",
      numeric: false,
      key: agreement,
      content: (picture) => {
        const word = agreement(picture);
        return word === "disagree" ? <span class="tag">{word}</span> : word;
      },
    },
  ];
}

function Progress({ done, total }: { done: number; total: number }) {
  if (done === total) return null;
  return (
    <label class="progress">
      <progress value={done} max={total} /> {done} of {total}
    </label>
  );
}

function Thumbnails({ picture, answer }: { picture: Picture; answer: Answer }) {
  const seen = answer.state === "answered" ? answer.result.seen : undefined;
  return (
    <span class="thumbnails">
      <Original picture={picture} alt="" />
      {seen !== undefined && <Seen seen={seen} size={56} />}
    </span>
  );
}

export function AnswerTable({ desk, models }: { desk: Desk; models: Model[] }) {
  const [order, setOrder] = useState<Order | null>(null);
  const [all, setAll] = useState(false);
  const [open, setOpen] = useState<number | null>(null);
  const { pictures } = desk;
  const names = models.map(({ name }) => name);
  const toggle = (id: number) => setOpen(open === id ? null : id);

  const columns = [
    nameColumn(open, toggle),
    ...(models.length === 1 ? columnsOfOne(desk, models[0]) : columnsOfSeveral(desk, models)),
  ];
  const keys = pictures.map((one, i): TableCell[] => [...columns.map(({ key }) => key(one)), i]);
  const sorted = sortedRows(keys, order).map((row) => pictures[row[columns.length] as number]);
  const shown = all ? sorted : sorted.slice(0, ROWS_AT_FIRST);

  const asked = pictures.flatMap((one) => names.map((name) => desk.answer(one, name)));
  const done = asked.filter(({ state }) => state !== "waiting").length;

  return (
    <section class="card gallery" aria-label="Pictures and their classes">
      <div class="gallery-head">
        <h2>{pictures.length} pictures</h2>
        <Progress done={done} total={asked.length} />
        <div class="buttons">
          <button
            type="button"
            aria-label="Download the table as CSV"
            onClick={() => saveFile(answersAsCsv(desk, names), "thimble.csv")}
          >
            CSV
          </button>
          <button
            type="button"
            aria-label="Download the table as JSON"
            onClick={() => saveFile(answersAsJson(desk, names), "thimble.json")}
          >
            JSON
          </button>
        </div>
      </div>
      <div class="scroll">
        <table class="data">
          <thead>
            <tr>
              <td class="corner">
                <span class="unseen">Picture</span>
              </td>
              {columns.map(({ title, numeric }, i) => (
                <HeaderCell
                  title={title}
                  numeric={numeric}
                  order={order}
                  column={i}
                  onSort={() => setOrder(nextOrder(order, i, numeric))}
                />
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.map((picture) => (
              <Fragment key={picture.id}>
                <tr>
                  <td>
                    <Thumbnails picture={picture} answer={desk.answer(picture, names[0])} />
                  </td>
                  {columns.map(({ numeric, content }, i) =>
                    i === 0 ? (
                      <th scope="row">{content(picture)}</th>
                    ) : (
                      <td class={numeric ? "number" : undefined}>{content(picture)}</td>
                    ),
                  )}
                </tr>
                {open === picture.id && (
                  <tr class="opened">
                    <td colSpan={columns.length + 1}>
                      {models.length === 1 ? (
                        <AnswerCard
                          picture={picture}
                          answer={desk.answer(picture, names[0])}
                          model={models[0]}
                        />
                      ) : (
                        <Comparison desk={desk} picture={picture} models={models} />
                      )}
                    </td>
                  </tr>
                )}
              </Fragment>
            ))}
          </tbody>
        </table>
      </div>
      {shown.length < sorted.length && (
        <button type="button" class="more" onClick={() => setAll(true)}>
          Show all {sorted.length} pictures
        </button>
      )}
    </section>
  );
}
