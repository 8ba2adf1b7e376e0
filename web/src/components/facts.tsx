import type { Facts } from "../document";
import { unbroken } from "../format";

export function FactTiles({ facts }: { facts: Facts["facts"] }) {
  return (
    <dl class="facts">
      {facts.map(({ label, value, note }) => (
        <div class="fact">
          <dt>{label}</dt>
          <dd class="value">{unbroken(value)}</dd>
          {note !== "" && <dd class="note">{unbroken(note)}</dd>}
        </div>
      ))}
    </dl>
  );
}
