import type { Guess } from "./api";
import { confidenceText } from "./words";

interface Props {
  guesses: Guess[];
  /** The first is the answer, not only the closest. */
  sure?: boolean;
}

/** Classes with their confidence, as bars. */
export function Guesses({ guesses, sure = true }: Props) {
  return (
    <ol class={sure ? "guesses sure" : "guesses"}>
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
