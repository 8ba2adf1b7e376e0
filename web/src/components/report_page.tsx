import { useMemo } from "preact/hooks";

import { Album, AlbumContext } from "../album";
import type { Report } from "../document";
import { Contents } from "./contents";
import { SectionView } from "./section_view";
import { useSteps } from "./use_steps";

export function ReportPage({ report }: { report: Report }) {
  const album = useMemo(() => new Album(report.atlas), [report]);
  const drawn = useSteps(report.sections.length);
  return (
    <AlbumContext.Provider value={album}>
      <div class="page">
        <header class="top">
          <h1>{report.title}</h1>
          {report.lead !== "" && <p class="lead">{report.lead}</p>}
        </header>
        {report.sections.length > 1 && <Contents sections={report.sections} />}
        <main id="content" aria-busy={drawn < report.sections.length}>
          {report.sections.map((section, i) => (
            <SectionView section={section} drawn={i < drawn} />
          ))}
          {report.notes.length > 0 && (
            <footer class="notes">
              <h2>How this was made</h2>
              <ul>
                {report.notes.map((note) => (
                  <li>{note}</li>
                ))}
              </ul>
            </footer>
          )}
        </main>
      </div>
    </AlbumContext.Provider>
  );
}
