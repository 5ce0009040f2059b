/** How long ago something was; the exact time is what it says when one points at it. */
import { useSyncExternalStore } from "react";
import { ago, exactTime } from "../formats";

const EVERY = 30_000;

function onTick(changed: () => void): () => void {
  const timer = setInterval(changed, EVERY);
  return () => clearInterval(timer);
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
