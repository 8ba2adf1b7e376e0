import { useEffect, useState } from "preact/hooks";

import { useAppearance } from "../appearance";

/**
 * Counts from 1 to `count`, one step at a time with pauses in which the page answers: for drawing
 * a long page from the top. At once where all is needed, on paper and at a link into the page.
 */
export function useSteps(count: number): number {
  const { printing } = useAppearance();
  const [step, setStep] = useState(location.hash === "" ? 1 : count);
  useEffect(() => {
    if (step >= count) return undefined;
    const timer = setTimeout(() => setStep(step + 1));
    return () => clearTimeout(timer);
  }, [step, count]);
  return printing ? count : step;
}
