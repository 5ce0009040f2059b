/** Whether the page is as narrow as a telephone; the style sheets have the same limit. */
import { useSyncExternalStore } from "react";

const NARROW = window.matchMedia("(max-width: 700px)");

export function useNarrow(): boolean {
  return useSyncExternalStore(
    (changed) => {
      NARROW.addEventListener("change", changed);
      return () => NARROW.removeEventListener("change", changed);
    },
    () => NARROW.matches,
  );
}
