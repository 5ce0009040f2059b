/** Whether the service was reached by the last request. The browser's own word says only whether there is a network. */
import { useSyncExternalStore } from "react";

let reached = true;
const listeners = new Set<() => void>();

export function tellReached(now: boolean): void {
  if (now === reached) return;
  reached = now;
  for (const listener of listeners) listener();
}

export function useReached(): boolean {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => reached,
  );
}
