import type { Facts } from "../document";

export function FactTiles({ facts }: { facts: Facts["facts"] }) {
  return (
    <dl class="facts">
      {facts.map(({ label, value, note }) => (
        <div class="fact">
          <dt>{label}</dt>
          <dd class="value">{value}</dd>
          {note !== "" && <dd class="note">{note}</dd>}
        </div>
      ))}
    </dl>
  );
}
