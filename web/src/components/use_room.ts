import type { RefObject } from "preact";
import { useLayoutEffect, useState } from "preact/hooks";

import { useAppearance } from "../appearance";

/** Charts are drawn when they come this near to the window. */
const NEAR = "700px";

// An A4 or letter page within its margins.
const PAGE_WIDTH = 680;
const HALF_PAGE_WIDTH = 325;

export interface ChartRoom {
  /** In pixels; null before it is known. */
  width: number | null;
  /** Near enough to the window to be drawn. */
  near: boolean;
}

function useWidth(host: RefObject<HTMLElement>): number | null {
  const [width, setWidth] = useState<number | null>(null);
  useLayoutEffect(() => {
    const element = host.current;
    if (element === null) return undefined;
    const measure = () => {
      if (element.clientWidth > 0) setWidth(element.clientWidth);
    };
    measure();
    const resized = new ResizeObserver(measure);
    resized.observe(element);
    return () => resized.disconnect();
  }, []);
  return width;
}

function useNear(host: RefObject<HTMLElement>): boolean {
  const [near, setNear] = useState(false);
  useLayoutEffect(() => {
    const element = host.current;
    if (element === null) return undefined;
    const observer = new IntersectionObserver(
      (entries) => {
        if (!entries.some((entry) => entry.isIntersecting)) return;
        observer.disconnect();
        setNear(true);
      },
      { rootMargin: NEAR },
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return near;
}

export function useRoom(host: RefObject<HTMLElement>): ChartRoom {
  const { printing } = useAppearance();
  const width = useWidth(host);
  const near = useNear(host);
  if (!printing) return { width, near };
  const half = host.current?.closest(".side-by-side") !== null;
  return { width: half ? HALF_PAGE_WIDTH : PAGE_WIDTH, near: true };
}
