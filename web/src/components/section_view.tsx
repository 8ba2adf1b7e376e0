import type { Section } from "../document";
import { unbroken } from "../format";
import { BlockView } from "./block_view";

export function SectionView({ section }: { section: Section }) {
  const heading = `${section.id}-title`;
  return (
    <section class="card" id={section.id} aria-labelledby={heading}>
      <h2 id={heading}>
        {section.title}
        <a class="anchor" href={`#${section.id}`} aria-label={`Link to ${section.title}`}>
          #
        </a>
      </h2>
      {section.finding !== "" && <p class="finding">{unbroken(section.finding)}</p>}
      {section.blocks.map((block) => (
        <BlockView block={block} />
      ))}
    </section>
  );
}
