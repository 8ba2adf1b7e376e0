import type { FunctionComponent } from "preact";
import { useEffect, useState } from "preact/hooks";

import type { Report } from "../document";
import { ApiError, type Api, type Problem } from "./api";
import { ProblemCard } from "./problem_card";

type Loaded =
  | { state: "loading" }
  | { state: "shown"; report: Report; Page: FunctionComponent<{ report: Report }> }
  | { state: "failed"; problem: Problem };

const BROKEN: Problem = {
  title: "This view cannot be shown",
  status: 0,
  detail: "A part of this page could not be loaded.",
};

async function load(api: Api, model: string): Promise<Loaded> {
  try {
    const [report, { ReportPage }] = await Promise.all([api.report(model), import("./app_report")]);
    return { state: "shown", report, Page: ReportPage };
  } catch (error) {
    return { state: "failed", problem: error instanceof ApiError ? error.problem : BROKEN };
  }
}

/** How good a model is: the figures from its training, as in a report. */
export function QualityView({ api, model }: { api: Api; model: string }) {
  const [loaded, setLoaded] = useState<Loaded>({ state: "loading" });
  const [tries, setTries] = useState(0);
  useEffect(() => {
    let gone = false;
    void load(api, model).then((now) => {
      if (!gone) setLoaded(now);
    });
    return () => {
      gone = true;
    };
  }, [api, model, tries]);

  if (loaded.state === "shown") return <loaded.Page report={loaded.report} />;
  return (
    <main class="column" id="content" aria-busy={loaded.state === "loading"}>
      {loaded.state === "failed" ? (
        <ProblemCard problem={loaded.problem} onRetry={() => setTries(tries + 1)} />
      ) : (
        <p class="waiting" role="status">
          Fetching the figures…
        </p>
      )}
    </main>
  );
}
