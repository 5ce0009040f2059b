/** Ranges of rows: with Shift held, a row's box takes every row since the last one chosen along with it. */
import { useCallback, useRef } from "react";

/** The keys from one to another in their order, both included; only the second where the first is not among them. */
function between(order: readonly string[], from: string | null, to: string): readonly string[] {
  const [start, end] = [from === null ? -1 : order.indexOf(from), order.indexOf(to)];
  return start < 0 ? [to] : order.slice(Math.min(start, end), Math.max(start, end) + 1);
}

/** The one key in which two sets differ; none where it is not exactly one. */
function difference(before: ReadonlySet<string>, after: ReadonlySet<string>): string | null {
  const changed = [...after].filter((key) => !before.has(key)).concat([...before].filter((key) => !after.has(key)));
  return changed.length === 1 ? (changed[0] ?? null) : null;
}

/**
 * Turns the choice of one row into that of a range. `note` hears of every press before it takes effect; `choose` gets
 * what is chosen after it, and returns what shall be.
 */
export function useRanges(order: readonly string[], chosen: ReadonlySet<string>) {
  const shift = useRef(false);
  const last = useRef<string | null>(null);
  const note = useCallback((event: { shiftKey: boolean }) => {
    shift.current = event.shiftKey;
  }, []);
  const choose = (next: ReadonlySet<string>): ReadonlySet<string> => {
    const key = difference(chosen, next);
    if (key === null) return next;
    const keys = shift.current ? between(order, last.current, key) : [key];
    last.current = key;
    const result = new Set(chosen);
    for (const one of keys) {
      if (next.has(key)) result.add(one);
      else result.delete(one);
    }
    return result;
  };
  return { note, choose };
}
