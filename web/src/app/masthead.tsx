import { AppearanceSwitch } from "./appearance_switch";
import type { Model } from "./api";
import { ThimbleMark } from "./icons";
import { formatPercent } from "../format";

export type View = "try" | "quality";

const VIEWS: { view: View; title: string }[] = [
  { view: "try", title: "Try it" },
  { view: "quality", title: "How good is it?" },
];

function optionText({ name, metrics }: Model): string {
  const accuracy = metrics?.test?.accuracy;
  return accuracy === undefined ? name : `${name} (${formatPercent(accuracy, 1)} right)`;
}

interface Props {
  view: View;
  onView: (view: View) => void;
  models: Model[];
  model: string;
  onModel: (name: string) => void;
}

/** Name, views, model, light or dark. */
export function Masthead({ view, onView, models, model, onModel }: Props) {
  return (
    <header class="masthead">
      <span class="wordmark">
        <ThimbleMark />
        Thimble
      </span>
      <nav aria-label="Views">
        {VIEWS.map(({ view: one, title }) => (
          <button
            type="button"
            aria-current={one === view ? "page" : undefined}
            onClick={() => onView(one)}
          >
            {title}
          </button>
        ))}
      </nav>
      {models.length > 1 && (
        <label class="model-choice">
          <span>Model</span>
          <select
            aria-label="Model"
            value={model}
            onChange={(event) => onModel(event.currentTarget.value)}
          >
            {models.map((one) => (
              <option value={one.name}>{optionText(one)}</option>
            ))}
          </select>
        </label>
      )}
      <AppearanceSwitch />
    </header>
  );
}
