/** Whether the service was reached by the last request. That there is a network, as the browser says, is not enough. */
import { useSyncExternalStore } from "react";

let reached = true;
const listeners = new Set<() => void>();

export function tellReached(now: boolean): void {
  if (now === reached) return;
  reached = now;
  for (const listener of listeners) listener();
}

// Without a network nothing has to be tried to know.
window.addEventListener("offline", () => tellReached(false));

export function useReached(): boolean {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => reached,
  );
}
