import { useEffect, useState } from "preact/hooks";

import type { Desk } from "./desk";

/** Renders again whenever something on the desk changes. */
export function useDesk(desk: Desk): void {
  const [, setChanges] = useState(0);
  useEffect(() => desk.subscribe(() => setChanges((count) => count + 1)), [desk]);
}
