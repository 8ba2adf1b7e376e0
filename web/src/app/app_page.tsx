// The whole page: what the service says about itself, and one of two views.

import { useEffect, useMemo, useState } from "preact/hooks";

import { Api, ApiError, type Models, type Problem } from "./api";
import { Desk } from "./desk";
import { Masthead, type View } from "./masthead";
import { ProblemCard } from "./problem_card";
import { QualityView } from "./quality_view";
import { readToken, TokenForm, writeToken } from "./token_form";
import { TryView } from "./try_view";

/** What stops the whole page. */
type Obstacle = { kind: "token"; refused: boolean } | { kind: "problem"; problem: Problem } | null;

function useService() {
  const [models, setModels] = useState<Models | null>(null);
  const [obstacle, setObstacle] = useState<Obstacle>(null);
  const { api, desk } = useMemo(() => {
    const api = new Api();
    api.token = readToken();
    const desk = new Desk(api, () => setObstacle({ kind: "token", refused: api.token !== "" }));
    return { api, desk };
  }, []);

  const load = async () => {
    try {
      setModels(await api.models());
      setObstacle(null);
      desk.resume();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const { problem } = error;
      if (problem.status === 401) setObstacle({ kind: "token", refused: api.token !== "" });
      else setObstacle({ kind: "problem", problem });
    }
  };
  useEffect(() => void load(), []);

  const giveToken = (token: string) => {
    api.token = token;
    writeToken(token);
    void load();
  };
  return { api, desk, models, obstacle, load, giveToken };
}

export function App() {
  const { api, desk, models, obstacle, load, giveToken } = useService();
  const [view, setView] = useState<View>("try");
  const [chosen, setChosen] = useState<string | null>(null);
  const model = chosen ?? models?.default ?? "";

  const content = () => {
    if (obstacle?.kind === "token") {
      return (
        <main class="column" id="content">
          <TokenForm refused={obstacle.refused} onToken={giveToken} />
        </main>
      );
    }
    if (obstacle?.kind === "problem") {
      return (
        <main class="column" id="content">
          <ProblemCard problem={obstacle.problem} onRetry={() => void load()} />
        </main>
      );
    }
    if (models === null) return <main class="column" id="content" aria-busy="true" />;
    if (view === "quality") return <QualityView api={api} model={model} key={model} />;
    return <TryView api={api} desk={desk} models={models.models} model={model} />;
  };

  return (
    <>
      <a class="skip" href="#content">
        Skip to the content
      </a>
      <Masthead
        view={view}
        onView={setView}
        models={models?.models ?? []}
        model={model}
        onModel={setChosen}
      />
      {content()}
      <footer class="colophon">
        Pictures go to the service that gave this page, and to nobody else. ·{" "}
        <a href="/docs">The API</a>
      </footer>
    </>
  );
}
