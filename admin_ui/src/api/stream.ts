/**
 * Event streams. The browser's own EventSource cannot send a session token, hence fetch.
 *
 * A stream that breaks is opened again, ever more slowly; the service sends the present state first, so nothing is lost.
 * One that the service ends in good order, as it does with the session token, is opened again at once: nothing has broken.
 */
import { createParser } from "eventsource-parser";
import { send } from "./client";
import { Trouble } from "./trouble";

/** The service gives a sign of life every 15 s. */
const SILENCE = 40_000;
/** A little, so that a service that ends every stream at once is not asked without a pause. */
const REOPENED_AFTER = 250;
const PAUSES = [500, 1_000, 2_000, 4_000, 8_000, 15_000];

export interface Watcher<T> {
  state: (state: T) => void;
  /** Whether states arrive now. */
  live: (live: boolean) => void;
  /** There is no use in trying again. */
  failed: (trouble: Trouble) => void;
}

/** Watch a document until `ended` is true for its state or `signal` aborts. */
export async function watch<T>(
  path: string,
  ended: (state: T) => boolean,
  watcher: Watcher<T>,
  signal: AbortSignal,
): Promise<void> {
  let tries = 0;
  for (;;) {
    if (signal.aborted) return;
    let wait = PAUSES[Math.min(tries, PAUSES.length - 1)] ?? SILENCE;
    let broken = true;
    try {
      const last = await follow<T>(path, signal, (state) => {
        tries = 0;
        watcher.live(true);
        watcher.state(state);
      });
      if (last !== null && ended(last)) return;
      broken = last === null;
    } catch (error) {
      if (isOver(signal)) return;
      if (error instanceof Trouble && !error.passes) {
        watcher.failed(error);
        return;
      }
      if (error instanceof Trouble && error.wait !== null) wait = Math.max(wait, error.wait);
    }
    if (isOver(signal)) return;
    if (broken) watcher.live(false);
    await pause(broken ? wait : REOPENED_AFTER, signal);
    tries += 1;
  }
}

// A function, since the compiler believes that nothing changes during an await.
const isOver = (signal: AbortSignal): boolean => signal.aborted;

async function follow<T>(path: string, signal: AbortSignal, told: (state: T) => void): Promise<T | null> {
  const silent = new AbortController();
  const request = new Request(new URL(path, window.location.origin), {
    headers: { Accept: "text/event-stream" },
    signal: AbortSignal.any([signal, silent.signal]),
  });
  const answer = await send(request, 20_000);
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  if (reader === undefined) throw new Trouble("server");
  let last: T | null = null;
  const parser = createParser({
    onEvent: (event) => {
      last = JSON.parse(event.data) as T;
      told(last);
    },
  });
  for (;;) {
    const timer = setTimeout(() => silent.abort(), SILENCE);
    try {
      const { done, value } = await reader.read();
      if (done) return last;
      parser.feed(value);
    } finally {
      clearTimeout(timer);
    }
  }
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      window.removeEventListener("online", done);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    // The network is back: no need to wait any longer.
    window.addEventListener("online", done);
    signal.addEventListener("abort", done);
  });
}
