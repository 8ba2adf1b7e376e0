// Pictures dropped anywhere on the page, or pasted.

import { useLayoutEffect, useRef, useState } from "preact/hooks";

function hasFiles(event: DragEvent): boolean {
  return event.dataTransfer?.types.includes("Files") ?? false;
}

/** Keeps the browser from leaving the page for a file that is dropped where nobody waits for it. */
export function stayWhenDroppedOn(): void {
  const stay = (event: DragEvent) => {
    if (hasFiles(event)) event.preventDefault();
  };
  addEventListener("dragover", stay);
  addEventListener("drop", stay);
}

/** @return  whether files are being dragged over the page */
export function useArrivals(onFiles: (files: File[]) => void): boolean {
  const [dragging, setDragging] = useState(false);
  const receive = useRef(onFiles);
  receive.current = onFiles;

  // Not after the next paint: what is drawn can be dropped on.
  useLayoutEffect(() => {
    const over = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      setDragging(true);
    };
    const leave = (event: DragEvent) => {
      if (event.relatedTarget === null) setDragging(false);
    };
    const drop = (event: DragEvent) => {
      setDragging(false);
      if (!hasFiles(event)) return;
      event.preventDefault();
      receive.current([...(event.dataTransfer?.files ?? [])]);
    };
    const paste = (event: ClipboardEvent) => {
      const files = [...(event.clipboardData?.files ?? [])];
      if (files.length === 0) return;
      event.preventDefault();
      receive.current(files);
    };
    addEventListener("dragover", over);
    addEventListener("dragleave", leave);
    addEventListener("drop", drop);
    addEventListener("paste", paste);
    return () => {
      removeEventListener("dragover", over);
      removeEventListener("dragleave", leave);
      removeEventListener("drop", drop);
      removeEventListener("paste", paste);
    };
  }, []);
  return dragging;
}
