import type { Guess } from "./api";
import { confidenceText } from "./words";

/** Classes with their confidence, as bars. */
export function Guesses({ guesses }: { guesses: Guess[] }) {
  return (
    <ol class="guesses">
      {guesses.map((guess) => (
        <li>
          <span class="guess-name">{guess.class}</span>{" "}
          <span class="guess-value">{confidenceText(guess.probability)}</span>
          <span class="guess-bar" aria-hidden="true">
            <span style={{ width: `${100 * guess.probability}%` }} />
          </span>
        </li>
      ))}
    </ol>
  );
}
