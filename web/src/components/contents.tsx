import { useEffect, useState } from "preact/hooks";

import type { Section } from "../document";

/** The section that is being read: the last one whose top is above the window's upper third. */
function useCurrent(sections: Section[]): string {
  const [current, setCurrent] = useState("");
  useEffect(() => {
    let waiting = false;
    const look = () => {
      waiting = false;
      let found = "";
      for (const { id } of sections) {
        const element = document.getElementById(id);
        if (element && element.getBoundingClientRect().top < innerHeight / 3) found = id;
      }
      setCurrent(found);
    };
    const scrolled = () => {
      if (!waiting) requestAnimationFrame(look);
      waiting = true;
    };
    look();
    addEventListener("scroll", scrolled, { passive: true });
    return () => removeEventListener("scroll", scrolled);
  }, [sections]);
  return current;
}

export function Contents({ sections }: { sections: Section[] }) {
  const current = useCurrent(sections);
  return (
    <nav class="contents" aria-label="Contents">
      <ol>
        {sections.map(({ id, title }) => (
          <li>
            <a href={`#${id}`} aria-current={id === current ? "true" : undefined}>
              {title}
            </a>
          </li>
        ))}
      </ol>
    </nav>
  );
}
