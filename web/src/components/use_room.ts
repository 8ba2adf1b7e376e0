import type { RefObject } from "preact";
import { useLayoutEffect, useState } from "preact/hooks";

import { useAppearance } from "../appearance";

/** Charts are drawn when they come this near to the window. */
const NEAR = "700px";

// An A4 or letter page within its margins.
const PAGE_WIDTH = 680;
const HALF_PAGE_WIDTH = 325;

/** The width that a chart has to fill; null while it is far out of sight. */
export function useRoom(host: RefObject<HTMLElement>): number | null {
  const { printing } = useAppearance();
  const [width, setWidth] = useState<number | null>(null);

  useLayoutEffect(() => {
    const element = host.current;
    if (element === null) return undefined;
    const resized = new ResizeObserver(() => {
      if (element.clientWidth > 0) setWidth(element.clientWidth);
    });
    const near = new IntersectionObserver(
      (entries) => {
        if (!entries.some((entry) => entry.isIntersecting)) return;
        near.disconnect();
        resized.observe(element);
      },
      { rootMargin: NEAR },
    );
    near.observe(element);
    return () => {
      near.disconnect();
      resized.disconnect();
    };
  }, []);

  if (!printing) return width;
  return host.current?.closest(".side-by-side") ? HALF_PAGE_WIDTH : PAGE_WIDTH;
}
