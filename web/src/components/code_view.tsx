import { useEffect, useState } from "preact/hooks";

import type { Code } from "../document";
import { saveFile } from "../save_file";

const SAID_MS = 2000;

/** Selects an element's text, for where a page may not write to the clipboard. */
function select(id: string): void {
  const text = document.getElementById(id);
  if (text !== null) getSelection()?.selectAllChildren(text);
}

/** A file's text with buttons to copy and to download it. */
export function CodeView({ code }: { code: Code }) {
  const [said, setSaid] = useState("");
  const textId = `${code.id}-text`;

  useEffect(() => {
    if (said === "") return undefined;
    const timer = setTimeout(() => setSaid(""), SAID_MS);
    return () => clearTimeout(timer);
  }, [said]);

  const copy = async () => {
    try {
      await navigator.clipboard.writeText(code.text);
      setSaid("Copied");
    } catch {
      select(textId);
      setSaid("Selected: copy it with the keyboard");
    }
  };

  return (
    <figure class="figure" id={code.id}>
      <div class="figure-head">
        <figcaption>{code.title}</figcaption>
        <div class="controls">
          <span class="said" role="status">
            {said}
          </span>
          <div class="buttons">
            <button type="button" aria-label={`Copy ${code.title}`} onClick={() => void copy()}>
              Copy
            </button>
            <button
              type="button"
              aria-label={`Download ${code.title} as ${code.file_name}`}
              onClick={() => saveFile(new Blob([code.text], { type: "text/plain" }), code.file_name)}
            >
              Download
            </button>
          </div>
        </div>
      </div>
      <pre class="code" tabIndex={0}>
        <code id={textId}>{code.text}</code>
      </pre>
    </figure>
  );
}
