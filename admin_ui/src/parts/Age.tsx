/** How long ago something was; the exact time is what it says when one points at it. */
import { useSyncExternalStore } from "react";
import { ago, exactTime } from "../formats";

const EVERY = 30_000;

const shown = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

/** One timer for all: a list shows dozens. */
function onTick(changed: () => void): () => void {
  shown.add(changed);
  timer ??= setInterval(() => shown.forEach((one) => one()), EVERY);
  return () => {
    shown.delete(changed);
    if (shown.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

const tick = () => Math.floor(Date.now() / EVERY);

export function Age({ at, words }: { at: string; words: (age: string) => string }) {
  // Drawn again as time passes.
  useSyncExternalStore(onTick, tick);
  return (
    <time dateTime={at} title={exactTime(at)}>
      {words(ago(at))}
    </time>
  );
}
