import type { Problem } from "./api";
import { problemText } from "./words";

/** What went wrong, and a way on. */
export function ProblemCard({ problem, onRetry }: { problem: Problem; onRetry: () => void }) {
  return (
    <section class="card problem" role="alert">
      <h2>{problem.title}</h2>
      <p>{problemText(problem)}</p>
      <button type="button" onClick={onRetry}>
        Try again
      </button>
    </section>
  );
}
