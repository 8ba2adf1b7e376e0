import type { Section } from "../document";
import { unbroken } from "../format";
import { BlockView } from "./block_view";

interface Props {
  section: Section;
  /** Whether its blocks are there; title and finding always are. */
  drawn: boolean;
}

export function SectionView({ section, drawn }: Props) {
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
      {drawn && section.blocks.map((block) => <BlockView block={block} />)}
    </section>
  );
}
